import { keysOf, ownedBy, type Put, read, readAll, writeAll } from "./db.ts";
import { open, openAll, openBytes, seal, sealBytes } from "./seal.ts";
import type { MediaFile } from "./days.ts";

/** What a draft is of. The form stands by its hash, so that a draft ends in the version in which it began. */
export interface DraftHead {
  id: string;
  personId: string;
  studyId: string;
  caseId: string;
  sampleId: string;
  formId: string;
  version: string;
  formHash: string;
  media: MediaFile[];
  instanceId: string;
  /** The instance as it stood when it was made: its id and its start. The journal is replayed upon it. */
  base: string;
  startedAt: string;
  updatedAt: string;
  /** Name of the group that was last looked at. */
  at: string | null;
  answered: number;
}

/** One thing done to the form. `path` is the node's reference; `time` is milliseconds since 1970, server's clock. */
export interface Entry {
  path: string;
  act: "set" | "file" | "parts" | "add" | "remove";
  value: string;
  time: number;
}

export interface KeptFile {
  name: string;
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
}

export function draftId(personId: string, caseId: string, formId: string): string {
  return `${personId}/${caseId}/${formId}`;
}

export async function saveHead(head: DraftHead): Promise<void> {
  await writeAll([{ store: "drafts", key: head.id, value: await seal(head) }]);
}

export async function findHead(id: string): Promise<DraftHead | null> {
  const sealed = await read("drafts", id);
  return sealed === undefined ? null : await open<DraftHead>(sealed);
}

export async function allHeads(): Promise<DraftHead[]> {
  return await openAll<DraftHead>(await readAll("drafts"));
}

export async function readJournal(id: string): Promise<Entry[]> {
  return await openAll<Entry>(await readAll("journal", ownedBy(id)));
}

/** Adds entries after the last one that stands. */
export async function appendEntries(id: string, place: number, entries: readonly Entry[]): Promise<void> {
  const puts = entries.map(async (entry, index): Promise<Put> => {
    return { store: "journal", key: [id, place + index], value: await seal(entry) };
  });
  await writeAll(await Promise.all(puts));
}

/** The number under which the next entry goes. */
export async function nextPlace(id: string): Promise<number> {
  const keys = (await keysOf("journal", ownedBy(id))) as [string, number][];
  return keys.reduce((last, [, place]) => Math.max(last, place + 1), 0);
}

function header(file: KeptFile): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ name: file.name, type: file.type }));
}

/** A file is stored as the length of its header, the header, and its bytes. */
function pack(file: KeptFile): Uint8Array<ArrayBuffer> {
  const head = header(file);
  const packed = new Uint8Array(4 + head.length + file.bytes.length);
  new DataView(packed.buffer).setUint32(0, head.length);
  packed.set(head, 4);
  packed.set(file.bytes, 4 + head.length);
  return packed;
}

function unpack(packed: Uint8Array<ArrayBuffer>): KeptFile {
  const length = new DataView(packed.buffer, packed.byteOffset).getUint32(0);
  const head = JSON.parse(new TextDecoder().decode(packed.subarray(4, 4 + length))) as { name: string; type: string };
  return { ...head, bytes: packed.slice(4 + length) };
}

export async function filePut(owner: string, file: KeptFile): Promise<Put> {
  return { store: "files", key: [owner, file.name], value: await sealBytes(pack(file)) };
}

export async function saveFile(owner: string, file: KeptFile): Promise<void> {
  await writeAll([await filePut(owner, file)]);
}

export async function findFile(owner: string, name: string): Promise<KeptFile | null> {
  const sealed = await read("files", [owner, name]);
  return sealed === undefined ? null : unpack(await openBytes(sealed));
}

export async function removeFiles(owner: string, names: readonly string[]): Promise<void> {
  await writeAll([], names.map((name) => ({ store: "files" as const, key: [owner, name] as [string, string] })));
}

export async function filesOf(owner: string): Promise<KeptFile[]> {
  const sealed = await readAll("files", ownedBy(owner));
  return await Promise.all(sealed.map(async (one) => unpack(await openBytes(one))));
}

export async function fileNames(owner: string): Promise<string[]> {
  return (await keysOf("files", ownedBy(owner))).map((key) => key[1] as string);
}

/** Every key that a draft owns: its head, its journal and its files. */
export async function draftKeys(id: string): Promise<Omit<Put, "value">[]> {
  const journal = await keysOf("journal", ownedBy(id));
  const files = await keysOf("files", ownedBy(id));
  return [
    { store: "drafts", key: id },
    ...journal.map((key) => ({ store: "journal" as const, key })),
    ...files.map((key) => ({ store: "files" as const, key })),
  ];
}

export async function removeDraft(id: string): Promise<void> {
  await writeAll([], await draftKeys(id));
}

/** Where an interview keeps itself. */
export interface Keeping {
  saveHead: typeof saveHead;
  appendEntries: typeof appendEntries;
  saveFile: typeof saveFile;
  removeFiles: typeof removeFiles;
  removeDraft: typeof removeDraft;
}

/** On this device. */
export const onDevice: Keeping = { saveHead, appendEntries, saveFile, removeFiles, removeDraft };

const nothing = (): Promise<void> => Promise.resolve();

/** Nowhere: a form that is only tried leaves nothing behind. */
export const nowhere: Keeping = { saveHead: nothing, appendEntries: nothing, saveFile: nothing, removeFiles: nothing, removeDraft: nothing };
