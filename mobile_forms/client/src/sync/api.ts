import type { Failure, Receipt } from "../store/outbox.ts";
import type { Day } from "../store/days.ts";
import type { Person } from "../store/accounts.ts";

/** The server answered, and the answer was no; or no answer came (`status` 0). */
export class ApiError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.detail || failure.title || `status ${failure.status}`);
    this.name = "ApiError";
  }

  get status(): number {
    return this.failure.status;
  }
}

interface Problem {
  title?: string;
  detail?: string;
  remedy?: string;
  number?: string | number;
}

function failure(status: number, problem: Problem): Failure {
  return {
    status,
    title: problem.title ?? "",
    detail: problem.detail ?? "",
    remedy: problem.remedy ?? "",
    number: String(problem.number ?? ""),
    at: new Date().toISOString(),
  };
}

async function refusal(response: Response): Promise<ApiError> {
  const type = response.headers.get("content-type") ?? "";
  const problem = type.includes("json") ? ((await response.json().catch(() => ({}))) as Problem) : {};
  return new ApiError(failure(response.status, problem));
}

/** A fetch that ends: after `seconds` without an answer it fails as a missing network does. */
async function call(url: string, init: RequestInit, seconds: number): Promise<Response> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), seconds * 1000);
  let response: Response;
  try {
    response = await fetch(url, { ...init, cache: "no-store", signal: patience.signal });
  } catch {
    throw new ApiError(failure(0, {}));
  } finally {
    clearTimeout(timer);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

/** A body that breaks off on the way, or is not what was promised (a hotel's login page), is no answer. */
async function bodyOf<T>(response: Response, read: (response: Response) => Promise<T>): Promise<T> {
  try {
    return await read(response);
  } catch {
    throw new ApiError(failure(0, {}));
  }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

export interface Joined {
  device_token: string;
  person: Person;
  server_time: string;
}

export async function join(token: string, deviceName: string): Promise<Joined> {
  const body = JSON.stringify({ token, device_name: deviceName });
  const headers = { "content-type": "application/json" };
  return await bodyOf(await call("/visit/api/join", { method: "POST", headers, body }, 30), (r) => r.json());
}

export async function fetchDay(token: string): Promise<Day> {
  return await bodyOf(await call("/visit/api/day", { headers: bearer(token) }, 60), (r) => r.json());
}

export async function fetchText(token: string, url: string): Promise<string> {
  return await bodyOf(await call(url, { headers: bearer(token) }, 120), (r) => r.text());
}

/** A text that the page's own session may read. */
export async function fetchPage(url: string): Promise<string> {
  return await bodyOf(await call(url, { credentials: "same-origin" }, 60), (r) => r.text());
}

/** Hands words over; a body of up to 60 KB still leaves while the page is being closed. */
export async function post(url: string, headers: Record<string, string>, body: string): Promise<void> {
  const init = { method: "POST", headers: { ...headers, "content-type": "application/json" }, body };
  await call(url, { ...init, credentials: "same-origin", keepalive: body.length < 60_000 }, 30);
}

export interface Parcel {
  caseId: string;
  formId: string;
  version: string;
  xml: Uint8Array<ArrayBuffer>;
  files: readonly { name: string; type: string; bytes: Uint8Array<ArrayBuffer> }[];
}

function multipart(parcel: Parcel): FormData {
  const form = new FormData();
  form.append("case_id", parcel.caseId);
  form.append("form_id", parcel.formId);
  form.append("version", parcel.version);
  form.append("xml_submission_file", new Blob([parcel.xml], { type: "text/xml" }), "xml_submission_file");
  for (const file of parcel.files) form.append(file.name, new Blob([file.bytes], { type: file.type }), file.name);
  return form;
}

function seconds(parcel: Parcel): number {
  const bytes = parcel.files.reduce((sum, file) => sum + file.bytes.length, parcel.xml.length);
  // Two minutes, and as long as 8 kB/s would take.
  return 120 + bytes / 8000;
}

function isReceipt(value: unknown): value is Receipt {
  const receipt = (value as Receipt | null)?.receipt;
  return receipt !== undefined && typeof receipt.instance_id === "string" && Array.isArray(receipt.missing);
}

/** Hands a finished form in. `headers` say who asks: a bearer token, or a CSRF token beside the session's cookie. */
export async function submit(url: string, headers: Record<string, string>, parcel: Parcel): Promise<Receipt> {
  const init = { method: "POST", headers: { ...headers, "x-openrosa-version": "1.0" }, body: multipart(parcel) };
  const answer: unknown = await bodyOf(await call(url, init, seconds(parcel)), (r) => r.json());
  if (!isReceipt(answer)) throw new ApiError(failure(0, {}));
  return answer;
}

export function submitAs(token: string, parcel: Parcel): Promise<Receipt> {
  return submit("/visit/api/submissions", bearer(token), parcel);
}
