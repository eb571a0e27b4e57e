import { createSignal, onCleanup, onMount, Show } from "solid-js";
import { nameOf, type UploadNode } from "../engine/nodes.ts";
import { t } from "../i18n/index.ts";
import { useForm } from "./context.ts";
import { createAddress } from "./Image.tsx";
import { toBlob } from "./picture.ts";
import type { Ids } from "./Question.tsx";

const WIDTH = 960;
const HEIGHT = 420;
const PAUSE_MS = 700;

function preparePen(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const pen = canvas.getContext("2d");
  if (pen === null) throw new Error("this browser cannot draw");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  pen.lineWidth = 6;
  pen.lineCap = "round";
  pen.lineJoin = "round";
  pen.strokeStyle = "#111";
  return pen;
}

function Sheet(props: { ids: Ids; drawn: (canvas: HTMLCanvasElement) => Promise<void> }) {
  const form = useForm();
  let canvas!: HTMLCanvasElement;
  let pen: CanvasRenderingContext2D;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const at = (event: PointerEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * WIDTH) / box.width, ((event.clientY - box.top) * HEIGHT) / box.height];
  };
  const down = (event: PointerEvent) => {
    clearTimeout(timer);
    canvas.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(...at(event));
  };
  const move = (event: PointerEvent) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    pen.lineTo(...at(event));
    pen.stroke();
  };
  const hand = async () => {
    clearTimeout(timer);
    if (timer === undefined) return;
    timer = undefined;
    await props.drawn(canvas);
  };
  const up = () => {
    timer = setTimeout(() => void hand(), PAUSE_MS);
  };
  const forget = form.interview.onFlush(hand);
  onMount(() => {
    pen = preparePen(canvas);
  });
  onCleanup(() => {
    void hand();
    forget();
  });
  return <canvas ref={canvas} class="sheet" width={WIDTH} height={HEIGHT} role="img" aria-labelledby={props.ids.label} onPointerDown={down} onPointerMove={move} onPointerUp={up} />;
}

/** A name written with the finger. It is kept a moment after the last stroke. */
export function SignatureWidget(props: { node: UploadNode; ids: Ids }) {
  const form = useForm();
  const [open, setOpen] = createSignal(false);
  const address = createAddress(() => props.node.currentState.value);
  const keep = async (canvas: HTMLCanvasElement) => {
    const blob = await toBlob(canvas, "image/png");
    await form.interview.attach(props.node, new File([blob], form.fileName(nameOf(props.node), "png"), { type: "image/png" }));
  };
  const clear = () => {
    setOpen(false);
    void form.interview.attach(props.node, null);
  };
  return (
    <div class="upload">
      <Show when={open()} fallback={<Show when={address()}>{(url) => <img class="photo" src={url()} alt={t("sign.signed")} />}</Show>}>
        <Sheet ids={props.ids} drawn={keep} />
        <p class="hint">{t("sign.here")}</p>
      </Show>
      <Show when={!open() && address() === null}>
        <button type="button" class="button" onClick={() => setOpen(true)}>
          {t("sign.open")}
        </button>
      </Show>
      <Show when={open() || address() !== null}>
        <button type="button" class="quiet" onClick={clear}>
          {t("sign.clear")}
        </button>
      </Show>
    </div>
  );
}
