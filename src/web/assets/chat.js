/** The conversation: a view of the thread's log that every tab and every reload shares. */
import { announce } from "./app.js";
import { copy, enhanceCode } from "./code.js";
import { startComposer } from "./composer.js";
import { subscribe } from "./live.js";
import { adopt, putBlock, replace } from "./swap.js";
import { fragment } from "./trusted.js";
import { tickTimes } from "./time.js";

const view = document.querySelector(".thread");
const log = document.getElementById("log");
const latest = document.getElementById("latest");
const thread = view.dataset.thread;
let cursor = Number(view.dataset.cursor ?? 0);

/** @param {string} id */
const turnOf = (id) => document.getElementById(`turn-${id}`);

// === Scrolling: follow the end only while the reader is at the end.
let following = true;
const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 60;
log.addEventListener("scroll", () => {
  following = atEnd();
  latest.hidden = following;
}, { passive: true });
latest.addEventListener("click", () => {
  following = true;
  follow();
});
function follow() {
  if (following) log.scrollTop = log.scrollHeight;
  else latest.hidden = atEnd();
}
new ResizeObserver(follow).observe(log);

// === Events.
const composer = startComposer({ thread, log, follow, forceFollow: () => { following = true; follow(); } });

/** A whole turn: new, changed while this page was away, or ended. @param {any} data */
function onTurn(data) {
  const before = turnOf(data.turn);
  document.getElementById("blank")?.remove();
  const wasOpen = before && ["running", "queued"].includes(before.dataset.state);
  let turn;
  if (before) {
    turn = replace(before, data.html);
  } else {
    turn = fragment(data.html).firstElementChild;
    // Ids grow with time, so a turn's place is known even when it comes late.
    const next = [...log.querySelectorAll(".turn[data-turn]")].find((other) => other.dataset.turn > data.turn);
    const unsent = log.querySelector(".turn.unsent");
    log.insertBefore(turn, next ?? unsent ?? null);
    adopt(turn);
  }
  enhanceCode(turn);
  tickTimes();
  composer.turnChanged();
  if (data.ended && wasOpen) announce(data.ended);
}

/** @param {any} data */
function onBlock(data) {
  const body = turnOf(data.turn)?.querySelector(".body");
  if (!body) return;
  const block = putBlock(body, data.n, data.html, data.pending);
  if (!data.pending) enhanceCode(block.parentNode);
}

/** @param {any} data */
function onThinking(data) {
  const box = turnOf(data.turn)?.querySelector(".thinking");
  if (!box) return;
  box.hidden = false;
  const thought = box.querySelector(".thought");
  thought.textContent = thought.textContent.slice(0, data.at) + data.text;
}

/** @param {any} data */
function onTool(data) {
  const place = turnOf(data.turn)?.querySelector(".tools");
  if (!place) return;
  const next = fragment(data.html).firstElementChild;
  const old = document.getElementById(next.id);
  if (old) replace(old, data.html);
  else place.append(next);
}

const handlers = { turn: onTurn, block: onBlock, thinking: onThinking, tool: onTool };

if (thread) {
  subscribe(`thread:${thread}`, (data) => {
    if (data.what === "reset") location.reload();
    handlers[data.what]?.(data);
    if (data.cursor) cursor = data.cursor;
    follow();
  }, () => cursor);
}

log.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-copy-turn]");
  if (!button) return;
  const blocks = [...button.closest(".turn").querySelectorAll(".block")];
  copy(blocks.map((block) => block.innerText.trim()).join("\n\n"), button);
});

adopt(log);
enhanceCode(log);
follow();
