// Draws what each level costs, and the months. The numbers lie as JSON in the page; hidden tables beside the
// drawings say the same in words.
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const plain = (text) => String(text).replace(/[<>&]/g, "");
  const numbers = (values) => values.map(Number);

  const layout = (more) => ({
    autosize: true, margin: { l: 58, r: 14, t: 26, b: 44 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: css("--font"), size: 12, color: css("--ink-2") },
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
    hoverlabel: { bgcolor: css("--panel"), font: { color: css("--ink") } },
    ...more,
  });
  const axis = (more) => ({ fixedrange: true, gridcolor: css("--rule"), linecolor: css("--rule"), zerolinecolor: css("--rule"), ...more });

  const curve = (box, data) => {
    const traces = [{
      type: "scatter", mode: "lines+markers", name: plain(data.line), x: numbers(data.x), y: numbers(data.y),
      line: { color: css("--series-1"), width: 2, shape: "linear" }, marker: { size: 7 },
      text: data.who.map((who) => plain(who.length > 90 ? who.slice(0, 87) + "…" : who)), hovertemplate: "%{x:.2f} % · ₹ %{y:.2f} crore<br>%{text}<extra></extra>",
    }, {
      type: "scatter", mode: "markers", name: plain(data.plan.name), x: [Number(data.plan.x)], y: [Number(data.plan.y)],
      marker: { color: css("--ink"), size: 12, symbol: "diamond" }, hovertemplate: "%{x:.2f} % · ₹ %{y:.2f} crore<extra>" + plain(data.plan.name) + "</extra>",
    }];
    const shapes = data.wanted === null ? [] : [{ type: "line", x0: Number(data.wanted), x1: Number(data.wanted), yref: "paper", y0: 0, y1: 1, line: { color: css("--ink-2"), width: 1, dash: "dot" } }];
    window.Plotly.react(box, traces, layout({
      shapes, xaxis: axis({ title: { text: plain(data.x_title) }, ticksuffix: " %", nticks: 7, zeroline: false }),
      yaxis: axis({ title: { text: plain(data.y_title) }, zeroline: true, nticks: 6 }), showlegend: true,
    }), { displayModeBar: false, responsive: true });
  };

  const months = (box, data) => {
    const line = (values, name, more) => ({ type: "scatter", mode: "lines+markers", x: data.x, y: values, name: plain(name), hovertemplate: "%{x} · %{y:.2f} %<extra>" + plain(name) + "</extra>", ...more });
    const traces = [
      line(numbers(data.before), data.names[0], { line: { color: css("--ink-2"), width: 1.5, dash: "dash" }, marker: { size: 3 } }),
      line(numbers(data.after), data.names[1], { line: { color: css("--series-1"), width: 2.5, shape: "hv" }, marker: { size: 5 } }),
    ];
    if (data.wanted !== null) {
      const level = data.x.map((month) => (month >= data.by ? Number(data.wanted) : null));
      traces.push(line(level, data.names[2], { line: { color: css("--ink"), width: 1.5, dash: "dot" }, marker: { size: 8, symbol: "diamond-open", color: css("--ink") } }));
    }
    const every = Math.max(1, Math.ceil((data.x.length * 64) / Math.max(box.clientWidth - 70, 150)));
    const labels = data.x.filter((_, index) => index % every === 0);
    window.Plotly.react(box, traces, layout({
      xaxis: axis({ type: "category", tickvals: labels, tickangle: 0 }), yaxis: axis({ ticksuffix: " %", nticks: 6, zeroline: false }), showlegend: true,
    }), { displayModeBar: false, responsive: true });
  };

  const draw = () => {
    if (!window.Plotly) return;
    document.querySelectorAll("[data-next]").forEach((box) => {
      const source = document.getElementById("next-" + box.dataset.next);
      if (source) (box.dataset.next === "curve" ? curve : months)(box, JSON.parse(source.textContent));
    });
  };
  document.addEventListener("karkhana:theme", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", draw);
  else draw();
})();
