/** Setup, invitation, recovery: the code from the link's fragment, a passkey or a password, the recovery key. */
import { Refused, call, hasPasskeys, make } from "./passkey.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("setup"));
/** @param {string} name @returns {HTMLInputElement | null} */
const field = (name) => /** @type {any} */ (form.elements.namedItem(name));
const token = field("token");
const password = field("password");
const repeat = field("repeat");
const problem = document.getElementById("setup-problem");
const key = document.getElementById("recovery-key");
const last = /** @type {HTMLInputElement} */ (document.getElementById("last"));
const keptProblem = document.getElementById("kept-problem");

/** No log and no server ever saw the fragment. */
function takeFromLink() {
  const fromLink = decodeURIComponent(location.hash.slice(1));
  if (!fromLink) return;
  token.value = fromLink;
  history.replaceState(null, "", location.pathname);
}
takeFromLink();
addEventListener("hashchange", takeFromLink);

// === A passkey.
const way = form.querySelector(".passkey-way");
const button = /** @type {HTMLButtonElement} */ (document.getElementById("passkey"));
way.hidden = !hasPasskeys;
if (!hasPasskeys) document.getElementById("with-password").classList.add("primary");
button.addEventListener("click", async () => {
  problem.textContent = "";
  if (!token.reportValidity()) return;
  button.disabled = true;
  try {
    const code = token.value.trim().replace(/^.*#/, "");
    const passkey = await make(`${form.dataset.call}/passkey`, { token: code });
    const entered = await call(form.dataset.call, { token: code, name: field("name")?.value.trim() || undefined, passkey });
    document.getElementById("entrance").hidden = true;
    document.getElementById("kept").hidden = false;
    document.getElementById("heading").textContent = "Keep your recovery key";
    key.textContent = entered.recovery_key;
    key.focus();
  } catch (error) {
    problem.textContent = error instanceof Refused ? error.message : String(error);
  } finally {
    button.disabled = false;
  }
});

// === A password.
form.addEventListener("submit", (event) => {
  problem.textContent = password.value === repeat.value ? "" : "The two passwords differ.";
  if (problem.textContent) {
    event.preventDefault();
    repeat.focus();
  }
});

// === The recovery key.
document.getElementById("copy").addEventListener("click", async (event) => {
  const copied = await navigator.clipboard.writeText(key.textContent).then(() => true, () => false);
  event.target.textContent = copied ? "Copied" : "Copy it by hand";
});
document.getElementById("print").addEventListener("click", () => print());
document.getElementById("kept-form").addEventListener("submit", (event) => {
  const right = last.value.trim().toUpperCase() === key.textContent.trim().slice(-4);
  keptProblem.textContent = right ? "" : "These are not the last four. Is the key really kept?";
  if (!right) {
    event.preventDefault();
    last.focus();
  }
});
