import { createSignal, For, onCleanup, onMount, Show } from "solid-js";
import type { Interview } from "../engine/interview.ts";
import { pagesOf } from "../engine/pages.ts";
import { nodesetOfRole } from "../engine/tags.ts";
import { t } from "../i18n/index.ts";
import { FormProvider, type FormContext } from "../widgets/context.ts";
import { createNavigation } from "../widgets/navigation.ts";
import { PageView } from "../widgets/Page.tsx";
import { createRecorder } from "../widgets/recorder.ts";
import { Trouble } from "../widgets/Trouble.tsx";
import { onKey } from "./keyboard.ts";

function contextOf(subject: DeskSubject, interview: Interview, isTried: (nodeId: string) => boolean): FormContext {
  let files = 0;
  const fileName = (question: string, extension: string) => `${subject.household}_${question}_${Date.now()}-${(files += 1)}.${extension}`;
  const preset = nodesetOfRole(interview.form.tags, "case");
  return {
    interview,
    fileName,
    isTried,
    recorder: createRecorder(interview, fileName),
    display: (words) => words.replaceAll("{{staff_no}}", subject.staffNo),
    stamp: () => subject.household,
    isPreset: (nodeset) => nodeset === preset,
    keyboard: true,
  };
}

/** What the form is told of the household and of whoever asks. */
export interface DeskSubject {
  household: string;
  staffNo: string;
}

export interface DeskProps {
  subject: DeskSubject;
  interview: Interview;
  mount: HTMLElement;
  /** Takes the interview when every answer is there. */
  finish: (interview: Interview) => Promise<void>;
  /** It is only tried: nothing is kept, and it does not say so. */
  tried?: boolean;
  /** Whether the server has what is in this browser. */
  handed?: () => boolean;
}

/** The whole form on one page, made for the keyboard. */
export function Desk(props: DeskProps) {
  const { interview } = props;
  const navigation = createNavigation(interview, false);
  const context = contextOf(props.subject, interview, navigation.isTried);
  const [busy, setBusy] = createSignal(false);
  const [trouble, setTrouble] = createSignal<unknown>(null);
  const hold = async () => {
    await context.recorder.stop();
    await interview.saved();
    navigation.tryAll();
    const [first] = navigation.broken();
    if (first !== undefined) await navigation.jumpTo(first);
    else await props.finish(interview);
  };
  const finish = async () => {
    setBusy(true);
    setTrouble(null);
    await hold().catch(setTrouble);
    setBusy(false);
  };
  onMount(() => {
    const listen = (event: KeyboardEvent) => onKey(props.mount, event);
    document.addEventListener("keydown", listen);
    onCleanup(() => document.removeEventListener("keydown", listen));
  });
  onCleanup(() => void context.recorder.stop());
  const left = () => navigation.broken().length;
  const standing = () => {
    if (interview.state() !== "saved") return "desk.unsaved";
    return props.handed?.() === false ? "desk.saved_here" : "desk.saved";
  };
  return (
    <FormProvider value={context}>
      <div class="desk">
        <For each={pagesOf(interview.root)}>{(page) => <PageView page={page} titled={true} />}</For>
        <Trouble trouble={trouble() ?? (interview.state() === "failed" ? "unsaved" : null)} />
        <footer class="desk-foot">
          <button type="button" class="button strong" data-testid="finish" disabled={busy()} onClick={() => void finish()}>
            {t("desk.finish")}
          </button>
          <span class="facts">{left() > 0 ? t("desk.missing", { count: left() }) : t("desk.keys")}</span>
          <Show when={!props.tried}>
            <span class="facts" role="status">
              {t(standing())}
            </span>
          </Show>
        </footer>
      </div>
    </FormProvider>
  );
}
