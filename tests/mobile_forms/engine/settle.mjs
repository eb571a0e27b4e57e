/* The phone's own engine, asked the same as our rules: reads a form and instances from standard input as JSON,
   writes what the engine makes of each: the instance it would hand in, and the rules that it finds broken. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const client = path.resolve(process.argv[2]);
const require = createRequire(path.join(client, "package.json"));
const { JSDOM } = require("jsdom");

const { window } = new JSDOM("<!doctype html>");
for (const name of ["DOMParser", "XMLSerializer", "Document", "Element", "Node", "Text", "Attr", "Comment", "CDATASection", "XPathResult"]) {
  globalThis[name] ??= window[name];
}
globalThis.window ??= globalThis;
globalThis.document ??= window.document;
globalThis.require = require;
globalThis.__dirname = client;

const engine = await import(pathToFileURL(path.join(client, "node_modules/@getodk/xforms-engine/dist/index.js")).href);
const { xml, media, instances } = JSON.parse(readFileSync(0, "utf8"));

function fetchFormAttachment(url) {
  const body = media[decodeURIComponent(url.href.split("/").at(-1))];
  const type = { "content-type": "text/csv" };
  return Promise.resolve(body === undefined ? new Response(null, { status: 404 }) : new Response(body, { headers: type }));
}

async function load() {
  const loaded = await engine.loadForm(xml, { fetchFormAttachment });
  if (loaded.status === "failure") throw loaded.error;
  return loaded;
}

const config = { instanceAttachments: { fileNameFactory: ({ basename, extension }) => `${basename}${extension ?? ""}` } };

async function settle(loaded, instance) {
  const data = new FormData();
  data.set("xml_submission_file", new File([instance], "xml_submission_file", { type: "text/xml" }));
  const { root } = await loaded.restoreInstance({ data: [data] }, config);
  const payload = await root.prepareInstancePayload({ payloadType: "monolithic" });
  return {
    xml: await payload.data[0].get("xml_submission_file").text(),
    broken: root.validationState.violations.map((each) => [each.reference, each.violation.condition]),
  };
}

const settled = [];
let loaded = null;
for (const [place, instance] of instances.entries()) {
  // The engine keeps restored instances alive, and each makes the next slower.
  if (place % 8 === 0) loaded = await load();
  settled.push(await settle(loaded, instance));
}
process.stdout.write(JSON.stringify(settled));
