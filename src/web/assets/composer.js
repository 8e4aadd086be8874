/** Writing, sending, queueing and stopping. */
import { announce, problemText } from "./app.js";
import { connection } from "./live.js";
import { deliver, draftOf, keepDraft, outbox, putOut, takeBack } from "./outbox.js";

/**
 * @param {{thread?: string, log: HTMLElement, follow: () => void, forceFollow: () => void}} chat
 */
export function startComposer({ thread, log, forceFollow }) {
  const form = /** @type {HTMLFormElement} */ (document.getElementById("composer"));
  const text = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("content"));
  const model = /** @type {HTMLSelectElement} */ (form.elements.namedItem("model"));
  const stop = document.getElementById("stop");
  const problem = document.getElementById("composer-problem");
  const draft = thread ?? "new";

  if (!text.value) text.value = draftOf(draft);
  text.addEventListener("input", () => keepDraft(draft, text.value));
  if (matchMedia("(pointer: fine)").matches) text.focus({ preventScroll: true });

  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    form.requestSubmit();
  });

  for (const starter of document.querySelectorAll("[data-starter]")) {
    starter.addEventListener("click", () => {
      text.value = starter.dataset.starter;
      form.requestSubmit();
    });
  }

  // === Sending.
  form.addEventListener("submit", (event) => {
    if (!text.value.trim()) return event.preventDefault();
    problem.textContent = "";
    if (!thread) return keepDraft(draft, ""); // A new chat is an ordinary form: the answer is its page.
    event.preventDefault();
    const message = { key: crypto.randomUUID(), thread, content: text.value, model: model.value };
    text.value = "";
    keepDraft(draft, "");
    putOut(message);
    show(message);
    forceFollow();
    flush();
  });

  /** A message that is only in this browser. @param {{key: string, content: string}} message */
  function show(message) {
    if (document.getElementById(`unsent-${message.key}`)) return;
    document.getElementById("blank")?.remove();
    const turn = document.createElement("div");
    turn.className = "turn unsent";
    turn.id = `unsent-${message.key}`;
    turn.dataset.state = "sending";
    const article = document.createElement("article");
    article.className = "message user";
    article.setAttribute("aria-label", "You");
    const bubble = document.createElement("div");
    bubble.className = "bubble";
    bubble.dir = "auto";
    bubble.textContent = message.content;
    const meta = document.createElement("p");
    meta.className = "meta";
    const word = document.createElement("span");
    word.className = "word";
    word.textContent = "Sending";
    meta.append(word);
    article.append(bubble, meta);
    turn.append(article);
    log.append(turn);
  }

  /** @param {string} key @param {string} word @param {boolean} refused */
  function mark(key, word, refused = false) {
    const turn = document.getElementById(`unsent-${key}`);
    if (!turn) return;
    const meta = turn.querySelector(".meta");
    meta.querySelector(".word").textContent = word;
    meta.querySelector("button")?.remove();
    if (!refused) return;
    const back = document.createElement("button");
    back.type = "button";
    back.className = "link";
    back.textContent = "Edit";
    back.addEventListener("click", () => {
      text.value = turn.querySelector(".bubble").textContent;
      takeBack(key);
      turn.remove();
      text.focus();
    });
    meta.append(back);
  }

  let flushing = false;
  let again = 0;
  /** Sends what waits for this chat, oldest first. */
  async function flush() {
    if (flushing) return;
    flushing = true;
    clearTimeout(again);
    try {
      for (let next = first(); next; next = first()) {
        const outcome = await deliver(next);
        if (outcome.turn) {
          takeBack(next.key);
          document.getElementById(`unsent-${next.key}`)?.remove();
          placeholder(outcome.turn, next.content);
        } else if (outcome.problem) {
          takeBack(next.key);
          mark(next.key, `Not sent: ${outcome.problem}`, true);
          announce(`Not sent: ${outcome.problem}`);
        } else {
          mark(next.key, "Will be sent when the connection is back");
          if (outcome.retry) again = setTimeout(flush, outcome.retry * 1000);
          break;
        }
      }
    } finally {
      flushing = false;
    }
  }
  const first = () => outbox().find((message) => message.thread === thread);

  /** The message is stored; its own turn comes through the stream, and may already be here. @param {string} turn @param {string} content */
  function placeholder(turn, content) {
    if (document.getElementById(`turn-${turn}`)) return;
    show({ key: turn, content });
    const made = document.getElementById(`unsent-${turn}`);
    made.id = `turn-${turn}`;
    made.dataset.turn = turn;
    made.classList.remove("unsent");
    made.querySelector(".word").textContent = "Stored";
  }

  if (thread) {
    for (const message of outbox()) if (message.thread === thread) show(message);
    flush();
    connection.addEventListener("state", (event) => { if (event.detail.state === "live") flush(); });
  }

  // === Stopping, out of band.
  const running = () => log.querySelector(".turn[data-state=running]");
  function turnChanged() {
    stop.hidden = !running();
  }
  async function stopNow() {
    const turn = running();
    if (!turn) return;
    stop.disabled = true;
    try {
      const answer = await fetch(`/c/${thread}/turns/${turn.dataset.turn}/stop`, { method: "POST", headers: { accept: "application/json" } });
      if (!answer.ok) problem.textContent = await problemText(answer);
    } catch {
      problem.textContent = "The daemon cannot be reached, so the answer could not be stopped.";
    } finally {
      stop.disabled = false;
    }
  }
  stop.addEventListener("click", stopNow);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing && !document.querySelector(":popover-open")) stopNow();
  });
  turnChanged();
  return { turnChanged };
}
