/** The tree: open and close, filter, pause, and the keys of a treegrid. */
import { announce, paused } from "./app.js";

const wrap = document.getElementById("tree-wrap");
const filter = /** @type {HTMLInputElement} */ (document.getElementById("filter"));
const pause = document.getElementById("pause");
/** What the person opened or closed, against what the server suggests. @type {Map<string, boolean>} */
const chosen = new Map();
let current = "";

/** @returns {HTMLElement[]} */
const rows = () => [...wrap.querySelectorAll("tbody tr")];

/** Hides what is closed or filtered away. */
function arrange() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let closedAt = Infinity;
  for (const row of rows()) {
    const level = Number(row.dataset.level);
    if (row.hasAttribute("aria-expanded") && chosen.has(row.dataset.path)) {
      row.setAttribute("aria-expanded", String(chosen.get(row.dataset.path)));
    }
    if (level <= closedAt) closedAt = Infinity;
    const text = `${row.dataset.path} ${row.dataset.state}`.toLowerCase();
    row.hidden = words.length > 0 ? !words.every((word) => text.includes(word.replace(/^(state|kind):/, ""))) : level > closedAt;
    if (row.getAttribute("aria-expanded") === "false" && level < closedAt) closedAt = level;
  }
  const shown = rows().filter((row) => !row.hidden);
  const active = shown.find((row) => row.dataset.path === current) ?? shown[0];
  for (const row of rows()) row.tabIndex = row === active ? 0 : -1;
}

/** @param {HTMLElement} row @param {boolean} open */
function setOpen(row, open) {
  if (!row.hasAttribute("aria-expanded")) return;
  chosen.set(row.dataset.path, open);
  arrange();
}

/** @param {HTMLElement | undefined} row */
function go(row) {
  if (!row) return;
  current = row.dataset.path;
  arrange();
  row.focus();
}

wrap.addEventListener("click", (event) => {
  const twist = event.target.closest?.("button.twist");
  if (!twist) return;
  const row = twist.closest("tr");
  setOpen(row, row.getAttribute("aria-expanded") !== "true");
});

wrap.addEventListener("keydown", (event) => {
  const row = event.target;
  if (!(row instanceof HTMLTableRowElement)) return;
  const shown = rows().filter((r) => !r.hidden);
  const at = shown.indexOf(row);
  const open = row.getAttribute("aria-expanded");
  const parent = () => shown.slice(0, at).reverse().find((r) => Number(r.dataset.level) < Number(row.dataset.level));
  const keys = {
    ArrowDown: () => go(shown[at + 1]),
    ArrowUp: () => go(shown[at - 1]),
    Home: () => go(shown[0]),
    End: () => go(shown.at(-1)),
    ArrowRight: () => (open === "false" ? setOpen(row, true) : open === "true" && go(shown[at + 1])),
    ArrowLeft: () => (open === "true" ? setOpen(row, false) : go(parent())),
  };
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

filter.addEventListener("input", arrange);

let newer = 0;
pause.addEventListener("click", () => {
  const on = !paused.has("runtime");
  pause.setAttribute("aria-pressed", String(on));
  if (on) paused.add("runtime");
  else paused.delete("runtime");
  newer = 0;
  pause.querySelector(".word").textContent = on ? "Paused" : "Pause";
  if (!on) wrap.dispatchEvent(new CustomEvent("release"));
  announce(on ? "The view is paused." : "The view is live.");
});
wrap.addEventListener("held", () => {
  newer += 1;
  pause.querySelector(".word").textContent = `Paused, ${newer} newer`;
});
wrap.addEventListener("filled", arrange);
arrange();
