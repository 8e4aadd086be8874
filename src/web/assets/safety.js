/** Forms about actions: the two fields are called what they are for the chosen kind. */
for (const form of document.querySelectorAll("[data-action-form]")) {
  const kind = form.querySelector("[data-kind]");
  const show = () => {
    for (const which of ["first", "second"]) {
      const label = form.querySelector(`label[data-${which}]`);
      const input = document.getElementById(label.htmlFor);
      const text = kind.selectedOptions[0].dataset[which] ?? "";
      label.textContent = text;
      label.hidden = input.hidden = !text;
      input.disabled = !text;
    }
  };
  kind.addEventListener("change", show);
  show();
}
