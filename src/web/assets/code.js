/** A line of tools over each finished code block: language, wrap, copy, save. */

/** @param {string} label @param {() => void} run */
function button(label, run) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.addEventListener("click", run);
  return made;
}

/** @param {string} text @param {HTMLElement} on tells that it worked */
export async function copy(text, on) {
  const label = on.textContent;
  try {
    await navigator.clipboard.writeText(text);
    on.textContent = "Copied";
  } catch {
    on.textContent = "Not allowed";
  }
  setTimeout(() => { on.textContent = label; }, 1500);
}

/** How many there are on the page: each has a name of its own. */
let count = 0;

/** @param {ParentNode} root */
export function enhanceCode(root) {
  for (const pre of root.querySelectorAll(".block:not(.pending) > pre:not(.plain)")) {
    const code = pre.querySelector("code");
    if (!code) continue;
    const language = (code.className.match(/language-(\S+)/) ?? [])[1] ?? "text";
    pre.setAttribute("aria-label", `Code ${++count}, ${language}`);
    pre.setAttribute("role", "region");
    const box = document.createElement("div");
    box.className = "codebox";
    const line = document.createElement("div");
    line.className = "tools-line";
    const name = document.createElement("span");
    name.className = "grow";
    name.textContent = language;
    const wrap = button("Wrap", () => wrap.setAttribute("aria-pressed", String(pre.classList.toggle("wrap"))));
    wrap.setAttribute("aria-pressed", "false");
    const copyButton = button("Copy", () => copy(code.textContent, copyButton));
    const save = button("Save", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([code.textContent], { type: "text/plain" }));
      link.download = `code.${language === "text" ? "txt" : language}`;
      link.click();
      URL.revokeObjectURL(link.href);
    });
    line.append(name, wrap, copyButton, save);
    pre.replaceWith(box);
    box.append(line, pre);
  }
}
