import { allAccounts, endAccount, findAccount } from "../store/accounts.ts";
import { allRecords, dropFrozenFiles, frozenFiles, frozenXml, type OutboxRecord, saveRecord } from "../store/outbox.ts";
import { ApiError, submitAs } from "./api.ts";

/** Answers that the same bytes will get again however often they are sent: a person has to look. */
function isFinal(status: number): boolean {
  return [400, 404, 409, 410, 413, 415, 422].includes(status);
}

async function hand(record: OutboxRecord): Promise<OutboxRecord> {
  const account = await findAccount(record.personId);
  if (account === null) throw new Error("the outbox names a person who never signed in here");
  const parcel = { ...record, xml: await frozenXml(record.instanceId), files: await frozenFiles(record) };
  const receipt = await submitAs(account.token, parcel);
  const whole = receipt.receipt.missing.length === 0 && receipt.receipt.instance_id === record.instanceId;
  return { ...record, receipt, failure: null, state: whole ? "sent" : "waiting" };
}

async function refused(record: OutboxRecord, error: ApiError): Promise<OutboxRecord> {
  if (error.status === 401) await endAccount(record.personId);
  return { ...record, failure: error.failure, state: isFinal(error.status) ? "stuck" : "waiting" };
}

/** Sends one record once and keeps what came of it. Only a whole receipt makes it `sent`. */
export async function sendRecord(record: OutboxRecord): Promise<OutboxRecord> {
  const tried = { ...record, tries: record.tries + 1, triedAt: new Date().toISOString() };
  let outcome: OutboxRecord;
  try {
    outcome = await hand(tried);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    outcome = await refused(tried, error);
  }
  await saveRecord(outcome);
  if (outcome.state === "sent") await dropFrozenFiles(outcome.instanceId);
  return outcome;
}

async function inTurn<T>(work: () => Promise<T>): Promise<T | null> {
  const locks = globalThis.navigator?.locks;
  if (locks === undefined) return await work();
  return await locks.request("zoufang-outbox", { ifAvailable: true }, (lock) => (lock === null ? null : work()));
}

let running: Promise<void> | null = null;

/** What waits and has somebody to send it for: an ended account is asked again only after a new sign-in. */
async function sendable(): Promise<OutboxRecord[]> {
  const able = new Set((await allAccounts()).filter((account) => !account.ended).map((account) => account.person.id));
  return (await allRecords()).filter((record) => record.state === "waiting" && able.has(record.personId)).reverse();
}

async function sendWaiting(changed: () => void): Promise<void> {
  const waiting = await sendable();
  for (const record of waiting) {
    const outcome = await sendRecord(record);
    changed();
    // No answer at all: the next record would wait as long for nothing.
    if (outcome.failure?.status === 0) return;
  }
}

/** Sends everything that waits, oldest first; a call while another runs joins it. */
export async function flush(changed: () => void): Promise<void> {
  running ??= inTurn(() => sendWaiting(changed))
    .then(() => undefined)
    .finally(() => {
      running = null;
    });
  await running;
}

const EVERY_MS = 30_000;

/** Sends at start, on a timer, when the page is seen again and when a network says that it is back. */
export function keepSending(send: () => void): () => void {
  const seen = () => {
    if (document.visibilityState === "visible") send();
  };
  const timer = setInterval(send, EVERY_MS);
  document.addEventListener("visibilitychange", seen);
  globalThis.addEventListener("online", send);
  send();
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", seen);
    globalThis.removeEventListener("online", send);
  };
}
