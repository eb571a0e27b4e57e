import { claimDevice, writeDevice } from "../store/db.ts";
import { canSeal } from "../store/seal.ts";

/** What an interviewer has to know about this phone before typing anything. */
export type Warning = "insecure" | "private" | "small" | "wechat" | "noworker";

const PRIVATE_BELOW = 300 * 1024 * 1024;
const SMALL_BELOW = 60 * 1024 * 1024;

async function storageWorks(): Promise<boolean> {
  try {
    await writeDevice("probe", 1);
    return (await claimDevice("probe", 0)) === 1;
  } catch {
    return false;
  }
}

async function room(): Promise<{ quota: number; free: number }> {
  const estimate = await navigator.storage?.estimate?.().catch(() => null);
  const quota = estimate?.quota ?? Infinity;
  return { quota, free: quota - (estimate?.usage ?? 0) };
}

export async function checkPhone(): Promise<Warning[]> {
  const warnings: Warning[] = [];
  const { quota, free } = await room();
  if (!globalThis.isSecureContext || !canSeal()) warnings.push("insecure");
  if (!(await storageWorks()) || quota < PRIVATE_BELOW) warnings.push("private");
  else if (free < SMALL_BELOW) warnings.push("small");
  if (/MicroMessenger/i.test(navigator.userAgent)) warnings.push("wechat");
  else if (!("serviceWorker" in navigator)) warnings.push("noworker");
  return warnings;
}
