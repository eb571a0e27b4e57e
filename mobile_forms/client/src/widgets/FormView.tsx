import { createSignal, For, onCleanup, Show } from "solid-js";
import type { Frozen, Interview } from "../engine/interview.ts";
import { progressOf, brokenOn, titleOf } from "../engine/pages.ts";
import { t } from "../i18n/index.ts";
import { FormProvider, type FormContext } from "./context.ts";
import { createNavigation, END, type Navigation } from "./navigation.ts";
import { PageView } from "./Page.tsx";
import { clock, createRecorder } from "./recorder.ts";
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

/** A form page by page: title above, the page, back and next below. */
export function FormView(props: FormViewProps) {
  const navigation = createNavigation(props.interview, props.onePerScreen);
  const recorder = createRecorder(props.interview, props.fileName);
  const [isOpen, setOpen] = createSignal(false);
  const [busy, setBusy] = createSignal(false);
  const [trouble, setTrouble] = createSignal<unknown>(null);
  const attempt = async (work: () => Promise<void>) => {
    setTrouble(null);
    await work().catch(setTrouble);
  };
  const finish = () =>
    attempt(async () => {
      setBusy(true);
      try {
        await recorder.stop();
        await props.finish(await props.interview.freeze());
      } finally {
        setBusy(false);
      }
    });
  const leave = () =>
    attempt(async () => {
      await recorder.stop();
      await props.interview.saved();
      props.leave();
    });
  const keep = () => void props.interview.saved().catch(() => undefined);
  document.addEventListener("visibilitychange", keep);
  globalThis.addEventListener("pagehide", keep);
  onCleanup(() => {
    document.removeEventListener("visibilitychange", keep);
    globalThis.removeEventListener("pagehide", keep);
    void recorder.stop();
  });
  const context: FormContext = {
    interview: props.interview,
    recorder,
    display: props.display,
    fileName: props.fileName,
    stamp: props.stamp,
    isTried: navigation.isTried,
    isPreset: (nodeset) => nodeset === props.presetNodeset,
    keyboard: false,
  };
  const position = () => navigation.shown().findIndex((page) => page.id === navigation.current()?.id) + 1;
  return (
    <FormProvider value={context}>
      <div class="form" dir={directionOf(props.interview)}>
        <header class="form-head">
          <button type="button" class="icon" aria-label={t("form.leave")} data-testid="leave" onClick={() => void leave()}>
            <span class="arrow" aria-hidden="true" />
          </button>
          <h1 class="form-heading">
          <button type="button" class="form-place" aria-expanded={isOpen()} data-testid="contents" data-form-heading tabindex="0" onClick={() => setOpen(!isOpen())}>
            <strong>{props.display((navigation.current() && titleOf(navigation.current()!)) || t(navigation.current() === null ? "form.end" : "form.untitled"))}</strong>
            <small>
              {navigation.current() === null ? props.title : `${position()}/${navigation.shown().length} · ${props.title}`}
            </small>
          </button>
          </h1>
          <Languages interview={props.interview} />
          <Show when={navigation.stop()}>
            {(stop) => (
              <button type="button" class="stop" data-testid="stop" onClick={() => void attempt(() => navigation.jumpTo(stop()))}>
                {t("form.stop")}
              </button>
            )}
          </Show>
        </header>
        <Show when={recorder.node()}>
          <button type="button" class="recording-strip" onClick={() => void attempt(recorder.stop)}>
            {t("audio.stop", { time: clock(recorder.seconds()) })}
          </button>
        </Show>
        <Trouble trouble={trouble() ?? (props.interview.state() === "failed" ? "unsaved" : null)} />
        <Show when={!isOpen()} fallback={<main><Contents navigation={navigation} display={props.display} close={() => setOpen(false)} /></main>}>
          <main class="form-body">
            <Show when={navigation.current()} keyed fallback={<End navigation={navigation} display={props.display} finish={() => void finish()} busy={busy()} />}>
              {(page) => <PageView page={page} titled={false} />}
            </Show>
          </main>
          <footer class="form-foot">
            <button type="button" class="button" data-testid="back" onClick={() => void attempt(navigation.back)} disabled={position() === 1}>
              {t("form.back")}
            </button>
            <Show when={navigation.current()}>
              <button type="button" class="button strong" data-testid="next" onClick={() => void attempt(navigation.next)}>
                {t("form.next")}
              </button>
            </Show>
          </footer>
        </Show>
      </div>
    </FormProvider>
  );
}
