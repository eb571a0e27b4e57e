import { createSignal, For, Show } from "solid-js";
import { t } from "../i18n/index.ts";
import { type OutboxRecord, removeRecord } from "../store/outbox.ts";
import { sendRecord } from "../sync/send.ts";
import { wordsOf } from "../widgets/Trouble.tsx";
import { ApiError } from "../sync/api.ts";
import { exportRecord } from "./export.ts";
import { addressOf } from "./route.ts";
import { records, reload, sendOnly } from "./state.ts";
import { dayAndTime } from "./time.ts";

function Receipt(props: { record: OutboxRecord }) {
  const receipt = () => props.record.receipt?.receipt;
  return (
    <Show when={receipt()}>
      {(whole) => (
        <dl class="fact-list receipt" data-testid="receipt">
          <div>
            <dt>{t("receipt.at")}</dt>
            <dd>{dayAndTime(whole().received_at)}</dd>
          </div>
          <div>
            <dt>{t("receipt.files")}</dt>
            <dd>{Object.keys(whole().files).length}</dd>
          </div>
          <Show when={whole().missing.length > 0}>
            <div>
              <dt>{t("receipt.missing")}</dt>
              <dd>{whole().missing.join("、")}</dd>
            </div>
          </Show>
          <div>
            <dt>{t("receipt.number")}</dt>
            <dd class="code">{whole().xml_hmac.slice(0, 12)}</dd>
          </div>
        </dl>
      )}
    </Show>
  );
}

function Record(props: { record: OutboxRecord }) {
  const [busy, setBusy] = createSignal(false);
  const [isDoomed, setDoomed] = createSignal(false);
  const run = async (work: () => Promise<unknown>) => {
    setBusy(true);
    await work().catch(() => undefined);
    setBusy(false);
    await reload();
  };
  const failure = () => (props.record.failure === null ? null : wordsOf(new ApiError(props.record.failure)));
  return (
    <article class="record" data-record={props.record.instanceId} data-state={props.record.state} data-case={props.record.caseId}>
      <header>
        <strong>{props.record.sampleId}</strong>
        <Show when={props.record.practice}>
          <em class="practice">{t("day.practice")}</em>
        </Show>
        <span class={`badge ${props.record.state}`}>{t(`outbox.${props.record.state}`)}</span>
      </header>
      <p class="facts">
        {props.record.title} · {dayAndTime(props.record.finishedAt)}
        <Show when={props.record.files.length > 0}> · {t("outbox.files", { count: props.record.files.length })}</Show>
      </p>
      <Show when={failure()}>
        <p class={props.record.state === "stuck" ? "trouble" : "facts"}>{failure()}</p>
      </Show>
      <Receipt record={props.record} />
      <Show when={props.record.state !== "sent"}>
        <div class="reach">
          <button type="button" class="button" data-testid="send" disabled={busy()} onClick={() => void run(() => sendRecord(props.record))}>
            {t(busy() ? "outbox.sending" : "outbox.send")}
          </button>
          <button type="button" class="button" data-testid="export" disabled={busy()} onClick={() => void run(() => exportRecord(props.record))}>
            {t("outbox.export")}
          </button>
        </div>
      </Show>
      <Show when={props.record.state === "stuck"}>
        <Show
          when={isDoomed()}
          fallback={
            <button type="button" class="quiet" data-testid="withdraw" onClick={() => setDoomed(true)}>
              {t("outbox.withdraw")}
            </button>
          }
        >
          <button type="button" class="button danger" onClick={() => void run(() => removeRecord(props.record.instanceId))}>
            {t("outbox.withdraw_sure")}
          </button>
        </Show>
      </Show>
    </article>
  );
}

/** Everything that was finished on this phone, and what the server has of it. */
export function OutboxScreen() {
  const count = (state: OutboxRecord["state"]) => records().filter((record) => record.state === state).length;
  const waiting = () => count("waiting");
  return (
    <div class="screen-frame">
      <header class="bar">
        <a class="icon" aria-label={t("app.back")} data-testid="home" href={addressOf("day")}>
          <span class="arrow" aria-hidden="true" />
        </a>
        <h1>{t("outbox.title")}</h1>
      </header>
      <main class="screen">
        <Show when={count("stuck") > 0}>
          <p class="trouble">{t("outbox.stuck_some", { count: count("stuck") })}</p>
        </Show>
        <Show when={waiting() > 0}>
          <p class="notice">{t("outbox.some", { count: waiting() })}</p>
        </Show>
        <Show when={waiting() + count("stuck") === 0 && count("sent") > 0}>
          <p class="good">{t("outbox.all_sent")}</p>
        </Show>
        <Show when={records().length > 0}>
          <button type="button" class="button" classList={{ strong: waiting() > 0 }} data-testid="send-all" onClick={() => void sendOnly()}>
            {t("outbox.send_all")}
          </button>
        </Show>
        <For each={records()} fallback={<p class="empty">{t("outbox.none")}</p>}>
          {(record) => <Record record={record} />}
        </For>
      </main>
    </div>
  );
}
