import { createEffect, createSignal, For, untrack } from "solid-js";
import type { InputNode } from "../engine/nodes.ts";
import { t } from "../i18n/index.ts";
import { useForm } from "./context.ts";
import { appearancesOf, type Ids } from "./Question.tsx";

const INPUT_TYPES: Record<string, string> = { date: "date", time: "time", dateTime: "datetime-local" };

function Plain(props: { node: InputNode; ids: Ids }) {
  const form = useForm();
  const shown = () => {
    const value = props.node.currentState.instanceValue;
    return props.node.valueType === ("time" as unknown) ? value.slice(0, 5) : value.slice(0, 16);
  };
  return (
    <input
      class="field"
      type={INPUT_TYPES[props.node.valueType as string] ?? "date"}
      aria-labelledby={props.ids.label}
      aria-describedby={props.ids.described}
      value={shown()}
      onChange={(event) => form.interview.answer(props.node, event.currentTarget.value)}
    />
  );
}

const OLDEST = 1930;

function numbers(from: number, to: number): string[] {
  const step = from <= to ? 1 : -1;
  return Array.from({ length: Math.abs(to - from) + 1 }, (_, index) => String(from + index * step));
}

function Part(props: { part: "year" | "month"; value: string; values: string[]; words: (value: string) => string; choose: (value: string) => void }) {
  return (
    <select class="field" data-part={props.part} aria-label={t(`date.${props.part}`)} onChange={(event) => props.choose(event.currentTarget.value)}>
      <option value="" selected={props.value === ""}>
        {t(`date.${props.part}`)}
      </option>
      <For each={props.values}>
        {(value) => (
          <option value={value} selected={props.value === value}>
            {props.words(value)}
          </option>
        )}
      </For>
    </select>
  );
}

/** Year and month; the form holds the first day of the month (or of the year, where only that is asked). */
function Coarse(props: { node: InputNode; ids: Ids; months: boolean }) {
  const form = useForm();
  const value = () => props.node.currentState.instanceValue;
  const [year, setYear] = createSignal(untrack(value).slice(0, 4));
  const [month, setMonth] = createSignal(props.months ? untrack(value).slice(5, 7).replace(/^0/, "") : "1");
  createEffect(() => {
    const [y = "", m = ""] = value().split("-");
    if (value() !== "") {
      setYear(y);
      if (props.months) setMonth(String(Number(m)));
    }
  });
  const answer = () => {
    const whole = year() !== "" && month() !== "";
    form.interview.answer(props.node, whole ? `${year()}-${month().padStart(2, "0")}-01` : "");
  };
  return (
    <div class="parts" role="group" aria-labelledby={props.ids.label} aria-describedby={props.ids.described}>
      <Part part="year" value={year()} values={numbers(new Date().getFullYear(), OLDEST)} words={(y) => t("date.of_year", { y })} choose={(y) => (setYear(y), answer())} />
      {props.months && (
        <Part part="month" value={month()} values={numbers(1, 12)} words={(m) => t("date.of_month", { m })} choose={(m) => (setMonth(m), answer())} />
      )}
    </div>
  );
}

export function DateWidget(props: { node: InputNode; ids: Ids }) {
  const appearances = appearancesOf(props.node);
  if (appearances.has("month-year")) return <Coarse {...props} months={true} />;
  if (appearances.has("year")) return <Coarse {...props} months={false} />;
  return <Plain {...props} />;
}
