import { expect, test } from "vitest";
import { type Listed, standingOf, villagesOf } from "../src/visit/standing.ts";
import { aCase, aDay, aHead, aRecord } from "./examples.ts";

const kept = aDay([]);

function received(at: string) {
  return { receipt: { instance_id: "uuid:1", xml_hmac: "", files: {}, missing: [], received_at: at, key_id: "" }, signature: "" };
}

test("a household stands as the server says while the phone holds nothing of it", () => {
  expect(standingOf(aCase({ status: "appointment" }), kept, [], [aRecord({ caseId: "other" })])).toBe("appointment");
});

test("a draft shows before anything else", () => {
  expect(standingOf(aCase({ status: "done" }), kept, [aHead()], [aRecord()])).toBe("draft");
});

test("a finished form waits, and a refused one asks for a person", () => {
  expect(standingOf(aCase(), kept, [], [aRecord()])).toBe("waiting");
  expect(standingOf(aCase(), kept, [], [aRecord({ state: "stuck" })])).toBe("stuck");
});

test("a receipt that is newer than the day list counts as done", () => {
  const record = aRecord({ state: "sent", receipt: received("2026-11-20T08:30:00Z") });
  expect(standingOf(aCase(), kept, [], [record])).toBe("done");
});

test("a form returned after its receipt is to be done again", () => {
  const record = aRecord({ state: "sent", receipt: received("2026-11-20T07:00:00Z") });
  expect(standingOf(aCase({ status: "returned" }), kept, [], [record])).toBe("returned");
});

function listed(...entries: [sample: string, village: string, standing: Listed["standing"], order: number, due?: string][]): Listed[] {
  return entries.map(([sample_id, village, standing, order, due]) => ({
    entry: aCase({ sample_id, village, order, due: due ?? null }),
    standing,
    practice: false,
    studyId: "s1",
  }));
}

test("villages with open households come first, and in each what is urgent", () => {
  const villages = villagesOf(
    listed(["A", "甲村", "done", 1], ["B", "乙村", "todo", 2], ["C", "乙村", "returned", 5], ["D", "乙村", "todo", 3, "2026-11-21"]),
    "all",
    "",
  );
  expect(villages.map((village) => [village.place, village.cases.map((one) => one.entry.sample_id)])).toEqual([
    ["青石镇 乙村", ["C", "D", "B"]],
    ["青石镇 甲村", ["A"]],
  ]);
});

test("finished households leave the list of those to do, and are found by search", () => {
  const all = listed(["A-0001", "甲村", "waiting", 1], ["A-0002", "甲村", "todo", 2]);
  expect(villagesOf(all, "open", "").flatMap((village) => village.cases.map((one) => one.entry.sample_id))).toEqual(["A-0002"]);
  expect(villagesOf(all, "all", "0001")).toHaveLength(1);
  expect(villagesOf(all, "all", "甲村")[0]?.cases).toHaveLength(2);
});
