/** Buttons that copy the text of another element: `data-copy` names it. */
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy).textContent;
    button.textContent = await navigator.clipboard.writeText(text).then(() => "Copied", () => "Copy it by hand");
  });
}
