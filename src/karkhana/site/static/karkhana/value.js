// Draws the pictures of local value with plotly. Their numbers lie as JSON in the page; the tables beside them
// say the same in words, so the drawings are hidden from screen readers. A click leads to the lines behind it.
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const drawn = new WeakMap();
  const plain = (text) => String(text).replace(/[<>&]/g, "");
  const rupees = new Intl.NumberFormat("en-IN", { style: "currency", currency: "INR", maximumFractionDigits: 2 });
  const base = () => ({
    autosize: true, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: css("--font"), size: 12, color: css("--ink") },
    hoverlabel: { bgcolor: css("--panel"), bordercolor: css("--rule"), font: { color: css("--ink") } },
  });
  const faded = (colour, share) => {
    const found = /^#(..)(..)(..)$/.exec(colour);
    return found ? `rgba(${found.slice(1).map((part) => parseInt(part, 16)).join(",")},${share})` : colour;
  };

  const sankey = (data, box) => {
    const narrow = box.clientWidth < 560;
    const colours = { true: faded(css("--local"), 0.55), false: faded(css("--imported"), 0.55) };
    const cut = (text) => (narrow && text.length > 12 ? text.slice(0, 11) + "…" : text);
    const positions = [0.001, 0.33, 0.66, 0.999];
    return [[{
      type: "sankey", arrangement: "snap", valueformat: ",.2f", valuesuffix: " ₹",
      node: {
        label: data.nodes.map((node) => cut(plain(node.name))), pad: narrow ? 8 : 12, thickness: narrow ? 9 : 14,
        color: data.nodes.map((node) => (node.stage === 3 ? css("--ink-2") : css("--bar"))),
        x: data.nodes.map((node) => positions[node.stage]), line: { width: 0 },
        customdata: data.nodes.map((node) => [plain(node.name), node.href]),
        hovertemplate: "%{customdata[0]}<br>%{value}<extra></extra>",
      },
      link: {
        source: data.links.map((link) => link.source), target: data.links.map((link) => link.target),
        value: data.links.map((link) => link.value), color: data.links.map((link) => colours[link.local]),
        customdata: data.links.map((link) => (link.local ? data.local : data.imported)),
        hovertemplate: "%{source.label} → %{target.label}<br>%{value}<br>%{customdata}<extra></extra>",
      },
    }], { ...base(), font: { ...base().font, size: narrow ? 10 : 12 }, margin: { l: 4, r: 4, t: 8, b: 8 } }];
  };

  const treemap = (data) => {
    const inks = ["--series-1", "--series-4", "--series-5", "--series-6", "--series-3", "--series-2"].map(css);
    const groups = new Map();
    const byId = new Map(data.boxes.map((item) => [item.id, item]));
    const colour = (item) => {
      let top = item;
      while (top.parent) top = byId.get(top.parent);
      if (!groups.has(top.id)) groups.set(top.id, groups.size);
      return inks[groups.get(top.id) % inks.length];
    };
    return [[{
      type: "treemap", branchvalues: "total",
      ids: ["root", ...data.boxes.map((item) => item.id)], labels: [plain(data.root), ...data.boxes.map((item) => plain(item.name))],
      parents: ["", ...data.boxes.map((item) => item.parent || "root")], values: [data.total, ...data.boxes.map((item) => item.value)],
      text: ["", ...data.boxes.map((item) => rupees.format(item.value))], texttemplate: "%{label}<br>%{text}",
      customdata: [["", rupees.format(data.total)], ...data.boxes.map((item) => [item.href, rupees.format(item.value)])],
      hovertemplate: "%{label}<br>%{customdata[1]}<br>%{percentRoot:.1%}<extra></extra>",
      marker: { colors: [css("--panel"), ...data.boxes.map(colour)], line: { width: 1, color: css("--panel") } },
      textfont: { color: data.boxes.length ? ["", ...data.boxes.map(() => css("--on-series"))] : "" },
      pathbar: { visible: true, thickness: 20 }, tiling: { pad: 2 }, maxdepth: 3,
    }], { ...base(), margin: { l: 0, r: 0, t: 4, b: 0 } }];
  };

  const trend = (data) => {
    const range = data.most.some((value, index) => value !== data.least[index]);
    const traces = [{
      type: "scatter", mode: "lines+markers", name: data.said.least, x: data.months, y: data.least,
      line: { color: css("--series-3"), width: 2 }, marker: { size: 8 }, customdata: data.units,
      hovertemplate: "%{x}<br>%{y} %<br>%{customdata:,d}<extra></extra>",
    }];
    if (range) traces.push({
      type: "scatter", mode: "lines+markers", name: data.said.most, x: data.months, y: data.most, fill: "tonexty",
      fillcolor: faded(css("--series-1"), 0.25), line: { color: css("--series-1"), width: 1, dash: "dot" }, marker: { size: 5 },
      hovertemplate: "%{x}<br>%{y} %<extra></extra>",
    });
    const ends = data.targets.map((target) => target.by.slice(0, 7));
    const months = [...new Set([...data.months, ...ends])].sort();
    // Room above the highest line, where the target's words stand.
    const heights = [0, ...data.least, ...data.most, ...data.targets.map((target) => target.percent)];
    const highest = Math.max(...heights) * 1.2 || 1, lowest = Math.min(...heights) * 1.1;
    data.targets.forEach((target) => traces.push({
      type: "scatter", mode: "lines+markers+text", name: `${data.said.target} ${target.percent} %`, showlegend: false,
      x: [months[0], target.by.slice(0, 7)], y: [target.percent, target.percent],
      line: { color: css("--warn"), width: 2, dash: "dash" }, marker: { size: [0, 11], symbol: "diamond", color: css("--warn") },
      text: ["", `${data.said.target} ${target.percent} %`], textposition: "top left", textfont: { color: css("--warn") },
      hovertemplate: `${plain(target.name)}: ${target.percent} % · ${target.by}<extra></extra>`,
    }));
    return [traces, {
      ...base(), margin: { l: 44, r: 12, t: 12, b: 34 }, showlegend: range,
      xaxis: { type: "category", categoryorder: "array", categoryarray: months, fixedrange: true, showgrid: false, linecolor: css("--rule"), nticks: 8 },
      yaxis: { fixedrange: true, gridcolor: css("--rule"), zeroline: lowest < 0, range: [lowest, highest], ticksuffix: " %" },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
    }];
  };

  const bars = (data, box) => {
    const narrow = box.clientWidth < 560;
    box.style.height = `${data.bars.length * 24 + 84}px`;
    const series = (name, key, colour, shape) => ({
      type: "bar", orientation: "h", name, y: data.bars.map((bar) => plain(bar.name)), x: data.bars.map((bar) => bar[key]),
      customdata: data.bars.map((bar) => rupees.format(bar[key])), hovertemplate: "%{y}<br>%{customdata}<extra>" + plain(name) + "</extra>",
      marker: { color: css(colour), pattern: { shape, size: 6 } },
    });
    return [[series(data.local, "local", "--local", ""), series(data.imported, "imported", "--imported", "/")], {
      ...base(), barmode: "stack", bargap: 0.3, margin: { l: narrow ? 96 : 170, r: 10, t: 8, b: 30 }, showlegend: true,
      xaxis: { fixedrange: true, gridcolor: css("--rule"), zeroline: false, tickprefix: "₹ ", separatethousands: true, nticks: narrow ? 4 : 8 },
      yaxis: { fixedrange: true, autorange: "reversed", automargin: true, dtick: 1 },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, traceorder: "normal" },
    }];
  };

  const kinds = { sankey, treemap, trend, bars };
  const draw = (box) => {
    const source = document.getElementById(box.dataset.picture);
    if (!source || !window.Plotly) return;
    const theme = document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    const key = theme + source.textContent;
    if (drawn.get(box) === key) return;
    drawn.set(box, key);
    const [traces, layout] = kinds[box.dataset.kind](JSON.parse(source.textContent), box);
    window.Plotly.react(box, traces, layout, { displayModeBar: false, responsive: true });
    box.removeAllListeners?.("plotly_click");
    box.on("plotly_click", (said) => {
      const custom = said.points?.[0]?.customdata;
      const href = Array.isArray(custom) ? custom.find((part) => String(part).startsWith("/value/")) : "";
      if (href) window.location.assign(href);
    });
  };

  const drawAll = () => document.querySelectorAll("[data-picture]").forEach(draw);
  document.addEventListener("htmx:afterSwap", drawAll);
  document.addEventListener("karkhana:theme", drawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", drawAll);
  else drawAll();

  // Another method has other parameters, another subject other targets: the form is asked for anew.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-asks-anew]")) event.target.form.querySelectorAll("[data-parameter]").forEach((field) => { field.disabled = true; });
  });
})();
