import { createResource, createSignal, Match, onCleanup, Switch } from "solid-js";
import { type Frozen, type Interview, openInterview } from "../engine/interview.ts";
import { loadForm } from "../engine/load.ts";
import { nodesetOfRole } from "../engine/tags.ts";
import { t } from "../i18n/index.ts";
import { deviceId } from "../store/accounts.ts";
import type { Case, FormEntry, Study } from "../store/days.ts";
import { draftId, findHead } from "../store/drafts.ts";
import { freeze, type OutboxRecord } from "../store/outbox.ts";
import { sourceOf } from "./prepare.ts";
import { FormView } from "../widgets/FormView.tsx";
import { Trouble } from "../widgets/Trouble.tsx";
import { addressOf, replace } from "./route.ts";
import { onePerScreen } from "./settings.ts";
import { account, kept, now, reload, sendOnly } from "./state.ts";
import { compactTime, dayAndTime } from "./time.ts";

interface Subject {
  study: Study;
  entry: Case;
  form: FormEntry;
  personId: string;
  staffNo: string;
}

function findSubject(caseId: string, formId: string): Subject {
  const person = account()?.person;
  const study = kept()?.day.studies.find((each) => each.cases.some((entry) => entry.case_id === caseId));
  const entry = study?.cases.find((each) => each.case_id === caseId);
  const form = study?.forms.find((each) => each.form_id === formId);
  if (person === undefined || study === undefined || entry === undefined || form === undefined) throw new Error(t("case.gone"));
  return { study, entry, form, personId: person.id, staffNo: person.staff_no };
}

async function open(subject: Subject): Promise<Interview> {
  const { form, entry, study, personId } = subject;
  const id = draftId(personId, entry.case_id, form.form_id);
  const draft = await findHead(id);
  const version = draft ?? { formHash: form.hash, media: form.media, version: form.version };
  const loaded = await loadForm(sourceOf(version.formHash, version.media));
  return await openInterview(loaded, {
    head: {
      id,
      personId,
      studyId: study.study_id,
      caseId: entry.case_id,
      sampleId: entry.sample_id,
      formId: form.form_id,
      version: version.version,
      formHash: version.formHash,
      media: [...version.media],
    },
    preset: { role: "case", value: entry.sample_id },
    deviceId: await deviceId(),
    username: subject.staffNo,
    now,
  });
}

function recordOf(subject: Subject, interview: Interview, frozen: Frozen): OutboxRecord {
  const { id: _draft, ...head } = interview.draft;
  return {
    instanceId: frozen.instanceId,
    personId: head.personId,
    studyId: head.studyId,
    caseId: head.caseId,
    sampleId: head.sampleId,
    formId: head.formId,
    version: head.version,
    title: subject.form.title,
    practice: subject.study.practice,
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
  const place = addressOf("case", subject.entry.case_id);
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
      title={`${subject.entry.sample_id} ${subject.entry.name_masked}`}
      presetNodeset={nodesetOfRole(interview.form.tags, "case")}
      onePerScreen={onePerScreen()}
      display={(words) => words.replaceAll("{{staff_no}}", subject.staffNo)}
      fileName={(question, extension) => `${subject.entry.sample_id}_${question}_${compactTime(now())}${files++ === 0 ? "" : `-${files}`}.${extension}`}
      stamp={() => `${subject.study.name} ${subject.entry.sample_id} ${dayAndTime(new Date(now()).toISOString())}`}
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
    const subject = findSubject(props.caseId, props.formId);
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
