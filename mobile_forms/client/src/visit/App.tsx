import { createResource, ErrorBoundary, lazy, Match, onCleanup, onMount, Show, Suspense, Switch } from "solid-js";
import { t } from "../i18n/index.ts";
import { keepSending } from "../sync/send.ts";
import { Trouble } from "../widgets/Trouble.tsx";
import { DayScreen } from "./Day.tsx";
import { HouseholdScreen } from "./Household.tsx";
import { JoinScreen } from "./Join.tsx";
import { MeScreen } from "./Me.tsx";
import { OutboxScreen } from "./Outbox.tsx";
import { replace, route } from "./route.ts";
import { account, reload, sendOnly, sync } from "./state.ts";

const InterviewScreen = lazy(() => import("./Interview.tsx"));

function Screens() {
  const at = <P extends ReturnType<typeof route>["page"]>(page: P) => {
    const here = route();
    return here.page === page ? (here as Extract<typeof here, { page: P }>) : undefined;
  };
  onMount(() => {
    void sync();
    onCleanup(keepSending(() => void sendOnly()));
  });
  return (
    <Switch fallback={<DayScreen />}>
      <Match when={at("case")}>{(here) => <HouseholdScreen caseId={here().caseId} />}</Match>
      <Match when={at("form")} keyed>
        {(here) => (
          <Suspense fallback={<p class="loading">{t("form.opening")}</p>}>
            <InterviewScreen caseId={here.caseId} formId={here.formId} />
          </Suspense>
        )}
      </Match>
      <Match when={at("outbox")}>
        <OutboxScreen />
      </Match>
      <Match when={at("me")}>
        <MeScreen />
      </Match>
    </Switch>
  );
}

/** What nobody foresaw: nothing that was answered is lost by it, and the way back is a button. */
function Fallen(props: { error: unknown; again: () => void }) {
  const home = () => {
    replace("day");
    props.again();
  };
  return (
    <main class="screen">
      <h1>{t("app.fallen")}</h1>
      <Trouble trouble={props.error} />
      <button type="button" class="button strong" onClick={() => location.reload()}>
        {t("app.again")}
      </button>
      <button type="button" class="button" onClick={home}>
        {t("app.back")}
      </button>
    </main>
  );
}

export function App() {
  const [opened] = createResource(async () => {
    await reload();
    return true;
  });
  const isJoining = () => route().page === "join" || account() === null;
  return (
    <Switch fallback={<p class="loading">{t("app.opening")}</p>}>
      <Match when={opened.error}>
        <main class="screen">
          <h1>{t("app.name")}</h1>
          <Trouble trouble={opened.error} />
          <button type="button" class="button strong" onClick={() => location.reload()}>
            {t("app.again")}
          </button>
        </main>
      </Match>
      <Match when={opened()}>
        <Show when={!isJoining()} fallback={<JoinScreen />}>
          <ErrorBoundary fallback={(error, again) => <Fallen error={error} again={again} />}>
            <Screens />
          </ErrorBoundary>
        </Show>
      </Match>
    </Switch>
  );
}
