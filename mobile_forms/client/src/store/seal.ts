import { claimDevice, readDevice, StoreError } from "./db.ts";

/**
 * A value at rest: AES-GCM under a key that this browser holds and never hands out (non-extractable).
 * Where the page is not a secure context there is no such key, and `iv` is empty: the program says so before use.
 * `mark` tells this writing from every other, so that a reader can see that its own arrived.
 */
export interface Sealed {
  mark: string;
  iv: Uint8Array<ArrayBuffer>;
  body: Uint8Array<ArrayBuffer>;
}

const text = new TextEncoder();
const plain = new TextDecoder();
let held: Promise<CryptoKey | null> | null = null;

/** Whether this page can encrypt what it keeps (it needs https, or localhost). */
export function canSeal(): boolean {
  return globalThis.crypto?.subtle !== undefined;
}

async function deviceKey(): Promise<CryptoKey | null> {
  if (!canSeal()) return null;
  const found = await readDevice<CryptoKey>("key");
  if (found !== undefined) return found;
  const fresh = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  return await claimDevice("key", fresh);
}

function key(): Promise<CryptoKey | null> {
  held ??= deviceKey().catch((error: unknown) => {
    held = null;
    throw error;
  });
  return held;
}

/** Forgets the key in memory (tests, and after the store was wiped). */
export function forgetKey(): void {
  held = null;
}

function randomHex(bytes: number): string {
  const drawn = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(drawn, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function sealBytes(bytes: Uint8Array<ArrayBuffer>): Promise<Sealed> {
  const mark = randomHex(8);
  const secret = await key();
  if (secret === null) return { mark, iv: new Uint8Array(0), body: bytes };
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const body = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, secret, bytes));
  return { mark, iv, body };
}

export async function openBytes(sealed: Sealed): Promise<Uint8Array<ArrayBuffer>> {
  if (sealed.iv.length === 0) return sealed.body;
  const secret = await key();
  if (secret === null) throw new StoreError("unreadable");
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv }, secret, sealed.body));
  } catch (error) {
    throw new StoreError("unreadable", error);
  }
}

export function seal(value: unknown): Promise<Sealed> {
  return sealBytes(text.encode(JSON.stringify(value)));
}

export async function open<T>(sealed: Sealed): Promise<T> {
  return JSON.parse(plain.decode(await openBytes(sealed))) as T;
}

/** Opens every value that can be opened; what cannot be is left out and counted. */
export async function openAll<T>(sealed: readonly Sealed[]): Promise<T[]> {
  return await Promise.all(sealed.map((one) => open<T>(one)));
}
