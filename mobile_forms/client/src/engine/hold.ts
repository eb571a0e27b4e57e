/** Another window has this draft open: two that write one journal would lose answers. */
export class HeldElsewhere extends Error {
  constructor(readonly draft: string) {
    super("the draft is open in another window");
    this.name = "HeldElsewhere";
  }
}

/** A window that is just leaving the draft still writes its last answer. */
const PATIENCE_MS = 2000;

/**
 * Holds the draft for this window until it is let go; the browser lets go of it by itself when the window dies.
 * Where the browser has no locks (an insecure page) nothing is held. Raises HeldElsewhere.
 */
export function hold(draft: string, patience = PATIENCE_MS): Promise<() => void> {
  const locks = globalThis.navigator?.locks;
  if (locks === undefined) return Promise.resolve(() => undefined);
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), patience);
  return new Promise((resolve, reject) => {
    const held = locks.request(`zoufang-draft:${draft}`, { signal: waiting.signal }, () => {
      clearTimeout(timer);
      return new Promise<void>((release) => resolve(() => release()));
    });
    held.catch(() => reject(new HeldElsewhere(draft)));
  });
}
