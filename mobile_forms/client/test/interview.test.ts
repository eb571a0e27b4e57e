// @vitest-environment jsdom
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createRoot } from "solid-js";
import { afterEach, expect, test, vi } from "vitest";
import { type Interview, openInterview, type Start } from "../src/engine/interview.ts";
import { type LoadedForm, loadForm } from "../src/engine/load.ts";
import { type FormNode, nodesByPath, type RepeatRange, type UploadNode } from "../src/engine/nodes.ts";
import { brokenOn, isShown, pagesOf } from "../src/engine/pages.ts";
import { nodesetOfRole } from "../src/engine/tags.ts";
import { fileNames, findHead, readJournal } from "../src/store/drafts.ts";
import { createNavigation, END } from "../src/widgets/navigation.ts";
import { aHead } from "./examples.ts";

const xml = readFileSync(join(import.meta.dirname, "forms/visit.xml"), "utf8");
const households = "name,label,p_name\nA-0001,A-0001 柳湾村 王*,王\nA-0002,A-0002 石桥村 李*,李\n";
const { instanceId: _id, base: _base, startedAt: _start, updatedAt: _update, at: _at, answered: _answered, ...head } = aHead();
const start: Start = { head, preset: { role: "case", value: "A-0001" }, deviceId: "d", username: "F011", now: Date.now };

const form = (): Promise<LoadedForm> => loadForm({ key: "k", read: async () => ({ xml, media: new Map([["households.csv", households]]) }) });
const open = async (changes: Partial<Start> = {}): Promise<Interview> => await openInterview(await form(), { ...start, ...changes });

function at(interview: Interview, path: string): FormNode {
  const node = nodesByPath(interview.root).get(path);
  if (node === undefined) throw new Error(`no node at ${path}`);
  return node;
}

function answer(interview: Interview, path: string, value: string): void {
  interview.answer(at(interview, path) as never, value);
}

async function written(interview: Interview): Promise<string> {
  return new TextDecoder().decode((await interview.freeze()).xml);
}

/** What a restart reads: all that is left is what is on disk. */
async function reopened(interview: Interview): Promise<Interview> {
  await interview.saved();
  interview.close();
  return await open();
}

const steady = (text: string) => text.replace(/<end>.*?<\/end>/, "");

afterEach(() => vi.restoreAllMocks());

test("the household is preset, and its facts are worked out from the list", async () => {
  const text = await written(await open());
  expect(text).toContain("<household>A-0001</household>");
  expect(text).toContain("<p_name>王</p_name>");
});

test("a draft is on disk before its first answer, and says which version of the form it is of", async () => {
  const interview = await open();
  await interview.saved();
  expect(await findHead(head.id)).toMatchObject({ formHash: "h1", instanceId: interview.draft.instanceId, caseId: "c1" });
});

test("a draft comes back after a restart with the same instanceID, start and answers", async () => {
  const interview = await open();
  answer(interview, "/data/a/contact", "1");
  answer(interview, "/data/b/consent", "1");
  answer(interview, "/data/b/illness", "慢性病");
  answer(interview, "/data/b/aid", "1 3");
  answer(interview, "/data/b/illness", "高血压");
  const before = await written(interview);
  const after = await written(await reopened(interview));
  expect(steady(after)).toBe(steady(before));
  expect(after).toContain("<illness>高血压</illness>");
});

test("answers under a consent that was switched off come back when it is switched on", async () => {
  const interview = await open();
  answer(interview, "/data/a/contact", "1");
  answer(interview, "/data/b/consent", "1");
  answer(interview, "/data/b/illness", "慢性病");
  answer(interview, "/data/b/consent", "2");
  expect(await written(interview)).not.toContain("慢性病");
  const later = await reopened(interview);
  expect(await written(later)).not.toContain("慢性病");
  answer(later, "/data/b/consent", "1");
  expect(await written(later)).toContain("慢性病");
});

test("a photo is kept before the form names it, and is handed in under its name", async () => {
  const interview = await open();
  answer(interview, "/data/a/contact", "1");
  answer(interview, "/data/b/consent", "1");
  const photo = new File([new Uint8Array([9, 8, 7])], "A-0001_photo_1.jpg", { type: "image/jpeg" });
  await interview.attach(at(interview, "/data/b/photo") as UploadNode, photo);
  const frozen = await (await reopened(interview)).freeze();
  expect(new TextDecoder().decode(frozen.xml)).toContain("<photo>A-0001_photo_1.jpg</photo>");
  expect(frozen.files.map((file) => [file.name, file.type, [...file.bytes]])).toEqual([["A-0001_photo_1.jpg", "image/jpeg", [9, 8, 7]]]);
});

