/** Hits while somebody types. Old ones stay until the new ones are there. */
import { fill } from "./swap.js";
import { tickTimes } from "./time.js";

const form = document.getElementById("search-form");
const hits = document.getElementById("hits");
const count = document.getElementById("search-count");
const PAUSE_MS = 150;
let asked = 0;
let timer = 0;

async function look() {
  const turn = ++asked;
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  history.replaceState(null, "", query.size ? `/search?${query}` : "/search");
  query.set("part", "hits");
  const answer = await fetch(`/search?${query}`, { headers: { accept: "text/html" } }).catch(() => null);
  const html = answer?.ok ? await answer.text() : null;
  if (turn !== asked || html === null) return;
  fill(hits, html);
  tickTimes();
  const found = hits.querySelectorAll(".hits > li").length;
  count.textContent = found ? `${found} found` : "Nothing found";
}

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(look, PAUSE_MS);
});
