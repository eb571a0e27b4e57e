import type { FormInstanceConfig } from "@getodk/xforms-engine";
import { batch, createSignal } from "solid-js";
import { createMutable } from "solid-js/store";
import {
  type DraftHead,
  type Entry,
  fileNames,
  filesOf,
  findFile,
  findHead,
  type Keeping,
  type KeptFile,
  nextPlace,
  nowhere,
  onDevice,
  readJournal,
  removeFiles,
  saveFile,
} from "../store/drafts.ts";
import { hold } from "./hold.ts";
import { type LoadedForm, noteRestored } from "./load.ts";
import { joined, keepParts, type Parts, wholeOf } from "./parts.ts";
import { type Control, nodesByPath, nodesetOf, type RepeatRange, type RootNode, type UploadNode, write } from "./nodes.ts";
import { nodesetOfRole } from "./tags.ts";

const XML = "xml_submission_file";

/** What identifies a new draft, and what its form is told at the start. */
export interface Start {
  head: Omit<DraftHead, "instanceId" | "base" | "startedAt" | "updatedAt" | "at" | "answered">;
  /** First values by the role of the question: the household goes to the one with role `case`. */
  preset: { role: string; value: string } | null;
  deviceId: string;
  username: string;
  /** The best clock at hand, in ms since 1970. */
  now: () => number;
}

/** An instance as it is handed in: bytes that never change again. */
export interface Frozen {
  instanceId: string;
  xml: Uint8Array<ArrayBuffer>;
  files: KeptFile[];
  outcome: string;
}

function config(start: Start): FormInstanceConfig {
  return {
    stateFactory: <T extends object>(state: T): T => createMutable(state),
    // Files are named by us before they reach the engine; the name stays.
    instanceAttachments: { fileNameFactory: ({ basename, extension }) => `${basename}${extension ?? ""}` },
    preloadProperties: { deviceID: start.deviceId, username: start.username },
  };
}

function presetValue(root: RootNode, form: LoadedForm, preset: Start["preset"]): void {
  if (preset === null) return;
  const nodeset = nodesetOfRole(form.tags, preset.role);
  const node = [...nodesByPath(root).values()].find((each) => nodesetOf(each) === nodeset && each.nodeType === "select");
  if (node !== undefined) write(node, preset.value);
}

async function payloadOf(root: RootNode): Promise<{ xml: string; data: FormData }> {
  const payload = await root.prepareInstancePayload({ payloadType: "monolithic" });
  const [data] = payload.data;
  return { xml: await data.get(XML).text(), data: data as FormData };
}

function textAt(xml: string, path: string | null): string {
  if (path === null) return "";
  let element: Element | undefined = new DOMParser().parseFromString(xml, "application/xml").documentElement;
  for (const step of path.split("/").slice(2)) element = [...(element?.children ?? [])].find((child) => child.localName === step);
  return element?.textContent ?? "";
}

function instanceIdOf(xml: string): string {
  const form = new DOMParser().parseFromString(xml, "application/xml");
  const found = [...form.getElementsByTagName("*")].find((element) => element.localName === "instanceID");
  if (!found?.textContent) throw new Error("the instance has no instanceID");
  return found.textContent;
}

function instanceData(xml: string) {
  const data = new FormData();
  data.set(XML, new File([xml], XML, { type: "text/xml" }));
  return data as never;
}

async function create(form: LoadedForm, start: Start, keeping = onDevice): Promise<Interview> {
  // `resetInstance` lets go of the household before; `createInstance` would keep it for ever.
  const { root } = form.engine.resetInstance(config(start));
  form.restored = 0;
  presetValue(root, form, start.preset);
  const { xml } = await payloadOf(root);
  const at = new Date(start.now()).toISOString();
  const head = { ...start.head, instanceId: instanceIdOf(xml), base: xml, startedAt: at, updatedAt: at, at: null, answered: 0 };
  return new Interview(form, root, head, 0, start.now, false, keeping);
}

async function restore(form: LoadedForm, head: DraftHead, start: Start): Promise<Interview> {
  const { root } = await form.engine.restoreInstance({ data: [instanceData(head.base)] }, config(start));
  noteRestored(form);
  await mendParts(head.id);
  await replay(root, head.id, await readJournal(head.id));
  return new Interview(form, root, head, await nextPlace(head.id), start.now, true);
}