test("a photo that was covered or removed leaves nothing of itself on the phone", async () => {
  const interview = await open();
  answer(interview, "/data/a/contact", "1");
  answer(interview, "/data/b/consent", "1");
  const node = at(interview, "/data/b/photo") as UploadNode;
  await interview.attach(node, new File(["a face"], "1.jpg", { type: "image/jpeg" }));
  await interview.attach(node, new File(["covered"], "2.jpg", { type: "image/jpeg" }));
  expect(await fileNames(head.id)).toEqual(["2.jpg"]);
  expect((await (await reopened(interview)).freeze()).files.map((file) => file.name)).toEqual(["2.jpg"]);
  const later = await reopened(interview);
  await later.attach(at(later, "/data/b/photo") as UploadNode, null);
  expect(await fileNames(head.id)).toEqual([]);
});

test("a photo under a consent that was switched off is not handed in", async () => {
  const interview = await open();
  answer(interview, "/data/a/contact", "1");
  answer(interview, "/data/b/consent", "1");
  await interview.attach(at(interview, "/data/b/photo") as UploadNode, new File(["x"], "a.jpg", { type: "image/jpeg" }));
  answer(interview, "/data/b/consent", "2");
  expect((await interview.freeze()).files).toEqual([]);
});

test("a recording that a dead battery cut off is there up to its last part", async () => {
  const interview = await open();
  answer(interview, "/data/a/contact", "1");
  answer(interview, "/data/b/consent", "1");
  const parts = interview.keepParts(at(interview, "/data/b/photo") as UploadNode, { name: "talk.webm", type: "audio/webm" });
  for (const piece of ["one ", "two ", "three"]) parts.add(new Blob([piece]));
  await vi.waitFor(async () => expect(await fileNames(head.id)).toHaveLength(3));
  const later = await reopened(interview);
  const frozen = await later.freeze();
  expect(frozen.files.map((file) => [file.name, new TextDecoder().decode(file.bytes)])).toEqual([["talk.webm", "one two three"]]);
  expect(await fileNames(head.id)).toEqual(["talk.webm"]);
});

test("a recording that was stopped leaves one file and no parts", async () => {
  const interview = await open();
  answer(interview, "/data/a/contact", "1");
  answer(interview, "/data/b/consent", "1");
  const parts = interview.keepParts(at(interview, "/data/b/photo") as UploadNode, { name: "talk.webm", type: "audio/webm" });
  parts.add(new Blob(["one "]));
  parts.add(new Blob(["two"]));
  await parts.finish();
  expect(await fileNames(head.id)).toEqual(["talk.webm"]);
  const frozen = await (await reopened(interview)).freeze();
  expect(new TextDecoder().decode(frozen.files[0]?.bytes)).toBe("one two");
});

test("members of a repeat are added, removed and found again", async () => {
  const interview = await open();
  const range = () => [...nodesByPath(interview.root).values()].find((node) => node.nodeType.startsWith("repeat-range")) as RepeatRange;
  answer(interview, "/data/person[1]/age", "30");
  interview.addRepeat(range());
  answer(interview, "/data/person[2]/age", "40");
  interview.addRepeat(range());
  answer(interview, "/data/person[3]/age", "50");
  interview.removeRepeat(range(), 1);
  answer(interview, "/data/person[2]/age", "51");
  const ages = (text: string) => [...text.matchAll(/<age>(\d+)<\/age>/g)].map((match) => match[1]);
  expect(ages(await written(interview))).toEqual(["30", "51"]);
  expect(ages(await written(await reopened(interview)))).toEqual(["30", "51"]);
});

test("the outcome is read by its role, from what is handed in", async () => {
  const interview = await open();
  answer(interview, "/data/a/contact", "3");
  expect((await interview.freeze()).outcome).toBe("F3");
});

