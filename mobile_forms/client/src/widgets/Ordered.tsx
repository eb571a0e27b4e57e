import { For } from "solid-js";
import type { RangeNode, RankNode, TriggerNode } from "../engine/nodes.ts";
import { t } from "../i18n/index.ts";
import { useForm } from "./context.ts";
import type { Ids } from "./Question.tsx";

/** A number between two ends. */
export function RangeWidget(props: { node: RangeNode; ids: Ids }) {
  const form = useForm();
  const bounds = () => (props.node.definition as unknown as { bounds: { min: unknown; max: unknown; step: unknown } }).bounds;
  const value = () => props.node.currentState.instanceValue;
  return (
    <div class="range">
      <output>{value() === "" ? "–" : value()}</output>
      <input
        type="range"
        min={String(bounds().min)}
        max={String(bounds().max)}
        step={String(bounds().step)}
        aria-labelledby={props.ids.label}
        value={value() === "" ? String(bounds().min) : value()}
        onChange={(event) => form.interview.answer(props.node, event.currentTarget.value)}
      />
      <p class="ends">
        <span>{String(bounds().min)}</span>
        <span>{String(bounds().max)}</span>
      </p>
    </div>
  );
}

/** Options in the order of the respondent: one tap moves one up. */
export function RankWidget(props: { node: RankNode }) {
  const form = useForm();
  const order = () => {
    const ranked = props.node.currentState.value;
    return ranked.length > 0 ? [...ranked] : props.node.currentState.valueOptions.map((item) => item.value);
  };
  const raise = (index: number) => {
    const next = order();
    const [moved] = next.splice(index, 1);
    if (moved !== undefined) next.splice(Math.max(0, index - 1), 0, moved);
    form.interview.answer(props.node, next.join(" "));
  };
  return (
    <ol class="rank" classList={{ unranked: props.node.currentState.value.length === 0 }}>
      <For each={order()}>
        {(value, index) => (
          <li data-choice={value}>
            <span class="words">{props.node.getValueLabel(value)?.asString ?? value}</span>
            <button type="button" onClick={() => raise(index())} aria-label={t("form.raise")}>
              ↑
            </button>
          </li>
        )}
      </For>
    </ol>
  );
}

export function TriggerWidget(props: { node: TriggerNode; ids: Ids }) {
  const form = useForm();
  return (
    <label class="option" classList={{ chosen: props.node.currentState.value === true }} data-choice="OK">
      <input type="checkbox" checked={props.node.currentState.value === true} onChange={(event) => form.interview.answer(props.node, event.currentTarget.checked ? "OK" : "")} />
      <span class="mark" aria-hidden="true" />
      <span class="words">{t("form.acknowledge")}</span>
    </label>
  );
}
