import { createEffect, createSignal, onCleanup, untrack } from "solid-js";
import type { InputNode } from "../engine/nodes.ts";
import { useForm } from "./context.ts";
import { appearancesOf, type Ids } from "./Question.tsx";

const HOLD_MS = 350;
const TOUCH_MS = 120;

// What an answer shows or hides must not move an option away under the finger that is tapping it.
let isTouched = false;
document.addEventListener("pointerdown", () => (isTouched = true), true);
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => (isTouched = false), true);

/** Typed words reach the form after a short pause, and before anything depends on them. */
function createTyped(node: () => InputNode) {
  const form = useForm();
  const [typed, setTyped] = createSignal(untrack(() => node().currentState.instanceValue));
  let timer: ReturnType<typeof setTimeout> | undefined;
  let held: string | null = null;
  const hand = () => {
    clearTimeout(timer);
    if (held === null) return;
    const value = held;
    held = null;
    if (value !== node().currentState.instanceValue) form.interview.answer(node(), value);
  };
  const handLater = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => (isTouched ? handLater(TOUCH_MS) : hand()), ms);
  };
  const type = (words: string) => {
    setTyped(words);
    held = words;
    handLater(HOLD_MS);
  };
  createEffect(() => {
    const value = node().currentState.instanceValue;
    if (held === null) setTyped(value);
  });
  const forget = form.interview.onFlush(hand);
  onCleanup(() => {
    hand();
    forget();
  });
  return { typed, type };
}

function digitsOnly(words: string, decimal: boolean): string {
  // People type full-width digits when the Chinese keyboard is on.
  const narrow = words.replace(/[０-９．－]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
  return narrow.replace(decimal ? /[^0-9.-]/g : /[^0-9-]/g, "");
}

/** Words, whole numbers and decimals. */
export function TextWidget(props: { node: InputNode; ids: Ids }) {
  const { typed, type } = createTyped(() => props.node);
  const valueType = () => props.node.valueType as string;
  const isNumber = () => valueType() === "int" || valueType() === "decimal";
  const isLong = () => appearancesOf(props.node).has("multiline");
  const isPhone = () => appearancesOf(props.node).has("numbers");
  const enter = (event: InputEvent & { currentTarget: HTMLInputElement | HTMLTextAreaElement }) => {
    const words = event.currentTarget.value;
    const clean = isNumber() ? digitsOnly(words, valueType() === "decimal") : words;
    if (clean !== words) event.currentTarget.value = clean;
    type(clean);
  };
  const common = () => ({
    "aria-labelledby": props.ids.label,
    "aria-describedby": props.ids.described,
    dir: "auto" as const,
    onInput: enter,
  });
  return isLong() ? (
    <textarea class="field" rows={4} {...common()} value={typed()} />
  ) : (
    <input
      class="field"
      classList={{ number: isNumber() }}
      type="text"
      inputmode={valueType() === "int" || isPhone() ? "numeric" : valueType() === "decimal" ? "decimal" : "text"}
      autocomplete="off"
      enterkeyhint="done"
      {...common()}
      value={typed()}
    />
  );
}
