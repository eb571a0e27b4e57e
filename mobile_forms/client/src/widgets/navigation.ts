import { createMemo, createSignal, untrack } from "solid-js";
import type { Interview } from "../engine/interview.ts";
import { type Control, isRepeat, nameOf, nodesetOf } from "../engine/nodes.ts";
import { brokenOn, controlsOn, isShown, type Page, pagesOf } from "../engine/pages.ts";
import { nodesetOfRole } from "../engine/tags.ts";

/** The page after the last: what is still missing, and the button that finishes. */
export const END = "end";

/** Where the person is in the form, what is still wrong, and every way of getting elsewhere. */
export interface Navigation {
  pages: readonly Page[];
  /** The page looked at, or null at the end (reactive). */
  current: () => Page | null;
  shown: () => Page[];
  broken: () => Control[];
  isTried: (nodeId: string) => boolean;
  /** Holds the page against its rules. False where something is broken; the words then stand beside it. */
  check: (page: Page) => boolean;
  tryAll: () => void;
  go: (id: string) => Promise<void>;
  next: () => Promise<void>;
  back: () => Promise<void>;
  jumpTo: (control: Control) => Promise<void>;
  /** The question that takes the reason for stopping, where it can be asked now (reactive). */
  stop: () => Control | null;
}

function reveal(nodeId: string): void {
  requestAnimationFrame(() => {
    const question = document.getElementById(nodeId.replace(":", "-"));
    question?.scrollIntoView({ block: "start" });
    question?.querySelector<HTMLElement>("input,textarea,select,button")?.focus({ preventScroll: true });
  });
}

function toTop(): void {
  requestAnimationFrame(() => {
    globalThis.scrollTo({ top: 0 });
    document.querySelector<HTMLElement>("[data-form-heading]")?.focus({ preventScroll: true });
  });
}

/** One question on a screen, for large text. The preset household has no screen of its own. */
function singles(pages: readonly Page[], preset: string | null): Page[] {
  return pages.flatMap((page) => {
    if (page.owner !== null && isRepeat(page.owner)) return [page];
    const asked = controlsOn(page).filter((control) => nodesetOf(control) !== preset || control.currentState.instanceValue === "");
    return asked.map((control) => ({ id: `${page.id}/${nameOf(control)}`, owner: page.owner, nodes: [control] }));
  });
}

export function createNavigation(interview: Interview, onePerScreen: boolean): Navigation {
  const grouped = pagesOf(interview.root);
  const pages = onePerScreen ? untrack(() => singles(grouped, nodesetOfRole(interview.form.tags, "case"))) : grouped;
  const shown = createMemo(() => pages.filter(isShown));
  const begin = untrack(() => pages.find((page) => page.id === interview.draft.at) ?? shown()[0]);
  const [at, setAt] = createSignal<string>(interview.draft.at === END ? END : (begin?.id ?? END));
  const [tried, setTried] = createSignal<ReadonlySet<string>>(new Set());
  const broken = createMemo(() => shown().flatMap(brokenOn));

  const tryNodes = (controls: readonly Control[]) => setTried(new Set([...tried(), ...controls.map((control) => control.nodeId)]));
  const answered = () => shown().flatMap(controlsOn).filter((control) => control.currentState.instanceValue !== "").length;
  const go = async (id: string) => {
    await interview.saved();
    setAt(id);
    toTop();
    await interview.markAt(id, answered());
  };
  const check = (page: Page) => {
    tryNodes(controlsOn(page));
    const [first] = brokenOn(page);
    if (first !== undefined) reveal(first.nodeId);
    return first === undefined;
  };
  const step = (by: 1 | -1) => {
    const order = [...shown().map((page) => page.id), END];
    const known = order.indexOf(at());
    // The page itself may just have become irrelevant: go on from where it stood.
    const from = known >= 0 ? known : order.findIndex((id) => pages.findIndex((p) => p.id === id) > pages.findIndex((p) => p.id === at())) - 1;
    return order[Math.max(0, Math.min(order.length - 1, from + by))] ?? END;
  };
  const next = async () => {
    await interview.saved();
    const page = pages.find((each) => each.id === at());
    if (page === undefined || check(page)) await go(step(1));
  };
  const jumpTo = async (control: Control) => {
    const page = pages.find((each) => controlsOn(each).includes(control));
    if (page !== undefined) await go(page.id);
    reveal(control.nodeId);
  };
  const stopNodeset = nodesetOfRole(interview.form.tags, "stop");
  const stop = createMemo(() => {
    const control = pages.flatMap(controlsOn).find((each) => nodesetOf(each) === stopNodeset);
    return control?.currentState.relevant ? control : null;
  });
  return {
    pages,
    shown,
    broken,
    check,
    go,
    next,
    jumpTo,
    stop,
    current: () => pages.find((page) => page.id === at()) ?? null,
    isTried: (nodeId) => tried().has(nodeId),
    tryAll: () => tryNodes(pages.flatMap(controlsOn)),
    back: () => go(step(-1)),
  };
}
