import { createSignal } from "solid-js";

/** Where in the program the person is; it stands in the address after #, so that the phone's back button works. */
export type Route =
  | { page: "day" }
  | { page: "join"; token: string }
  | { page: "case"; caseId: string }
  | { page: "form"; caseId: string; formId: string }
  | { page: "outbox" }
  | { page: "me" };

export function parseRoute(hash: string): Route {
  const joined = /^#join=(.+)$/.exec(hash);
  if (joined !== null) return { page: "join", token: joined[1] ?? "" };
  const [page, caseId, formId] = hash.replace(/^#\//, "").split("/").map(decodeURIComponent);
  if (page === "case" && caseId) return { page, caseId };
  if (page === "form" && caseId && formId) return { page, caseId, formId };
  if (page === "outbox" || page === "me") return { page };
  return { page: "day" };
}

const [route, setRoute] = createSignal<Route>(parseRoute(location.hash));
export { route };

const scrolled = new Map<string, number>();
let shown = location.hash;
history.scrollRestoration = "manual";
globalThis.addEventListener("scroll", () => scrolled.set(shown, globalThis.scrollY), { passive: true });

/** The list opens where it was left; every other screen at its top. */
function arrive(): void {
  shown = location.hash;
  const here = parseRoute(shown);
  const top = here.page === "day" ? (scrolled.get(shown) ?? 0) : 0;
  setRoute(here);
  requestAnimationFrame(() => globalThis.scrollTo({ top }));
}

globalThis.addEventListener("hashchange", arrive);

export function addressOf(...steps: string[]): string {
  return `#/${steps.map(encodeURIComponent).join("/")}`;
}

export function go(...steps: string[]): void {
  location.hash = addressOf(...steps);
}

/** Goes there without leaving this place behind: the one-time token must not stand in the history. */
export function replace(...steps: string[]): void {
  history.replaceState(null, "", addressOf(...steps));
  arrive();
}
