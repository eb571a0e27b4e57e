import "virtual:desk.css";
import { createResource, createSignal, For, Match, onCleanup, onMount, Show, Switch } from "solid-js";
import { render } from "solid-js/web";
import { type Interview, openInterview } from "../engine/interview.ts";
import { loadForm } from "../engine/load.ts";
import { pagesOf } from "../engine/pages.ts";
import { nodesetOfRole } from "../engine/tags.ts";
import { t } from "../i18n/index.ts";
import { deviceId } from "../store/accounts.ts";
import { draftId, findHead, removeDraft } from "../store/drafts.ts";
import { submit } from "../sync/api.ts";
import { FormProvider } from "../widgets/context.ts";
import { createNavigation } from "../widgets/navigation.ts";
import { PageView } from "../widgets/Page.tsx";
import { createRecorder } from "../widgets/recorder.ts";
import { Trouble } from "../widgets/Trouble.tsx";
import { onKey } from "./keyboard.ts";
import { fetchSource, type Subject, subjectOf } from "./subject.ts";

async function open(subject: Subject): Promise<Interview> {
  const source = await fetchSource(subject);
  const form = await loadForm(source);
  const id = draftId(`desk:${subject.staffNo}`, subject.caseId, subject.formId);
  // A desk's draft is of a form that the server still has; another version begins anew.
  const draft = await findHead(id);
  if (draft !== null && draft.formHash !== source.key) await removeDraft(id);
  return await openInterview(form, {
    head: {
      id,
      personId: `desk:${subject.staffNo}`,
      studyId: "",
      caseId: subject.caseId,
      sampleId: subject.household,
      formId: subject.formId,
      version: subject.version,
      formHash: source.key,
      media: [],
    },
    preset: { role: "case", value: subject.household },
    deviceId: await deviceId(),
    username: subject.staffNo,
    now: Date.now,
  });
}

async function handIn(subject: Subject, interview: Interview): Promise<CustomEvent> {
  const frozen = await interview.freeze();
  const parcel = { caseId: subject.caseId, formId: subject.formId, version: subject.version, xml: frozen.xml, files: frozen.files };
  const receipt = await submit(subject.submitUrl, { "x-csrf-token": subject.csrf }, parcel);
  await interview.discard();
  return new CustomEvent("zoufang:submitted", { bubbles: true, detail: { receipt, outcome: frozen.outcome, instanceId: frozen.instanceId } });
}

function Desk(props: { subject: Subject; interview: Interview; mount: HTMLElement }) {
  const { subject, interview } = props;
  const navigation = createNavigation(interview, false);
  const [state, setState] = createSignal<"open" | "sending" | "sent">("open");
  const [trouble, setTrouble] = createSignal<unknown>(null);
  let files = 0;
  const fileName = (question: string, extension: string) => `${subject.household}_${question}_${Date.now()}-${(files += 1)}.${extension}`;
  const context = {
    interview,
    recorder: createRecorder(interview, fileName),
    display: (words: string) => words.replaceAll("{{staff_no}}", subject.staffNo),
    fileName,
    stamp: () => subject.household,
    isTried: navigation.isTried,
    isPreset: (nodeset: string) => nodeset === nodesetOfRole(interview.form.tags, "case"),
    keyboard: true,
  };
  const finish = async () => {
    setTrouble(null);
    try {
      await interview.saved();
      navigation.tryAll();
      const [first] = navigation.broken();
      if (first !== undefined) return await navigation.jumpTo(first);
      setState("sending");
      const submitted = await handIn(subject, interview);
      setState("sent");
      props.mount.dispatchEvent(submitted);
    } catch (error) {
      setState("open");
      setTrouble(error);
    }
  };
  onMount(() => {
    const listen = (event: KeyboardEvent) => onKey(props.mount, event);
    document.addEventListener("keydown", listen);
    onCleanup(() => document.removeEventListener("keydown", listen));
  });
  return (
    <FormProvider value={context}>
      <Show when={state() !== "sent"} fallback={<p class="good" data-testid="sent">{t("desk.sent")}</p>}>
        <div class="desk">
          <For each={pagesOf(interview.root)}>{(page) => <PageView page={page} titled={true} />}</For>
          <Trouble trouble={trouble()} />
          <footer class="desk-foot">
            <button type="button" class="button strong" data-testid="finish" disabled={state() === "sending"} onClick={() => void finish()}>
              {t(state() === "sending" ? "desk.sending" : "desk.finish")}
            </button>
            <span class="facts">{navigation.broken().length > 0 ? t("desk.missing", { count: navigation.broken().length }) : t("desk.keys")}</span>
            <span class="facts" role="status">
              {t(interview.state() === "saved" ? "desk.saved" : "desk.unsaved")}
            </span>
          </footer>
        </div>
      </Show>
    </FormProvider>
  );
}

function Mounted(props: { mount: HTMLElement }) {
  const [opened] = createResource(async () => {
    const subject = subjectOf(props.mount);
    return { subject, interview: await open(subject) };
  });
  return (
    <Switch fallback={<p class="loading">{t("desk.opening")}</p>}>
      <Match when={opened.error}>
        <Trouble trouble={opened.error} />
      </Match>
      <Match when={opened()} keyed>
        {(found) => <Desk subject={found.subject} interview={found.interview} mount={props.mount} />}
      </Match>
    </Switch>
  );
}

const mount = document.getElementById("interview");
if (mount !== null) render(() => <Mounted mount={mount} />, mount);
