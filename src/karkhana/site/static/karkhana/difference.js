// Search and filter in a difference that is shown, and swapping the two sides; without it all is shown.
(() => {
  const start = (box) => {
    const tools = box.querySelector("[data-diff-tools]");
    if (!tools || !tools.hidden) return;
    tools.hidden = false;
    const matters = tools.querySelector("[data-diff-matters]");
    const search = tools.querySelector("[data-diff-search]");
    const left = tools.querySelector("[data-diff-left]");
    const rows = [...box.querySelectorAll("[data-diff-row]")];
    const texts = rows.map((row) => row.textContent.toLowerCase().replace(/\s+/g, " "));
    const information = box.querySelector("[data-diff-information]");

    const sift = () => {
      const wanted = search.value.trim().toLowerCase();
      const only = matters.checked;
      rows.forEach((row, index) => {
        const light = row.hasAttribute("data-diff-light") || (information && information.contains(row));
        row.hidden = (only && light) || (wanted !== "" && !texts[index].includes(wanted));
      });
      for (const section of box.querySelectorAll("[data-diff-section]")) {
        section.hidden = !section.querySelector("[data-diff-row]:not([hidden])");
      }
      if (wanted && information && !information.hidden) information.querySelector("details").open = true;
      const shown = rows.filter((row) => !row.hidden).length;
      left.textContent = shown === rows.length ? "" : `${shown} / ${rows.length}`;
    };
    search.addEventListener("input", sift);
    matters.addEventListener("change", sift);
  };
  const all = () => document.querySelectorAll("[data-difference]").forEach(start);
  all();
  document.addEventListener("htmx:afterSwap", all);

  const form = document.querySelector("[data-diff-form]");
  if (!form) return;
  const side = (name) => form.querySelector(`[name=${name}]`);
  const problem = form.querySelector("[data-diff-problem]");
  const files = [side("file_a"), side("file_b")];
  const judge = () => {
    const large = files.map((field) => Boolean(field.files[0]) && field.files[0].size > Number(form.dataset.maxBytes));
    problem.hidden = !large.includes(true);
    files.forEach((field, index) => field.setCustomValidity(large[index] ? problem.textContent : ""));
  };
  for (const field of files) field.addEventListener("change", judge);
  form.querySelector("[data-diff-swap]").addEventListener("click", () => {
    [side("a").value, side("b").value] = [side("b").value, side("a").value];
    const kept = files.map((field) => [...field.files]);
    files.forEach((field, index) => {
      const moved = new DataTransfer();
      for (const file of kept[1 - index]) moved.items.add(file);
      field.files = moved.files;
    });
    judge();
  });
})();
