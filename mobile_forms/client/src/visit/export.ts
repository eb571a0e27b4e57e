import { frozenFiles, frozenXml, type OutboxRecord } from "../store/outbox.ts";

function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

/** The frozen record as one JSON text that the office imports: the bytes that sending would have sent. */
export async function packed(record: OutboxRecord): Promise<string> {
  const files = await frozenFiles(record);
  return JSON.stringify({
    format: "zoufang-record/1",
    instance_id: record.instanceId,
    case_id: record.caseId,
    form_id: record.formId,
    version: record.version,
    finished_at: record.finishedAt,
    xml: base64(await frozenXml(record.instanceId)),
    files: files.map((file) => ({ name: file.name, type: file.type, bytes: base64(file.bytes) })),
  });
}

/** Hands the record to the person as a file. */
export async function exportRecord(record: OutboxRecord): Promise<void> {
  const url = URL.createObjectURL(new Blob([await packed(record)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${record.sampleId}_${record.finishedAt.slice(0, 10)}.zoufang.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
