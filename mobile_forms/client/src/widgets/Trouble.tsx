import { Show } from "solid-js";
import { HeldElsewhere } from "../engine/hold.ts";
import { type MessageKey, t } from "../i18n/index.ts";
import { StoreError } from "../store/db.ts";
import { ApiError } from "../sync/api.ts";

function storeWords(code: StoreError["code"]): string {
  return t(`store.${code}` as MessageKey);
}

/** What went wrong, in words that say what to do: the server's own where it gave some. */
export function wordsOf(trouble: unknown): string {
  if (trouble === "unsaved") return t("store.unsaved");
  if (trouble instanceof StoreError) return storeWords(trouble.code);
  if (trouble instanceof HeldElsewhere) return t("form.held");
  if (trouble instanceof ApiError) {
    const { status, title, detail, remedy } = trouble.failure;
    if (status === 0) return t("net.none");
    if (status === 401) return t("net.ended");
    const own = [title, detail, remedy].filter(Boolean).join("\n");
    return own || t("net.refused", { status });
  }
  return t("trouble.unknown", { words: trouble instanceof Error ? trouble.message : String(trouble) });
}

/** A missing network is the normal state of a mountain village, no alarm. */
function isCalm(trouble: unknown): boolean {
  return trouble instanceof ApiError && trouble.status === 0;
}

export function Trouble(props: { trouble: unknown }) {
  return (
    <Show when={props.trouble !== null && props.trouble !== undefined}>
      <p class={isCalm(props.trouble) ? "notice" : "trouble"} role="alert">
        {wordsOf(props.trouble)}
      </p>
    </Show>
  );
}
