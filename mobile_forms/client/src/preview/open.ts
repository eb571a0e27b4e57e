import { type Interview, tryInterview } from "../engine/interview.ts";
import { type LoadedForm, loadForm } from "../engine/load.ts";
import { setLanguage } from "../i18n/index.ts";
import { fetchPage } from "../sync/api.ts";

/** What the preview's page says about the form, in the attributes of its element. */
export interface Trial {
  formUrl: string;
  lists: string[];
  number: string;
  title: string;
  asked: string;
  staffNo: string;
}

export function trialOf(element: HTMLElement): Trial {
  const { formUrl = "", lists = "", number = "", title = "", asked = "", staffNo = "", language } = element.dataset;
  setLanguage(language === "en" ? "en" : "zh");
  return { formUrl, lists: lists.split(" ").filter((each) => each !== ""), number, title, asked, staffNo };
}

async function listsOf(trial: Trial): Promise<Map<string, string>> {
  const texts = trial.lists.map(async (address): Promise<[string, string]> => {
    return [decodeURIComponent(address.split("/").at(-1) ?? ""), await fetchPage(address)];
  });
  return new Map(await Promise.all(texts));
}

async function load(trial: Trial): Promise<LoadedForm> {
  const [xml, media] = await Promise.all([fetchPage(trial.formUrl), listsOf(trial)]);
  return await loadForm({ key: trial.formUrl, read: () => Promise.resolve({ xml, media }) });
}

/** The form begun for a household that does not exist; nothing of it is kept. */
export async function begin(trial: Trial): Promise<Interview> {
  const form = await load(trial);
  const interview = await tryInterview(form, {
    head: {
      id: "preview",
      personId: "",
      studyId: "",
      caseId: "",
      sampleId: trial.number,
      formId: "",
      version: "",
      formHash: form.key,
      media: [],
    },
    preset: { role: "case", value: trial.number },
    deviceId: "preview",
    username: trial.staffNo,
    now: Date.now,
  });
  const language = interview.root.languages.find((each) => each.language === trial.asked);
  if (language !== undefined) interview.root.setLanguage(language as never);
  return interview;
}
