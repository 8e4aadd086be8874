/** The inbox: keys to go through the list, and ticks that survive its changes. */
import "./decide.js";

const inbox = document.getElementById("inbox");
/** @type {Set<string>} */
const ticked = new Set();

inbox.addEventListener("change", (event) => {
  const box = event.target;
  if (box.name !== "id") return;
  if (box.checked) ticked.add(box.value);
  else ticked.delete(box.value);
});
inbox.addEventListener("filled", () => {
  for (const box of inbox.querySelectorAll("input[name=id]")) box.checked = ticked.has(box.value);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), textarea, select")) return;
  const cards = [...inbox.querySelectorAll(".ask")];
  const at = cards.indexOf(document.activeElement?.closest(".ask"));
  if (event.key === "j" || event.key === "k") {
    const next = cards[at < 0 ? 0 : Math.min(cards.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  } else if (event.key === "a" && at >= 0) {
    location.href = `/a/${cards[at].dataset.approval}`;
  }
});
