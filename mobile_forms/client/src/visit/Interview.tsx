import { createResource, createSignal, Match, onCleanup, Switch } from "solid-js";
import { type Frozen, type Interview, openInterview } from "../engine/interview.ts";
import { loadForm } from "../engine/load.ts";
import { nodesetOfRole } from "../engine/tags.ts";
import { t } from "../i18n/index.ts";
import { deviceId } from "../store/accounts.ts";
import type { MediaFile } from "../store/days.ts";
import { draftId, findHead } from "../store/drafts.ts";
import { freeze, type OutboxRecord } from "../store/outbox.ts";
import { sourceOf } from "./prepare.ts";
import { FormView } from "../widgets/FormView.tsx";
import { Trouble } from "../widgets/Trouble.tsx";
import { addressOf, replace } from "./route.ts";
import { onePerScreen } from "./settings.ts";
import { account, kept, now, reload, sendOnly } from "./state.ts";
import { compactTime, dayAndTime } from "./time.ts";

/** What is to be filled, for whom: from the day's list, or, where the household has left it, from the draft. */
interface Subject {
  id: string;
  personId: string;
  staffNo: string;
  caseId: string;
  sampleId: string;
  who: string;
  studyId: string;
  study: string;
  practice: boolean;
  formId: string;
  title: string;
  version: { version: string; formHash: string; media: readonly MediaFile[] };
}

function listedPart(caseId: string, formId: string) {
  const study = kept()?.day.studies.find((each) => each.cases.some((entry) => entry.case_id === caseId));
  const entry = study?.cases.find((each) => each.case_id === caseId);
  const form = study?.forms.find((each) => each.form_id === formId);
  return study && entry && form ? { study, entry, form } : null;
}

async function findSubject(caseId: string, formId: string): Promise<Subject> {
  const person = account()?.person;
  const id = draftId(person?.id ?? "", caseId, formId);
  const draft = await findHead(id);
  const listed = listedPart(caseId, formId);
  const studyId = draft?.studyId ?? listed?.study.study_id;
  const version = draft ?? (listed && { version: listed.form.version, formHash: listed.form.hash, media: listed.form.media });
  if (person === undefined || version === null || studyId === undefined) throw new Error(t("case.gone"));
  return {
    id,
    caseId,
    formId,
    studyId,
    version,
    personId: person.id,
    staffNo: person.staff_no,
    sampleId: draft?.sampleId ?? listed?.entry.sample_id ?? "",
    who: listed?.entry.name_masked ?? "",
    study: listed?.study.name ?? "",
    practice: listed?.study.practice ?? false,
    title: listed?.form.title ?? formId,
  };
}

async function open(subject: Subject): Promise<Interview> {
  const { version, title: _title, who: _who, study: _study, practice: _practice, staffNo, ...rest } = subject;
  const loaded = await loadForm(sourceOf(version.formHash, version.media));
  return await openInterview(loaded, {
    head: { ...rest, version: version.version, formHash: version.formHash, media: [...version.media] },
    preset: { role: "case", value: subject.sampleId },
    deviceId: await deviceId(),
    username: staffNo,
    now,
  });
}

function recordOf(subject: Subject, interview: Interview, frozen: Frozen): OutboxRecord {
  const { personId, studyId, caseId, sampleId, formId, version } = interview.draft;
  return {
    ...{ personId, studyId, caseId, sampleId, formId, version },
    instanceId: frozen.instanceId,
    title: subject.title,
    practice: subject.practice,
    outcome: frozen.outcome,
    files: frozen.files.map((file) => file.name),
    finishedAt: new Date(now()).toISOString(),
    state: "waiting",
    tries: 0,
    triedAt: null,
    failure: null,
    receipt: null,
  };
}

/** A draft in which nothing was done is no draft. */
async function leaveDraft(interview: Interview): Promise<void> {
  try {
    await interview.saved();
    if (interview.isUntouched) await interview.discard();
  } finally {
    interview.close();
  }
}

function Opened(props: { subject: Subject; interview: Interview }) {
  const { subject, interview } = props;
  const place = addressOf("case", subject.caseId);
  let files = 0;
  const finish = async (frozen: Frozen) => {
    await freeze(recordOf(subject, interview, frozen), frozen.xml, frozen.files, interview.draft.id);
    interview.close();
    await reload();
    replace("outbox");
    void sendOnly();
  };
  onCleanup(() => {
    void leaveDraft(interview).catch(() => undefined).then(reload);
  });
  return (
    <FormView
      interview={interview}
      title={`${subject.sampleId} ${subject.who}`}
      presetNodeset={nodesetOfRole(interview.form.tags, "case")}
      onePerScreen={onePerScreen()}
      display={(words) => words.replaceAll("{{staff_no}}", subject.staffNo)}
      fileName={(question, extension) => `${subject.sampleId}_${question}_${compactTime(now())}${files++ === 0 ? "" : `-${files}`}.${extension}`}
      stamp={() => `${subject.study} ${subject.sampleId} ${dayAndTime(new Date(now()).toISOString())}`}
      finish={finish}
      leave={() => {
        location.hash = place;
      }}
    />
  );
}

/** Opens the form of a household: where its draft stood, or anew. */
export default function InterviewScreen(props: { caseId: string; formId: string }) {
  const [tries, setTries] = createSignal(0);
  const [opened] = createResource(tries, async () => {
    const subject = await findSubject(props.caseId, props.formId);
    return { subject, interview: await open(subject) };
  });
  return (
    <Switch fallback={<p class="loading">{t("form.opening")}</p>}>
      <Match when={opened.error}>
        <main class="screen">
          <Trouble trouble={opened.error} />
          <button type="button" class="button strong" onClick={() => setTries(tries() + 1)}>
            {t("app.again")}
          </button>
          <a class="button" href={addressOf("case", props.caseId)}>
            {t("app.back")}
          </a>
        </main>
      </Match>
      <Match when={opened()} keyed>
        {(found) => <Opened subject={found.subject} interview={found.interview} />}
      </Match>
    </Switch>
  );
}
