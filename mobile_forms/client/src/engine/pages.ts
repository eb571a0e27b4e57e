import { childrenOf, type Control, controlsOf, type FormNode, isAnswerable, isControl, isRepeat, nameOf, type RootNode, valueOf } from "./nodes.ts";

/** What stands on one screen: a group, a repeat, or questions that stand alone beside each other. */
export interface Page {
  id: string;
  owner: FormNode | null;
  nodes: readonly FormNode[];
}

function isOnePage(group: FormNode): boolean {
  const appearances = "appearances" in group ? (group.appearances as unknown as Iterable<string> | null) : null;
  if (appearances !== null && [...appearances].includes("field-list")) return true;
  return !childrenOf(group).some((child) => child.nodeType === "group" || isRepeat(child));
}

function append(pages: Page[], node: FormNode): void {
  const last = pages.at(-1);
  if (last?.owner === null) pages[pages.length - 1] = { ...last, nodes: [...last.nodes, node] };
  else pages.push({ id: nameOf(node), owner: null, nodes: [node] });
}

function collect(parent: RootNode | FormNode, pages: Page[]): void {
  for (const node of childrenOf(parent)) {
    if (isControl(node)) append(pages, node);
    else if (isRepeat(node)) pages.push({ id: nameOf(node), owner: node, nodes: [node] });
    else if (node.nodeType !== "group") continue;
    else if (isOnePage(node)) pages.push({ id: nameOf(node), owner: node, nodes: childrenOf(node) });
    else collect(node, pages);
  }
}

/** The form's pages in order, relevant or not. */
export function pagesOf(root: RootNode): Page[] {
  const pages: Page[] = [];
  collect(root, pages);
  return pages;
}

export function controlsOn(page: Page): Control[] {
  return page.nodes.flatMap((node) => (isControl(node) ? [node] : controlsOf(node)));
}

/** Whether anything on the page is to be shown now (reactive). */
export function isShown(page: Page): boolean {
  if (page.owner !== null && !page.owner.currentState.relevant) return false;
  return page.nodes.some((node) => isRepeat(node) || controlsShown(node).length > 0);
}

function controlsShown(node: FormNode): Control[] {
  const controls = isControl(node) ? [node] : controlsOf(node);
  return controls.filter((control) => control.currentState.relevant);
}

export function titleOf(page: Page): string {
  return page.owner?.currentState.label?.asString ?? "";
}

/** The relevant questions of the page whose rule is broken now (reactive). */
export function brokenOn(page: Page): Control[] {
  return controlsOn(page).filter((control) => control.currentState.relevant && control.validationState.violation !== null);
}

/** How many of the page's questions are answered, of how many that can be (reactive). */
export function progressOf(page: Page): { answered: number; of: number } {
  const asked = controlsOn(page).filter((control) => control.currentState.relevant && isAnswerable(control));
  return { answered: asked.filter((control) => valueOf(control) !== "").length, of: asked.length };
}
