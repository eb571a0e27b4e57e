// Reads printed codes as a phone would: PDFium draws the pages, jsQR finds the code in each box. Neither made them.
// node read_codes.mjs CLIENT FILE.pdf '{"dots": 150, "wear": 0, "boxes": [[x, y, width, height], …]}' (millimetres)
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const [client, file, words] = process.argv.slice(2);
const { dots, wear, boxes } = JSON.parse(words);
const require = createRequire(`${client}/package.json`);
const { PDFiumLibrary } = require("@hyzyla/pdfium");
const jsQR = require("jsqr").default ?? require("jsqr");

function cut(image, [x, y, width, height]) {
  const scale = dots / 25.4;
  const [left, top] = [Math.round(x * scale), Math.round(y * scale)];
  const wide = Math.min(Math.round(width * scale), image.width - left);
  const high = Math.min(Math.round(height * scale), image.height - top);
  const data = new Uint8ClampedArray(wide * high * 4);
  for (let row = 0; row < high; row += 1) {
    const from = ((top + row) * image.width + left) * 4;
    data.set(image.data.subarray(from, from + wide * 4), row * wide * 4);
  }
  return { data, wide, high };
}

// A scratch: a white bar across the middle of the code, so high as a share of its side.
function scratch({ data, wide }, { location }, share) {
  const { topLeftCorner: a, bottomRightCorner: b } = location;
  const side = b.y - a.y, from = Math.round(a.y + side * (0.5 - share / 2)), to = Math.round(a.y + side * (0.5 + share / 2));
  data.fill(255, from * wide * 4, to * wide * 4);
}

const library = await PDFiumLibrary.init();
const document = await library.loadDocument(await readFile(file));
const found = [];
for (const page of document.pages()) {
  const image = await page.render({ scale: dots / 72, render: "bitmap" });
  found.push(boxes.map((box) => {
    const part = cut(image, box);
    let code = jsQR(part.data, part.wide, part.high);
    if (code && wear) { scratch(part, code, wear); code = jsQR(part.data, part.wide, part.high); }
    return code ? code.data : null;
  }));
}
document.destroy();
library.destroy();
console.log(JSON.stringify(found));
