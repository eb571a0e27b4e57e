import { createSignal } from "solid-js";
import en from "./en.json";
import zh from "./zh.json";

export type Language = "zh" | "en";
export type MessageKey = keyof typeof zh;

const catalogs: Record<Language, Record<string, string>> = { zh, en };
const REMEMBERED = "zoufang.language";

function remembered(): Language {
  try {
    return localStorage.getItem(REMEMBERED) === "en" ? "en" : "zh";
  } catch {
    return "zh";
  }
}

const [language, choose] = createSignal<Language>(typeof localStorage === "undefined" ? "zh" : remembered());
export { language };

export function setLanguage(next: Language): void {
  choose(next);
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
  try {
    localStorage.setItem(REMEMBERED, next);
  } catch {
    // A browser that keeps nothing still shows the language for now.
  }
}

/** The sentence in the chosen language, its `{names}` filled in. */
export function t(key: MessageKey, values: Record<string, string | number> = {}): string {
  const sentence = catalogs[language()][key] ?? zh[key];
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
