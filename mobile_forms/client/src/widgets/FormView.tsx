import { createSignal, For, onCleanup, Show } from "solid-js";
import type { Frozen, Interview } from "../engine/interview.ts";
import { progressOf, brokenOn, titleOf } from "../engine/pages.ts";
import { t } from "../i18n/index.ts";
import { FormProvider, type FormContext } from "./context.ts";
import { createNavigation, END, type Navigation } from "./navigation.ts";
import { PageView } from "./Page.tsx";
import { clock, createRecorder, type Recorder } from "./recorder.ts";
import { Trouble } from "./Trouble.tsx";

export interface FormViewProps {
  interview: Interview;
  title: string;
  presetNodeset: string | null;
  onePerScreen: boolean;
  display: (words: string) => string;
  fileName: (question: string, extension: string) => string;
  stamp: () => string;
  /** Takes the frozen instance; the form stays open where this fails. */
  finish: (frozen: Frozen) => Promise<void>;
  leave: () => void;
}

function Contents(props: { navigation: Navigation; display: (words: string) => string; close: () => void }) {
  const go = (id: string) => {
    props.close();
    void props.navigation.go(id);
  };
  return (
    <nav class="contents" aria-label={t("form.contents")}>
      <For each={props.navigation.shown()}>
        {(page) => (
          <button type="button" data-goto={page.id} classList={{ here: props.navigation.current()?.id === page.id }} onClick={() => go(page.id)}>
            <span class="words">{props.display(titleOf(page)) || t("form.untitled")}</span>
            <span class="count" classList={{ wrong: brokenOn(page).length > 0 }}>
              {progressOf(page).answered}/{progressOf(page).of}
            </span>
          </button>
        )}
      </For>
      <button type="button" data-goto={END} onClick={() => go(END)}>
        <span class="words">{t("form.end")}</span>
      </button>
    </nav>
  );
}

