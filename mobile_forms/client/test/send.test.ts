import { afterEach, beforeEach, expect, test } from "vitest";
import { findAccount, saveAccount } from "../src/store/accounts.ts";
import { findDay, formTextHashes, findFormText } from "../src/store/days.ts";
import { saveHead } from "../src/store/drafts.ts";
import { allRecords, findRecord, freeze, frozenXml } from "../src/store/outbox.ts";
import { refreshDay } from "../src/sync/day.ts";
import { flush, sendRecord } from "../src/sync/send.ts";
import { packed } from "../src/visit/export.ts";
import { aCase, aDay, aHead, aRecord, bytes } from "./examples.ts";
import { json, startServer, type TestServer } from "./server.ts";

const account = { person: { id: "p1", name: "马晓", staff_no: "F011" }, token: "t1", joinedAt: "", ended: false };
const photo = { name: "A-0001_photo.jpg", type: "image/jpeg", bytes: new Uint8Array([1, 2, 3, 0, 255]) };
const xml = bytes("<data><h>走访</h></data>");
let server: TestServer;

function receipt(instanceId: string, missing: string[] = []) {
  return { receipt: { instance_id: instanceId, xml_hmac: "x", files: {}, missing, received_at: "2026-11-20T10:00:00Z", key_id: "k" }, signature: "s" };
}

beforeEach(async () => {
  server = await startServer();
  await saveAccount(account);
});
afterEach(() => server.close());

async function put(instanceId = "uuid:1", finishedAt = "2026-11-20T09:00:00Z") {
  const record = aRecord({ instanceId, finishedAt, files: [photo.name] });
  await freeze(record, xml, [photo], "none");
  return record;
}

test("a record is sent whole under its person's token, and the receipt turns it green", async () => {
  const record = await put();
  server.answer = (_, response) => json(response, 201, receipt("uuid:1"));
  const sent = await sendRecord(record);
  expect(sent.state).toBe("sent");
  expect((await findRecord("uuid:1"))?.receipt?.signature).toBe("s");
  const [arrived] = server.arrived;
  expect(arrived?.authorization).toBe("Bearer t1");
  expect(arrived?.body.includes(Buffer.from(xml))).toBe(true);
  expect(arrived?.body.includes(Buffer.from(photo.bytes))).toBe(true);
  expect(arrived?.body.toString()).toContain('name="case_id"\r\n\r\nc1');
});

test("a receipt that misses a file does not turn it green, and the files stay", async () => {
  const record = await put();
  server.answer = (_, response) => json(response, 201, receipt("uuid:1", [photo.name]));
  expect((await sendRecord(record)).state).toBe("waiting");
  await expect(frozenXml("uuid:1")).resolves.toEqual(xml);
});

test("a receipt for another instance does not turn it green", async () => {
  const record = await put();
  server.answer = (_, response) => json(response, 201, receipt("uuid:9"));
  expect((await sendRecord(record)).state).toBe("waiting");
});

