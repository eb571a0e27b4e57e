// The second at which one listens goes into the mark; a mark plays from its second.
const sound = document.querySelector("audio");
const second = document.querySelector("[name=second]");
sound.addEventListener("timeupdate", () => {
  if (second && document.activeElement !== second) second.value = String(Math.floor(sound.currentTime));
});
for (const mark of document.querySelectorAll("[data-second]")) {
  mark.addEventListener("click", () => {
    sound.currentTime = Number(mark.dataset.second);
    void sound.play();
  });
}
