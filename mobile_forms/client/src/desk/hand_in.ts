import type { Frozen, Interview } from "../engine/interview.ts";
import { allRecords, freeze, frozenFiles, frozenXml, type OutboxRecord, removeRecord, saveRecord } from "../store/outbox.ts";
import { ApiError, submit } from "../sync/api.ts";
import type { Subject } from "./subject.ts";

export function operatorOf(subject: Subject): string {
  return `desk:${subject.staffNo}`;
}

function recordOf(subject: Subject, frozen: Frozen): OutboxRecord {
  return {
    instanceId: frozen.instanceId,
    personId: operatorOf(subject),
    studyId: "",
    caseId: subject.caseId,
    sampleId: subject.household,
    formId: subject.formId,
    version: subject.version,
    title: "",
    practice: false,
    outcome: frozen.outcome,
    files: frozen.files.map((file) => file.name),
    finishedAt: new Date().toISOString(),
    state: "waiting",
    tries: 0,
    triedAt: null,
    failure: null,
    receipt: null,
  };
}

/** An interview of this case that was finished here and of which no receipt came, or null. */
export async function pendingOf(subject: Subject): Promise<OutboxRecord | null> {
  const records = await allRecords();
  return records.find((each) => each.personId === operatorOf(subject) && each.caseId === subject.caseId) ?? null;
}

/** Freezes the interview: from now on every try sends these bytes. */
export async function finishInterview(subject: Subject, interview: Interview): Promise<OutboxRecord> {
  const frozen = await interview.freeze();
  const record = recordOf(subject, frozen);
  await freeze(record, frozen.xml, frozen.files, interview.draft.id);
  interview.close();
  return record;
}

/** Sends the frozen bytes. With a whole receipt the record leaves this browser, and the page is told. */
export async function deliver(subject: Subject, record: OutboxRecord): Promise<CustomEvent> {
  const parcel = { ...record, xml: await frozenXml(record.instanceId), files: await frozenFiles(record) };
  try {
    const receipt = await submit(subject.submitUrl, { "x-csrf-token": subject.csrf }, parcel);
    if (receipt.receipt.missing.length > 0) throw new Error(`missing: ${receipt.receipt.missing.join(", ")}`);
    await removeRecord(record.instanceId);
    const detail = { receipt, outcome: record.outcome, instanceId: record.instanceId };
    return new CustomEvent("zoufang:submitted", { bubbles: true, detail });
  } catch (error) {
    if (error instanceof ApiError) await saveRecord({ ...record, tries: record.tries + 1, failure: error.failure });
    throw error;
  }
}
