import { createEffect, createSignal, onCleanup, Show } from "solid-js";
import { nameOf, type UploadNode } from "../engine/nodes.ts";
import { t } from "../i18n/index.ts";
import { Brush } from "./Brush.tsx";
import { type FormContext, useForm } from "./context.ts";
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

interface Taking {
  state: () => "ready" | "working" | "failed";
  take: (input: HTMLInputElement) => Promise<void>;
  keep: (file: File) => Promise<void>;
}

function createTaking(form: FormContext, node: UploadNode, kind: "image" | "file"): Taking {
  const [state, setState] = createSignal<ReturnType<Taking["state"]>>("ready");
  const prepare = async (file: File): Promise<File> => {
    const name = (extension: string) => form.fileName(nameOf(node), extension);
    if (kind === "file") return new File([file], name(extensionOf(file.name)), { type: file.type });
    const longest = Math.min(LONGEST, node.maxPixels ?? LONGEST);
    return new File([await shrink(file, longest, form.stamp())], name("jpg"), { type: "image/jpeg" });
  };
  const attempt = async (work: () => Promise<void>) => {
    setState("working");
    const failed = await work().then(
      () => false,
      () => true,
    );
    setState(failed ? "failed" : "ready");
  };
  const keep = (file: File) => attempt(() => form.interview.attach(node, file));
  const take = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    if (file !== undefined) await attempt(async () => form.interview.attach(node, await prepare(file)));
    input.value = "";
  };
  return { state, take, keep };
}

/** The button that opens the brush, and the brush. */
function Cover(props: { photo: File; keep: (covered: Blob) => void }) {
  const [isCovering, setCovering] = createSignal(false);
  const done = (covered: Blob | null) => {
    setCovering(false);
    if (covered !== null) props.keep(covered);
  };
  return (
    <>
      <button type="button" class="button" data-testid="cover" onClick={() => setCovering(true)}>
        {t("brush.open")}
      </button>
      <Show when={isCovering()}>
        <Brush photo={props.photo} done={done} />
      </Show>
    </>
  );
}

/** A photo taken or chosen, or any file. */
export function ImageWidget(props: { node: UploadNode; kind: "image" | "file" }) {
  const form = useForm();
  const taking = createTaking(form, props.node, props.kind);
  const value = () => props.node.currentState.value;
  const address = createAddress(value);
  const isImage = () => props.kind === "image";
  const covered = (blob: Blob) => void taking.keep(new File([blob], form.fileName(nameOf(props.node), "jpg"), { type: "image/jpeg" }));
  const words = () => {
    if (taking.state() === "working") return t("photo.working");
    if (value() !== null) return t("photo.retake");
    return t(isImage() ? "photo.take" : "file.choose");
  };
  return (
    <div class="upload">
      <Show when={address()}>{(url) => (isImage() ? <img class="photo" src={url()} alt={t("photo.taken")} /> : <p class="given">{value()?.name}</p>)}</Show>
      <label class="button" classList={{ busy: taking.state() === "working" }}>
        {/* WeChat's picker opens only for exactly image/* without `multiple`. */}
        <input class="hidden-input" type="file" accept={isImage() ? "image/*" : props.node.nodeOptions.media.accept} onChange={(event) => void taking.take(event.currentTarget)} />
        {words()}
      </label>
      <Show when={isImage() ? value() : null} keyed>
        {(photo) => <Cover photo={photo} keep={covered} />}
      </Show>
      <Show when={value()}>
        <button type="button" class="quiet" onClick={() => void form.interview.attach(props.node, null)}>
          {t("form.remove")}
        </button>
      </Show>
      <Show when={taking.state() === "failed"}>
        <p class="violation" role="alert">
          {t("photo.failed")}
        </p>
      </Show>
    </div>
  );
}
