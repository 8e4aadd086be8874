/** What changes on a page stays true while somebody looks at it: the part that `data-look` names is read again. */
import { adoptKeyed, fill } from "./swap.js";
import { tickTimes } from "./time.js";

const EVERY_MS = 2000;
const place = document.getElementById("look");
let shown = "";

async function look() {
  if (document.hidden || place.contains(document.activeElement)) return;
  try {
    const answer = await fetch(place.dataset.look, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const html = await answer.text();
    if (html === shown) return;
    shown = html;
    fill(place, html);
    tickTimes();
  } catch {
    // The daemon is away; the next look finds it.
  }
}

adoptKeyed(place);
setInterval(look, EVERY_MS);
document.addEventListener("visibilitychange", look);
