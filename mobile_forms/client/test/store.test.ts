import { openDB } from "idb";
import { afterEach, expect, test, vi } from "vitest";
import { claimDevice, read, readAll, StoreError, withDb, writeAll } from "../src/store/db.ts";
import { appendEntries, type Entry, findFile, nextPlace, readJournal, removeDraft, saveFile, saveHead, allHeads } from "../src/store/drafts.ts";
import { allRecords, freeze, frozenFiles, frozenXml, removeRecord } from "../src/store/outbox.ts";
import { forgetKey, open, seal } from "../src/store/seal.ts";
import { aHead, aRecord, bytes } from "./examples.ts";

afterEach(() => vi.restoreAllMocks());

const entry = (value: string): Entry => ({ path: "/data/a", act: "set", value, time: 1 });

test("what is at rest does not hold the words", async () => {
  await saveHead(aHead({ sampleId: "SECRET-NAME" }));
  const [sealed] = await readAll("drafts");
  expect(sealed?.iv.length).toBe(12);
  expect(new TextDecoder().decode(sealed?.body)).not.toContain("SECRET-NAME");
  expect((await open<{ sampleId: string }>(sealed!)).sampleId).toBe("SECRET-NAME");
});

test("the key of the phone cannot be taken out of the browser, and survives a restart", async () => {
  const sealed = await seal("words");
  forgetKey();
  expect(await open(sealed)).toBe("words");
  const key = (await withDb((db) => db.get("device", "key"))) as CryptoKey;
  await expect(crypto.subtle.exportKey("raw", key)).rejects.toThrow();
});

test("two tabs that make a key at once agree on one", async () => {
  const [first, second] = await Promise.all([claimDevice("id", "one"), claimDevice("id", "two")]);
  expect(first).toBe(second);
});

test("a value that was changed by hand is not read as if it were whole", async () => {
  const sealed = await seal({ amount: 860 });
  sealed.body[0] = (sealed.body[0] ?? 0) ^ 1;
  await expect(open(sealed)).rejects.toMatchObject({ code: "unreadable" });
});

test("a connection that the browser killed is opened again", async () => {
  await saveHead(aHead());
  await withDb(async (db) => db.close());
  await appendEntries("p1/c1/f1", 0, [entry("1")]);
  expect(await readJournal("p1/c1/f1")).toHaveLength(1);
});

test("a database that another program upgrades is let go", async () => {
  await saveHead(aHead());
  const newer = await openDB("zoufang", 2, { upgrade: (db) => void db.createObjectStore("later") });
  newer.close();
  await expect(saveHead(aHead())).rejects.toMatchObject({ code: "unavailable" });
});

test("a write that the browser only pretends to do is noticed", async () => {
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore) {
    return this.get("nothing") as never;
  });
  await expect(saveHead(aHead())).rejects.toMatchObject({ code: "write_lost" });
});

test("writes of one entry that follow each other at once are none of them taken for lost", async () => {
  const values = await Promise.all(["first", "second", "third"].map((words) => seal(words)));
  await Promise.all(values.map((value) => writeAll([{ store: "drafts", key: "one", value }])));
  expect((await read("drafts", "one"))?.mark).toBe(values[2]?.mark);
});

test("a full phone is told in words of its own", async () => {
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  await expect(appendEntries("d", 0, [entry("1")])).rejects.toEqual(new StoreError("full", expect.anything()));
});

test("a browser without storage is told before anything is typed", async () => {
  vi.spyOn(indexedDB, "open").mockImplementation(() => {
    throw new DOMException("private mode", "SecurityError");
  });
  await expect(read("drafts", "x")).rejects.toMatchObject({ code: "unavailable" });
});

test("a journal is read in the order of answering, also past ten entries", async () => {
  const values = Array.from({ length: 25 }, (_, index) => String(index));
  for (const [place, value] of values.entries()) await appendEntries("d", place, [entry(value)]);
  await appendEntries("d2", 0, [entry("of another household")]);
  expect((await readJournal("d")).map((each) => each.value)).toEqual(values);
  expect(await nextPlace("d")).toBe(25);
});

test("a file comes back with its name, its type and every byte", async () => {
  const photo = { name: "A-0001_photo_照片.jpg", type: "image/jpeg", bytes: new Uint8Array([0, 255, 1, 254]) };
  await saveFile("d", photo);
  expect(await findFile("d", photo.name)).toEqual(photo);
});

test("a draft is removed with its journal and its files, and no other", async () => {
  await saveHead(aHead());
  await appendEntries("p1/c1/f1", 0, [entry("1")]);
  await appendEntries("p1/c1/f10", 0, [entry("2")]);
  await saveFile("p1/c1/f1", { name: "a.jpg", type: "image/jpeg", bytes: bytes("x") });
  await removeDraft("p1/c1/f1");
  expect(await allHeads()).toEqual([]);
  expect(await readJournal("p1/c1/f1")).toEqual([]);
  expect(await findFile("p1/c1/f1", "a.jpg")).toBeNull();
  expect(await readJournal("p1/c1/f10")).toHaveLength(1);
});

test("finishing puts the bytes in the outbox and removes the draft in one step", async () => {
  await saveHead(aHead());
  await appendEntries("p1/c1/f1", 0, [entry("1")]);
  const photo = { name: "a.jpg", type: "image/jpeg", bytes: bytes("photo") };
  await freeze(aRecord({ files: ["a.jpg"] }), bytes("<data>走访</data>"), [photo], "p1/c1/f1");
  const [record] = await allRecords();
  expect(new TextDecoder().decode(await frozenXml("uuid:1"))).toBe("<data>走访</data>");
  expect(await frozenFiles(record!)).toEqual([photo]);
  expect(await allHeads()).toEqual([]);
});

test("a finish that fails leaves the draft as it was", async () => {
  await saveHead(aHead());
  await appendEntries("p1/c1/f1", 0, [entry("1")]);
  const put = IDBObjectStore.prototype.put;
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, value, key) {
    if (this.name === "outbox") throw new DOMException("full", "QuotaExceededError");
    return put.call(this, value, key);
  });
  await expect(freeze(aRecord(), bytes("<data/>"), [], "p1/c1/f1")).rejects.toMatchObject({ code: "full" });
  vi.restoreAllMocks();
  expect(await allHeads()).toHaveLength(1);
  expect(await readJournal("p1/c1/f1")).toHaveLength(1);
  expect(await allRecords()).toEqual([]);
});

test("a record is withdrawn with its bytes, one by one", async () => {
  await freeze(aRecord(), bytes("<a/>"), [], "none");
  await freeze(aRecord({ instanceId: "uuid:2" }), bytes("<b/>"), [], "none");
  await removeRecord("uuid:1");
  expect((await allRecords()).map((record) => record.instanceId)).toEqual(["uuid:2"]);
  await expect(frozenXml("uuid:1")).rejects.toThrow("no instance");
});

test("writing nothing is no error", async () => {
  await expect(writeAll([])).resolves.toBeUndefined();
});
