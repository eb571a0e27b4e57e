import { type FormSource, loadForm } from "../engine/load.ts";
import type { MediaFile, Study } from "../store/days.ts";
import { keptText } from "../sync/day.ts";

/** The form as this phone keeps it. */
export function sourceOf(formHash: string, media: readonly MediaFile[]): FormSource {
  const read = async () => {
    const texts = media.map(async (file) => [file.filename, await keptText(file.hash)] as const);
    return { xml: await keptText(formHash), media: new Map(await Promise.all(texts)) };
  };
  return { key: [formHash, ...media.map((file) => file.hash)].join("+"), read };
}

function whenIdle(work: () => void): void {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(work, { timeout: 1000 });
  else setTimeout(work, 200);
}

/** Loads the engine and the study's first form while the person reads about the household. */
export function prepareForm(study: Study): void {
  const [form] = study.forms;
  if (form !== undefined) whenIdle(() => void loadForm(sourceOf(form.hash, form.media)).catch(() => undefined));
}
