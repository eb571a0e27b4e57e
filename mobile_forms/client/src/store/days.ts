import { keysOf, read, writeAll } from "./db.ts";
import { open, openBytes, seal, sealBytes } from "./seal.ts";
import type { Person } from "./accounts.ts";

export interface MediaFile {
  filename: string;
  hash: string;
  url: string;
}

export interface FormEntry {
  form_id: string;
  version: string;
  title: string;
  url: string;
  hash: string;
  media: MediaFile[];
}

export type CaseStatus = "todo" | "done" | "returned" | "appointment";

export interface Case {
  case_id: string;
  sample_id: string;
  county: string;
  town: string;
  village: string;
  address: string;
  name_masked: string;
  phone: string;
  category_name: string;
  status: CaseStatus;
  outcome: string | null;
  attempts: number;
  due: string | null;
  note: string | null;
  order: number;
  lat?: number | null;
  lon?: number | null;
}

export interface Study {
  study_id: string;
  name: string;
  practice: boolean;
  client: string;
  company: string;
  hotline: string;
  forms: FormEntry[];
  cases: Case[];
}

export interface Day {
  person: Person;
  server_time: string;
  studies: Study[];
}

/** A day as it was fetched: `fetchedAt` by this phone's clock, `skew` = server's clock − this phone's, in ms. */
export interface KeptDay {
  day: Day;
  fetchedAt: string;
  skew: number;
}

export async function saveDay(kept: KeptDay): Promise<void> {
  await writeAll([{ store: "days", key: kept.day.person.id, value: await seal(kept) }]);
}

export async function findDay(personId: string): Promise<KeptDay | null> {
  const sealed = await read("days", personId);
  return sealed === undefined ? null : await open<KeptDay>(sealed);
}

/** Text of a form or of one of its media, named by its content's hash, and so never stale. */
export async function saveFormText(hash: string, body: string): Promise<void> {
  await writeAll([{ store: "forms", key: hash, value: await sealBytes(new TextEncoder().encode(body)) }]);
}

export async function findFormText(hash: string): Promise<string | null> {
  const sealed = await read("forms", hash);
  return sealed === undefined ? null : new TextDecoder().decode(await openBytes(sealed));
}

export async function formTextHashes(): Promise<Set<string>> {
  return new Set((await keysOf("forms")) as string[]);
}

/** Removes the texts that no day and no draft names any more. */
export async function pruneFormTexts(needed: ReadonlySet<string>): Promise<void> {
  const gone = [...(await formTextHashes())].filter((hash) => !needed.has(hash));
  await writeAll([], gone.map((key) => ({ store: "forms" as const, key })));
}
