/**
 * Answers to questions. A click with a pointer allows once; a key only arms the answer, and a
 * second, different key gives it, so that Enter alone never allows anything. What lasts longer
 * than once is always armed first and says what it does.
 */
import { announce, problemText } from "./app.js";

/** How long an answer stays armed. */
const ARMED_MS = 8000;
/** A question that has just appeared under the pointer is not answered by a click that was meant for something else. */
const YOUNG_MS = 500;

/** @type {WeakMap<Element, number>} when a card came into the page by itself */
const came = new WeakMap();
/** @type {{panel: HTMLElement, button: HTMLButtonElement, yes: () => void, timer: number} | null} */
let armed = null;

for (const card of document.querySelectorAll("[data-approval]")) came.set(card, 0);
new MutationObserver((changes) => {
  for (const change of changes) {
    for (const node of change.addedNodes) {
      if (!(node instanceof Element)) continue;
      for (const card of node.matches("[data-approval]") ? [node] : node.querySelectorAll("[data-approval]")) if (!came.has(card)) came.set(card, Date.now());
    }
  }
}).observe(document.getElementById("main"), { childList: true, subtree: true });

/** @param {string} name @param {string} text @param {string} [kind] */
function element(name, text, kind = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function disarm() {
  if (!armed) return;
  clearTimeout(armed.timer);
  armed.panel.remove();
  armed.button.removeAttribute("aria-expanded");
  armed = null;
}

/** @param {Element} card @param {string} choice @param {string} reason */
async function decide(card, choice, reason) {
  disarm();
  const problem = card.querySelector(".problem");
  const buttons = card.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  let said = "Done.";
  try {
    const answer = await fetch(`/a/${card.dataset.approval}/decide`, {
      method: "POST",
      headers: { accept: "application/json" },
      body: new URLSearchParams({ choice, reason, sure: "yes" }),
    });
    if (answer.ok) said = choice === "deny" ? "Denied." : "Allowed.";
    else said = await problemText(answer);
    if (!answer.ok && problem) problem.textContent = said;
  } catch {
    said = "The daemon cannot be reached, so nothing was decided.";
    if (problem) problem.textContent = said;
  }
  for (const button of buttons) button.disabled = false;
  announce(said);
}

/** @param {HTMLButtonElement} button @param {Element} card */
function arm(button, card) {
  disarm();
  const choice = button.dataset.choice;
  const panel = element("div", "", "sure");
  const cancel = /** @type {HTMLButtonElement} */ (element("button", "Cancel"));
  cancel.type = "button";
  cancel.addEventListener("click", () => { disarm(); button.focus(); });
  let yes;
  if (choice === "deny") {
    const form = document.createElement("form");
    const label = element("label", "Why? It may stay empty. ");
    const reason = document.createElement("input");
    reason.maxLength = 500;
    reason.autocomplete = "off";
    label.append(reason);
    const submit = element("button", "Deny", "bad");
    form.append(label, submit, cancel);
    yes = () => decide(card, choice, reason.value);
    form.addEventListener("submit", (event) => { event.preventDefault(); yes(); });
    panel.append(form);
    button.closest(".actions").after(panel);
    reason.focus();
  } else {
    yes = () => decide(card, choice, "");
    const text = element("p", `${button.dataset.effect} Press `.trimStart());
    text.append(element("kbd", "Y"), ` to ${button.textContent.toLowerCase()}, `, element("kbd", "Esc"), " to leave it.");
    text.setAttribute("role", "status");
    const sure = /** @type {HTMLButtonElement} */ (element("button", `Yes, ${button.textContent.toLowerCase()}`));
    sure.type = "button";
    sure.dataset.sure = "";
    sure.addEventListener("click", yes);
    panel.append(text, sure, cancel);
    button.closest(".actions").after(panel);
  }
  button.setAttribute("aria-expanded", "true");
  const timer = choice === "deny" ? 0 : setTimeout(disarm, ARMED_MS);
  armed = { panel, button, yes, timer };
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-choice]");
  const card = button?.closest("[data-approval]");
  if (!card) return;
  // `detail` counts presses of a pointer; it is 0 for keys.
  if (event.detail > 0 && Date.now() - (came.get(card) ?? 0) < YOUNG_MS) {
    announce("This question has just appeared. Read it, then press again.");
    return;
  }
  if (button.dataset.choice === "allow" && event.detail > 0) decide(card, "allow", "");
  else arm(button, card);
});

document.addEventListener("keydown", (event) => {
  if (!armed || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.key === "Escape") {
    const { button } = armed;
    disarm();
    button.focus();
    event.stopImmediatePropagation();
  } else if (event.key.toLowerCase() === "y" && armed.button.dataset.choice !== "deny" && !event.target.closest?.("input, textarea, select")) {
    event.preventDefault();
    armed.yes();
  }
}, true);
