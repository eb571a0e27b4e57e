import "virtual:desk.css";
import { createEffect, createResource, createSignal, Match, onCleanup, Show, Switch } from "solid-js";
import { render } from "solid-js/web";
import { type Interview, openInterview } from "../engine/interview.ts";
import { loadForm } from "../engine/load.ts";
import { t } from "../i18n/index.ts";
import { deviceId } from "../store/accounts.ts";
import { draftId, findHead, removeDraft } from "../store/drafts.ts";
import type { OutboxRecord } from "../store/outbox.ts";
import { Trouble } from "../widgets/Trouble.tsx";
import { Desk } from "./Desk.tsx";
import { fetchDraft, Keeper } from "./draft.ts";
import { deliver, finishInterview, operatorOf, pendingOf } from "./hand_in.ts";
import { fetchSource, type Subject, subjectOf } from "./subject.ts";

async function open(subject: Subject): Promise<Interview> {
  const source = await fetchSource(subject);
  const form = await loadForm(source);
  const personId = operatorOf(subject);
  const id = draftId(personId, subject.caseId, subject.formId);
  // Without the server's answer one goes on with what this browser has.
  await fetchDraft(subject, id).catch(() => undefined);
  // A desk's draft is of a form that the server still has; another version begins anew.
  const draft = await findHead(id);
  if (draft !== null && draft.formHash !== source.key) await removeDraft(id);
  return await openInterview(form, {
    head: {
      id,
      personId,
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

/** A finished interview on its way: sent at once, and again by the button where that failed. */
function Delivery(props: { subject: Subject; record: OutboxRecord; mount: HTMLElement }) {
  const [state, setState] = createSignal<"sending" | "failed" | "sent">("sending");
  const [trouble, setTrouble] = createSignal<unknown>(null);
  const send = async () => {
    setState("sending");
    setTrouble(null);
    try {
      const submitted = await deliver(props.subject, props.record);
      setState("sent");
      props.mount.dispatchEvent(submitted);
    } catch (error) {
      setTrouble(error);
      setState("failed");
    }
  };
  void send();
  return (
    <div class="desk">
      <Switch>
        <Match when={state() === "sending"}>
          <p class="notice">{t("desk.sending")}</p>
        </Match>
        <Match when={state() === "sent"}>
          <p class="good" data-testid="sent">
            {t("desk.sent")}
          </p>
        </Match>
        <Match when={state() === "failed"}>
          <p class="notice">{t("desk.kept")}</p>
          <Trouble trouble={trouble()} />
          <button type="button" class="button strong" data-testid="send-again" onClick={() => void send()}>
            {t("outbox.send")}
          </button>
        </Match>
      </Switch>
    </div>
  );
}

/** The interview at work: what is answered goes to the server as well, until it is finished. */
function Held(props: { subject: Subject; interview: Interview; mount: HTMLElement; finished: (record: OutboxRecord) => void }) {
  const [handed, setHanded] = createSignal(true);
  const keeper = new Keeper(props.subject, props.interview, setHanded);
  createEffect(() => {
    if (props.interview.state() === "saved") keeper.soon();
  });
  const leave = () => void keeper.now();
  window.addEventListener("pagehide", leave);
  onCleanup(() => {
    window.removeEventListener("pagehide", leave);
    keeper.stop();
  });
  const finish = async (interview: Interview) => {
    const record = await finishInterview(props.subject, interview);
    keeper.stop();
    props.finished(record);
  };
  return <Desk subject={props.subject} interview={props.interview} mount={props.mount} finish={finish} handed={handed} />;
}

async function begin(mount: HTMLElement) {
  const subject = subjectOf(mount);
  const pending = await pendingOf(subject);
  return { subject, pending, interview: pending === null ? await open(subject) : null };
}

function Mounted(props: { mount: HTMLElement }) {
  const [opened] = createResource(() => begin(props.mount));
  const [finished, setFinished] = createSignal<OutboxRecord | null>(null);
  const record = () => finished() ?? opened()?.pending;
  return (
    <Switch fallback={<p class="loading">{t("desk.opening")}</p>}>
      <Match when={opened.error}>
        <Trouble trouble={opened.error} />
      </Match>
      <Match when={opened()} keyed>
        {(found) => (
          <Show when={record()} keyed fallback={<Show when={found.interview}>{(interview) => <Held subject={found.subject} interview={interview()} mount={props.mount} finished={setFinished} />}</Show>}>
            {(one) => <Delivery subject={found.subject} record={one} mount={props.mount} />}
          </Show>
        )}
      </Match>
    </Switch>
  );
}

const mount = document.getElementById("interview");
if (mount !== null) render(() => <Mounted mount={mount} />, mount);
