/**
 * One process as it runs. Output is added as it comes; of a terminal, the daemon sends what is on its screen, so
 * nothing is interpreted here. A connection that breaks comes back at the place where it broke.
 */
import { announce } from "./app.js";

const screen = document.getElementById("screen");
const chip = document.getElementById("state");
const line = document.getElementById("line");
const kill = document.getElementById("kill");
const form = /** @type {HTMLFormElement | null} */ (document.getElementById("input-form"));
const terminal = screen.hasAttribute("data-terminal");
/** Most characters of output that the page keeps; the transcript has all. */
const KEPT = 400_000;
const WAIT_MS = [500, 1000, 2000, 5000];

/** @type {WebSocket | null} */
let socket = null;
/** The place in the transcript that is shown. @type {number | null} */
let offset = null;
/** The place from which this connection goes on. @type {number | null} */
let resumed = null;
let ended = screen.hasAttribute("data-ended");
let tries = 0;
let modes = { application_keys: false, bracketed_paste: false };

// === What is shown

/** @param {string} text @param {string} [kind] */
function add(text, kind) {
  const end = screen.scrollHeight - screen.scrollTop - screen.clientHeight < 40;
  const last = screen.lastChild;
  if (!kind && last instanceof Text) last.appendData(text);
  else if (kind && last instanceof HTMLElement && last.className === kind) last.firstChild.appendData(text);
  else if (kind) {
    const span = document.createElement("span");
    span.className = kind;
    span.append(text);
    screen.append(span);
  } else screen.append(text);
  let over = screen.textContent.length - KEPT;
  while (over > 0 && screen.firstChild) {
    const first = screen.firstChild;
    const text = first instanceof Text ? first : first.firstChild;
    if (text.length > over) text.deleteData(0, over);
    else first.remove();
    over = screen.textContent.length - KEPT;
  }
  if (end) screen.scrollTop = screen.scrollHeight;
}

/** The text of a stream without a terminal's commands, which nobody carries out here. @param {string} text */
const plain = (text) => text.replace(/\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b./g, "").replace(/\r\n/g, "\n");

/** @param {string | undefined} colour @param {HTMLElement} span @param {"color" | "backgroundColor"} what */
function paint(span, what, colour) {
  if (colour === undefined) return;
  const number = Number(colour);
  if (colour.startsWith("#")) span.style[what] = colour;
  else if (number < 16) span.classList.add(`${what === "color" ? "fg" : "bg"}-${number}`);
  else if (number >= 232) span.style[what] = `rgb(${Array(3).fill(8 + (number - 232) * 10).join()})`;
  else {
    const cube = [Math.floor((number - 16) / 36), Math.floor((number - 16) / 6) % 6, (number - 16) % 6];
    span.style[what] = `rgb(${cube.map((part) => (part ? 55 + part * 40 : 0)).join()})`;
  }
}

/** @param {{ text: string, fg?: string, bg?: string, look?: string }} part */
function drawn(part) {
  if (!part.fg && !part.bg && !part.look) return document.createTextNode(part.text);
  const span = document.createElement("span");
  span.append(part.text);
  paint(span, "color", part.fg);
  paint(span, "backgroundColor", part.bg);
  for (const letter of part.look ?? "") span.classList.add(`look-${letter}`);
  return span;
}

/** Puts the cursor into a line: characters count, so that it is where the program put it. @param {Element} row @param {number} column */
function putCursor(row, column) {
  const text = row.textContent.padEnd(column + 1);
  let cells = 0;
  let at = 0;
  for (const char of text) {
    if (cells >= column) break;
    cells += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(char) ? 2 : 1;
    at += char.length;
  }
  row.append(" ".repeat(Math.max(0, text.length - row.textContent.length)));
  const walk = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (at < node.length) {
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, Math.min(node.length, at + (node.data.codePointAt(at) > 0xffff ? 2 : 1)));
      const mark = document.createElement("span");
      mark.className = "cursor";
      range.surroundContents(mark);
      return;
    }
    at -= node.length;
  }
}

/** @param {any} glance */
function draw(glance) {
  modes = glance;
  screen.style.setProperty("--rows", glance.rows);
  const rows = glance.lines.map((parts) => {
    const row = document.createElement("span");
    row.className = "row";
    row.append(...parts.map(drawn));
    return row;
  });
  if (glance.cursor && !ended) {
    const [row, column] = glance.cursor;
    if (rows[row]) putCursor(rows[row], column);
  }
  screen.replaceChildren(...rows.flatMap((row, n) => (n ? ["\n", row] : [row])));
}

// === The connection

/** @param {string} text */
function note(text) {
  line.textContent = text;
}

/** @param {string} state @param {string} words */
function finish(state, words) {
  ended = true;
  chip.dataset.state = state;
  chip.querySelector(".word").textContent = words;
  note("");
  if (kill) kill.hidden = true;
  if (form) form.hidden = true;
  announce(`The process has ended: ${words}`);
}

