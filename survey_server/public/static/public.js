// Only helps: every page works without it. What is typed is kept in this browser until it is handed in, for a day.
"use strict";
(() => {
  const DAY = 864e5, MOST_SIDE = 1600;
  const key = "zoufang" + location.pathname.split("/").slice(0, 3).join("/");
  const form = document.querySelector("form[data-interview]");

  const kept = {
    read() {
      try {
        const found = JSON.parse(localStorage.getItem(key));
        return found && Date.now() - found.at < DAY ? found : null;
      } catch { return null; }
    },
    write(more) {
      try { localStorage.setItem(key, JSON.stringify({ at: Date.now(), state: form.state.value, typed: [], ...more })); } catch { /* private mode, or full */ }
    },
    drop() { try { localStorage.removeItem(key); } catch { /* likewise */ } },
  };

  if (!form) { if (document.querySelector(".done")) kept.drop(); return; }

  const boxes = () => [...form.elements].filter((box) => /^q\d*\./.test(box.name) && box.type !== "file");
  const typed = () => boxes().filter((box) => (/radio|checkbox/.test(box.type) ? box.checked : box.value !== ""))
    .map((box) => [box.name, box.value]);
  const keep = () => kept.write({ typed: typed() });
  const show = (box) => { box.hidden = false; };

  function fill(pairs) {
    for (const box of boxes()) {
      const values = pairs.filter(([name]) => name === box.name).map(([, value]) => value);
      if (/radio|checkbox/.test(box.type)) box.checked = values.includes(box.value);
      else if (values.length) [box.value] = values;
    }
  }

  const found = kept.read();
  if (found && found.going) { fill(found.typed); keep(); }
  else if (found && form.dataset.opened && found.state !== form.state.value) {
    const bar = form.querySelector("[data-resume]");
    show(bar);
    bar.querySelector("[data-go]").addEventListener("click", () => {
      try { localStorage.setItem(key, JSON.stringify({ ...found, going: true })); } catch { /* likewise */ }
      form.state.value = found.state;
    });
    bar.querySelector("[data-anew]").addEventListener("click", () => { bar.hidden = true; keep(); });
  } else if (!form.dataset.opened) keep();
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);
  addEventListener("pageshow", (event) => { if (event.persisted && !kept.read()) form.reset(); });

  const reader = document.querySelector("[data-read]");
  if (reader && window.speechSynthesis && window.SpeechSynthesisUtterance) {
    const words = reader.textContent;
    const stop = () => { speechSynthesis.cancel(); reader.textContent = words; for (const part of document.querySelectorAll(".reading")) part.classList.remove("reading"); };
    show(reader);
    reader.addEventListener("click", () => {
      if (reader.textContent !== words) { stop(); return; }
      const parts = [...form.querySelectorAll("h1, h2, h3, .note, .question")];
      reader.textContent = reader.dataset.stop;
      parts.forEach((part, place) => {
        const say = new SpeechSynthesisUtterance(part.innerText.replace(/\n+/g, "。"));
        say.lang = document.documentElement.lang === "zh" ? "zh-CN" : document.documentElement.lang;
        say.rate = 0.9;
        say.onstart = () => part.classList.add("reading");
        say.onend = () => { part.classList.remove("reading"); if (place === parts.length - 1) stop(); };
        speechSynthesis.speak(say);
      });
    });
    addEventListener("pagehide", stop);
  }

  for (const button of form.querySelectorAll("[data-place]")) {
    if (!navigator.geolocation || !isSecureContext) break;
    show(button);
    button.addEventListener("click", () => {
      button.disabled = true;
      navigator.geolocation.getCurrentPosition(({ coords }) => {
        const numbers = [coords.latitude.toFixed(6), coords.longitude.toFixed(6), Math.round(coords.altitude || 0), Math.round(coords.accuracy)];
        document.getElementById(button.dataset.place).value = numbers.join(" ");
        button.disabled = false;
        keep();
      }, () => { button.disabled = false; button.nextElementSibling.hidden = false; }, { enableHighAccuracy: true, timeout: 20000 });
    });
  }

  async function shrink(input) {
    const [file] = input.files;
    if (!file || file.size < 400000) return;
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, MOST_SIDE / Math.max(picture.width, picture.height));
    const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) });
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
    const chosen = new DataTransfer();
    chosen.items.add(new File([small], "photo.jpg", { type: "image/jpeg" }));
    input.files = chosen.files;
  }
  for (const input of form.querySelectorAll("input[type=file]")) {
    input.addEventListener("change", () => { shrink(input).catch(() => {}); }); // what cannot be shrunk goes as it is
  }
})();
