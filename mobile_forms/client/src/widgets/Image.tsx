import { createEffect, createSignal, onCleanup, Show } from "solid-js";
import { nameOf, type UploadNode } from "../engine/nodes.ts";
import { t } from "../i18n/index.ts";
import { Brush } from "./Brush.tsx";
import { useForm } from "./context.ts";
import { LONGEST, shrink } from "./picture.ts";

/** An address of the file for as long as it is shown. */
export function createAddress(file: () => File | null): () => string | null {
  const [address, setAddress] = createSignal<string | null>(null);
  createEffect(() => {
    const shown = file();
    const url = shown === null ? null : URL.createObjectURL(shown);
    setAddress(url);
    onCleanup(() => {
      if (url !== null) URL.revokeObjectURL(url);
    });
  });
  return address;
}

function extensionOf(name: string): string {
  return /\.([A-Za-z0-9]{1,8})$/.exec(name)?.[1]?.toLowerCase() ?? "bin";
}

/** A photo taken or chosen, or any file. */
export function ImageWidget(props: { node: UploadNode; kind: "image" | "file" }) {
  const form = useForm();
  const [state, setState] = createSignal<"ready" | "working" | "failed">("ready");
  const address = createAddress(() => props.node.currentState.value);
  const prepare = async (file: File): Promise<File> => {
    const name = (extension: string) => form.fileName(nameOf(props.node), extension);
    if (props.kind === "file") return new File([file], name(extensionOf(file.name)), { type: file.type });
    const longest = Math.min(LONGEST, props.node.maxPixels ?? LONGEST);
    return new File([await shrink(file, longest, form.stamp())], name("jpg"), { type: "image/jpeg" });
  };
  const take = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    if (file === undefined) return;
    setState("working");
    try {
      await form.interview.attach(props.node, await prepare(file));
      setState("ready");
    } catch {
      setState("failed");
    }
    input.value = "";
  };
  const [isCovering, setCovering] = createSignal(false);
  const cover = async (covered: Blob | null) => {
    setCovering(false);
    if (covered === null) return;
    const file = new File([covered], form.fileName(nameOf(props.node), "jpg"), { type: "image/jpeg" });
    await form.interview.attach(props.node, file).catch(() => setState("failed"));
  };
  return (
    <div class="upload">
      <Show when={address()}>
        {(url) => (
          <Show when={props.kind === "image"} fallback={<p class="given">{props.node.currentState.value?.name}</p>}>
            <img class="photo" src={url()} alt={t("photo.taken")} />
          </Show>
        )}
      </Show>
      <label class="button" classList={{ busy: state() === "working" }}>
        {/* WeChat's picker opens only for exactly image/* without `multiple`. */}
        <input class="hidden-input" type="file" accept={props.kind === "image" ? "image/*" : props.node.nodeOptions.media.accept} onChange={(event) => void take(event.currentTarget)} />
        {state() === "working" ? t("photo.working") : address() === null ? t(props.kind === "image" ? "photo.take" : "file.choose") : t("photo.retake")}
      </label>
      <Show when={props.kind === "image" && props.node.currentState.value} keyed>
        {(photo) => (
          <>
            <button type="button" class="button" data-testid="cover" onClick={() => setCovering(true)}>
              {t("brush.open")}
            </button>
            <Show when={isCovering()}>
              <Brush photo={photo} done={(covered) => void cover(covered)} />
            </Show>
          </>
        )}
      </Show>
      <Show when={address()}>
        <button type="button" class="quiet" onClick={() => void form.interview.attach(props.node, null)}>
          {t("form.remove")}
        </button>
      </Show>
      <Show when={state() === "failed"}>
        <p class="violation" role="alert">
          {t("photo.failed")}
        </p>
      </Show>
    </div>
  );
}