function End(props: { navigation: Navigation; display: (words: string) => string; finish: () => void; busy: boolean }) {
  const broken = () => props.navigation.broken();
  return (
    <div class="page" data-page={END}>
      <h2 class="page-title">{t("form.end")}</h2>
      <Show when={broken().length > 0} fallback={<p class="good">{t("form.complete")}</p>}>
        <p class="violation">{t("form.missing", { count: broken().length })}</p>
        <ul class="missing">
          <For each={broken()}>
            {(control) => (
              <li>
                <button type="button" onClick={() => void props.navigation.jumpTo(control)}>
                  {props.display(control.currentState.label?.asString ?? "")}
                </button>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <button type="button" class="button strong" data-testid="finish" disabled={broken().length > 0 || props.busy} onClick={() => props.finish()}>
        {t(props.busy ? "form.finishing" : "form.finish")}
      </button>
      <p class="hint">{t("form.frozen")}</p>
    </div>
  );
}

function Languages(props: { interview: Interview }) {
  const languages = () => props.interview.root.languages.filter((language) => language.isSyntheticDefault === undefined);
  return (
    <Show when={languages().length > 1}>
      <select
        class="language"
        aria-label={t("form.language")}
        onChange={(event) => {
          const chosen = languages()[event.currentTarget.selectedIndex];
          if (chosen !== undefined) props.interview.root.setLanguage(chosen as never);
        }}
      >
        <For each={languages()}>
          {(language) => (
            <option selected={language.language === props.interview.root.currentState.activeLanguage.language}>{language.language}</option>
          )}
        </For>
      </select>
    </Show>
  );
}

const RTL = /^(ug|ar|fa|ur|he)\b|\((ug|ar|fa|ur|he)\)/i;

function directionOf(interview: Interview): "rtl" | "ltr" {
  return RTL.test(interview.root.currentState.activeLanguage.language) ? "rtl" : "ltr";
}

interface Actions {
  /** Does one thing at a time: a second tap while the first is under way is not a second wish. */
  attempt: (work: () => Promise<void>) => Promise<void>;
  finish: () => void;
  leave: () => void;
  busy: () => boolean;
  trouble: () => unknown;
}

function createActions(props: FormViewProps, recorder: Recorder): Actions {
  const [busy, setBusy] = createSignal(false);
  const [trouble, setTrouble] = createSignal<unknown>(null);
  const attempt = async (work: () => Promise<void>) => {
    if (busy()) return;
    setBusy(true);
    setTrouble(null);
    await work().catch(setTrouble);
    setBusy(false);
  };
  const finish = async () => {
    await recorder.stop();
    await props.finish(await props.interview.freeze());
  };
  const leave = async () => {
    await recorder.stop();
    await props.interview.saved();
    props.leave();
  };
  return { attempt, busy, trouble, finish: () => void attempt(finish), leave: () => void attempt(leave) };
}

/** The page may go away at any moment: what was typed goes to disk first, and a page that cannot write says so. */
function keepWhenHidden(interview: Interview): void {
  const keep = () => void interview.saved().catch(() => undefined);
  const warn = (event: BeforeUnloadEvent) => {
    if (interview.state() === "failed") event.preventDefault();
  };
  document.addEventListener("visibilitychange", keep);
  globalThis.addEventListener("pagehide", keep);
  globalThis.addEventListener("beforeunload", warn);
  onCleanup(() => {
    document.removeEventListener("visibilitychange", keep);
    globalThis.removeEventListener("pagehide", keep);
    globalThis.removeEventListener("beforeunload", warn);
  });
}

function Head(props: FormViewProps & { navigation: Navigation; actions: Actions; isOpen: boolean; toggle: () => void }) {
  const place = () => {
    const page = props.navigation.current();
    if (page === null) return { title: t("form.end"), count: "" };
    const shown = props.navigation.shown();
    const title = props.display(titleOf(page)) || t("form.untitled");
    return { title, count: `${shown.findIndex((each) => each.id === page.id) + 1}/${shown.length} · ` };
  };
  return (
    <header class="form-head">
      <button type="button" class="icon" aria-label={t("form.leave")} data-testid="leave" onClick={() => props.actions.leave()}>
        <span class="arrow" aria-hidden="true" />
      </button>
      <h1 class="form-heading">
        <button type="button" class="form-place" aria-expanded={props.isOpen} data-testid="contents" data-form-heading onClick={() => props.toggle()}>
          <strong>{place().title}</strong>
          <small>
            {place().count}
            {props.title}
          </small>
        </button>
      </h1>
      <Languages interview={props.interview} />
      <Show when={props.navigation.stop()}>
        {(stop) => (
          <button type="button" class="stop" data-testid="stop" onClick={() => void props.actions.attempt(() => props.navigation.jumpTo(stop()))}>
            {t("form.stop")}
          </button>
        )}
      </Show>
    </header>
  );
}

function Foot(props: { navigation: Navigation; actions: Actions }) {
  const isFirst = () => props.navigation.shown()[0]?.id === props.navigation.current()?.id;
  return (
    <footer class="form-foot">
      <button type="button" class="button" data-testid="back" onClick={() => void props.actions.attempt(props.navigation.back)} disabled={isFirst()}>
        {t("form.back")}
      </button>
      <Show when={props.navigation.current()}>
        <button type="button" class="button strong" data-testid="next" onClick={() => void props.actions.attempt(props.navigation.next)}>
          {t("form.next")}
        </button>
      </Show>
    </footer>
  );
}

function contextOf(props: FormViewProps, navigation: Navigation, recorder: Recorder): FormContext {
  return {
    interview: props.interview,
    recorder,
    display: props.display,
    fileName: props.fileName,
    stamp: props.stamp,
    isTried: navigation.isTried,
    isPreset: (nodeset) => nodeset === props.presetNodeset,
    keyboard: false,
  };
}

/** A form page by page: title above, the page, back and next below. */
export function FormView(props: FormViewProps) {
  const navigation = createNavigation(props.interview, props.onePerScreen);
  const recorder = createRecorder(props.interview, props.fileName);
  const actions = createActions(props, recorder);
  const [isOpen, setOpen] = createSignal(false);
  keepWhenHidden(props.interview);
  onCleanup(() => void recorder.stop());
  const trouble = () => actions.trouble() ?? (props.interview.state() === "failed" ? "unsaved" : null);
  const contents = () => (
    <main>
      <Contents navigation={navigation} display={props.display} close={() => setOpen(false)} />
    </main>
  );
  const end = () => <End navigation={navigation} display={props.display} finish={actions.finish} busy={actions.busy()} />;
  return (
    <FormProvider value={contextOf(props, navigation, recorder)}>
      <div class="form" dir={directionOf(props.interview)}>
        <Head {...props} navigation={navigation} actions={actions} isOpen={isOpen()} toggle={() => setOpen(!isOpen())} />
        <Show when={recorder.node()}>
          <button type="button" class="recording-strip" onClick={() => void actions.attempt(recorder.stop)}>
            {t("audio.stop", { time: clock(recorder.seconds()) })}
          </button>
        </Show>
        <Trouble trouble={trouble()} />
        <Show when={!isOpen()} fallback={contents()}>
          <main class="form-body">
            <Show when={navigation.current()} keyed fallback={end()}>
              {(page) => <PageView page={page} titled={false} />}
            </Show>
          </main>
          <Foot navigation={navigation} actions={actions} />
        </Show>
      </div>
    </FormProvider>
  );
}
