// Draws what was asked and paid for a part over time. The tables beside it say the same in words.
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const symbols = ["circle", "square", "diamond", "triangle-up", "cross", "x"];
  const draw = (box) => {
    const source = document.getElementById(box.dataset.priceChart);
    if (!source || !window.Plotly) return;
    const data = JSON.parse(source.textContent);
    const inks = ["--series-1", "--series-3", "--series-4", "--series-5", "--series-6", "--series-2"].map(css);
    const plain = (text) => String(text).replace(/[<>&]/g, "");
    const traces = data.series.map((series, index) => ({
      type: "scatter", mode: series.steps ? "lines" : "markers", name: plain(series.name), x: series.x, y: series.y,
      text: (series.text || []).map(plain),
      line: { shape: "hv", dash: "dot", width: 2, color: inks[index % inks.length] },
      marker: { size: 8, symbol: symbols[index % symbols.length], color: inks[index % inks.length], line: { width: 1, color: css("--panel") } },
      hovertemplate: "%{x|%d %b %Y} · ₹ %{y:,.4~f}<br>%{text}<extra>" + plain(series.name) + "</extra>",
    }));
    const layout = {
      autosize: true, margin: { l: 56, r: 8, t: 8, b: 32 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: css("--font"), size: 12, color: css("--ink-2") },
      xaxis: { type: "date", fixedrange: true, linecolor: css("--rule"), showgrid: false },
      yaxis: { fixedrange: true, gridcolor: css("--rule"), zeroline: false, rangemode: "tozero", nticks: 5, tickprefix: "₹ ", separatethousands: true },
      showlegend: data.series.length > 1, legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
      hoverlabel: { bgcolor: css("--panel"), font: { color: css("--ink") } },
    };
    window.Plotly.react(box, traces, layout, { displayModeBar: false, responsive: true });
  };
  const drawAll = () => document.querySelectorAll("[data-price-chart]").forEach(draw);
  document.addEventListener("karkhana:theme", drawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", drawAll);
  else drawAll();
})();
