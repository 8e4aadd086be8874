/** The vault's forms: says whose key was pasted, and copies names. The value is looked at here only. */
import { copy } from "./code.js";

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (button) copy(button.dataset.copy, button);
});

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("add-secret"));
if (form) {
  const value = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("value"));
  const name = /** @type {HTMLInputElement} */ (form.elements.namedItem("name"));
  const hosts = /** @type {HTMLInputElement} */ (form.elements.namedItem("hosts"));
  const kinds = [.../** @type {HTMLSelectElement} */ (form.elements.namedItem("kind")).options].filter((kind) => kind.dataset.prefixes);
  const said = document.getElementById("recognised");
  let suggested = "";

  const connection = document.getElementById("connection-hint");
  connection.textContent = isSecureContext ? connection.dataset.safe : connection.dataset.unsafe;
  connection.classList.toggle("problem", !isSecureContext);

  /** The kind with the longest beginning that fits. */
  function recognise() {
    const text = value.value.trim();
    let [best, length] = [null, 0];
    for (const kind of kinds) {
      for (const prefix of kind.dataset.prefixes.split(" ")) {
        if (text.startsWith(prefix) && prefix.length > length) [best, length] = [kind, prefix.length];
      }
    }
    said.textContent = best ? `This looks like a key of ${best.textContent}. It will be sent to ${best.dataset.hosts.replaceAll(" ", " and ")} only.` : "";
    hosts.placeholder = best ? best.dataset.hosts : "those of its kind";
    if (best && (name.value === "" || name.value === suggested)) {
      suggested = best.value;
      name.value = suggested;
    }
  }
  value.addEventListener("input", recognise);
}
