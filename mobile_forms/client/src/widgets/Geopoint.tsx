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

interface Watch {
  best: () => GeolocationPosition | null;
  state: () => "idle" | "watching" | "denied" | "failed";
  begin: () => void;
  accept: () => void;
}

/** Watches until the place is known to 20 m, or takes the best that was had in half a minute. */
function createWatch(take: (place: GeolocationPosition) => void): Watch {
  const [best, setBest] = createSignal<GeolocationPosition | null>(null);
  const [state, setState] = createSignal<ReturnType<Watch["state"]>>("idle");
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
    if (place !== null) take(place);
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
    if (!("geolocation" in navigator)) return void setState("failed");
    setBest(null);
    setState("watching");
    watch = navigator.geolocation.watchPosition(better, failed, { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: 0 });
    timer = setTimeout(accept, PATIENCE_MS);
  };
  onCleanup(halt);
  return { best, state, begin, accept };
}

function Watching(props: { watch: Watch }) {
  const metres = () => Math.round(props.watch.best()?.coords.accuracy ?? 0);
  return (
    <button type="button" class="button recording" onClick={() => props.watch.accept()}>
      {props.watch.best() === null ? t("place.watching") : t("place.accept", { metres: metres() })}
    </button>
  );
}

/** Where the phone is now, with how exactly that is known. */
export function GeopointWidget(props: { node: InputNode }) {
  const form = useForm();
  const watch = createWatch((place) => form.interview.answer(props.node, written(place)));
  const value = () => props.node.currentState.instanceValue;
  const accuracy = () => Math.round(Number(value().split(" ")[3] ?? 0));
  const isTaken = () => value() !== "" && watch.state() !== "watching";
  return (
    <div class="upload">
      <Show when={isTaken()}>
        <p class="given">{t("place.taken", { metres: accuracy() })}</p>
      </Show>
      <Show when={watch.state() !== "watching"} fallback={<Watching watch={watch} />}>
        <button type="button" class="button" onClick={watch.begin}>
          {t(value() === "" ? "place.take" : "place.again")}
        </button>
      </Show>
      <Show when={isTaken()}>
        <button type="button" class="quiet" onClick={() => form.interview.answer(props.node, "")}>
          {t("form.remove")}
        </button>
      </Show>
      <Show when={watch.state() === "denied" || watch.state() === "failed"}>
        <p class="violation" role="alert">
          {t(watch.state() === "denied" ? "place.denied" : "place.failed")}
        </p>
      </Show>
    </div>
  );
}
