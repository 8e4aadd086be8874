/** Opens what stands behind a conversation beside it. Without scripts it is a page of its own. */
import { fragment } from "./trusted.js";
import { tickTimes } from "./time.js";

const drawer = document.createElement("dialog");
drawer.className = "drawer";
const close = document.createElement("button");
close.type = "button";
close.className = "quiet";
close.textContent = "Close";
close.addEventListener("click", () => drawer.close());
const content = document.createElement("div");
drawer.append(close, content);
drawer.addEventListener("click", (event) => {
  if (event.target === drawer) drawer.close();
});
document.body.append(drawer);

/** Shows the page at this address; false if it is none for a drawer. @param {Request} request */
async function show(request) {
  const answer = await fetch(request);
  const shown = answer.ok ? fragment(await answer.text()).querySelector("[data-drawer-content]") : null;
  if (!shown) return false;
  shown.querySelector("nav")?.remove();
  const title = shown.querySelector("h1");
  title.id = "drawer-title";
  drawer.setAttribute("aria-labelledby", "drawer-title");
  content.replaceChildren(shown);
  tickTimes();
  if (!drawer.open) drawer.showModal();
  return true;
}

document.addEventListener("click", async (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-drawer]") : null;
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (!(await show(new Request(link.href)).catch(() => false))) location.assign(link.href);
});

content.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post") return;
  event.preventDefault();
  const sent = new Request(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, event.submitter)) });
  if (!(await show(sent).catch(() => false))) form.submit();
});
