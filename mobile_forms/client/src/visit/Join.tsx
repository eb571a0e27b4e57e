import { createSignal, For, onMount, Show } from "solid-js";
import { t } from "../i18n/index.ts";
import { Trouble } from "../widgets/Trouble.tsx";
import { checkPhone, type Warning } from "./phone.ts";
import { replace, route } from "./route.ts";
import { account, signIn, sync } from "./state.ts";

function tokenIn(words: string): string {
  return /#join=([^&\s]+)/.exec(words)?.[1] ?? words.trim();
}

function deviceName(): string {
  const system = /Android|iPhone|iPad|HarmonyOS|OpenHarmony|Windows|Mac OS|Linux/.exec(navigator.userAgent)?.[0] ?? "";
  return t("join.device", { system }).trim();
}

/** Binds this phone to a person by the supervisor's one-time code. */
export function JoinScreen() {
  const here = route();
  const [token, setToken] = createSignal(here.page === "join" ? here.token : "");
  const [name, setName] = createSignal(deviceName());
  const [busy, setBusy] = createSignal(false);
  const [trouble, setTrouble] = createSignal<unknown>(null);
  const [warnings, setWarnings] = createSignal<Warning[]>([]);
  onMount(async () => setWarnings(await checkPhone()));
  const join = async () => {
    setBusy(true);
    setTrouble(null);
    try {
      await signIn(tokenIn(token()), name());
      replace("day");
      void sync();
    } catch (error) {
      setTrouble(error);
    }
    setBusy(false);
  };
  return (
    <main class="screen join">
      <img class="emblem" src="/visit/icon.svg" alt="" width="88" height="88" />
      <h1>{t("join.title")}</h1>
      <p>{t(token() === "" ? "join.scan" : "join.ready")}</p>
      <For each={warnings()}>{(warning) => <p class="trouble">{t(`phone.${warning}`)}</p>}</For>
      <Show when={here.page !== "join"}>
        <label class="labelled">
          <span>{t("join.paste")}</span>
          <input class="field" name="token" autocomplete="off" value={token()} onInput={(event) => setToken(event.currentTarget.value)} />
        </label>
      </Show>
      <label class="labelled">
        <span>{t("join.name")}</span>
        <input class="field" name="device" autocomplete="off" value={name()} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <Trouble trouble={trouble()} />
      <button type="button" class="button strong" data-testid="join" disabled={busy() || token() === ""} onClick={() => void join()}>
        {t(busy() ? "join.joining" : "join.join")}
      </button>
      <Show when={account()}>
        {(known) => (
          <button type="button" class="quiet" onClick={() => replace("day")}>
            {t("join.stay", { name: known().person.name })}
          </button>
        )}
      </Show>
    </main>
  );
}
