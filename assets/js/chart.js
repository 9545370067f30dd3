// A chart from plain figures: colours of the theme, words and numbers of the reader, and the same figures as a table.
import { createElement as h, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Link, useNavigate } from "react-router";
import { useCopy, useLanguage } from "./copy.js";
import { useFormat } from "./format.js";

export const ORDER = [1, 2, 3, 4, 7, 6, 5, 8];
const colourOf = (series, index) => series.color ?? ORDER[index % ORDER.length];

const isDark = () => document.documentElement.classList.contains("dark");
function watchTheme(listener) {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  return () => observer.disconnect();
}
const useDark = () => useSyncExternalStore(watchTheme, isDark, () => false);
function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function writer(unit, f) {
  if (unit === "usd_nano") return (v) => f.usdNano(v);
  if (unit?.startsWith("cents:")) return (v) => f.cents(v, unit.slice(6));
  return { percent: f.percent, ms: f.duration, bytes: f.bytes }[unit] ?? f.number;
}
// Every mark of an axis has the decimals that its step needs.
function axisWriter(unit, f, marks) {
  if (unit !== "usd_nano") return writer(unit, f);
  const step = (marks[1] ?? 1e9) / 1e9;
  const decimals = Number.isInteger(step) ? 0 : Math.max(2, Math.min(6, 1 - Math.floor(Math.log10(step))));
  return (v) => f.usdNano(v, v === 0 ? 0 : decimals);
}
const nameOf = (series, t) => (series.name_key ? t(series.name_key) : series.name);
const isDay = (x) => typeof x === "string" && /^\d{4}-\d\d-\d\d/.test(x);
const isMonth = (x) => typeof x === "string" && /^\d{4}-\d\d$/.test(x);
// What stands under a bar: a word of ours, a month, a day or an hour.
function headOf(x, f, t, figure, isHour) {
  if (figure.x_words) return t(`${figure.x_words}.${x}`);
  if (isMonth(x)) return f.at(`${x}-01`, "month");
  return isDay(x) ? f.at(x, isHour ? "minute" : "day") : String(x);
}

// Under the axis a month is short; its table and its label have the year.
const shortOf = (x, head, f) => (isMonth(x) ? f.at(`${x}-01`, "day").replace(/\d+/, "").trim() : head);

function ticks(top) {
  if (!(top > 0)) return [0, 1];
  const step = 10 ** Math.floor(Math.log10(top / 4));
  const size = [1, 2, 2.5, 5, 10].find((n) => top / (n * step) <= 5) * step;
  const out = [];
  for (let v = 0; v < top + size * 0.999; v += size) out.push(v);
  return out;
}

function draw(figure, lang, f, t) {
  const x = figure.x ?? [];
  const isHour = x.some((v) => isDay(v) && v.length > 10);
  const write = writer(figure.unit, f);
  const isStack = figure.kind !== "line";
  const sums = x.map((_, i) => figure.series.reduce((sum, s) => sum + (s.values[i] ?? 0), 0));
  const all = isStack ? sums : figure.series.flatMap((s) => s.values.filter((v) => v !== null));
  const limits = figure.limits ?? [];
  const marks = ticks(Math.max(0, ...all, ...limits.map((l) => l.value)));
  const writeAxis = axisWriter(figure.unit, f, marks);
  const heads = x.map((v) => headOf(v, f, t, figure, isHour));
  const ink = token("ink-3");
  const every = Math.max(1, Math.ceil(x.length / (window.innerWidth < 700 ? 4 : 7)));
  const shown = x.map((_, i) => i).filter((i) => i % every === 0);
  const data = figure.series.map((series, index) => {
    const color = token(`c${colourOf(series, index)}`);
    const name = nameOf(series, t);
    return {
      name, x: x.map((_, i) => i), y: series.values, customdata: x.map((_, i) => [heads[i], write(series.values[i]), write(sums[i])]),
      hovertemplate: `%{customdata[0]}<br><b>%{customdata[1]}</b> ${name.replace(/[<>&%{}]/g, "")}${isStack && figure.series.length > 1 ? `<br>${t("kit.chart.total")} %{customdata[2]}` : ""}<extra></extra>`,
      ...(isStack ? { type: "bar", marker: { color, line: { width: 1, color: token("surface") }, cornerradius: 2 } }
        : { type: "scatter", mode: x.length < 3 || series.values.includes(null) ? "lines+markers" : "lines", line: { color, width: 2, dash: series.dashed ? "dot" : "solid" }, connectgaps: false }),
    };
  });
  const bad = token("bad");
  return { data, layout: {
    barmode: "stack", bargap: 0.2, autosize: true, height: figure.height ?? 262, margin: { l: 62, r: 12, t: 14, b: 28 },
    showlegend: false, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: false,
    font: { family: "Inter, system-ui, sans-serif", size: 12, color: ink },
    hoverlabel: { bgcolor: token("surface"), bordercolor: token("line-strong"), font: { color: token("ink"), size: 12 }, align: "left" },
    hovermode: "closest",
    xaxis: { tickvals: shown, ticktext: shown.map((i) => shortOf(x[i], heads[i], f)), tickangle: 0, showgrid: false, zeroline: false, fixedrange: true, range: [-0.6, x.length - 0.4], linecolor: token("line") },
    yaxis: { tickvals: marks, ticktext: marks.map((v) => writeAxis(v)), range: [0, marks[marks.length - 1] * 1.02], gridcolor: token("line"), gridwidth: 1, zeroline: false, fixedrange: true },
    shapes: limits.map((l) => ({ type: "line", xref: "paper", x0: 0, x1: 1, y0: l.value, y1: l.value, line: { color: bad, width: 1.2, dash: "dash" } })),
    annotations: limits.map((l) => ({ xref: "paper", x: 0.005, y: l.value, xanchor: "left", yanchor: "bottom", showarrow: false,
      text: `${l.label_key ? t(l.label_key) : l.label} ${write(l.value)}`.replace(/[<>&]/g, ""), font: { color: bad, size: 12 }, bgcolor: token("surface"), borderpad: 1, yshift: 2 })),
  } };
}

