import { createSignal, onMount, Show } from "solid-js";
import { Portal } from "solid-js/web";
import type { SelectNode } from "../engine/nodes.ts";
import { t } from "../i18n/index.ts";
import { overlayPlace } from "./overlay.ts";
import { Options } from "./Select.tsx";

function Card(props: { node: SelectNode; close: () => void }) {
  let card!: HTMLDivElement;
  onMount(() => card.focus());
  return (
    <Portal mount={overlayPlace()}>
      <div
        ref={card}
        class="show-card"
        role="dialog"
        aria-modal="true"
        aria-label={t("card.title")}
        tabindex="-1"
        onKeyDown={(event) => event.key === "Escape" && props.close()}
        onChange={() => props.close()}
      >
        <Options node={props.node} items={props.node.currentState.valueOptions} group="card-" class="options" />
        <button type="button" class="button" onClick={() => props.close()}>
          {t("card.close")}
        </button>
      </div>
    </Portal>
  );
}

/** The options alone, over the whole screen, to turn towards the respondent; a tap answers and closes. */
export function ShowCard(props: { node: SelectNode }) {
  const [isOpen, setOpen] = createSignal(false);
  return (
    <>
      <button type="button" class="quiet" data-testid="show-card" onClick={() => setOpen(true)}>
        {t("card.open")}
      </button>
      <Show when={isOpen()}>
        <Card node={props.node} close={() => setOpen(false)} />
      </Show>
    </>
  );
}
