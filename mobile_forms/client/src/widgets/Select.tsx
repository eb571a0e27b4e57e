import { createMemo, createSignal, For, Match, Show, Switch } from "solid-js";
import { nodesetOf, type SelectNode } from "../engine/nodes.ts";
import { t } from "../i18n/index.ts";
import { useForm } from "./context.ts";
import { appearancesOf, type Ids } from "./Question.tsx";
import { ShowCard } from "./ShowCard.tsx";

type Item = SelectNode["currentState"]["valueOptions"][number];

function isMany(node: SelectNode): boolean {
  return node.selectType === "select";
}

/** Options that are no step of the scale: "cannot say", "would rather not". */
function isOffScale(item: Item): boolean {
  return item.properties.some(([name, value]) => name === "x_flag" && value.includes("missing"));
}

function createChoice(node: () => SelectNode) {
  const form = useForm();
  const chosen = createMemo(() => new Set(node().currentState.value));
  const choose = (value: string) => {
    const now = new Set(chosen());
    if (!isMany(node())) return form.interview.answer(node(), value);
    if (!now.delete(value)) now.add(value);
    const order = node().currentState.valueOptions.map((item) => item.value);
    form.interview.answer(node(), order.filter((each) => now.has(each)).join(" "));
  };
  const clear = () => form.interview.answer(node(), "");
  return { chosen, choose, clear };
}

function Option(props: { node: SelectNode; group: string; item: Item; place: number; chosen: boolean; choose: () => void }) {
  const form = useForm();
  const many = () => isMany(props.node);
  return (
    <label class="option" classList={{ chosen: props.chosen }} data-choice={props.item.value}>
      <input
        type={many() ? "checkbox" : "radio"}
        name={`${props.group}${props.node.nodeId}`}
        value={props.item.value}
        checked={props.chosen}
        onChange={() => props.choose()}
      />
      <span class="mark" aria-hidden="true" />
      <Show when={form.keyboard && props.place < 10}>
        <kbd aria-hidden="true">{(props.place + 1) % 10}</kbd>
      </Show>
      <span class="words" dir="auto">
        {form.display(props.item.label.asString)}
      </span>
    </label>
  );
}

export function Options(props: { node: SelectNode; items: readonly Item[]; from?: number; group?: string; class: string }) {
  const { chosen, choose } = createChoice(() => props.node);
  return (
    <div class={props.class}>
      <For each={props.items}>
        {(item, index) => (
          <Option
            node={props.node}
            group={props.group ?? ""}
            item={item}
            place={(props.from ?? 0) + index()}
            chosen={chosen().has(item.value)}
            choose={() => choose(item.value)}
          />
        )}
      </For>
    </div>
  );
}

function Likert(props: { node: SelectNode }) {
  const form = useForm();
  const items = () => props.node.currentState.valueOptions;
  const scale = () => items().filter((item) => !isOffScale(item));
  const off = () => items().filter(isOffScale);
  return (
    <>
      <Options node={props.node} items={scale()} class={`scale steps-${scale().length}`} />
      <Show when={off().length > 0}>
        <Options node={props.node} items={off()} from={scale().length} class="options beside" />
      </Show>
      <Show when={!form.keyboard}>
        <ShowCard node={props.node} />
      </Show>
    </>
  );
}

const LIST_FROM = 30;
const SHOWN = 40;

/** A long list: a search field, and the options that hold what was typed. */
function LongList(props: { node: SelectNode }) {
  const [sought, setSought] = createSignal("");
  const { chosen } = createChoice(() => props.node);
  const found = createMemo(() => {
    const words = sought().trim().toLowerCase();
    const items = props.node.currentState.valueOptions;
    const kept = items.filter((item) => chosen().has(item.value) || (words !== "" && item.label.asString.toLowerCase().includes(words)));
    return (words === "" && kept.length === 0 ? items : kept).slice(0, SHOWN);
  });
  return (
    <>
      <input class="field" type="search" placeholder={t("form.search")} aria-label={t("form.search")} onInput={(event) => setSought(event.currentTarget.value)} />
      <Options node={props.node} items={found()} class="options" />
    </>
  );
}

function Given(props: { node: SelectNode }) {
  const form = useForm();
  const words = () => props.node.currentState.value.map((value) => props.node.getValueOption(value)?.label.asString ?? value);
  return <p class="given">{form.display(words().join("、"))}</p>;
}

const SHORT = 5;

/** Few short options stand beside each other, more of them in two columns, all others below each other. */
function layoutOf(items: readonly Item[]): string {
  if (!items.every((item) => item.label.asString.length <= SHORT)) return "options";
  return items.length <= 3 ? "options beside" : "options pairs";
}

/** One of many, or several of many. A preset question shows its answer and is not asked. */
export function SelectWidget(props: { node: SelectNode; ids: Ids }) {
  const form = useForm();
  const { clear } = createChoice(() => props.node);
  const items = () => props.node.currentState.valueOptions;
  const fixed = () => props.node.currentState.readonly || form.isPreset(nodesetOf(props.node));
  const isLikert = () => appearancesOf(props.node).has("likert");
  const mayClear = () => !isMany(props.node) && !props.node.currentState.required && props.node.currentState.value.length > 0;
  return (
    <Show when={!(fixed() && props.node.currentState.value.length > 0)} fallback={<Given node={props.node} />}>
      <div
        class="choices"
        role={isMany(props.node) ? "group" : "radiogroup"}
        aria-labelledby={props.ids.label}
        aria-describedby={props.ids.described}
      >
        <Switch fallback={<Options node={props.node} items={items()} class={layoutOf(items())} />}>
          <Match when={isLikert()}>
            <Likert node={props.node} />
          </Match>
          <Match when={items().length > LIST_FROM}>
            <LongList node={props.node} />
          </Match>
        </Switch>
        <Show when={mayClear()}>
          <button type="button" class="quiet" onClick={clear}>
            {t("form.clear")}
          </button>
        </Show>
      </div>
    </Show>
  );
}
