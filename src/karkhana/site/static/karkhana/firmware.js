// Drag and drop of a firmware image; shows its SHA-256 before it is sent. Without it the form works the same.
(() => {
  const drop = document.querySelector("[data-drop]");
  if (!drop) return;
  const input = drop.querySelector("input[type=file]");
  const name = drop.querySelector("[data-drop-name]");
  const hash = drop.querySelector("[data-drop-hash]");
  const problem = drop.querySelector("[data-drop-problem]");

  const show = async () => {
    const file = input.files[0];
    const tooLarge = Boolean(file) && file.size > Number(drop.dataset.maxBytes);
    problem.hidden = !tooLarge;
    input.setCustomValidity(tooLarge ? problem.textContent : "");
    hash.textContent = "";
    if (!file) return;
    name.textContent = file.name;
    if (tooLarge || !window.crypto?.subtle) return; // only on a secure origin does a browser hash
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    if (file !== input.files[0]) return;
    hash.textContent = "SHA-256 " + [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, "0")).join("");
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
})();
