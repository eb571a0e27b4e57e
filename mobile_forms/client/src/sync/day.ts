import { type Account, endAccount } from "../store/accounts.ts";
import { type Day, findFormText, formTextHashes, type KeptDay, pruneFormTexts, saveDay, saveFormText } from "../store/days.ts";
import { allHeads } from "../store/drafts.ts";
import { ApiError, fetchDay, fetchText } from "./api.ts";

interface Part {
  hash: string;
  url: string;
}

function partsOf(day: Day): Part[] {
  const forms = day.studies.flatMap((study) => study.forms);
  return forms.flatMap((form) => [form, ...form.media]).map(({ hash, url }) => ({ hash, url }));
}

async function fetchMissing(token: string, day: Day): Promise<void> {
  const kept = await formTextHashes();
  for (const part of partsOf(day)) {
    if (kept.has(part.hash)) continue;
    await saveFormText(part.hash, await fetchText(token, part.url));
    kept.add(part.hash);
  }
}

async function pruneParts(day: Day): Promise<void> {
  const needed = new Set(partsOf(day).map((part) => part.hash));
  for (const head of await allHeads()) {
    needed.add(head.formHash);
    for (const medium of head.media) needed.add(medium.hash);
  }
  await pruneFormTexts(needed);
}

/**
 * Fetches the day with every form and list that it needs, and only then keeps it: what is shown is complete.
 * Raises ApiError; a refused token ends the account, and nothing that is on the phone is touched.
 */
export async function refreshDay(account: Account): Promise<KeptDay> {
  try {
    const day = await fetchDay(account.token);
    await fetchMissing(account.token, day);
    const skew = Date.parse(day.server_time) - Date.now();
    const kept = { day, fetchedAt: new Date().toISOString(), skew: Number.isNaN(skew) ? 0 : skew };
    await saveDay(kept);
    await pruneParts(day);
    return kept;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) await endAccount(account.person.id);
    throw error;
  }
}

/** The text of a form or list that this phone keeps; fails in words where it is not there. */
export async function keptText(hash: string): Promise<string> {
  const found = await findFormText(hash);
  if (found === null) throw new Error(`form text ${hash} is not on this phone`);
  return found;
}
