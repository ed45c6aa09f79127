// Plots with a zoom and with the values under the pointer. Without it the drawing of the server stays. What is drawn here
// is kept (data-keep) when the rest of the page is fetched anew, and gets the new values.

const LINES = 6;
const plots = new Map();

const colour = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();

const tablesOf = (figures) => figures.lines.map((line) => [line.times, line.values]);

function joined(figures) {
  const lines = tablesOf(figures);
  return lines.length === 1 ? lines[0] : uPlot.join(lines);
}

function look(canvas, figures) {
  const write = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 2 });
  const axis = { stroke: colour(canvas, "--ink"), grid: { stroke: colour(canvas, "--grid"), width: 1 }, ticks: { stroke: colour(canvas, "--grid"), width: 1 } };
  return {
    title: figures.title,
    width: canvas.clientWidth,
    height: 320,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), figures.zone),
    scales: {
      x: { time: true, range: (_plot, low, high) => (low === high ? [low - 60, low + 60] : [low, high]) },
      y: figures.from_zero ? { range: (_plot, low, high) => uPlot.rangeNum(Math.min(low ?? 0, 0), Math.max(high ?? 1, 0.1), 0.1, true) } : {},
    },
    axes: [
      { ...axis, values: [[86400, "{YYYY}-{MM}-{DD}", null, null, null, null, null, null, 1], [60, "{HH}:{mm}", "\n{YYYY}-{MM}-{DD}", null, null, null, null, null, 1], [1, "{HH}:{mm}:{ss}", "\n{YYYY}-{MM}-{DD}", null, null, null, null, null, 1]] },
      { ...axis, size: 70, label: figures.unit, labelSize: 22, values: (_plot, values) => values.map((value) => write.format(value)) },
    ],
    series: [
      { label: figures.time, value: "{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}" },
      ...figures.lines.map((line, index) => ({
        label: line.name,
        stroke: colour(canvas, `--line-${index % LINES}`),
        width: 1.75,
        value: (_plot, value) => (value == null ? "–" : `${write.format(value)} ${figures.unit}`),
      })),
    ],
  };
}

async function show(figure) {
  const canvas = figure.querySelector(".plot-canvas");
  const answer = await fetch(figure.dataset.plot, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const figures = await answer.json();
  if (!figures.lines.length) return;
  const data = joined(figures);
  const known = plots.get(canvas);
  if (known && known.series.length === figures.lines.length + 1) {
    const { min, max } = known.scales.x;
    const wasZoomed = known.isZoomed;
    known.setData(data, !wasZoomed);
    if (wasZoomed) known.setScale("x", { min, max });
    return;
  }
  known?.destroy();
  const plot = new uPlot(look(canvas, figures), data, canvas);
  canvas.addEventListener("mouseup", () => { plot.isZoomed = true; });
  canvas.addEventListener("dblclick", () => { plot.isZoomed = false; });
  plots.set(canvas, plot);
}

function showAll() {
  for (const figure of document.querySelectorAll("figure[data-plot]")) show(figure).catch(() => {});
}

function redraw() {
  for (const [canvas, plot] of plots) {
    plot.destroy();
    plots.delete(canvas);
  }
  showAll();
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id === "transaction" || event.target.querySelector?.("figure[data-plot]")) showAll();
});
addEventListener("resize", () => {
  for (const [canvas, plot] of plots) plot.setSize({ width: canvas.clientWidth, height: 320 });
});
new MutationObserver(redraw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
showAll();
