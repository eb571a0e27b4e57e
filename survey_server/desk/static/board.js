// The board renews itself while it is looked at; what somebody types below it stays.
const board = document.getElementById("board");

async function renew() {
  if (document.visibilityState !== "visible" || board.contains(document.activeElement)) return;
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("board");
  if (fresh) board.replaceChildren(...fresh.childNodes);
}

setInterval(() => void renew().catch(() => undefined), Number(board.dataset.refresh) * 1000);
