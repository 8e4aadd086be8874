/** Adding a passkey, and copying what is shown once. */
import "./copy.js";
import { Refused, call, hasPasskeys, make } from "./passkey.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("new-passkey"));
const name = /** @type {HTMLInputElement} */ (document.getElementById("passkey-name"));
const problem = document.getElementById("passkey-problem");

form.hidden = !hasPasskeys;
if (!hasPasskeys) problem.textContent = "This browser, or this address, has no passkeys. Open the page as http://localhost with the same port.";

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.textContent = "";
  event.submitter.disabled = true;
  try {
    const made = await make("/api/v1/passkeys/begin");
    await call("/api/v1/passkeys", { name: name.value, ...made });
    location.assign("/settings/security?done=passkey-added");
  } catch (error) {
    if (error instanceof Refused && error.code === "step_up_required") location.assign("/step-up?next=/settings/security");
    else problem.textContent = error instanceof Refused ? error.message : String(error);
  } finally {
    event.submitter.disabled = false;
  }
});
