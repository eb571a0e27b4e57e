import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { createRequire } from "node:module";
import { beforeEach } from "vitest";
import { disconnect } from "../src/store/db.ts";
import { forgetKey } from "../src/store/seal.ts";

// The engine is made for browsers; its WebAssembly loader looks for these where it finds itself in Node.
Object.assign(globalThis, { __dirname: import.meta.dirname, require: createRequire(import.meta.url) });

/** Every test begins on a phone that has never seen the program. */
beforeEach(async () => {
  await disconnect();
  forgetKey();
  globalThis.indexedDB = new IDBFactory();
});
