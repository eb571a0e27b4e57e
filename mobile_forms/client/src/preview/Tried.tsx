import { createResource, createSignal, type JSX, Match, Switch } from "solid-js";
import type { Interview } from "../engine/interview.ts";
import { t } from "../i18n/index.ts";
import { Trouble } from "../widgets/Trouble.tsx";
import { begin, type Trial } from "./open.ts";

/** A form that is tried: opened, worked, and at its end begun again. */
export function Tried(props: { trial: Trial; view: (interview: Interview, end: () => Promise<void>) => JSX.Element }) {
  const [tries, setTries] = createSignal(1);
  const [ended, setEnded] = createSignal(false);
  const [interview] = createResource(tries, () => begin(props.trial));
  const again = () => {
    setEnded(false);
    setTries(tries() + 1);
  };
  const end = () => {
    setEnded(true);
    return Promise.resolve();
  };
  return (
    <Switch fallback={<p class="loading">{t("form.opening")}</p>}>
      <Match when={interview.error}>
        <main class="screen">
          <Trouble trouble={interview.error} />
        </main>
      </Match>
      <Match when={ended()}>
        <main class="screen">
          <p class="good" data-testid="tried">
            {t("preview.done")}
          </p>
          <button type="button" class="button strong" onClick={again}>
            {t("preview.again")}
          </button>
        </main>
      </Match>
      <Match when={interview()} keyed>
        {(opened) => props.view(opened, end)}
      </Match>
    </Switch>
  );
}
