function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLInputElement | null;
  if (element?.tagName === "TEXTAREA" || element?.tagName === "SELECT") return true;
  return element?.tagName === "INPUT" && !["radio", "checkbox"].includes(element.type);
}

function answered(question: Element): boolean {
  return question.querySelector("input:checked") !== null;
}

function questionsIn(root: Element): HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>("[data-question]:not(.note)")];
}

/** The question that keys are meant for: the focused one, else the first with open options. */
function present(root: Element): HTMLElement | undefined {
  const focused = document.activeElement?.closest<HTMLElement>("[data-question]");
  if (focused && root.contains(focused)) return focused;
  return questionsIn(root).find((question) => question.querySelector("[data-choice]") !== null && !answered(question));
}

function focusOn(question: HTMLElement | undefined): void {
  const control = question?.querySelector<HTMLElement>("input:checked, input, textarea, select, button");
  control?.focus({ preventScroll: true });
  question?.scrollIntoView({ block: "center" });
}

function nextOf(root: Element, question: HTMLElement): HTMLElement | undefined {
  const all = questionsIn(root);
  return all[all.findIndex((each) => each.dataset.question === question.dataset.question) + 1];
}

function choose(root: Element, question: HTMLElement, digit: number): boolean {
  const options = question.querySelectorAll<HTMLInputElement>("[data-choice] input");
  const option = options[(digit + 9) % 10];
  if (option === undefined) return false;
  option.click();
  // The next question may only just become relevant by this answer.
  if (option.type === "radio") setTimeout(() => focusOn(nextOf(root, question)));
  else option.focus();
  return true;
}

/** Digits choose an option of the question at hand and go on; Enter goes on, with Shift it begins a line. */
export function onKey(root: Element, event: KeyboardEvent): void {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const target = event.target as HTMLElement;
  // What is typed beside the interview, such as the time of an appointment, is not meant for it.
  if (target !== document.body && !root.contains(target)) return;
  const question = present(root);
  if (question === undefined) return;
  const isLong = (event.target as HTMLElement).tagName === "TEXTAREA";
  if (event.key === "Enter" && !(isLong && event.shiftKey) && (event.target as HTMLElement).tagName !== "BUTTON") {
    event.preventDefault();
    focusOn(nextOf(root, question));
  } else if (/^[0-9]$/.test(event.key) && !isTyping(event.target) && choose(root, question, Number(event.key))) event.preventDefault();
}
