import { createSignal } from "solid-js";
import { language, setLanguage } from "../i18n/index.ts";

export type TextSize = "1" | "2" | "3";
const REMEMBERED = "zoufang.text";
const LARGE = "zoufang.single";

function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A browser that keeps nothing still shows it for now.
  }
}

const asSize = (value: string | null): TextSize => (value === "2" || value === "3" ? value : "1");
const [textSize, chooseSize] = createSignal<TextSize>(asSize(remembered(REMEMBERED)));
const [onePerScreen, chooseSingle] = createSignal(remembered(LARGE) === "1");
export { onePerScreen, textSize };

export function setTextSize(size: TextSize): void {
  chooseSize(size);
  document.documentElement.dataset.text = size;
  remember(REMEMBERED, size);
}

export function setOnePerScreen(single: boolean): void {
  chooseSingle(single);
  remember(LARGE, single ? "1" : "0");
}

export function applySettings(): void {
  setLanguage(language());
  setTextSize(textSize());
}
