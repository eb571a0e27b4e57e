import { language } from "../i18n/index.ts";

const ZONE = "Asia/Shanghai";

function write(iso: string, options: Intl.DateTimeFormatOptions): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  return new Intl.DateTimeFormat(language() === "zh" ? "zh-CN" : "en-GB", { timeZone: ZONE, hourCycle: "h23", ...options }).format(time);
}

export function clockTime(iso: string): string {
  return write(iso, { hour: "2-digit", minute: "2-digit" });
}

export function dayAndTime(iso: string): string {
  return write(iso, { month: "numeric", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit" });
}

/** 20251201-093015, for names of files. */
export function compactTime(ms: number): string {
  const written = new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE, dateStyle: "short", timeStyle: "medium" }).format(ms);
  const digits = written.replace(/\D/g, "");
  return `${digits.slice(0, 8)}-${digits.slice(8)}`;
}
