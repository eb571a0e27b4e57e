import { createSignal, Show } from "solid-js";
import type { UploadNode } from "../engine/nodes.ts";
import { t } from "../i18n/index.ts";
import { useForm } from "./context.ts";
import { createAddress, ImageWidget } from "./Image.tsx";
import { canRecord, clock } from "./recorder.ts";

/** A recording made here. Where the browser cannot record, a file that another program recorded. */
export function AudioWidget(props: { node: UploadNode }) {
  const form = useForm();
  const [failed, setFailed] = createSignal(false);
  const address = createAddress(() => props.node.currentState.value);
  const isMine = () => form.recorder.node()?.nodeId === props.node.nodeId;
  const attempt = (work: () => Promise<void>) => {
    setFailed(false);
    work().catch(() => setFailed(true));
  };
  return (
    <Show when={canRecord()} fallback={<ImageWidget node={props.node} kind="file" />}>
      <div class="upload">
        <Show when={address()}>{(url) => <audio controls src={url()} />}</Show>
        <Show
          when={isMine()}
          fallback={
            <button type="button" class="button" onClick={() => attempt(() => form.recorder.start(props.node))}>
              {t(address() === null ? "audio.start" : "audio.again")}
            </button>
          }
        >
          <button type="button" class="button recording" onClick={() => attempt(form.recorder.stop)}>
            {t("audio.stop", { time: clock(form.recorder.seconds()) })}
          </button>
        </Show>
        <Show when={address() !== null && !isMine()}>
          <button type="button" class="quiet" onClick={() => void form.interview.attach(props.node, null)}>
            {t("form.remove")}
          </button>
        </Show>
        <Show when={failed()}>
          <p class="violation" role="alert">
            {t("audio.failed")}
          </p>
        </Show>
      </div>
    </Show>
  );
}
