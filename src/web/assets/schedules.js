/** The form of a schedule says what its rule means and when that is next, while it is typed. */
const form = document.querySelector("form[data-preview]");
const place = document.getElementById("schedule-preview");
let asked = 0;
let timer;

/** What the form asks for; nothing while it is not whole. */
function wish() {
  const field = (name) => form.elements.namedItem(name).value.trim();
  const [kind, when, at] = [field("kind"), field("when"), field("at")];
  const zone = field("zone") || undefined;
  if (kind === "once") return at && { at, zone };
  if (kind === "rrule") return when && at && { rrule: when, at, zone };
  return when && { [kind]: when, zone };
}

/** @param {string} tag @param {string} text */
function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

async function preview() {
  const own = ++asked;
  const body = wish();
  if (!body) return place.replaceChildren();
  try {
    const answer = await fetch("/api/v1/schedules/preview", { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", accept: "application/json" } });
    const said = await answer.json();
    if (own !== asked) return;
    if (!answer.ok) return place.replaceChildren(element("p", said.errors?.[0]?.detail ?? said.detail ?? "That is no rule."));
    const list = document.createElement("ol");
    for (const slot of said.items) {
      const own = new Date(slot.at).toLocaleString(undefined, { dateStyle: "full", timeStyle: "short" });
      list.append(element("li", `${slot.local.slice(0, 16).replace("T", " ")} there, ${own} here${slot.moved ? " (moved: clocks are put forward over its time)" : ""}`));
    }
    place.replaceChildren(element("p", `${said.words} (${said.zone})`), said.items.length ? list : element("p", "It has no time that is still to come."));
  } catch {
    // The daemon is away; the next key asks again.
  }
}

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(preview, 250);
});
preview();