/** @param {string} text */
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** @param {any} message */
function take(message) {
  if (typeof message.offset === "number") offset = message.offset;
  if (message.type === "catchup") {
    if (terminal) return;
    if (resumed === null) screen.textContent = "";
    else if (message.from > resumed) add(`\n[… ${message.from - resumed} bytes are in the transcript only …]\n`, "stderr");
    add(plain(message.data));
    screen.scrollTop = screen.scrollHeight;
  } else if (message.type === "stdout") add(plain(message.data));
  else if (message.type === "stderr") add(plain(message.data), "stderr");
  else if (message.type === "screen") draw(message);
  else if (message.type === "behind") note("Some output was too fast to show; the transcript has it.");
  else if (message.type === "error") note(sentence(message.error));
  else if (message.type === "exit") finish(message.code === 0 ? "done" : "failed", sentence(message.reason));
  else if (message.type === "killed") finish(message.lost ? "interrupted" : "stopped", message.lost ? "Lost" : sentence(message.reason));
}

function connect() {
  resumed = offset;
  const address = new URL(`/sessions/${screen.dataset.id}/ws`, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  if (terminal) address.searchParams.set("view", "screen");
  else if (offset !== null) address.searchParams.set("since", String(offset));
  socket = new WebSocket(address, "sessions");
  socket.addEventListener("open", () => {
    note("");
    if (terminal) fit();
  });
  socket.addEventListener("message", (event) => {
    take(JSON.parse(event.data));
    tries = 1;
  });
  socket.addEventListener("close", () => {
    socket = null;
    if (ended) return;
    note("Connecting again …");
    setTimeout(connect, WAIT_MS[Math.min(tries, WAIT_MS.length - 1)]);
    tries += 1;
  });
}

/** @param {any} message */
function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  else note("Not connected; it was not sent.");
}

/** @param {string} data */
const type = (data) => send({ type: "stdin", data });

// === A terminal: keys, pasted text, size

/** What a key is to a program, as terminals have it since 1978. @param {KeyboardEvent} event */
function bytes(event) {
  const arrows = { ArrowUp: "A", ArrowDown: "B", ArrowRight: "C", ArrowLeft: "D", Home: "H", End: "F" };
  const named = {
    Enter: "\r", Tab: event.shiftKey ? "\x1b[Z" : "\t", Backspace: "\x7f", Escape: "\x1b", Delete: "\x1b[3~", Insert: "\x1b[2~",
    PageUp: "\x1b[5~", PageDown: "\x1b[6~", F1: "\x1bOP", F2: "\x1bOQ", F3: "\x1bOR", F4: "\x1bOS", F5: "\x1b[15~",
    F6: "\x1b[17~", F7: "\x1b[18~", F8: "\x1b[19~", F9: "\x1b[20~", F10: "\x1b[21~", F12: "\x1b[24~",
  };
  const alt = event.altKey ? "\x1b" : "";
  if (arrows[event.key]) {
    const with_ = 1 + (event.shiftKey ? 1 : 0) + (event.altKey ? 2 : 0) + (event.ctrlKey ? 4 : 0);
    if (with_ > 1) return `\x1b[1;${with_}${arrows[event.key]}`;
    return `\x1b${modes.application_keys ? "O" : "["}${arrows[event.key]}`;
  }
  if (named[event.key]) return alt + named[event.key];
  if (event.ctrlKey && event.key.length === 1) {
    const code = event.key.toUpperCase().charCodeAt(0);
    if (event.key === " ") return `${alt}\x00`;
    if (code >= 64 && code < 96) return alt + String.fromCharCode(code - 64);
    return null;
  }
  return event.key.length === 1 ? alt + event.key : null;
}

function fit() {
  const probe = document.createElement("span");
  probe.textContent = "M".repeat(10);
  probe.className = "probe";
  screen.append(probe);
  const box = probe.getBoundingClientRect();
  probe.remove();
  const style = getComputedStyle(screen);
  const width = screen.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const cols = Math.floor(width / (box.width / 10));
  // Where the screen is small, the keys of the system and the field below need their place.
  const rows = Math.floor((innerHeight * (innerWidth < 700 ? 0.4 : 0.6)) / parseFloat(style.lineHeight));
  if (cols > 0 && rows > 0) send({ type: "resize", rows: Math.min(500, Math.max(5, rows)), cols: Math.min(500, Math.max(20, cols)) });
}

if (terminal && screen.hasAttribute("data-types")) {
  screen.addEventListener("keydown", (event) => {
    if (ended || event.metaKey || event.isComposing) return;
    if (event.ctrlKey && event.key === "]") {
      event.preventDefault();
      (document.getElementById("input") ?? document.querySelector("nav a")).focus();
      return;
    }
    // The browser's own copy and paste stay.
    if (event.ctrlKey && event.shiftKey) return;
    if (event.ctrlKey && event.key === "c" && !getSelection().isCollapsed) return;
    if (event.ctrlKey && event.key === "v") return;
    const data = bytes(event);
    if (data === null) return;
    event.preventDefault();
    type(data);
  });
  screen.addEventListener("paste", (event) => {
    event.preventDefault();
    const text = event.clipboardData.getData("text/plain").replace(/\r?\n/g, "\r");
    if (text) type(modes.bracketed_paste ? `\x1b[200~${text.replace(/\x1b/g, "")}\x1b[201~` : text);
  });
  let resizing = 0;
  addEventListener("resize", () => {
    clearTimeout(resizing);
    resizing = setTimeout(() => socket && !ended && fit(), 200);
  });
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (document.getElementById("input"));
  if (event.submitter?.getAttribute("value") === "end") return send({ type: "eof" });
  type(field.value + (terminal ? "\r" : "\n"));
  field.value = "";
});

screen.scrollTop = screen.scrollHeight;
if (!ended && screen.hasAttribute("data-types")) connect();
