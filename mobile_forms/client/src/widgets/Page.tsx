import { For, Show } from "solid-js";
import { childrenOf, type Control, type FormNode, type GroupNode, isControl, isRepeat, nameOf, type RepeatRange } from "../engine/nodes.ts";
import { isShown, type Page, titleOf } from "../engine/pages.ts";
import { t } from "../i18n/index.ts";
import { useForm } from "./context.ts";
import { Question } from "./Question.tsx";

function Section(props: { node: GroupNode }) {
  const form = useForm();
  return (
    <Show when={props.node.currentState.relevant}>
      <section class="section" data-group={nameOf(props.node)}>
        <Show when={props.node.currentState.label?.asString}>{(words) => <h3 class="section-title">{form.display(words())}</h3>}</Show>
        <Nodes nodes={childrenOf(props.node)} />
      </section>
    </Show>
  );
}

function Repeat(props: { range: RepeatRange }) {
  const form = useForm();
  const mayChange = () => props.range.nodeType === "repeat-range:uncontrolled";
  const label = () => form.display(props.range.currentState.label?.asString ?? "");
  return (
    <Show when={props.range.currentState.relevant}>
      <section class="repeat" data-repeat={nameOf(props.range)}>
        <For each={props.range.currentState.children}>
          {(instance, index) => (
            <article class="instance">
              <header>
                <h3>{t("form.instance", { label: label(), number: index() + 1 })}</h3>
                <Show when={mayChange()}>
                  <button type="button" class="quiet" onClick={() => form.interview.removeRepeat(props.range, index())}>
                    {t("form.remove")}
                  </button>
                </Show>
              </header>
              <Nodes nodes={childrenOf(instance)} />
            </article>
          )}
        </For>
        <Show when={mayChange()}>
          <button type="button" class="button" onClick={() => form.interview.addRepeat(props.range)}>
            {t("form.add", { label: label() })}
          </button>
        </Show>
      </section>
    </Show>
  );
}

function Node(props: { node: FormNode }) {
  if (isControl(props.node)) return <Question node={props.node as Control} />;
  if (isRepeat(props.node)) return <Repeat range={props.node as RepeatRange} />;
  return props.node.nodeType === "group" ? <Section node={props.node as GroupNode} /> : null;
}

function Nodes(props: { nodes: readonly FormNode[] }) {
  return <For each={props.nodes}>{(node) => <Node node={node} />}</For>;
}

/** One page of a form: its title and everything on it that is relevant. */
export function PageView(props: { page: Page; titled: boolean }) {
  const form = useForm();
  return (
    <Show when={isShown(props.page)}>
      <div class="page" data-page={props.page.id}>
        <Show when={props.titled && titleOf(props.page)}>
          <h2 class="page-title">{form.display(titleOf(props.page))}</h2>
        </Show>
        <Nodes nodes={props.page.nodes} />
      </div>
    </Show>
  );
}
