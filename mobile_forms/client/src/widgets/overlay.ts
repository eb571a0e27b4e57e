/** Where things that cover the screen go: below #interview at the desk, whose styles end there. */
export function overlayPlace(): HTMLElement {
  return document.getElementById("interview") ?? document.body;
}
