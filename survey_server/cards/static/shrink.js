// A phone's photograph becomes a small one before it is sent: 5 × 7, upright, and without place or camera.
const WIDTH = 240, HEIGHT = 336;

async function shrink(input) {
  const [file] = input.files;
  if (!file) return;
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.max(WIDTH / picture.width, HEIGHT / picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#fff";
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.drawImage(picture, (WIDTH - width) / 2, (HEIGHT - height) / 2, width, height);
  const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
  const chosen = new DataTransfer();
  chosen.items.add(new File([small], "photo.jpg", { type: "image/jpeg" }));
  input.files = chosen.files;
  input.dataset.ready = "yes";
}

for (const input of document.querySelectorAll("input[data-shrink]")) {
  input.addEventListener("change", () => {
    if (input.dataset.ready) { delete input.dataset.ready; return; }
    shrink(input).catch(() => {}); // what no browser can read, the server names
  });
}