test("answers that could not be written are written with the next one, in order", async () => {
  const interview = await open();
  await interview.saved();
  const put = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  answer(interview, "/data/a/contact", "1");
  await expect(interview.saved()).rejects.toMatchObject({ code: "full" });
  expect(interview.state()).toBe("failed");
  put.mockRestore();
  answer(interview, "/data/b/consent", "1");
  await interview.saved();
  expect(interview.state()).toBe("saved");
  expect((await readJournal(head.id)).map((entry) => [entry.path, entry.value])).toEqual([
    ["/data/a/contact", "1"],
    ["/data/b/consent", "1"],
  ]);
});

test("words held back by a field are handed over before anything depends on them", async () => {
  const interview = await open();
  interview.onFlush(() => answer(interview, "/data/k/note", "打到一半"));
  expect(await written(await reopened(interview))).toContain("<note>打到一半</note>");
});

test("after it was closed nothing is written to the draft", async () => {
  const interview = await open();
  await interview.discard();
  answer(interview, "/data/k/note", "迟到");
  await interview.markAt("k", 1);
  expect(await readJournal(head.id)).toEqual([]);
  expect(await findHead(head.id)).toBeNull();
});

test("the loaded form is kept, and each household begins from nothing", async () => {
  const first = await open();
  answer(first, "/data/k/note", "第一户");
  await first.saved();
  const second = await open({ head: { ...head, id: "p1/c2/f1", caseId: "c2", sampleId: "A-0002" }, preset: { role: "case", value: "A-0002" } });
  expect(second.form).toBe(first.form);
  const text = await written(second);
  expect(text).toContain("<p_name>李</p_name>");
  expect(text).not.toContain("第一户");
  expect(second.draft.instanceId).not.toBe(first.draft.instanceId);
});

test("tags are read from the form, though the engine drops them", async () => {
  const { tags } = await form();
  expect(nodesetOfRole(tags, "stop")).toBe("/data/k/stop_why");
  expect(nodesetOfRole(tags, "case")).toBe("/data/a/household");
  expect(nodesetOfRole(tags, "nobody")).toBeNull();
});

test("pages follow relevance, and a page says which of its rules are broken", async () => {
  const interview = await open();
  const shown = () => pagesOf(interview.root).filter(isShown).map((page) => page.id);
  expect(shown()).toEqual(["a", "person", "k"]);
  answer(interview, "/data/a/contact", "1");
  expect(shown()).toEqual(["a", "b", "person", "k"]);
  const page = pagesOf(interview.root).find((each) => each.id === "b");
  expect(brokenOn(page!).map((node) => node.currentState.reference)).toEqual(["/data/b/consent"]);
  answer(interview, "/data/b/consent", "1");
  answer(interview, "/data/b/illness", "病");
  expect(brokenOn(page!)[0]?.validationState.violation?.message?.asString).toBe("至少写3个字");
});

function navigate(interview: Interview, onePerScreen = false): ReturnType<typeof createNavigation> {
  vi.stubGlobal("scrollTo", () => undefined);
  Element.prototype.scrollIntoView = () => undefined;
  return createRoot(() => createNavigation(interview, onePerScreen));
}

test("the next page waits for an answer, and the draft opens where it was left", async () => {
  const interview = await open();
  const navigation = navigate(interview);
  await navigation.next();
  expect(navigation.current()?.id).toBe("a");
  answer(interview, "/data/a/contact", "1");
  await navigation.next();
  expect(navigation.current()?.id).toBe("b");
  expect(navigate(await reopened(interview)).current()?.id).toBe("b");
});

test("stopping jumps to the question that takes the reason, and what was not asked is no longer missing", async () => {
  const interview = await open();
  const navigation = navigate(interview);
  expect(navigation.stop()).toBeNull();
  answer(interview, "/data/a/contact", "1");
  expect(navigation.broken()).toHaveLength(1);
  const stop = navigation.stop();
  await navigation.jumpTo(stop!);
  expect(navigation.current()?.id).toBe("k");
  answer(interview, "/data/k/stop_why", "1");
  expect(navigation.broken()).toEqual([]);
  await navigation.next();
  expect(interview.draft.at).toBe(END);
});

test("in large text each question has its own screen, a repeat stays whole, and the household is not asked", async () => {
  const interview = await open();
  answer(interview, "/data/a/contact", "1");
  const navigation = navigate(interview, true);
  expect(navigation.shown().map((page) => page.id)).toEqual(["a/contact", "b/consent", "b/aid", "person", "k/stop_why", "k/note"]);
  await navigation.next();
  expect(navigate(await reopened(interview), true).current()?.id).toBe("b/consent");
});
