import { keysOf, ownedBy, read, readAll, writeAll } from "./db.ts";
import { draftKeys, filePut, findFile, type KeptFile } from "./drafts.ts";
import { open, openAll, openBytes, seal, sealBytes } from "./seal.ts";

export interface Receipt {
  receipt: {
    instance_id: string;
    xml_hmac: string;
    files: Record<string, string>;
    missing: string[];
    received_at: string;
    key_id: string;
  };
  signature: string;
}

/** Why the last try did not end in a receipt. `status` 0 means that no answer came. */
export interface Failure {
  status: number;
  title: string;
  detail: string;
  remedy: string;
  number: string;
  at: string;
}

/**
 * A finished form. Its bytes and files are frozen; only the fields about sending change.
 * `waiting` is tried again by itself, `stuck` was refused in words and waits for a person, `sent` has a whole receipt.
 */
export interface OutboxRecord {
  instanceId: string;
  personId: string;
  studyId: string;
  caseId: string;
  sampleId: string;
  formId: string;
  version: string;
  title: string;
  practice: boolean;
  outcome: string;
  files: string[];
  finishedAt: string;
  state: "waiting" | "stuck" | "sent";
  tries: number;
  triedAt: string | null;
  failure: Failure | null;
  receipt: Receipt | null;
}

const XML = "xml_submission_file";

/** Puts the record, its bytes and its files in the outbox and removes its draft, all or nothing. */
export async function freeze(
  record: OutboxRecord,
  xml: Uint8Array<ArrayBuffer>,
  files: readonly KeptFile[],
  draft: string,
): Promise<void> {
  const puts = await Promise.all(files.map((file) => filePut(record.instanceId, file)));
  puts.push({ store: "outbox", key: record.instanceId, value: await seal(record) });
  puts.push({ store: "files", key: [record.instanceId, XML], value: await sealBytes(xml) });
  await writeAll(puts, await draftKeys(draft));
}

export async function saveRecord(record: OutboxRecord): Promise<void> {
  await writeAll([{ store: "outbox", key: record.instanceId, value: await seal(record) }]);
}

export async function findRecord(instanceId: string): Promise<OutboxRecord | null> {
  const sealed = await read("outbox", instanceId);
  return sealed === undefined ? null : await open<OutboxRecord>(sealed);
}

/** All records, the one that was finished last first. */
export async function allRecords(): Promise<OutboxRecord[]> {
  const records = await openAll<OutboxRecord>(await readAll("outbox"));
  return records.sort((a, b) => b.finishedAt.localeCompare(a.finishedAt));
}

export async function frozenXml(instanceId: string): Promise<Uint8Array<ArrayBuffer>> {
  const sealed = await read("files", [instanceId, XML]);
  if (sealed === undefined) throw new Error(`the outbox has no instance ${instanceId}`);
  return await openBytes(sealed);
}

export async function frozenFiles(record: OutboxRecord): Promise<KeptFile[]> {
  const files = await Promise.all(record.files.map((name) => findFile(record.instanceId, name)));
  return files.filter((file) => file !== null);
}

/** Drops the photos and the recording of a record that the server has whole; its receipt stays. */
export async function dropFrozenFiles(instanceId: string): Promise<void> {
  const keys = await keysOf("files", ownedBy(instanceId));
  await writeAll([], keys.map((key) => ({ store: "files" as const, key })));
}

/** Takes a record out of the outbox with everything that belongs to it. */
export async function removeRecord(instanceId: string): Promise<void> {
  const keys = await keysOf("files", ownedBy(instanceId));
  const removals = keys.map((key) => ({ store: "files" as const, key }));
  await writeAll([], [...removals, { store: "outbox" as const, key: instanceId }]);
}
