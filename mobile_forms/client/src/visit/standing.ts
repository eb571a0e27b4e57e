import type { Case, KeptDay } from "../store/days.ts";
import type { DraftHead } from "../store/drafts.ts";
import type { OutboxRecord } from "../store/outbox.ts";

/** How a household stands, as the interviewer needs to see it: what the server says and what this phone still holds. */
export type Standing = "draft" | "waiting" | "stuck" | "returned" | "appointment" | "todo" | "done";

function isNewer(record: OutboxRecord, kept: KeptDay): boolean {
  return Date.parse(record.receipt?.receipt.received_at ?? "") > Date.parse(kept.day.server_time);
}

export function standingOf(entry: Case, kept: KeptDay, heads: readonly DraftHead[], records: readonly OutboxRecord[]): Standing {
  const mine = records.filter((record) => record.caseId === entry.case_id);
  if (heads.some((head) => head.caseId === entry.case_id)) return "draft";
  if (mine.some((record) => record.state === "stuck")) return "stuck";
  if (mine.some((record) => record.state === "waiting")) return "waiting";
  if (mine.some((record) => isNewer(record, kept))) return "done";
  return entry.status;
}

const URGENCY: Record<Standing, number> = { returned: 0, stuck: 1, draft: 2, appointment: 3, todo: 4, waiting: 5, done: 6 };

export interface Listed {
  entry: Case;
  standing: Standing;
  practice: boolean;
  studyId: string;
}

export interface Village {
  place: string;
  cases: Listed[];
  open: number;
}

function holds(entry: Case, words: string): boolean {
  const text = [entry.sample_id, entry.name_masked, entry.village, entry.town, entry.address, entry.category_name].join(" ");
  return text.toLowerCase().includes(words.trim().toLowerCase());
}

export type Wanted = "open" | "finished" | "all";

export function isFinished(standing: Standing): boolean {
  return standing === "done" || standing === "waiting";
}

function byOrder(a: Listed, b: Listed): number {
  return URGENCY[a.standing] - URGENCY[b.standing] || (a.entry.due ?? "9").localeCompare(b.entry.due ?? "9") || a.entry.order - b.entry.order;
}

/** The households of all studies by village: in each, what is urgent first, then as the office ordered them. */
export function villagesOf(listed: readonly Listed[], wanted: Wanted, words: string): Village[] {
  const villages = new Map<string, Listed[]>();
  for (const one of listed) {
    if (!holds(one.entry, words)) continue;
    const place = [one.entry.town, one.entry.village].filter(Boolean).join(" ");
    villages.set(place, [...(villages.get(place) ?? []), one]);
  }
  return [...villages]
    .map(([place, cases]) => ({
      place,
      open: cases.filter((one) => !isFinished(one.standing)).length,
      cases: cases.filter((one) => wanted === "all" || isFinished(one.standing) === (wanted === "finished")).sort(byOrder),
    }))
    .filter((village) => village.cases.length > 0)
    .sort((a, b) => Number(b.open > 0) - Number(a.open > 0) || firstOrder(a) - firstOrder(b));
}

function firstOrder(village: Village): number {
  return Math.min(...village.cases.map((one) => one.entry.order));
}
