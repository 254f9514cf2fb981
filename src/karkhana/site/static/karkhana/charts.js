// Draws the hourly charts with plotly. The numbers lie as JSON in the page and come anew with each poll;
// the tables beside the charts say the same in words, so the drawings are hidden from screen readers.
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const drawn = new WeakMap();

  const draw = (box) => {
    const source = document.getElementById(box.dataset.chart);
    if (!source || !window.Plotly) return;
    const theme = document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    const key = theme + source.textContent;
    if (drawn.get(box) === key) return;
    drawn.set(box, key);
    const data = JSON.parse(source.textContent);
    const inks = ["--series-1", "--series-2", "--series-3", "--series-4", "--series-5", "--series-6"].map(css);
    const shapes = ["", "/", ".", "x", "-", "+"];
    const many = data.series.length > 1;
    const traces = data.series.map((series, index) => ({
      type: "bar", name: series.name, x: data.hours, y: series.values,
      marker: {
        color: inks[index % inks.length],
        pattern: { shape: many ? shapes[Math.floor(index / inks.length) % shapes.length] : "", size: 6 },
      },
      hovertemplate: "%{x} · %{y:,d}<extra>" + series.name.replace(/[<>&]/g, "") + "</extra>",
    }));
    // As many labels as fit; plotly would print them over one another on a phone.
    const every = Math.max(1, Math.ceil((data.hours.length * 58) / Math.max(box.clientWidth, 200)));
    const labels = data.hours.filter((_, index) => (data.hours.length - 1 - index) % every === 0);
    const board = document.body.classList.contains("board");
    const layout = {
      barmode: "stack", bargap: 0.25, autosize: true,
      margin: { l: 48, r: 8, t: 8, b: 32 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: css("--font"), size: board ? 15 : 12, color: css("--ink-2") },
      xaxis: { type: "category", fixedrange: true, tickangle: 0, tickvals: labels, linecolor: css("--rule") },
      yaxis: { fixedrange: true, gridcolor: css("--rule"), zeroline: false, rangemode: "tozero", nticks: 5, separatethousands: true },
      showlegend: many,
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
      hoverlabel: { bgcolor: css("--panel"), font: { color: css("--ink") } },
    };
    window.Plotly.react(box, traces, layout, { displayModeBar: false, responsive: true });
  };

  const drawAll = () => document.querySelectorAll("[data-chart]").forEach(draw);
  document.addEventListener("htmx:afterSwap", drawAll);
  document.addEventListener("karkhana:theme", drawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", drawAll);
  else drawAll();
})();
