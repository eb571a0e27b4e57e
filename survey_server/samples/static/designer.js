// Sizes, costs and intervals move together as one types. Without this script the page has buttons that do the same.
const form = document.getElementById("design");
const problem = document.getElementById("problem");
const COMPUTED = /^(take|reserve)\|/;
const ASIDE = new Set(["seed", "seed_source", "name"]);
const PAUSE = 200; // milliseconds between a key and the question
let waiting = 0;
let asking = null;

function fits(condition) {
  const [name, values] = condition.split("=");
  return values.split(",").includes(form.elements[name]?.value);
}

function showWhatMatters() {
  for (const part of form.querySelectorAll("[data-when]")) part.hidden = !fits(part.dataset.when);
}

function show({ values, texts, html }) {
  problem.hidden = true;
  for (const [name, value] of Object.entries(values)) {
    const field = form.elements[name];
    if (field && field !== document.activeElement) field.value = value;
  }
  for (const part of form.querySelectorAll("[data-text]")) part.textContent = texts[part.dataset.text] ?? "";
  for (const part of form.querySelectorAll("[data-html]")) part.innerHTML = html[part.dataset.html];
  for (const part of form.querySelectorAll("[data-cost]")) part.hidden = texts.cost === "0";
}

async function ask(by) {
  asking?.abort();
  asking = new AbortController();
  const body = new FormData(form);
  body.set("by", by);
  try {
    const answer = await fetch(form.dataset.plan, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      signal: asking.signal,
    });
    const told = await answer.json();
    if (answer.ok) return show(told);
    problem.textContent = told.title;
    problem.hidden = false;
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

form.addEventListener("input", ({ target }) => {
  if (ASIDE.has(target.name)) return;
  showWhatMatters();
  clearTimeout(waiting);
  waiting = setTimeout(ask, PAUSE, COMPUTED.test(target.name) ? "takes" : "wish");
});
for (const part of form.querySelectorAll("[data-script=off]")) part.hidden = true;
for (const part of form.querySelectorAll("[data-cost]")) part.hidden = true;
showWhatMatters();
