import { createSignal, onMount } from "solid-js";
import { Portal } from "solid-js/web";
import { t } from "../i18n/index.ts";
import { overlayPlace } from "./overlay.ts";
import { toBlob } from "./picture.ts";

/** Width of a stroke, as a share of the picture's longer side: two strokes cover a face. */
const STROKE = 0.06;

async function paint(canvas: HTMLCanvasElement, photo: Blob): Promise<CanvasRenderingContext2D> {
  const image = await createImageBitmap(photo);
  canvas.width = image.width;
  canvas.height = image.height;
  const pen = canvas.getContext("2d");
  if (pen === null) throw new Error("this browser cannot draw");
  pen.drawImage(image, 0, 0);
  image.close();
  pen.lineCap = "round";
  pen.lineJoin = "round";
  pen.lineWidth = Math.max(canvas.width, canvas.height) * STROKE;
  pen.strokeStyle = "#000";
  return pen;
}

/** The photo over the whole screen, and a finger that blackens faces, numbers and papers. What is covered is gone. */
export function Brush(props: { photo: File; done: (covered: Blob | null) => void }) {
  let canvas!: HTMLCanvasElement;
  let pen: CanvasRenderingContext2D | null = null;
  const [isTouched, setTouched] = createSignal(false);
  const at = (event: PointerEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  };
  const down = (event: PointerEvent) => {
    canvas.setPointerCapture(event.pointerId);
    pen?.beginPath();
    pen?.moveTo(...at(event));
    move(event);
  };
  const move = (event: PointerEvent) => {
    if (pen === null || !canvas.hasPointerCapture(event.pointerId)) return;
    pen.lineTo(...at(event));
    pen.stroke();
    setTouched(true);
  };
  const restart = async () => {
    pen = await paint(canvas, props.photo);
    setTouched(false);
  };
  onMount(() => void restart().catch(() => props.done(null)));
  const keep = async () => props.done(isTouched() ? await toBlob(canvas, "image/jpeg", 0.85) : null);
  return (
    <Portal mount={overlayPlace()}>
      <div class="brush" role="dialog" aria-modal="true" aria-label={t("brush.title")}>
        <p>{t("brush.how")}</p>
        <div class="brush-sheet">
          <canvas ref={canvas} data-testid="brush" onPointerDown={down} onPointerMove={move} />
        </div>
        <div class="reach">
          <button type="button" class="button" onClick={() => void restart()}>
            {t("brush.again")}
          </button>
          <button type="button" class="button strong" data-testid="brush-done" onClick={() => void keep()}>
            {t("brush.done")}
          </button>
        </div>
      </div>
    </Portal>
  );
}
