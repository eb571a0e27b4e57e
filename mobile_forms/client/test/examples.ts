import type { Case, Day, KeptDay } from "../src/store/days.ts";
import type { DraftHead } from "../src/store/drafts.ts";
import type { OutboxRecord } from "../src/store/outbox.ts";

export const bytes = (words: string) => new TextEncoder().encode(words);

export function aCase(changes: Partial<Case> = {}): Case {
  return {
    case_id: "c1",
    sample_id: "A-0001",
    county: "柳湾县",
    town: "青石镇",
    village: "柳湾村",
    address: "1组12号",
    name_masked: "王*",
    phone: "",
    category_name: "农村低保",
    status: "todo",
    outcome: null,
    attempts: 0,
    due: null,
    note: null,
    order: 1,
    ...changes,
  };
}

export function aDay(cases: Case[]): KeptDay {
  const study = { study_id: "s1", name: "试点", practice: false, client: "", company: "", hotline: "", forms: [], cases };
  const day: Day = { person: { id: "p1", name: "马晓", staff_no: "F011" }, server_time: "2026-11-20T08:00:00Z", studies: [study] };
  return { day, fetchedAt: "2026-11-20T08:00:00Z", skew: 0 };
}

export function aHead(changes: Partial<DraftHead> = {}): DraftHead {
  return {
    id: "p1/c1/f1",
    personId: "p1",
    studyId: "s1",
    caseId: "c1",
    sampleId: "A-0001",
    formId: "f1",
    version: "1",
    formHash: "h1",
    media: [],
    instanceId: "uuid:1",
    base: "<data/>",
    startedAt: "2026-11-20T08:00:00Z",
    updatedAt: "2026-11-20T08:00:00Z",
    at: null,
    answered: 0,
    ...changes,
  };
}

export function aRecord(changes: Partial<OutboxRecord> = {}): OutboxRecord {
  return {
    instanceId: "uuid:1",
    personId: "p1",
    studyId: "s1",
    caseId: "c1",
    sampleId: "A-0001",
    formId: "f1",
    version: "1",
    title: "走访表",
    practice: false,
    outcome: "F1",
    files: [],
    finishedAt: "2026-11-20T09:00:00Z",
    state: "waiting",
    tries: 0,
    triedAt: null,
    failure: null,
    receipt: null,
    ...changes,
  };
}
