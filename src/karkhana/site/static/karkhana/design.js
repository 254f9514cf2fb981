// Design hub: keys and an editor beside the bill, and the route as blocks that can be dragged. Without it every
// link and button still works, one page at a time.
(() => {
  const panel = () => document.getElementById("panel");
  const typing = (event) => event.target.closest && event.target.closest("input, textarea, select");

  const close = () => {
    if (!panel() || !panel().firstElementChild) return false;
    panel().replaceChildren();
    for (const open of document.querySelectorAll(".is-open")) open.classList.remove("is-open");
    return true;
  };
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-close]")) return;
    event.preventDefault();
    close();
  });
  // What is open in the panel is marked where it stands.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const row = event.target.closest("[data-line], .block");
    if (!row || !event.detail.target || event.detail.target.id !== "panel") return;
    for (const open of document.querySelectorAll(".is-open")) open.classList.remove("is-open");
    row.classList.add("is-open");
  });

  const tab = document.querySelector(".tabs [aria-current]");
  if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.clientWidth / 2 + tab.offsetWidth / 2;

  // The bill.
  const table = document.querySelector("[data-bom]");
  const lines = () => [...table.querySelectorAll("tr[data-line]")];
  const here = () => table.querySelector(".is-here");
  const go = (row) => {
    if (!row) return;
    if (here()) here().classList.remove("is-here");
    row.classList.add("is-here");
    row.scrollIntoView({ block: "nearest" });
    row.querySelector("a.open-line").focus({ preventScroll: true });
  };
  const step = (by) => {
    const all = lines();
    const at = all.indexOf(here());
    go(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)]);
  };
  if (table) {
    const search = document.getElementById("bom-search");
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Escape") {
        if (close()) { if (here()) go(here()); } else if (event.target === search) { search.blur(); step(0); }
        return;
      }
      if (event.target === search && (event.key === "ArrowDown" || event.key === "Enter")) {
        event.preventDefault();
        go(lines()[0]);
        return;
      }
      if (typing(event)) return;
      if (event.key === "/") {
        event.preventDefault();
        event.stopImmediatePropagation();
        search.focus();
        search.select();
      } else if (event.key === "j" || event.key === "ArrowDown") {
        event.preventDefault();
        step(1);
      } else if (event.key === "k" || event.key === "ArrowUp") {
        event.preventDefault();
        step(-1);
      } else if (event.key === "Enter" && here() && !event.target.closest("a, button")) {
        here().querySelector("a.open-line").click();
      }
    }, true);
    table.addEventListener("click", (event) => {
      const row = event.target.closest("tr[data-line]");
      if (!row) return;
      if (!event.target.closest("a, button") && !String(getSelection())) row.querySelector("a.open-line").click();
      if (here()) here().classList.remove("is-here");
      row.classList.add("is-here");
    });
    // An assembly that is open is closed by the same sign.
    table.addEventListener("click", (event) => {
      const opener = event.target.closest("[data-opener]");
      if (!opener) return;
      const number = opener.closest("tr").id.replace("line-", "");
      const inner = table.querySelectorAll(`tr[data-inner="${CSS.escape(number)}"]`);
      opener.setAttribute("aria-expanded", String(inner.length === 0));
      if (!inner.length) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      for (const row of inner) row.remove();
    }, true);
    const asked = new URLSearchParams(location.search).get("line");
    const row = asked && document.getElementById(`line-${asked}`);
    if (row) { row.classList.add("is-here", "is-open"); row.scrollIntoView({ block: "center" }); }
  }

  // The route.
  const route = () => document.getElementById("route");
  const change = (what) => {
    const form = route();
    const values = { do: what };
    for (const field of form.querySelectorAll("input[type=hidden]")) values[field.name] = field.value;
    htmx.ajax("POST", form.getAttribute("action"), { source: form, target: "#route", swap: "outerHTML", values });
  };

  const SVG = "http://www.w3.org/2000/svg";
  const draw = () => {
    const flow = document.querySelector("[data-flow]");
    if (!flow) return;
    const old = flow.querySelector(".flow-lines");
    if (old) old.remove();
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "flow-lines");
    svg.setAttribute("aria-hidden", "true");
    const marker = document.createElementNS(SVG, "marker");
    for (const [name, value] of Object.entries({ id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" })) marker.setAttribute(name, value);
    const tip = document.createElementNS(SVG, "path");
    tip.setAttribute("d", "M0 0 L8 4 L0 8z");
    marker.append(tip);
    svg.append(marker);
    const box = (block) => ({ left: block.offsetLeft, top: block.offsetTop, right: block.offsetLeft + block.offsetWidth, bottom: block.offsetTop + block.offsetHeight, middle: block.offsetLeft + block.offsetWidth / 2 });
    const blocks = [...flow.querySelectorAll(".block")];
    const tops = [...new Set(blocks.map((block) => block.offsetTop))].sort((a, b) => a - b);
    const lowest = (top) => Math.max(...blocks.filter((block) => block.offsetTop === top).map((block) => box(block).bottom));
    let lane = 0;
    for (const block of blocks) {
      if (block.dataset.back === undefined) continue;
      const target = document.getElementById(`step-${block.dataset.back}`);
      if (!target) continue;
      const from = box(block);
      const to = box(target);
      const shift = 5 + (lane++ % 3) * 5;
      const end = to.middle + 14;
      const start = from.middle - 14;
      const rows = tops.indexOf(block.offsetTop) - tops.indexOf(target.offsetTop);
      const under = lowest(target.offsetTop) + shift;
      let path;
      const column = blocks.every((one) => one.offsetLeft === blocks[0].offsetLeft);
      const side = 3 + (lane % 3) * 4;
      if (column) path = `M${from.left} ${from.top + 20} H${side} V${to.top + 20} H${to.left - 2}`;
      else if (rows === 0) path = `M${from.middle} ${from.bottom} V${under} H${end} V${to.bottom + 2}`;
      else if (rows === 1) path = `M${start} ${from.top} V${under} H${end} V${to.bottom + 2}`;
      else if (rows > 1) {
        const above = from.top - 18 + shift;
        const gutter = 2 + (lane % 3) * 3;
        path = `M${start} ${from.top} V${above} H${gutter} V${under} H${end} V${to.bottom + 2}`;
      } else continue;
      const line = document.createElementNS(SVG, "path");
      line.setAttribute("class", "back-line");
      line.setAttribute("d", path);
      line.setAttribute("marker-end", "url(#tip)");
      svg.append(line);
    }
    flow.append(svg);
  };

  const drag = () => {
    const form = route();
    if (!form || form.dataset.ready !== undefined) return;
    form.dataset.ready = "";
    const flow = form.querySelector("[data-flow]");
    if (flow) new ResizeObserver(draw).observe(flow); // draws at once, and whenever the blocks flow anew
    const focus = form.dataset.focus && form.querySelector(`[data-place="${CSS.escape(form.dataset.focus)}"]`);
    const editor = panel() && panel().querySelector("input[name=name]");
    if (focus && !editor) focus.querySelector(".block-open").focus();
    else if (focus) focus.classList.add("is-open");
    if (form.dataset.editable === undefined) return;
    let dragged = null;
    const clear = () => {
      for (const block of form.querySelectorAll(".is-over, .is-over-end")) block.classList.remove("is-over", "is-over-end");
    };
    const behind = (event, block) => {
      const edge = block.getBoundingClientRect();
      return event.clientX > edge.left + edge.width / 2;
    };
    form.addEventListener("dragstart", (event) => {
      dragged = event.target.closest(".block");
      if (!dragged) return;
      dragged.classList.add("is-dragged");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", dragged.dataset.place);
    });
    form.addEventListener("dragend", () => { if (dragged) dragged.classList.remove("is-dragged"); dragged = null; clear(); });
    form.addEventListener("dragover", (event) => {
      const over = event.target.closest(".block");
      if (!dragged || !over) return;
      event.preventDefault();
      clear();
      if (over !== dragged) over.classList.add(behind(event, over) ? "is-over-end" : "is-over");
    });
    form.addEventListener("drop", (event) => {
      const over = event.target.closest(".block");
      if (!dragged || !over || over === dragged) return;
      event.preventDefault();
      const from = Number(dragged.dataset.position);
      let to = Number(over.dataset.position) + (behind(event, over) ? 1 : 0);
      if (to > from) to -= 1;
      if (to !== from) change(`move:${dragged.dataset.place}:${to}`);
    });
  };

  if (route()) {
    drag();
    document.addEventListener("htmx:afterSettle", drag);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && close()) return;
      if (typing(event)) return;
      const block = event.target.closest(".block");
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!block || !by) return;
      event.preventDefault();
      if (event.altKey) {
        const button = block.querySelector(`[data-move="${by}"]`);
        if (button && !button.disabled) button.click();
        return;
      }
      const next = by > 0 ? block.nextElementSibling : block.previousElementSibling;
      if (next && next.matches(".block")) next.querySelector(".block-open").focus();
    });
  }
})();
