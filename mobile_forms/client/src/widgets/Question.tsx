import { Match, Show, Switch } from "solid-js";
import { type Control, isAnswerable, nameOf, nodesetOf } from "../engine/nodes.ts";
import { t } from "../i18n/index.ts";
import { AudioWidget } from "./Audio.tsx";
import { useForm } from "./context.ts";
import { DateWidget } from "./Date.tsx";
import { GeopointWidget } from "./Geopoint.tsx";
import { ImageWidget } from "./Image.tsx";
import { RangeWidget, RankWidget, TriggerWidget } from "./Ordered.tsx";
import { SelectWidget } from "./Select.tsx";
import { SignatureWidget } from "./Signature.tsx";
import { TextWidget } from "./Text.tsx";

type Of<T extends Control["nodeType"]> = Extract<Control, { nodeType: T }>;

/** Ids by which a widget names its question and its words to assistive technology. */
export interface Ids {
  label: string;
  described: string;
}

export function appearancesOf(node: Control): ReadonlySet<string> {
  return new Set((node.appearances as unknown as Iterable<string> | null) ?? []);
}

function InputWidget(props: { node: Of<"input">; ids: Ids }) {
  const type = () => props.node.valueType as string;
  return (
    <Switch fallback={<TextWidget node={props.node} ids={props.ids} />}>
      <Match when={["date", "time", "dateTime"].includes(type())}>
        <DateWidget node={props.node} ids={props.ids} />
      </Match>
      <Match when={type() === "geopoint"}>
        <GeopointWidget node={props.node} />
      </Match>
    </Switch>
  );
}

function UploadWidget(props: { node: Of<"upload">; ids: Ids }) {
  const kind = () => props.node.nodeOptions.media.type;
  return (
    <Switch fallback={<ImageWidget node={props.node} kind="file" />}>
      <Match when={kind() === "audio"}>
        <AudioWidget node={props.node} />
      </Match>
      <Match when={kind() === "image" && (appearancesOf(props.node).has("signature") || appearancesOf(props.node).has("draw"))}>
        <SignatureWidget node={props.node} ids={props.ids} />
      </Match>
      <Match when={kind() === "image"}>
        <ImageWidget node={props.node} kind="image" />
      </Match>
    </Switch>
  );
}

function Widget(props: { node: Control; ids: Ids }) {
  const as = <T extends Control["nodeType"]>(type: T) => (props.node.nodeType === type ? (props.node as Of<T>) : undefined);
  return (
    <Switch>
      <Match when={as("input")}>{(node) => <InputWidget node={node()} ids={props.ids} />}</Match>
      <Match when={as("select")}>{(node) => <SelectWidget node={node()} ids={props.ids} />}</Match>
      <Match when={as("upload")}>{(node) => <UploadWidget node={node()} ids={props.ids} />}</Match>
      <Match when={as("range")}>{(node) => <RangeWidget node={node()} ids={props.ids} />}</Match>
      <Match when={as("rank")}>{(node) => <RankWidget node={node()} />}</Match>
      <Match when={as("trigger")}>{(node) => <TriggerWidget node={node()} ids={props.ids} />}</Match>
    </Switch>
  );
}

/** The rule that the answer breaks, in the form's words where it has some. */
function Violation(props: { node: Control; id: string }) {
  const form = useForm();
  const broken = () => {
    const { violation } = props.node.validationState;
    if (violation === null) return null;
    const tried = form.isTried(props.node.nodeId) || (violation.condition === "constraint" && props.node.nodeType === "select");
    return tried ? violation : null;
  };
  const words = () => {
    const own = broken()?.message?.asString;
    if (own) return form.display(own);
    return broken()?.condition === "required" ? t("form.required") : t("form.constraint");
  };
  return (
    <p class="violation" id={props.id} role="alert" hidden={broken() === null}>
      <Show when={broken()}>{words()}</Show>
    </p>
  );
}

function Words(props: { node: Control; id: string }) {
  const form = useForm();
  const label = () => form.display(props.node.currentState.label?.asString ?? "");
  const hint = () => form.display(props.node.currentState.hint?.asString ?? "");
  return (
    <>
      <Show when={label()}>
        <p class="label" id={props.id} dir="auto">
          {label()}
          <Show when={props.node.currentState.required}>
            <span class="required" title={t("form.required")} aria-label={t("form.required")}>
              *
            </span>
          </Show>
        </p>
      </Show>
      <Show when={hint()}>
        <p class="hint" dir="auto">
          {hint()}
        </p>
      </Show>
    </>
  );
}

/** A question with its words, its widget and the rule it breaks, as far as it is relevant. */
export function Question(props: { node: Control }) {
  const form = useForm();
  const id = () => props.node.nodeId.replace(":", "-");
  const ids = (): Ids => ({ label: `${id()}-label`, described: `${id()}-error` });
  const preset = () => form.isPreset(nodesetOf(props.node));
  const invalid = () => props.node.validationState.violation !== null && form.isTried(props.node.nodeId);
  return (
    <Show when={props.node.currentState.relevant}>
      <section
        class="question"
        classList={{ note: props.node.nodeType === "note", invalid: invalid(), preset: preset() }}
        id={id()}
        data-question={nameOf(props.node)}
        data-type={props.node.nodeType}
      >
        <Words node={props.node} id={ids().label} />
        <Show when={isAnswerable(props.node) || props.node.nodeType === "select"}>
          <Widget node={props.node} ids={ids()} />
        </Show>
        <Violation node={props.node} id={ids().described} />
      </section>
    </Show>
  );
}