// The hook behind `rx.plotly.basic(data=…)`: figures of ours in, a Plotly figure out.
export function useChart() {
  const lang = useLanguage();
  const f = useFormat();
  const t = useCopy();
  useDark();
  return (figure) => (typeof document === "undefined" || !figure?.series ? { data: [], layout: {} } : draw(figure, lang, f, t));
}

// Where the rows behind one segment are; nothing when the figure does not say.
function hrefOf(figure, series, point) {
  const { base, series: parts, x } = figure?.links ?? {};
  if (!base || parts[series] == null || x[point] == null) return "";
  return `${base}?${[x[point], parts[series]].filter(Boolean).join("&")}`;
}

// A click on a segment opens its rows. Plotly's element comes late and may be replaced.
function useSegments(box, figure, isTable) {
  const navigate = useNavigate();
  const shown = useRef(figure);
  shown.current = figure;
  const hasLinks = Boolean(figure?.links);
  useEffect(() => {
    if (!box.current || !hasLinks) return undefined;
    let plot = null;
    const go = (event) => {
      const to = event.points?.length ? hrefOf(shown.current, event.points[0].curveNumber, event.points[0].pointIndex) : "";
      if (to) navigate(to);
    };
    const attach = () => {
      const found = box.current?.querySelector(".js-plotly-plot");
      if (found?.on && found !== plot) { plot = found; plot.on("plotly_click", go); }
    };
    attach();
    const watch = new MutationObserver(attach);
    watch.observe(box.current, { childList: true, subtree: true });
    return () => { watch.disconnect(); plot?.removeListener?.("plotly_click", go); };
  }, [hasLinks, isTable]);
}

export function FigureTable({ figure, caption }) {
  const f = useFormat();
  const t = useCopy();
  const x = figure.x ?? [];
  const isHour = x.some((v) => isDay(v) && v.length > 10);
  const write = writer(figure.unit, f);
  const isStack = figure.kind !== "line" && figure.series.length > 1;
  const num = (key, text) => h("td", { key, className: "num" }, text);
  return h("div", { className: "chart-table", tabIndex: 0, role: "region", "aria-label": caption },
    h("table", { className: "table" },
      h("caption", { className: "visually-hidden" }, caption),
      h("thead", null, h("tr", null, h("th", { scope: "col", className: "pin" }, figure.x_key ? t(figure.x_key) : t("kit.chart.date")),
        figure.series.map((s, n) => h("th", { key: n, scope: "col", className: "num" }, nameOf(s, t))),
        isStack ? h("th", { scope: "col", className: "num" }, t("kit.chart.total")) : null)),
      h("tbody", null, x.map((value, i) => h("tr", { key: String(value) },
        h("th", { scope: "row", className: "pin" }, headOf(value, f, t, figure, isHour)),
        figure.series.map((s, n) => {
          const to = s.values[i] ? hrefOf(figure, n, i) : "";
          return num(n, to ? h(Link, { to, className: "link-plain" }, write(s.values[i])) : write(s.values[i]));
        }),
        isStack ? num("total", write(figure.series.reduce((sum, s) => sum + (s.values[i] ?? 0), 0))) : null)))));
}

export function ChartPanel({ figure, title, children }) {
  const t = useCopy();
  const [isTable, setTable] = useState(false);
  const box = useRef(null);
  useSegments(box, figure, isTable);
  const [aside, plot, empty] = children;
  const series = figure?.series ?? [];
  const hasPoints = series.some((s) => s.values.some((v) => v));
  const caption = typeof title === "string" ? title : "";
  return h("section", { className: "card" },
    h("div", { className: "card-head" }, h("h2", null, title), aside,
      h("div", { className: "row push row-wrap" },
        series.length > 1 ? h("div", { className: "legend" }, series.map((s, i) =>
          h("span", { key: i }, h("i", { className: `swatch s${colourOf(s, i)}` }), nameOf(s, t)))) : null,
        h("button", { type: "button", className: "btn btn-quiet", "aria-pressed": isTable, onClick: () => setTable(!isTable) },
          isTable ? t("kit.chart.chart") : t("kit.chart.table")))),
    figure?.series && !hasPoints ? h("div", { className: "chart" }, empty)
      : isTable && figure?.series ? h(FigureTable, { figure, caption })
        : h("div", { ref: box, className: figure?.links ? "chart chart-open" : "chart", role: "img", "aria-label": `${caption}. ${t("kit.chart.aria")}` }, plot));
}
