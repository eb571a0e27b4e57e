import { createSignal, onCleanup, Show } from "solid-js";
import type { InputNode } from "../engine/nodes.ts";
import { t } from "../i18n/index.ts";
import { useForm } from "./context.ts";

const GOOD_ENOUGH_M = 20;
const PATIENCE_MS = 30_000;

function written(place: GeolocationPosition): string {
  const { latitude, longitude, altitude, accuracy } = place.coords;
  return `${latitude.toFixed(6)} ${longitude.toFixed(6)} ${(altitude ?? 0).toFixed(1)} ${accuracy.toFixed(1)}`;
}

/** Watches until the place is known to 20 m, or takes the best that was had. */
export function GeopointWidget(props: { node: InputNode }) {
  const form = useForm();
  const [best, setBest] = createSignal<GeolocationPosition | null>(null);
  const [state, setState] = createSignal<"idle" | "watching" | "denied" | "failed">("idle");
  const value = () => props.node.currentState.instanceValue;
  let watch: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const halt = () => {
    clearTimeout(timer);
    if (watch !== null) navigator.geolocation.clearWatch(watch);
    watch = null;
  };
  const accept = () => {
    halt();
    const place = best();
    setState(place === null ? "failed" : "idle");
    if (place !== null) form.interview.answer(props.node, written(place));
  };
  const better = (place: GeolocationPosition) => {
    if (place.coords.accuracy <= (best()?.coords.accuracy ?? Infinity)) setBest(place);
    if (place.coords.accuracy <= GOOD_ENOUGH_M) accept();
  };
  const failed = (error: GeolocationPositionError) => {
    if (best() !== null) return;
    halt();
    setState(error.code === error.PERMISSION_DENIED ? "denied" : "failed");
  };
  const begin = () => {
    if (!("geolocation" in navigator)) return setState("failed");
    setBest(null);
    setState("watching");
    watch = navigator.geolocation.watchPosition(better, failed, { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: 0 });
    timer = setTimeout(accept, PATIENCE_MS);
  };
  onCleanup(halt);
  const accuracy = () => Math.round(Number(value().split(" ")[3] ?? 0));
  return (
    <div class="upload">
      <Show when={value() !== "" && state() !== "watching"}>
        <p class="given">{t("place.taken", { metres: accuracy() })}</p>
      </Show>
      <Show
        when={state() === "watching"}
        fallback={
          <button type="button" class="button" onClick={begin}>
            {t(value() === "" ? "place.take" : "place.again")}
          </button>
        }
      >
        <button type="button" class="button recording" onClick={accept}>
          {best() === null ? t("place.watching") : t("place.accept", { metres: Math.round(best()?.coords.accuracy ?? 0) })}
        </button>
      </Show>
      <Show when={value() !== "" && state() !== "watching"}>
        <button type="button" class="quiet" onClick={() => form.interview.answer(props.node, "")}>
          {t("form.remove")}
        </button>
      </Show>
      <Show when={state() === "denied" || state() === "failed"}>
        <p class="violation" role="alert">
          {t(state() === "denied" ? "place.denied" : "place.failed")}
        </p>
      </Show>
    </div>
  );
}
