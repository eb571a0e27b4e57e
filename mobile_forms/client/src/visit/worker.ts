import { createSignal } from "solid-js";

/** A newer program is here and waits; nothing is reloaded while a form is open. */
const [isNewer, setNewer] = createSignal(false);
/** Whether the program itself is on this phone and opens without a network. */
const [isKept, setKept] = createSignal(false);
export { isKept, isNewer };

let waiting: ServiceWorker | null = null;

function watch(registration: ServiceWorkerRegistration): void {
  const found = (worker: ServiceWorker | null) => {
    worker?.addEventListener("statechange", () => {
      if (worker.state !== "installed" || navigator.serviceWorker.controller === null) return;
      waiting = worker;
      setNewer(true);
    });
  };
  if (registration.waiting !== null) {
    waiting = registration.waiting;
    setNewer(true);
  }
  registration.addEventListener("updatefound", () => found(registration.installing));
}

export async function keepProgram(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  try {
    watch(await navigator.serviceWorker.register("/visit/sw.js", { scope: "/visit/" }));
    await navigator.serviceWorker.ready;
    setKept(true);
  } catch {
    setKept(false);
  }
}

/** Lets the newer program take over and loads it. */
export function takeNewer(): void {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  waiting?.postMessage("take over");
}
