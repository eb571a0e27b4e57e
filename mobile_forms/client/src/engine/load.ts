import type { LoadFormResult } from "@getodk/xforms-engine";
import { readTags, type Tags } from "./tags.ts";

type Engine = typeof import("@getodk/xforms-engine");
type Loaded = Extract<LoadFormResult, { status: "success" | "warning" }>;

/** A form's text and the texts of its lists. */
export interface FormTexts {
  xml: string;
  media: ReadonlyMap<string, string>;
}

/** Where a form comes from. `key` changes when any of its texts does; they are read only where the form is not loaded. */
export interface FormSource {
  key: string;
  read: () => Promise<FormTexts>;
}

/** A form that the engine holds ready: only the instance is made anew for each household. */
export interface LoadedForm {
  key: string;
  tags: Tags;
  engine: Loaded;
  /** How many instances were restored since the engine last let go of old ones. */
  restored: number;
}

let engine: Promise<Engine> | null = null;

/** Fetches the engine, once; called early and idle, so that the first form opens at once. */
export function loadEngine(): Promise<Engine> {
  engine ??= import("@getodk/xforms-engine").catch((error: unknown) => {
    engine = null;
    throw error;
  });
  return engine;
}

function fileName(url: URL): string {
  return decodeURIComponent(url.href.split("/").at(-1) ?? "");
}

function contentType(name: string): string {
  if (name.endsWith(".csv")) return "text/csv";
  return name.endsWith(".geojson") ? "application/geo+json" : "text/xml";
}

function serveMedia(media: ReadonlyMap<string, string>): (url: URL) => Promise<Response> {
  return (url) => {
    const name = fileName(url);
    const body = media.get(name);
    if (body === undefined) return Promise.resolve(new Response(null, { status: 404 }));
    return Promise.resolve(new Response(body, { headers: { "content-type": contentType(name) } }));
  };
}

async function load(source: FormSource): Promise<LoadedForm> {
  const [{ loadForm: parse }, { xml, media }] = await Promise.all([loadEngine(), source.read()]);
  const result = await parse(xml, { fetchFormAttachment: serveMedia(media) });
  if (result.status === "failure") throw result.error;
  return { key: source.key, tags: readTags(xml), engine: result, restored: 0 };
}

const KEPT = 3;
const RESTORES = 4;
const forms = new Map<string, Promise<LoadedForm>>();

/** The loaded form, from memory where it was loaded before. The few last used are kept. */
export async function loadForm(source: FormSource): Promise<LoadedForm> {
  const found = forms.get(source.key) ?? load(source);
  forms.delete(source.key);
  forms.set(source.key, found);
  for (const key of forms.keys()) if (forms.size > KEPT) forms.delete(key);
  try {
    return await found;
  } catch (error) {
    forms.delete(source.key);
    throw error;
  }
}

/** The engine keeps restored instances alive until the next new one: after a few, the form is loaded afresh. */
export function noteRestored(form: LoadedForm): void {
  form.restored += 1;
  if (form.restored >= RESTORES) forms.delete(form.key);
}
