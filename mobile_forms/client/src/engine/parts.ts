import type { Keeping, KeptFile } from "../store/drafts.ts";

/** A file that grows (a recording): every part is on disk as it comes, so that a dead battery costs only the last. */
export interface Parts {
  add: (part: Blob) => void;
  finish: () => Promise<void>;
}

const MARK = "~part";

export function partName(name: string, number: number): string {
  return `${name}${MARK}${String(number).padStart(5, "0")}`;
}

/** The whole file's name, where `name` is that of a part; else null. */
export function wholeOf(name: string): string | null {
  const at = name.lastIndexOf(MARK);
  return at < 0 ? null : name.slice(0, at);
}

/** Files put together from the parts that were left on disk, by the name of the whole. */
export function joined(files: readonly KeptFile[]): KeptFile[] {
  const wholes = new Map<string, KeptFile[]>();
  for (const file of [...files].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = wholeOf(file.name);
    if (name !== null) wholes.set(name, [...(wholes.get(name) ?? []), file]);
  }
  return [...wholes].map(([name, parts]) => ({ name, type: parts[0]?.type ?? "", bytes: concat(parts.map((part) => part.bytes)) }));
}

function concat(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Keeps parts one after another; `attach` gets the whole file, after which the parts go. */
export function keepParts(
  keeping: Keeping,
  owner: string,
  file: { name: string; type: string },
  attach: (whole: File) => Promise<void>,
): Parts {
  const parts: Blob[] = [];
  let writing: Promise<void> = Promise.resolve();
  const write = async (part: Blob, number: number) => {
    const bytes = new Uint8Array(await part.arrayBuffer());
    await keeping.saveFile(owner, { name: partName(file.name, number), type: file.type, bytes });
  };
  const add = (part: Blob) => {
    if (part.size === 0) return;
    const number = parts.push(part);
    // A part that cannot be kept now is still in memory, and in the whole.
    writing = writing.then(() => write(part, number)).catch(() => undefined);
  };
  const finish = async () => {
    await writing;
    await attach(new File(parts, file.name, { type: file.type }));
    await keeping.removeFiles(owner, parts.map((_, index) => partName(file.name, index + 1)));
  };
  return { add, finish };
}