/** Opens the draft where there is one, else begins it. Raises HeldElsewhere where another window has it open. */
export async function openInterview(form: LoadedForm, start: Start): Promise<Interview> {
  const letGo = await hold(start.head.id);
  try {
    const head = await findHead(start.head.id);
    const interview = head === null ? await create(form, start) : await restore(form, head, start);
    interview.onClose(letGo);
    return interview;
  } catch (error) {
    letGo();
    throw error;
  }
}

/** A form to be tried: it begins anew each time, and nothing of it is kept. */
export function tryInterview(form: LoadedForm, start: Start): Promise<Interview> {
  return create(form, start, nowhere);
}

function asFile(kept: KeptFile): File {
  return new File([kept.bytes], kept.name, { type: kept.type });
}

/** A recording that was cut off is put together from what is on disk of it. */
async function mendParts(owner: string): Promise<void> {
  const names = await fileNames(owner);
  const left = names.filter((name) => wholeOf(name) !== null);
  if (left.length === 0) return;
  for (const whole of joined(await filesOf(owner))) {
    if (!names.includes(whole.name)) await saveFile(owner, whole);
  }
  await removeFiles(owner, left);
}

async function keptFiles(owner: string, entries: readonly Entry[]): Promise<ReadonlyMap<string, File>> {
  const files = new Map<string, File>();
  for (const { act, value } of entries) {
    const kept = act === "file" || act === "parts" ? await findFile(owner, value) : null;
    if (kept !== null) files.set(value, asFile(kept));
  }
  return files;
}

function isOfRepeat(entry: Entry | undefined): boolean {
  return entry?.act === "add" || entry?.act === "remove";
}

/** Answers in one go are worked out once; a change of a repeat renames its members, and stands alone. */
function inRuns(entries: readonly Entry[]): Entry[][] {
  const runs: Entry[][] = [];
  for (const entry of entries) {
    const last = runs.at(-1);
    if (last === undefined || isOfRepeat(entry) || isOfRepeat(last[0])) runs.push([entry]);
    else last.push(entry);
  }
  return runs;
}

async function replay(root: RootNode, owner: string, entries: readonly Entry[]): Promise<void> {
  const files = await keptFiles(owner, entries);
  let nodes = nodesByPath(root);
  const again = (entry: Entry) => {
    const node = nodes.get(entry.path);
    if (node === undefined) return;
    if (entry.act === "set") write(node, entry.value);
    else if (entry.act === "file") (node as UploadNode).setValue(files.get(entry.value) ?? null);
    else if (entry.act === "parts") takeParts(node as UploadNode, files.get(entry.value));
    else changeRepeat(node as RepeatRange, entry);
  };
  for (const run of inRuns(entries)) {
    batch(() => run.forEach(again));
    if (isOfRepeat(run[0])) nodes = nodesByPath(root);
  }
}

function takeParts(node: UploadNode, whole: File | undefined): void {
  if (whole !== undefined) node.setValue(whole);
}

function changeRepeat(range: RepeatRange, entry: Entry): void {
  if (range.nodeType !== "repeat-range:uncontrolled") return;
  if (entry.act === "add") range.addInstances();
  else range.removeInstances(Number(entry.value));
}

/** A form being filled: everything done to it goes through here and is on disk before `saved` resolves. */
export class Interview {
  private readonly unsaved: Entry[] = [];
  private draining: Promise<void> | null = null;
  private readonly flushers = new Set<() => void | Promise<void>>();
  private readonly setState: (state: "saved" | "saving" | "failed") => void;
  /** Whether the last answer is on disk (reactive). */
  readonly state: () => "saved" | "saving" | "failed";
  private readonly closers: (() => void)[] = [];
  private closed = false;

  constructor(
    readonly form: LoadedForm,
    readonly root: RootNode,
    private head: DraftHead,
    private place: number,
    private readonly now: () => number,
    private headKept: boolean,
    private readonly keeping: Keeping = onDevice,
  ) {
    const [state, setState] = createSignal<"saved" | "saving" | "failed">("saved");
    this.state = state;
    this.setState = setState;
    // The page need not wait for the disk; what is typed into it does.
    if (!headKept) void this.drain().catch(() => undefined);
  }

  get draft(): Readonly<DraftHead> {
    return this.head;
  }

  get isUntouched(): boolean {
    return this.place === 0 && this.unsaved.length === 0;
  }

