import { createMemo, createSignal, For, onMount, Show } from "solid-js";
import { type MessageKey, t } from "../i18n/index.ts";
import { Trouble } from "../widgets/Trouble.tsx";
import { checkPhone, type Warning } from "./phone.ts";
import { addressOf } from "./route.ts";
import { isFinished, type Listed, villagesOf, type Wanted } from "./standing.ts";
import { account, heads, kept, listed, records, sync, syncing, trouble } from "./state.ts";
import { clockTime, dayAndTime } from "./time.ts";
import { isNewer, takeNewer } from "./worker.ts";

function Household(props: { one: Listed }) {
  const entry = () => props.one.entry;
  return (
    <a class="household" data-case={entry().case_id} data-sample={entry().sample_id} data-standing={props.one.standing} href={addressOf("case", entry().case_id)}>
      <span class="who">
        <strong>{entry().name_masked || entry().sample_id}</strong>
        <Show when={props.one.practice}>
          <em class="practice">{t("day.practice")}</em>
        </Show>
        <span class={`badge ${props.one.standing}`}>{t(`standing.${props.one.standing}`)}</span>
      </span>
      <span class="facts">
        {entry().sample_id} · {entry().category_name}
      </span>
      <Show when={entry().address}>
        <span class="facts">{entry().address}</span>
      </Show>
      <Show when={entry().due && !isFinished(props.one.standing)}>
        <span class="facts due">{t("day.due", { time: dayAndTime(entry().due ?? "") })}</span>
      </Show>
    </a>
  );
}

function Sync() {
  const waiting = () => records().filter((record) => record.state !== "sent").length;
  const words = () => {
    if (syncing()) return t("day.syncing");
    const at = kept()?.fetchedAt;
    return at === undefined ? t("day.never") : t("day.fetched", { time: clockTime(at) });
  };
  return (
    <div class="sync">
      <button type="button" class="button" data-testid="sync" disabled={syncing()} onClick={() => void sync()}>
        {t("day.sync")}
      </button>
      <span class="facts">{words()}</span>
      <a class="outbox-link" classList={{ some: waiting() > 0 }} data-testid="outbox" href={addressOf("outbox")}>
        {waiting() > 0 ? t("outbox.waiting_count", { count: waiting() }) : t("outbox.title")}
      </a>
    </div>
  );
}

/** Drafts of households that the office took off my list: they can still be finished or looked at. */
function Orphans() {
  const orphans = () => heads().filter((head) => !listed().some((one) => one.entry.case_id === head.caseId));
  return (
    <Show when={kept() !== null && orphans().length > 0}>
      <div class="notice">
        {t("day.orphans", { count: orphans().length })}
        <For each={orphans()}>
          {(head) => (
            <a class="button" data-orphan={head.caseId} href={addressOf("form", head.caseId, head.formId)}>
              {t("day.orphan", { sample: head.sampleId, count: head.answered })}
            </a>
          )}
        </For>
      </div>
    </Show>
  );
}

/** What could cost answers on this phone, said before a form is begun. */
function Warnings() {
  const [warnings, setWarnings] = createSignal<Warning[]>([]);
  onMount(async () => setWarnings((await checkPhone()).filter((warning) => warning === "private" || warning === "small")));
  return <For each={warnings()}>{(warning) => <p class="trouble">{t(`phone.${warning}`)}</p>}</For>;
}

const WANTED: readonly Wanted[] = ["open", "finished", "all"];

/** My households by village. */
export function DayScreen() {
  const [wanted, setWanted] = createSignal<Wanted>("open");
  const [words, setWords] = createSignal("");
  const villages = createMemo(() => villagesOf(listed(), words().trim() === "" ? wanted() : "all", words()));
  const count = (which: Wanted) => listed().filter((one) => which === "all" || isFinished(one.standing) === (which === "finished")).length;
  return (
    <div class="screen-frame">
      <header class="bar">
        <h1>{t("day.title", { name: account()?.person.name ?? "" })}</h1>
        <a class="icon me" aria-label={t("me.title")} data-testid="me" href={addressOf("me")}>
          <span aria-hidden="true">☰</span>
        </a>
      </header>
      <main class="screen list">
        <Sync />
        <Show when={isNewer()}>
          <button type="button" class="notice" onClick={takeNewer}>
            {t("app.newer")}
          </button>
        </Show>
        <Show when={account()?.ended && trouble() === null}>
          <p class="trouble" role="alert">
            {t("net.ended")}
          </p>
        </Show>
        <Trouble trouble={trouble()} />
        <Warnings />
        <Orphans />
        <div class="tabs" role="group" aria-label={t("day.show")}>
          <For each={WANTED}>
            {(which) => (
              <button type="button" aria-pressed={wanted() === which} onClick={() => setWanted(which)}>
                {t(`day.${which}` as MessageKey)} {count(which)}
              </button>
            )}
          </For>
        </div>
        <input class="field" type="search" data-testid="search" placeholder={t("day.search")} aria-label={t("day.search")} onInput={(event) => setWords(event.currentTarget.value)} />
        <For each={villages()} fallback={<p class="empty">{t(kept() === null ? "day.not_yet" : "day.none")}</p>}>
          {(village) => (
            <section class="village">
              <h2>
                {village.place} <small>{t("day.open_count", { count: village.open })}</small>
              </h2>
              <For each={village.cases}>{(one) => <Household one={one} />}</For>
            </section>
          )}
        </For>
      </main>
    </div>
  );
}

