/** Signing in, and proving again who one is, with a passkey: from the list that the browser offers, or by the button. */
import { Refused, call, hasPasskeys, prove } from "./passkey.js";

const way = /** @type {HTMLElement | null} */ (document.querySelector(".passkey-way"));
const button = /** @type {HTMLButtonElement} */ (document.getElementById("passkey"));
const problem = document.getElementById("passkey-problem");
const withPassword = document.getElementById("with-password");

/** @param {{ signal?: AbortSignal, mediation?: string }} [how] */
async function enter(how) {
  const passkey = await prove(how);
  if ("stepUp" in way.dataset) await call("/api/v1/session/step-up", { passkey });
  else await call("/api/v1/session/passkey/finish", passkey);
  location.assign(way.dataset.next || "/");
}

/** @param {unknown} error */
function show(error) {
  if (error instanceof Refused) problem.textContent = error.message;
}

if (way && hasPasskeys) {
  way.hidden = false;
  let waiting = new AbortController();
  button.addEventListener("click", async () => {
    waiting.abort();
    problem.textContent = "";
    button.disabled = true;
    await enter().catch(show);
    button.disabled = false;
  });
  // The browser offers passkeys in the list of the name field. It waits there until something else is used.
  if (!("stepUp" in way.dataset) && (await PublicKeyCredential.isConditionalMediationAvailable?.())) {
    enter({ mediation: "conditional", signal: waiting.signal }).catch((error) => { if (error instanceof Refused && error.code) show(error); });
  }
} else {
  withPassword?.classList.add("primary");
}