test("a page of a hotel's network instead of a receipt is no receipt", async () => {
  const record = await put();
  server.answer = (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>Welcome</h1>");
  const tried = await sendRecord(record);
  expect([tried.state, tried.failure?.status]).toEqual(["waiting", 0]);
});

test("an answer that is lost on the way is made up by sending the same bytes again", async () => {
  const record = await put();
  server.answer = (_, response) => response.socket?.destroy();
  const tried = await sendRecord(record);
  expect([tried.state, tried.tries]).toEqual(["waiting", 1]);
  server.answer = (_, response) => json(response, 201, receipt("uuid:1"));
  expect((await sendRecord(tried)).state).toBe("sent");
  const sent = server.arrived.map((each) => each.body.includes(Buffer.from(xml)));
  expect(new Set(sent)).toEqual(new Set([true]));
});

test("a refusal stands with the server's words, and is not tried by itself", async () => {
  await put();
  server.answer = (_, response) => json(response, 422, { title: "读不出来", detail: "没有 instanceID", remedy: "存成文件", number: "422.3" });
  await flush(() => undefined);
  const [record] = await allRecords();
  expect([record?.state, record?.failure?.detail, record?.failure?.remedy, record?.failure?.number]).toEqual(["stuck", "没有 instanceID", "存成文件", "422.3"]);
  await flush(() => undefined);
  expect(server.arrived).toHaveLength(1);
});

test.each([429, 500, 503])("a server that answers %i is asked again later", async (status) => {
  await put();
  server.answer = (_, response) => json(response, status, { title: "busy" });
  await flush(() => undefined);
  expect((await allRecords())[0]?.state).toBe("waiting");
});

test("a revoked phone keeps its records and says that the account ended", async () => {
  await put();
  server.answer = (_, response) => json(response, 401, { title: "停用" });
  await flush(() => undefined);
  expect((await findAccount("p1"))?.ended).toBe(true);
  expect((await allRecords())[0]?.state).toBe("waiting");
  await expect(frozenXml("uuid:1")).resolves.toEqual(xml);
});

test("after a new sign-in what a revoked phone kept is sent", async () => {
  await put();
  await saveAccount({ ...account, ended: true });
  await flush(() => undefined);
  expect(server.arrived).toHaveLength(0);
  await saveAccount({ ...account, token: "t2" });
  server.answer = (_, response) => json(response, 201, receipt("uuid:1"));
  await flush(() => undefined);
  expect([server.arrived[0]?.authorization, (await allRecords())[0]?.state]).toEqual(["Bearer t2", "sent"]);
});

test("the oldest goes first, and no network stops the round", async () => {
  await put("uuid:b", "2026-11-20T09:30:00Z");
  await put("uuid:a", "2026-11-20T09:00:00Z");
  server.answer = (_, response) => response.socket?.destroy();
  await flush(() => undefined);
  const tries = Object.fromEntries((await allRecords()).map((record) => [record.instanceId, record.tries]));
  expect(tries).toEqual({ "uuid:a": 1, "uuid:b": 0 });
});

test("two flushes at once send each record once", async () => {
  await put();
  server.answer = (_, response) => json(response, 201, receipt("uuid:1"));
  await Promise.all([flush(() => undefined), flush(() => undefined)]);
  expect(server.arrived).toHaveLength(1);
});

test("an exported record holds the very bytes", async () => {
  const record = await put();
  const file = JSON.parse(await packed(record)) as { xml: string; files: { name: string; bytes: string }[]; instance_id: string };
  expect(Buffer.from(file.xml, "base64")).toEqual(Buffer.from(xml));
  expect(Buffer.from(file.files[0]?.bytes ?? "", "base64")).toEqual(Buffer.from(photo.bytes));
  expect(file.instance_id).toBe("uuid:1");
});

function serveDay(hash: string) {
  const kept = aDay([aCase()]);
  kept.day.studies[0]!.forms = [{ form_id: "f1", version: "1", title: "表", url: "/f.xml", hash, media: [{ filename: "households.csv", hash: "m1", url: "/m.csv" }] }];
  server.answer = (arrived, response) => {
    if (arrived.path === "/visit/api/day") json(response, 200, kept.day);
    else response.end(arrived.path);
  };
}

test("a day is kept with every form and list, and each is fetched once", async () => {
  serveDay("h1");
  await refreshDay(account);
  await refreshDay(account);
  expect((await findDay("p1"))?.day.studies[0]?.cases[0]?.sample_id).toBe("A-0001");
  expect(await findFormText("m1")).toBe("/m.csv");
  expect(server.arrived.map((each) => each.path)).toEqual(["/visit/api/day", "/f.xml", "/m.csv", "/visit/api/day"]);
});

test("the version of a form that a draft began in stays until the draft is gone", async () => {
  serveDay("h1");
  await refreshDay(account);
  await saveHead(aHead({ formHash: "h1" }));
  serveDay("h2");
  await refreshDay(account);
  expect(await formTextHashes()).toEqual(new Set(["h1", "h2", "m1"]));
});

test("a day whose form does not arrive is not kept, and the one before stays", async () => {
  serveDay("h1");
  await refreshDay(account);
  serveDay("h2");
  const whole = server.answer;
  server.answer = (arrived, response) => (arrived.path === "/f.xml" ? void response.writeHead(500).end() : whole(arrived, response));
  await expect(refreshDay(account)).rejects.toMatchObject({ status: 500 });
  expect((await findDay("p1"))?.day.studies[0]?.forms[0]?.hash).toBe("h1");
});
