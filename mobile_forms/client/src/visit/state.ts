import { createMemo, createRoot, createSignal } from "solid-js";
import { type Account, activate, activeAccount, saveAccount } from "../store/accounts.ts";
import { findDay, type KeptDay } from "../store/days.ts";
import { allHeads, type DraftHead } from "../store/drafts.ts";
import { allRecords, type OutboxRecord } from "../store/outbox.ts";
import { join } from "../sync/api.ts";
import { refreshDay } from "../sync/day.ts";
import { flush } from "../sync/send.ts";
import { type Listed, standingOf } from "./standing.ts";

const [account, setAccount] = createSignal<Account | null | undefined>(undefined);
const [kept, setKept] = createSignal<KeptDay | null>(null);
const [heads, setHeads] = createSignal<DraftHead[]>([]);
const [records, setRecords] = createSignal<OutboxRecord[]>([]);
const [syncing, setSyncing] = createSignal(false);
const [trouble, setTrouble] = createSignal<unknown>(null);
export { account, heads, kept, records, setTrouble, syncing, trouble };

/** All my households with how they stand. */
export const listed: () => Listed[] = createRoot(() =>
  createMemo(() => {
    const day = kept();
    if (day === null) return [];
    return day.day.studies.flatMap((study) =>
      study.cases.map((entry) => ({
        entry,
        standing: standingOf(entry, day, heads(), records()),
        practice: study.practice,
        studyId: study.study_id,
      })),
    );
  }),
);

/** The best clock at hand: the server's, as far as this phone has learned it. */
export function now(): number {
  return Date.now() + (kept()?.skew ?? 0);
}

/** Reads again what the phone holds. */
export async function reload(): Promise<void> {
  const current = await activeAccount();
  const mine = <T extends { personId: string }>(all: T[]) => all.filter((one) => one.personId === current?.person.id);
  const [day, drafts, outbox] = await Promise.all([current === null ? null : findDay(current.person.id), allHeads(), allRecords()]);
  setKept(day);
  setHeads(mine(drafts));
  setRecords(mine(outbox));
  setAccount(current);
}

export async function signIn(token: string, deviceName: string): Promise<void> {
  const joined = await join(token, deviceName);
  await saveAccount({ person: joined.person, token: joined.device_token, joinedAt: new Date().toISOString(), ended: false });
  await activate(joined.person.id);
  await navigator.storage?.persist?.().catch(() => false);
  await reload();
}

async function sendThenFetch(): Promise<void> {
  await flush(() => void reloadRecords());
  await reloadRecords();
  const current = account();
  if (current && !current.ended) setKept(await refreshDay(current));
}

async function reloadRecords(): Promise<void> {
  const current = account();
  setRecords((await allRecords()).filter((record) => record.personId === current?.person.id));
}

/** Sends what waits and fetches the day. What goes wrong is shown, never thrown. */
export async function sync(): Promise<void> {
  if (syncing()) return;
  setSyncing(true);
  try {
    await sendThenFetch();
    setTrouble(null);
  } catch (error) {
    setTrouble(error);
    await reload().catch(() => undefined);
  } finally {
    setSyncing(false);
  }
}

/** Sends what waits, without fetching anything. */
export async function sendOnly(): Promise<void> {
  try {
    await flush(() => void reloadRecords());
    await reloadRecords();
  } catch (error) {
    setTrouble(error);
  }
}
