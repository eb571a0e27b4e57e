import { createSignal, For, onMount, Show } from "solid-js";
import { language, setLanguage, t } from "../i18n/index.ts";
import { checkPhone, type Warning } from "./phone.ts";
import { addressOf } from "./route.ts";
import { onePerScreen, setOnePerScreen, setTextSize, type TextSize, textSize } from "./settings.ts";
import { account, kept } from "./state.ts";
import { isKept } from "./worker.ts";

const SIZES: readonly TextSize[] = ["1", "2", "3"];

function Card() {
  return (
    <section class="card">
      <h2>{t("me.card")}</h2>
      <p class="card-name">{account()?.person.name}</p>
      <p>{t("me.staff_no", { number: account()?.person.staff_no ?? "" })}</p>
      <For each={kept()?.day.studies.filter((study) => !study.practice) ?? []}>
        {(study) => (
          <p class="facts">
            {study.name}
            <br />
            {t("me.company", { company: study.company, client: study.client })}
            <br />
            {t("me.hotline", { number: study.hotline })}
          </p>
        )}
      </For>
    </section>
  );
}

function Settings() {
  return (
    <section class="settings">
      <h2>{t("me.settings")}</h2>
      <div class="tabs" role="group" aria-label={t("me.text")}>
        <For each={SIZES}>
          {(size) => (
            <button type="button" aria-pressed={textSize() === size} data-testid={`text-${size}`} onClick={() => setTextSize(size)}>
              {t(`me.text_${size}`)}
            </button>
          )}
        </For>
      </div>
      <label class="option" classList={{ chosen: onePerScreen() }}>
        <input type="checkbox" checked={onePerScreen()} onChange={(event) => setOnePerScreen(event.currentTarget.checked)} />
        <span class="mark" aria-hidden="true" />
        <span class="words">{t("me.single")}</span>
      </label>
      <div class="tabs" role="group" aria-label={t("me.language")}>
        <button type="button" aria-pressed={language() === "zh"} onClick={() => setLanguage("zh")}>
          中文
        </button>
        <button type="button" aria-pressed={language() === "en"} onClick={() => setLanguage("en")}>
          English
        </button>
      </div>
    </section>
  );
}

/** Who I am at the door, how the program looks, and how this phone is. */
export function MeScreen() {
  const [warnings, setWarnings] = createSignal<Warning[]>([]);
  onMount(async () => setWarnings(await checkPhone()));
  return (
    <div class="screen-frame">
      <header class="bar">
        <a class="icon" aria-label={t("app.back")} data-testid="home" href={addressOf("day")}>
          <span class="arrow" aria-hidden="true" />
        </a>
        <h1>{t("me.title")}</h1>
      </header>
      <main class="screen">
        <Card />
        <Settings />
        <section>
          <h2>{t("me.phone")}</h2>
          <p class={isKept() ? "good" : "notice"}>{t(isKept() ? "me.kept" : "me.not_kept")}</p>
          <For each={warnings()}>{(warning) => <p class="trouble">{t(`phone.${warning}`)}</p>}</For>
          <Show when={warnings().length === 0}>
            <p class="good">{t("me.phone_good")}</p>
          </Show>
        </section>
      </main>
    </div>
  );
}
