import { expect, test } from "vitest";
import { HeldElsewhere, hold } from "../src/engine/hold.ts";

test("a draft is open in one window at a time", async () => {
  const letGo = await hold("d1");
  await expect(hold("d1", 20)).rejects.toBeInstanceOf(HeldElsewhere);
  await expect(hold("d2", 20)).resolves.toBeTypeOf("function");
  letGo();
  await expect(hold("d1", 20)).resolves.toBeTypeOf("function");
});

test("a window that is just leaving is waited for", async () => {
  const letGo = await hold("d3");
  setTimeout(letGo, 20);
  await expect(hold("d3", 1000)).resolves.toBeTypeOf("function");
});