  /** A widget that holds typed words back for a moment hands them over here before anything depends on them. */
  onFlush(hand: () => void | Promise<void>): () => void {
    this.flushers.add(hand);
    return () => this.flushers.delete(hand);
  }

  answer(node: Control, value: string): void {
    write(node, value);
    this.log("set", node.currentState.reference, value);
  }

  /** Keeps the file, and only then lets the form name it. The one that it replaces is gone from the phone after that. */
  async attach(node: UploadNode, file: File | null): Promise<void> {
    const before = node.currentState.value?.name;
    if (file === null) this.answer(node, "");
    else await this.keepFile(node, file);
    if (before === undefined || before === file?.name) return;
    await this.settled();
    await this.keeping.removeFiles(this.head.id, [before]);
  }

  private async keepFile(node: UploadNode, file: File): Promise<void> {
    const bytes = new Uint8Array(await file.arrayBuffer());
    await this.keeping.saveFile(this.head.id, { name: file.name, type: file.type, bytes });
    node.setValue(file);
    this.log("file", node.currentState.reference, file.name);
  }

  /** A file of this question that grows; the journal knows of it from the start, so that it is found after a crash. */
  keepParts(node: UploadNode, file: { name: string; type: string }): Parts {
    this.log("parts", node.currentState.reference, file.name);
    return keepParts(this.keeping, this.head.id, file, (whole) => this.attach(node, whole));
  }

  addRepeat(range: RepeatRange): void {
    if (range.nodeType !== "repeat-range:uncontrolled") return;
    range.addInstances();
    this.log("add", range.currentState.reference, "");
  }

  removeRepeat(range: RepeatRange, index: number): void {
    if (range.nodeType !== "repeat-range:uncontrolled") return;
    range.removeInstances(index);
    this.log("remove", range.currentState.reference, String(index));
  }

  private log(act: Entry["act"], path: string, value: string): void {
    if (this.closed) return;
    this.unsaved.push({ act, path, value, time: this.now() });
    void this.drain().catch(() => undefined);
  }

  private drain(): Promise<void> {
    this.draining ??= this.writeUnsaved().finally(() => {
      this.draining = null;
    });
    return this.draining;
  }

  private async writeUnsaved(): Promise<void> {
    this.setState("saving");
    try {
      if (!this.headKept) await this.keeping.saveHead(this.head);
      this.headKept = true;
      while (this.unsaved.length > 0) {
        const entries = [...this.unsaved];
        await this.keeping.appendEntries(this.head.id, this.place, entries);
        this.place += entries.length;
        this.unsaved.splice(0, entries.length);
      }
      this.setState("saved");
    } catch (error) {
      this.setState("failed");
      throw error;
    }
  }

  /** Resolves when everything that was answered is on disk; raises StoreError where it cannot be. */
  async saved(): Promise<void> {
    await Promise.all([...this.flushers].map((hand) => hand()));
    await this.settled();
  }

  /** What was logged while a write was under way needs another one. */
  private async settled(): Promise<void> {
    await this.drain();
    if (this.unsaved.length > 0) await this.drain();
  }

  /** Remembers the page that is looked at and how far the interview is. */
  async markAt(page: string, answered: number): Promise<void> {
    if (this.closed) return;
    this.head = { ...this.head, at: page, answered, updatedAt: new Date(this.now()).toISOString() };
    await this.keeping.saveHead(this.head);
  }

  /** What is to be done when the interview is closed. */
  onClose(work: () => void): void {
    this.closers.push(work);
  }

  /** Nothing is written to the draft any more: it was left, handed on, or is to go. */
  close(): void {
    this.closed = true;
    for (const work of this.closers.splice(0)) work();
  }

  async discard(): Promise<void> {
    this.close();
    await this.keeping.removeDraft(this.head.id);
  }

  /** The instance as bytes, taken once: the engine would write another `end` the next time. */
  async freeze(): Promise<Frozen> {
    await this.saved();
    const { xml, data } = await payloadOf(this.root);
    const files: KeptFile[] = [];
    for (const [name, file] of data.entries()) {
      if (name === XML || typeof file === "string") continue;
      files.push({ name, type: file.type, bytes: new Uint8Array(await file.arrayBuffer()) });
    }
    const outcome = textAt(xml, nodesetOfRole(this.form.tags, "outcome"));
    return { instanceId: this.head.instanceId, xml: new TextEncoder().encode(xml), files, outcome };
  }
}
