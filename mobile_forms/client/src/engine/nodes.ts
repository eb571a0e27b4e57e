import type {
  GroupNode,
  InputNode,
  ModelValueNode,
  NoteNode,
  RangeNode,
  RankNode,
  RepeatInstanceNode,
  RepeatRangeControlledNode,
  RepeatRangeUncontrolledNode,
  RootNode,
  SelectNode,
  TriggerNode,
  UploadNode,
} from "@getodk/xforms-engine";

export type RepeatRange = RepeatRangeControlledNode | RepeatRangeUncontrolledNode;
/** A node with a question (or words) of its own on the screen. */
export type Control = InputNode | NoteNode | RangeNode | RankNode | SelectNode | TriggerNode | UploadNode;
export type FormNode = Control | ModelValueNode | GroupNode | RepeatInstanceNode | RepeatRange;
export type { GroupNode, InputNode, RangeNode, RankNode, RepeatInstanceNode, RootNode, SelectNode, TriggerNode, UploadNode };

export function childrenOf(node: RootNode | FormNode): readonly FormNode[] {
  return (node.currentState.children ?? []) as readonly FormNode[];
}

export function isRepeat(node: FormNode): node is RepeatRange {
  return node.nodeType === "repeat-range:controlled" || node.nodeType === "repeat-range:uncontrolled";
}

const CONTROLS = new Set(["input", "note", "range", "rank", "select", "trigger", "upload"]);

export function isControl(node: FormNode): node is Control {
  return CONTROLS.has(node.nodeType);
}

/** The question's name: the last step of its path, without its place in a repeat. */
export function nameOf(node: RootNode | FormNode): string {
  const step = node.currentState.reference.split("/").at(-1) ?? "";
  return step.replace(/\[\d+\]$/, "").replace(/^.*:/, "");
}

/** Its path without places in repeats: how the form's binds name it. */
export function nodesetOf(node: RootNode | FormNode): string {
  return node.currentState.reference.replace(/\[\d+\]/g, "");
}

/** Every control below `node`, in the order of the form. */
export function controlsOf(node: RootNode | FormNode): Control[] {
  return childrenOf(node).flatMap((child) => (isControl(child) ? [child] : controlsOf(child)));
}

function* walk(node: RootNode | FormNode): Generator<FormNode> {
  for (const child of childrenOf(node)) {
    yield child;
    yield* walk(child);
  }
}

/** All nodes by their present path. */
export function nodesByPath(root: RootNode): Map<string, FormNode> {
  return new Map(Array.from(walk(root), (node) => [node.currentState.reference, node]));
}

/** Gives a control a value as the instance writes it; files go through the node's own setter. */
export function write(node: FormNode, value: string): void {
  if (node.nodeType === "select") {
    if (node.selectType === "select1") node.selectValue(value === "" ? null : value);
    else node.selectValues(value === "" ? [] : value.split(" "));
  } else if (node.nodeType === "rank") node.setValues(value === "" ? [] : value.split(" "));
  else if (node.nodeType === "trigger") node.setValue(value !== "");
  else if (node.nodeType === "range") node.setValue(value === "" ? null : value);
  else if (node.nodeType === "input") node.setValue(value);
  else if (node.nodeType === "upload" && value === "") node.setValue(null);
}

/** What is written in the instance now, "" where the node is blank or not relevant. */
export function valueOf(node: Control): string {
  return node.currentState.instanceValue;
}

export function isAnswerable(node: Control): boolean {
  return node.nodeType !== "note" && !node.currentState.readonly;
}
