/** Takes the setup code from the link's fragment, where no log and no server ever saw it. */
const form = /** @type {HTMLFormElement} */ (document.getElementById("setup"));
const token = /** @type {HTMLInputElement} */ (form.elements.namedItem("token"));
const password = /** @type {HTMLInputElement} */ (form.elements.namedItem("password"));
const repeat = /** @type {HTMLInputElement} */ (form.elements.namedItem("repeat"));
const problem = document.getElementById("setup-problem");

function takeFromLink() {
  const fromLink = decodeURIComponent(location.hash.slice(1));
  if (!fromLink) return;
  token.value = fromLink;
  history.replaceState(null, "", location.pathname);
  password.focus();
}
takeFromLink();
addEventListener("hashchange", takeFromLink);

form.addEventListener("submit", (event) => {
  problem.textContent = password.value === repeat.value ? "" : "The two passwords differ.";
  if (problem.textContent) {
    event.preventDefault();
    repeat.focus();
  }
});
