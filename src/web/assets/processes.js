/** The list of processes stays true while somebody looks at it. */
import { adoptKeyed, fill } from "./swap.js";
import { tickTimes } from "./time.js";

const EVERY_MS = 3000;
const place = document.getElementById("processes");
let shown = "";

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch("/processes?part=list", { headers: { accept: "text/html" } });
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
