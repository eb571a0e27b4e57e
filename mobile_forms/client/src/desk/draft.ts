import type { Interview } from "../engine/interview.ts";
import { appendEntries, type DraftHead, type Entry, findHead, nextPlace, readJournal, removeDraft, saveHead } from "../store/drafts.ts";
import { fetchPage, post } from "../sync/api.ts";
import type { Subject } from "./subject.ts";

const PAUSE_MS = 400;

interface Kept {
  head: DraftHead;
  journal: Entry[];
}

/** Takes the interview that the server holds of this case, where it is further than the one in this browser. */
export async function fetchDraft(subject: Subject, id: string): Promise<void> {
  const kept = JSON.parse(await fetchPage(subject.draftUrl)) as Kept | null;
  if (kept === null) return;
  const here = await findHead(id);
  if (here?.instanceId === kept.head.instanceId && (await nextPlace(id)) >= kept.journal.length) return;
  await removeDraft(id);
  await saveHead({ ...kept.head, id, personId: id.split("/")[0] ?? "" });
  await appendEntries(id, 0, kept.journal);
}

/** Hands the draft to the server soon after each answer, so that another operator can go on where the line broke. */
export class Keeper {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sending: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly subject: Subject,
    private readonly interview: Interview,
    private readonly told: (kept: boolean) => void,
  ) {}

  /** An answer is on disk: it goes to the server after a moment, together with what follows at once. */
  soon(): void {
    clearTimeout(this.timer);
    if (!this.stopped && !this.interview.isUntouched) this.timer = setTimeout(() => void this.now(), PAUSE_MS);
  }

  now(): Promise<void> {
    clearTimeout(this.timer);
    this.sending = this.sending.then(() => this.send()).catch(() => undefined);
    return this.sending;
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async send(): Promise<void> {
    if (this.stopped) return;
    const head = this.interview.draft;
    const kept: Kept = { head, journal: await readJournal(head.id) };
    try {
      await post(this.subject.draftUrl, { "x-csrf-token": this.subject.csrf }, JSON.stringify(kept));
      this.told(true);
    } catch (error) {
      this.told(false);
      throw error;
    }
  }
}
