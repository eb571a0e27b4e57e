// Puts a chart's table or picture on the clipboard: for Word, Excel, a chat.
"use strict";

const parts = (button) => button.closest("section");

const copied = (button) => {
  const before = button.textContent;
  button.textContent = button.dataset.done;
  setTimeout(() => { button.textContent = before; }, 2000);
};

const rows = (table) => [...table.rows].map((row) => [...row.cells].map((cell) => cell.innerText.trim().replace(/\s+/g, " ")));

const selectAndCopy = (table) => {
  const details = table.closest("details");
  const open = details ? details.open : true;
  if (details) details.open = true;
  const range = document.createRange();
  range.selectNode(table);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  document.execCommand("copy");
  selection.removeAllRanges();
  if (details) details.open = open;
};

const copyTable = async (button) => {
  const table = parts(button).querySelector("table");
  if (!window.ClipboardItem) {
    selectAndCopy(table);
  } else {
    const details = table.closest("details");
    const open = details ? details.open : true;
    if (details) details.open = true; // what is folded away has no innerText
    const cells = rows(table);
    if (details) details.open = open;
    const html = document.createElement("table");
    for (const cellsOfRow of cells) {
      const row = html.insertRow();
      for (const text of cellsOfRow) row.insertCell().textContent = text;
    }
    const types = {
      "text/plain": new Blob([cells.map((line) => line.join("\t")).join("\n")], { type: "text/plain" }),
      "text/html": new Blob([html.outerHTML], { type: "text/html" }),
    };
    await navigator.clipboard.write([new ClipboardItem(types)]);
  }
  copied(button);
};

const copyPicture = async (button) => {
  const picture = fetch(button.dataset.copyPicture).then((answer) => answer.blob());
  await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
  copied(button);
};

for (const button of document.querySelectorAll("[data-copy-table]")) {
  button.hidden = false;
  button.addEventListener("click", () => copyTable(button));
}
if (window.ClipboardItem && navigator.clipboard) { // only where the connection is safe
  for (const button of document.querySelectorAll("[data-copy-picture]")) {
    button.hidden = false;
    button.addEventListener("click", () => copyPicture(button));
  }
}
