// A paper form at the keyboard: Enter goes on, codes show their words, every change is kept at once.
const form = document.querySelector("form.keying");
const state = document.querySelector("#kept");
const fields = () => [...form.querySelectorAll("li:not([hidden]) [data-field]")];
let timer = 0;
let running = null;
let again = false;

function words(field) {
  const line = field.closest("li");
  const said = line.querySelector(".said");
  const options = [...line.querySelectorAll("[data-code]")];
  const codes = field.value.split(/[\s,，、]+/).filter(Boolean);
  for (const option of options) option.classList.toggle("chosen", codes.includes(option.dataset.code));
  if (!options.length) return;
  const unknown = codes.filter((code) => !options.some((option) => option.dataset.code === code));
  said.textContent = unknown.length ? `${form.dataset.unknown} ${unknown.join(" ")}` : "";
}

function show(answer) {
  const relevant = new Set(answer.relevant);
  for (const line of form.querySelectorAll("li[data-name]")) {
    const field = line.querySelector("[data-field]");
    line.hidden = !relevant.has(line.dataset.name) && !field.value;
    line.classList.toggle("required", answer.required.includes(line.dataset.name));
    line.classList.toggle("beside", !relevant.has(line.dataset.name));
    line.querySelector(".fault").textContent = answer.faults[line.dataset.name] || "";
  }
}

async function keep() {
  if (running) { again = true; return running; }
  state.textContent = form.dataset.keeping;
  running = (async () => {
    do {
      again = false;
      try {
        const answer = await fetch(form.dataset.keep, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
        if (!answer.ok) throw new Error(String(answer.status));
        show(await answer.json());
        state.textContent = form.dataset.kept;
        state.classList.remove("bad");
      } catch {
        state.textContent = form.dataset.lost;
        state.classList.add("bad");
        timer = setTimeout(keep, 3000);
      }
    } while (again);
  })();
  await running;
  running = null;
}

form.addEventListener("input", (event) => {
  words(event.target);
  clearTimeout(timer);
  timer = setTimeout(keep, 300);
});

// What is typed while the server works out what comes next is held back and typed there.
const ahead = [];
let waiting = false;

async function goOn(back) {
  const here = document.activeElement;
  if (!here.matches("[data-field]")) return;
  waiting = true;
  clearTimeout(timer);
  await keep();
  const all = fields();
  const next = all[all.indexOf(here) + (back ? -1 : 1)];
  (next || (back ? here : form.querySelector("button.done"))).focus();
  if (next) next.select();
  else arrived = performance.now();
  waiting = false;
}

async function typeAhead() {
  while (ahead.length) {
    const key = ahead.shift();
    const field = document.activeElement;
    if (key === "Enter") await goOn(false);
    else if (key.length === 1 && field.matches("[data-field]")) {
      field.value = field.selectionStart === field.selectionEnd ? field.value + key : key;
      field.setSelectionRange(field.value.length, field.value.length);
      words(field);
    }
  }
}

form.addEventListener("keydown", async (event) => {
  if (waiting) {
    event.preventDefault();
    ahead.push(event.key);
    return;
  }
  if (event.key !== "Enter" || event.isComposing || event.target.tagName !== "INPUT") return;
  event.preventDefault();
  await goOn(event.shiftKey);
  await typeAhead();
});

form.addEventListener("click", (event) => {
  const option = event.target.closest("[data-code]");
  if (!option) return;
  const field = option.closest("li").querySelector("[data-field]");
  const codes = field.value.split(/[\s,，、]+/).filter(Boolean);
  const code = option.dataset.code;
  if (field.dataset.several === undefined) field.value = code;
  else field.value = (codes.includes(code) ? codes.filter((one) => one !== code) : [...codes, code]).join(" ");
  words(field);
  keep();
  field.focus();
});

let warned = false;
let arrived = -1000;
form.addEventListener("submit", (event) => {
  const doubtful = ({ value, parentElement }) =>
    (!value && parentElement.classList.contains("required")) || parentElement.querySelector(".said").textContent;
  const gap = fields().find(doubtful);
  // Who types fast may press Enter once more before they see that nothing follows.
  if (event.timeStamp - arrived > 800 && (!gap || warned)) return;
  event.preventDefault();
  if (!gap) return;
  warned = true;
  state.textContent = form.dataset.gap;
  state.classList.add("bad");
  gap.focus();
});

addEventListener("pagehide", () => navigator.sendBeacon(form.dataset.keep, new FormData(form)));
for (const field of form.querySelectorAll("[data-field]")) words(field);
const empty = fields().find((field) => !field.value) || fields()[0];
if (empty) empty.focus();
