// The desk's keys, its timer and its sign of life. What a key does can also be clicked.
const typing = (element) => element.closest("textarea, select, input:not([type=radio], [type=checkbox])") !== null;
const outcome = document.getElementById("outcome");
const choices = [...(outcome?.querySelectorAll("[data-digit]") ?? [])];
const details = [...(outcome?.querySelectorAll("[data-for]") ?? [])];
let choosing = false;

function showDetails() {
  const chosen = choices.find((choice) => choice.checked)?.value;
  for (const each of details) {
    each.hidden = each.dataset.for !== chosen;
    const field = each.querySelector("input");
    if (field) field.required = !each.hidden;
  }
}

function choose(digit) {
  const choice = choices.find((each) => each.dataset.digit === digit);
  if (!choice) return false;
  choice.checked = true;
  showDetails();
  const asked = details.find((each) => !each.hidden)?.querySelector("input, select");
  if (asked) asked.focus();
  else outcome.requestSubmit();
  return true;
}

function openOutcomes() {
  choosing = true;
  outcome.scrollIntoView({ block: "nearest" });
  outcome.classList.add("choosing");
  (choices[0] ?? outcome).focus();
}

function press(event) {
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return false;
  if (key === "f2" || (key === "d" && !typing(event.target))) return click("[data-key=d]");
  if (key === "f4" || (key === "o" && !typing(event.target))) return openOutcomes(), true;
  if (key === "escape") return (choosing = false), outcome.classList.remove("choosing"), document.activeElement?.blur(), true;
  if (typing(event.target)) return false;
  if (key === "s") return click(".script > summary");
  return choosing && /^[0-9]$/.test(key) && choose(key);
}

function click(selector) {
  const found = document.querySelector(selector);
  found?.click();
  return found !== null;
}

if (outcome) {
  showDetails();
  outcome.addEventListener("change", showDetails);
  // Before the form's own keys, so that a digit that names an outcome never answers a question.
  document.addEventListener("keydown", (event) => {
    if (!press(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, { capture: true });
  outcome.addEventListener("focusout", (event) => {
    if (outcome.contains(event.relatedTarget)) return;
    choosing = false;
    outcome.classList.remove("choosing");
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => void navigator.clipboard?.writeText(button.dataset.copy));
}

const timer = document.querySelector("[data-timer]");
if (timer) {
  const began = Date.parse(timer.dataset.timer);
  const shown = timer.appendChild(document.createElement("strong"));
  const tick = () => {
    const seconds = Math.max(0, Math.round((Date.now() - began) / 1000));
    shown.textContent = ` ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  };
  tick();
  setInterval(tick, 1000);
}

const alive = document.querySelector("[data-alive]")?.dataset.alive;
if (alive) setInterval(() => void fetch(alive, { method: "POST" }).catch(() => undefined), 60_000);

// After an interview has arrived the operator goes on; the server has noted what the interview concluded.
document.getElementById("interview")?.addEventListener("zoufang:submitted", () => location.assign("/call/"));
