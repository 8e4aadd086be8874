/** What every page has: theme, connection chip, live fragments, quiet forms, relative times. */
import { connection, subscribe } from "./live.js";
import { adoptKeyed, fill } from "./swap.js";
import { outboxCount } from "./outbox.js";
import "./palette.js";
import { tickTimes } from "./time.js";

document.documentElement.dataset.js = "";
adoptKeyed(document);

// === Theme: system → light → dark. A cookie, so that the server draws the right one at once.
const themes = ["system", "light", "dark"];
const themeButton = document.getElementById("theme");
function showTheme() {
  const theme = document.documentElement.dataset.theme;
  themeButton.querySelector(".word").textContent = theme[0].toUpperCase() + theme.slice(1);
  themeButton.setAttribute("aria-label", `Theme: ${theme}. Change it.`);
}
themeButton.addEventListener("click", () => {
  const theme = themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length];
  document.documentElement.dataset.theme = theme;
  document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
  showTheme();
});
showTheme();

// === The connection chip tells all there is to tell.
const followed = document.querySelector("[data-fragment], [data-thread]");
const chip = followed && document.getElementById("connection");
let state = { state: "connecting" };
function showConnection() {
  if (!chip) return;
  const waiting = outboxCount();
  const later = waiting ? `, will send later (${waiting})` : "";
  let name = state.state;
  let text = "Connecting";
  if (name === "live" && state.build !== document.body.dataset.build) [name, text] = ["update", "Update ready: reload"];
  else if (name === "live") text = waiting ? `Sending (${waiting})` : "Live";
  else if (name === "waiting") text = `Reconnecting in ${Math.max(1, Math.ceil((state.until - Date.now()) / 1000))} s${later}`;
  else if (name === "offline") text = `Offline${later}`;
  else if (name === "signed-out") text = "Signed out";
  chip.hidden = false;
  chip.dataset.state = name;
  chip.querySelector(".word").textContent = text;
}
connection.addEventListener("state", (event) => {
  state = event.detail;
  showConnection();
});
addEventListener("outbox", showConnection);
setInterval(() => { if (state.state !== "live") showConnection(); }, 1000);
chip?.addEventListener("click", () => { if (chip.dataset.state === "update" || chip.dataset.state === "signed-out") location.reload(); });

// === Fragments that the server re-renders when they change.
export const paused = new Set();
for (const place of document.querySelectorAll("[data-fragment]")) {
  const topic = place.dataset.fragment;
  let held = null;
  subscribe(topic, (data) => {
    if (paused.has(topic)) {
      held = data;
      place.dispatchEvent(new CustomEvent("held"));
      return;
    }
    fill(place, data.html);
    markCurrent(place);
    tickTimes();
    place.dispatchEvent(new CustomEvent("filled", { bubbles: true }));
  });
  place.addEventListener("release", () => {
    if (held) fill(place, held.html);
    held = null;
    tickTimes();
    place.dispatchEvent(new CustomEvent("filled", { bubbles: true }));
  });
}

/** The server renders one rail for all tabs; which chat is open is this page's own matter. @param {Element} place */
function markCurrent(place) {
  if (place.dataset.fragment !== "rail") return;
  for (const link of place.querySelectorAll("a[href]")) {
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

// === Forms whose effect comes back through the stream need no new page.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !("quiet" in form.dataset)) return;
  event.preventDefault();
  const button = event.submitter;
  if (button) button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { accept: "application/json" } });
    announce(answer.ok ? "Done." : await problemText(answer));
  } catch {
    announce("The daemon cannot be reached. Try again when the connection is back.");
  } finally {
    if (button) button.disabled = false;
  }
});

// === The bell opens the last notifications below it; without scripts it is a link to all of them.
const bellMenu = document.getElementById("bell-menu");
let bellClosed = 0;
function showBell() {
  document.querySelector("a.bell")?.setAttribute("aria-expanded", String(bellMenu.matches(":popover-open")));
}
document.addEventListener("click", async (event) => {
  const bell = event.target.closest("a.bell");
  if (!bell || !bellMenu?.showPopover || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  // The same click has closed it a moment ago.
  if (event.timeStamp - bellClosed < 400) return;
  const answer = await fetch("/inbox/notifications/latest", { headers: { accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) { location.href = bell.href; return; }
  fill(bellMenu, await answer.text());
  tickTimes();
  bellMenu.showPopover();
  bellMenu.querySelector("a").focus();
});
bellMenu?.addEventListener("beforetoggle", (event) => { if (event.newState === "closed") bellClosed = performance.now(); });
bellMenu?.addEventListener("toggle", showBell);

/** @param {Response} answer */
export async function problemText(answer) {
  const problem = await answer.json().catch(() => ({}));
  return problem.detail ?? problem.title ?? `The daemon answered ${answer.status}.`;
}

/** One polite announcement. @param {string} text */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

showConnection();
tickTimes();
