import { createSignal, For, onMount, Show } from "solid-js";
import { t } from "../i18n/index.ts";
import type { Case, Study } from "../store/days.ts";
import { draftId, removeDraft } from "../store/drafts.ts";
import { prepareForm } from "./prepare.ts";
import { addressOf } from "./route.ts";
import { account, heads, kept, listed, records, reload } from "./state.ts";
import { dayAndTime } from "./time.ts";

function mapAddress(entry: Case): string {
  const place = [entry.county, entry.town, entry.village, entry.address].filter(Boolean).join("");
  if (entry.lat != null && entry.lon != null) {
    // 高德 turns WGS-84 into its own GCJ-02 when it is told.
    return `https://uri.amap.com/marker?position=${entry.lon},${entry.lat}&coordinate=wgs84&name=${encodeURIComponent(entry.sample_id)}`;
  }
  return `https://uri.amap.com/search?keyword=${encodeURIComponent(place)}`;
}

function otherMap(entry: Case): string {
  const place = [entry.county, entry.town, entry.village, entry.address].filter(Boolean).join("");
  return entry.lat != null && entry.lon != null ? `geo:${entry.lat},${entry.lon}` : `geo:0,0?q=${encodeURIComponent(place)}`;
}

function Fact(props: { name: string; value: string }) {
  return (
    <Show when={props.value}>
      <div>
        <dt>{props.name}</dt>
        <dd>{props.value}</dd>
      </div>
    </Show>
  );
}

function Facts(props: { entry: Case }) {
  return (
    <dl class="fact-list">
      <Fact name={t("case.sample")} value={props.entry.sample_id} />
      <Fact name={t("case.category")} value={props.entry.category_name} />
      <Fact name={t("case.place")} value={[props.entry.county, props.entry.town, props.entry.village].filter(Boolean).join(" ")} />
      <Fact name={t("case.address")} value={props.entry.address} />
      <Fact name={t("case.attempts")} value={String(props.entry.attempts)} />
      <Fact name={t("case.due")} value={props.entry.due === null ? "" : dayAndTime(props.entry.due)} />
    </dl>
  );
}

function Forms(props: { study: Study; entry: Case }) {
  const [doomed, setDoomed] = createSignal<string | null>(null);
  const draftOf = (formId: string) => heads().find((head) => head.id === draftId(account()?.person.id ?? "", props.entry.case_id, formId));
  const drop = async (id: string) => {
    await removeDraft(id);
    setDoomed(null);
    await reload();
  };
  return (
    <For each={props.study.forms}>
      {(form) => (
        <section class="form-card">
          <h2>{form.title}</h2>
          <Show when={draftOf(form.form_id)}>
            {(head) => <p class="facts">{t("case.draft", { time: dayAndTime(head().updatedAt), count: head().answered })}</p>}
          </Show>
          <a class="button strong" data-testid={`open-${form.form_id}`} href={addressOf("form", props.entry.case_id, form.form_id)}>
            {t(draftOf(form.form_id) === undefined ? "case.start" : "case.resume")}
          </a>
          <Show when={draftOf(form.form_id)}>
            {(head) => (
              <Show
                when={doomed() === head().id}
                fallback={
                  <button type="button" class="quiet" onClick={() => setDoomed(head().id)}>
                    {t("case.drop")}
                  </button>
                }
              >
                <button type="button" class="button danger" onClick={() => void drop(head().id)}>
                  {t("case.drop_sure")}
                </button>
              </Show>
            )}
          </Show>
        </section>
      )}
    </For>
  );
}

/** One household: its facts, how to reach it, and the forms to fill. */
export function HouseholdScreen(props: { caseId: string }) {
  const study = () => kept()?.day.studies.find((each) => each.cases.some((entry) => entry.case_id === props.caseId));
  const entry = () => study()?.cases.find((each) => each.case_id === props.caseId);
  const standing = () => listed().find((one) => one.entry.case_id === props.caseId)?.standing;
  const record = () => records().find((each) => each.caseId === props.caseId);
  onMount(() => {
    const known = study();
    if (known !== undefined) prepareForm(known);
  });
  return (
    <div class="screen-frame">
      <header class="bar">
        <a class="icon" aria-label={t("app.back")} data-testid="home" href={addressOf("day")}>
          <span class="arrow" aria-hidden="true" />
        </a>
        <h1>{entry()?.name_masked || entry()?.sample_id}</h1>
        <Show when={standing()}>{(word) => <span class={`badge ${word()}`}>{t(`standing.${word()}`)}</span>}</Show>
      </header>
      <main class="screen">
        <Show when={entry()} fallback={<p class="empty">{t("case.gone")}</p>}>
          {(known) => (
            <>
              <Show when={study()?.practice}>
                <p class="notice practice">{t("case.practice")}</p>
              </Show>
              <Show when={known().note}>
                <p class="notice" role="note">
                  {t("case.note", { words: known().note ?? "" })}
                </p>
              </Show>
              <Facts entry={known()} />
              <div class="reach">
                <Show when={known().phone}>
                  <a class="button" data-testid="call" href={`tel:${known().phone.replace(/[^\d+]/g, "")}`}>
                    {t("case.call")}
                  </a>
                </Show>
                <a class="button" href={mapAddress(known())} target="_blank" rel="noreferrer noopener">
                  {t("case.map")}
                </a>
                <a class="button" href={otherMap(known())}>
                  {t("case.other_map")}
                </a>
              </div>
              <Show when={record()}>
                {(sent) => (
                  <a class="notice" href={addressOf("outbox")}>
                    {t("case.record", { time: dayAndTime(sent().finishedAt), state: t(`outbox.${sent().state}`) })}
                  </a>
                )}
              </Show>
              <Show when={study()}>{(of) => <Forms study={of()} entry={known()} />}</Show>
            </>
          )}
        </Show>
      </main>
    </div>
  );
}
