/** Ctrl+K everywhere: goes to pages, chats and what was said. The keyboard alone is enough. */
import { fill } from "./swap.js";

const palette = document.getElementById("palette");
const input = document.getElementById("palette-q");
const list = document.getElementById("palette-list");
const PAUSE_MS = 120;
let asked = 0;
let timer = 0;

/** The pages of the navigation that fit. @param {string} text */
function pages(text) {
  const needle = text.trim().toLowerCase();
  const links = [...document.querySelectorAll("nav.nav a[href]")];
  if (!links.some((link) => link.pathname === "/search")) links.push(Object.assign(document.createElement("a"), { href: "/search", textContent: "Search" }));
  const seen = new Set();
  return links.flatMap((link) => {
    const name = (link.querySelector("span") ?? link).textContent.trim();
    if (seen.has(name) || !name.toLowerCase().includes(needle)) return [];
    seen.add(name);
    const option = document.createElement("li");
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.id = `palette-p${seen.size}`;
    option.dataset.href = link.getAttribute("href");
    const label = document.createElement("span");
    label.className = "name";
    label.textContent = name;
    const kind = document.createElement("span");
    kind.className = "hint";
    kind.textContent = "Page";
    option.append(label, kind);
    return [option];
  });
}

function options() {
  return [...list.querySelectorAll("[role=option]")];
}

/** @param {Element | undefined} option */
function choose(option) {
  for (const other of options()) other.setAttribute("aria-selected", String(other === option));
  if (option) {
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else input.removeAttribute("aria-activedescendant");
}

function chosen() {
  return list.querySelector("[aria-selected=true]");
}

/** Old options stay until the new ones are there, so nothing flickers. */
async function look() {
  const turn = ++asked;
  const text = input.value;
  const own = pages(text);
  if (!text.trim()) {
    list.replaceChildren(...own);
    choose(options()[0]);
    return;
  }
  const answer = await fetch(`/search/palette?q=${encodeURIComponent(text)}`, { headers: { accept: "text/html" } }).catch(() => null);
  const html = answer?.ok ? await answer.text() : "";
  if (turn !== asked) return;
  fill(list, html);
  list.prepend(...own);
  choose(options()[0]);
}

/** @param {HTMLElement} option */
function go(option) {
  palette.close();
  location.href = option.dataset.href;
}

export function open() {
  if (!palette || palette.open) return;
  input.value = "";
  palette.showModal();
  input.focus();
  look();
}

if (palette) {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (palette.open) palette.close();
      else open();
    }
  });
  document.getElementById("palette-open")?.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  });
  input.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.indexOf(chosen());
    if (event.key === "ArrowDown") choose(all[(at + 1) % all.length]);
    else if (event.key === "ArrowUp") choose(all[(at - 1 + all.length) % all.length]);
    else if (event.key === "Enter" && chosen()) go(chosen());
    else return;
    event.preventDefault();
  });
  list.addEventListener("mousemove", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && option.getAttribute("aria-selected") !== "true") choose(option);
  });
  palette.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) go(option);
    else if (event.target === palette) palette.close();
  });
}
