/** Puts server fragments into the page without taking away what the person is doing. */
import { fragment } from "./trusted.js";

/** The server's HTML of each block, before buttons were added to it. @type {WeakMap<Element, string>} */
const source = new WeakMap();

/** Remembers the blocks that the page came with. Called once, before anything is added to them. @param {ParentNode} root */
export function adopt(root) {
  for (const block of root.querySelectorAll(".block")) source.set(block, block.innerHTML);
}

/** The server's HTML of each keyed element. @type {WeakMap<Element, string>} */
const keyed = new WeakMap();

/** Remembers the keyed elements that the page came with. Called once, before anything is added to them. @param {ParentNode} root */
export function adoptKeyed(root) {
  for (const node of root.querySelectorAll("[data-key]")) keyed.set(node, node.outerHTML);
}

/** Keyed elements that the server has not changed stay the same nodes, with what a person does in them. @param {ParentNode} from @param {ParentNode} to */
function keepKeyed(from, to) {
  const shown = new Map([...from.querySelectorAll("[data-key]")].map((node) => [node.dataset.key, node]));
  for (const node of to.querySelectorAll("[data-key]")) {
    const html = node.outerHTML;
    const twin = shown.get(node.dataset.key);
    if (twin && keyed.get(twin) === html) node.replaceWith(twin);
    else keyed.set(node, html);
  }
}

/** Details that a person opened stay open, wherever they are. @param {ParentNode} from @param {ParentNode} to */
function keepOpen(from, to) {
  for (const open of from.querySelectorAll("details[open][data-keep]")) {
    const twin = to.querySelector(`details[data-keep="${CSS.escape(open.dataset.keep)}"]`);
    if (twin) twin.open = true;
  }
}

/** What identifies the focused control inside a fragment. @param {Element} root */
function focusPath(root) {
  const active = document.activeElement;
  if (!active || !root.contains(active)) return null;
  if (active.id) return `#${CSS.escape(active.id)}`;
  const row = active.closest("[data-path]");
  const place = row ? `[data-path="${CSS.escape(row.dataset.path)}"]` : "";
  if (active === row) return place;
  if (active.getAttribute("href")) return `${place} [href="${CSS.escape(active.getAttribute("href"))}"]`.trim();
  const action = active.closest("form")?.getAttribute("action");
  return action ? `${place} form[action="${CSS.escape(action)}"] ${active.localName}`.trim() : null;
}

/** Replaces the children of `target`; focus and opened details survive. @param {Element} target @param {string} html */
export function fill(target, html) {
  const next = fragment(html);
  keepOpen(target, next);
  const focused = focusPath(target);
  const active = document.activeElement;
  const top = target.scrollTop;
  keepKeyed(target, next);
  target.replaceChildren(next);
  target.scrollTop = top;
  if (target.contains(active)) active.focus({ preventScroll: true });
  else if (focused) target.querySelector(focused)?.focus({ preventScroll: true });
}

/**
 * Replaces one element by its newer version. Blocks that did not change stay the
 * same nodes, so that a selection in them lives on.
 * @param {Element} old @param {string} html @returns {Element}
 */
export function replace(old, html) {
  const next = /** @type {Element} */ (fragment(html).firstElementChild);
  keepOpen(old, next);
  const body = old.querySelector(".body");
  const nextBody = next.querySelector(".body");
  if (body && nextBody) {
    const shown = new Map([...body.children].map((block) => [block.dataset.n, block]));
    for (const block of [...nextBody.children]) {
      const twin = shown.get(block.dataset.n);
      if (twin && source.get(twin) === block.innerHTML) {
        twin.className = block.className;
        block.replaceWith(twin);
      } else {
        source.set(block, block.innerHTML);
      }
    }
  }
  const focused = focusPath(old);
  const active = document.activeElement;
  keepKeyed(old, next);
  old.replaceWith(next);
  if (next.contains(active)) active.focus({ preventScroll: true });
  else if (focused) next.querySelector(focused)?.focus({ preventScroll: true });
  return next;
}

/**
 * Puts block `n` of an answer in its place: the same event twice changes nothing.
 * @param {Element} body @param {number} n @param {string} html @param {boolean} pending
 */
export function putBlock(body, n, html, pending) {
  let block = body.querySelector(`:scope > [data-n="${n}"]`);
  if (!block) {
    block = document.createElement("div");
    block.dataset.n = String(n);
    block.dir = "auto";
    body.append(block);
  }
  block.className = pending ? "block pending" : "block";
  const next = fragment(html);
  const probe = document.createElement("div");
  probe.append(next.cloneNode(true));
  const canonical = probe.innerHTML;
  if (source.get(block) !== canonical) {
    source.set(block, canonical);
    block.replaceChildren(next);
  }
  // A later block of an earlier cut of the same text is not true any more.
  for (const later of [...body.children]) if (Number(later.dataset.n) > n) later.remove();
  return block;
}
