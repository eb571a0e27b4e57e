import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Sealed } from "./seal.ts";

/** One answer given: the draft it belongs to, and its place in the order of answering. */
export type JournalKey = [draft: string, place: number];
/** A file: the draft or the frozen record that owns it, and its name there. */
export type FileKey = [owner: string, name: string];

interface Schema extends DBSchema {
  device: { key: string; value: unknown };
  accounts: { key: string; value: Sealed };
  days: { key: string; value: Sealed };
  forms: { key: string; value: Sealed };
  drafts: { key: string; value: Sealed };
  journal: { key: JournalKey; value: Sealed };
  files: { key: FileKey; value: Sealed };
  outbox: { key: string; value: Sealed };
}

export type StoreName = "accounts" | "days" | "forms" | "drafts" | "journal" | "files" | "outbox";
type Database = IDBPDatabase<Schema>;

/** What went wrong with the phone's own storage; `code` chooses the words and the remedy that are shown. */
export class StoreError extends Error {
  constructor(
    readonly code: "full" | "unavailable" | "write_lost" | "unreadable",
    cause?: unknown,
  ) {
    super(`storage ${code}`, { cause });
    this.name = "StoreError";
  }
}

const NAME = "zoufang";
const VERSION = 1;
let connection: Promise<Database> | null = null;

function createStores(db: Database): void {
  for (const name of ["device", "accounts", "days", "forms", "drafts", "journal", "files", "outbox"] as const) {
    if (!db.objectStoreNames.contains(name)) db.createObjectStore(name);
  }
}

async function openStores(): Promise<Database> {
  try {
    return await openDB<Schema>(NAME, VERSION, {
      upgrade: createStores,
      // A newer program in another tab must not wait for this one.
      blocking: () => void disconnect(),
      terminated: () => {
        connection = null;
      },
    });
  } catch (error) {
    connection = null;
    throw new StoreError("unavailable", error);
  }
}

function connect(): Promise<Database> {
  connection ??= openStores();
  return connection;
}

/** Lets go of the connection; the next use opens a new one. */
export async function disconnect(): Promise<void> {
  const open = connection;
  connection = null;
  if (open !== null) (await open.catch(() => null))?.close();
}

function nameOf(error: unknown): string {
  return error instanceof Error || error instanceof DOMException ? error.name : "";
}

function isQuota(error: unknown): boolean {
  return nameOf(error) === "QuotaExceededError";
}

// WebKit and WeChat kill connections of pages in the background; every later call then fails with one of these.
const DEAD = new Set(["InvalidStateError", "UnknownError", "AbortError", "TransactionInactiveError", "NotFoundError"]);

/** Runs `work` on an open connection; a connection found dead is opened again, once. */
export async function withDb<T>(work: (db: Database) => Promise<T>): Promise<T> {
  try {
    return await work(await connect());
  } catch (error) {
    if (isQuota(error)) throw new StoreError("full", error);
    if (!DEAD.has(nameOf(error))) throw error;
    await disconnect();
    return await retry(work);
  }
}

async function retry<T>(work: (db: Database) => Promise<T>): Promise<T> {
  try {
    return await work(await connect());
  } catch (error) {
    throw isQuota(error) ? new StoreError("full", error) : error;
  }
}

export type Key = string | JournalKey | FileKey;
export interface Put {
  store: StoreName;
  key: Key;
  value: Sealed;
}

let turn: Promise<unknown> = Promise.resolve();

/**
 * Writes all entries in one strict transaction and reads each back: what returns is on disk.
 * One after the other, or a write of the same entry that follows at once would be taken for a lost one.
 */
export function writeAll(puts: readonly Put[], removals: readonly Omit<Put, "value">[] = []): Promise<void> {
  const written = turn.then(() => write(puts, removals));
  turn = written.catch(() => undefined);
  return written;
}

async function write(puts: readonly Put[], removals: readonly Omit<Put, "value">[]): Promise<void> {
  await withDb(async (db) => {
    const names = [...new Set([...puts, ...removals].map((entry) => entry.store))];
    if (names.length === 0) return;
    const change = db.transaction(names, "readwrite", { durability: "strict" });
    const steps: Promise<unknown>[] = puts.map((put) => change.objectStore(put.store).put(put.value, put.key as never));
    steps.push(...removals.map((gone) => change.objectStore(gone.store).delete(gone.key as never)));
    await Promise.all([...steps, change.done]);
    await verify(db, puts);
  });
}

async function verify(db: Database, puts: readonly Put[]): Promise<void> {
  for (const put of puts) {
    const found = (await db.get(put.store, put.key as never)) as Sealed | undefined;
    if (found === undefined || found.mark !== put.value.mark) throw new StoreError("write_lost");
  }
}

export function read(store: StoreName, key: Key): Promise<Sealed | undefined> {
  return withDb((db) => db.get(store, key as never) as Promise<Sealed | undefined>);
}

export function readAll(store: StoreName, range?: IDBKeyRange): Promise<Sealed[]> {
  return withDb((db) => db.getAll(store, range as never) as Promise<Sealed[]>);
}

export function keysOf(store: StoreName, range?: IDBKeyRange): Promise<Key[]> {
  return withDb((db) => db.getAllKeys(store, range as never) as Promise<Key[]>);
}

/** All keys `[owner, …]` of the journal or the files. */
export function ownedBy(owner: string): IDBKeyRange {
  return IDBKeyRange.bound([owner], [owner, []]);
}

export function readDevice<T>(key: string): Promise<T | undefined> {
  return withDb((db) => db.get("device", key) as Promise<T | undefined>);
}

export async function writeDevice(key: string, value: unknown): Promise<void> {
  await withDb(async (db) => void (await db.put("device", value, key)));
}

/** Keeps `value` only where nothing stands yet, and answers with what stands: two tabs agree on one. */
export function claimDevice<T>(key: string, value: T): Promise<T> {
  return withDb(async (db) => {
    const change = db.transaction("device", "readwrite", { durability: "strict" });
    const found = (await change.store.get(key)) as T | undefined;
    if (found === undefined) await change.store.put(value, key);
    await change.done;
    return found ?? value;
  });
}
