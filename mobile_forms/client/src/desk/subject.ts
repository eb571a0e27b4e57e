import type { FormSource } from "../engine/load.ts";
import { fetchPage } from "../sync/api.ts";

/** What the call desk's page says about the interview, in the attributes of its `#interview`. */
export interface Subject {
  formUrl: string;
  householdsUrl: string;
  draftUrl: string;
  household: string;
  submitUrl: string;
  caseId: string;
  formId: string;
  version: string;
  staffNo: string;
  csrf: string;
}

function need(element: HTMLElement, name: string): string {
  const value = element.dataset[name];
  if (value === undefined) throw new Error(`#interview has no ${name}`);
  return value;
}

export function subjectOf(element: HTMLElement): Subject {
  return {
    formUrl: need(element, "formUrl"),
    householdsUrl: need(element, "householdsUrl"),
    draftUrl: need(element, "draftUrl"),
    household: need(element, "household"),
    submitUrl: need(element, "submitUrl"),
    caseId: need(element, "caseId"),
    formId: need(element, "formId"),
    version: need(element, "version"),
    staffNo: need(element, "staffNo"),
    csrf: need(element, "csrf"),
  };
}

function digest(words: string): string {
  // Two sums of the text are enough to tell one version of a form from the next on one page.
  let [a, b] = [1, 0];
  for (let at = 0; at < words.length; at += 1) {
    a = (a + words.charCodeAt(at)) % 65521;
    b = (b + a) % 65521;
  }
  return `${words.length}-${a}-${b}`;
}

/** The form and the list of households, from the server with the page's own session. */
export async function fetchSource(subject: Subject): Promise<FormSource> {
  const [xml, households] = await Promise.all([fetchPage(subject.formUrl), fetchPage(subject.householdsUrl)]);
  const key = `${digest(xml)}+${digest(households)}`;
  return { key, read: () => Promise.resolve({ xml, media: new Map([["households.csv", households]]) }) };
}
