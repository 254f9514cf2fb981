// Drag and drop for the import page; without it the same form works by choosing a file.
(() => {
  const drop = document.querySelector("[data-drop]");
  if (!drop) return;
  const input = drop.querySelector("input[type=file]");
  const name = drop.querySelector("[data-drop-name]");
  const problem = drop.querySelector("[data-drop-problem]");
  const preview = document.getElementById("preview");

  const show = () => {
    const file = input.files[0];
    const tooLarge = Boolean(file) && file.size > Number(drop.dataset.maxBytes);
    problem.hidden = !tooLarge;
    input.setCustomValidity(tooLarge ? problem.textContent : "");
    if (file) name.textContent = file.name;
    preview.replaceChildren(); // it spoke of another file
  };

  input.addEventListener("change", show);
  for (const type of ["dragenter", "dragover"]) {
    drop.addEventListener(type, (event) => { event.preventDefault(); drop.classList.add("is-over"); });
  }
  for (const type of ["dragleave", "drop"]) {
    drop.addEventListener(type, (event) => { event.preventDefault(); drop.classList.remove("is-over"); });
  }
  drop.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    input.files = one.files;
    show();
  });
  // A product or revision changed after the preview would be stored under a button that names the old one.
  for (const field of document.querySelectorAll("#import-form [name=product], #import-form [name=revision]")) {
    field.addEventListener("input", () => preview.replaceChildren());
  }
})();
