// Numbers, money, durations and instants in a locale, without a screen. Python twin: ui/format.py.
export const NONE = "–";
const cache = new Map();
const missing = (value) => value === null || value === undefined || value === "" || Number.isNaN(value);

function intl(kind, lang, options) {
  const key = kind.name + lang + JSON.stringify(options);
  if (!cache.has(key)) cache.set(key, new kind(lang === "en" ? "en-US" : lang, options));
  return cache.get(key);
}

// ---- figures ----
function decimalsOfNano(nano) {
  const dollars = Math.abs(nano) / 1e9;
  if (dollars === 0 || dollars >= 1) return 2;
  return dollars >= 0.01 ? 4 : 6;
}

function number(lang, value, decimals) {
  if (missing(value)) return NONE;
  return intl(Intl.NumberFormat, lang, { minimumFractionDigits: decimals ?? 0, maximumFractionDigits: decimals ?? 2 }).format(value);
}
function usdNano(lang, nano, decimals) {
  if (missing(nano)) return NONE;
  const digits = decimals ?? decimalsOfNano(nano);
  return intl(Intl.NumberFormat, lang, { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol",
    minimumFractionDigits: digits, maximumFractionDigits: digits }).format(nano / 1e9);
}
// A price per million: every decimal it has, at least two.
function price(lang, nano) {
  if (missing(nano)) return NONE;
  return intl(Intl.NumberFormat, lang, { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol",
    minimumFractionDigits: 2, maximumFractionDigits: 9 }).format(nano / 1e9);
}
function cents(lang, value, currency) {
  if (missing(value)) return NONE;
  return intl(Intl.NumberFormat, lang, { style: "currency", currency: (currency || "EUR").toUpperCase(),
    currencyDisplay: "narrowSymbol" }).format(value / 100);
}
function percent(lang, ratio, decimals) {
  if (missing(ratio)) return NONE;
  return intl(Intl.NumberFormat, lang, { style: "percent", minimumFractionDigits: 0, maximumFractionDigits: decimals ?? 1 }).format(ratio);
}
function change(lang, ratio) {
  if (missing(ratio)) return NONE;
  return intl(Intl.NumberFormat, lang, { style: "percent", signDisplay: "exceptZero", maximumFractionDigits: 1 })
    .format(ratio).replace("-", "−");
}
function compact(lang, value) {
  if (missing(value)) return NONE;
  return intl(Intl.NumberFormat, lang, { notation: "compact", maximumFractionDigits: 1 }).format(value);
}
function bytes(lang, value) {
  if (missing(value)) return NONE;
  const units = lang === "fr" ? ["o", "Ko", "Mo", "Go"] : ["B", "KB", "MB", "GB"];
  let step = 0;
  while (value >= 1000 && step < 3) { value /= 1000; step += 1; }
  return `${number(lang, value, step === 0 || value >= 100 ? 0 : 1)}\u00a0${units[step]}`;
}

// ---- durations and instants ----
const pad = (n) => String(n).padStart(2, "0");
function duration(lang, ms) {
  if (missing(ms)) return NONE;
  const minutes = lang === "fr" ? "min" : "m";
  if (ms < 1000) return `${number(lang, Math.round(ms))}\u00a0ms`;
  if (ms < 60_000) return `${number(lang, Math.round(ms / 100) / 10, 1)}\u00a0s`;
  const s = Math.round(ms / 1000);
  if (s < 3600) return `${Math.floor(s / 60)}\u00a0${minutes}\u00a0${pad(s % 60)}\u00a0s`;
  if (s < 86_400) return `${Math.floor(s / 3600)}\u00a0h\u00a0${pad(Math.floor((s % 3600) / 60))}\u00a0${minutes}`;
  const days = Math.floor(s / 86_400);
  return `${days}\u00a0${lang === "fr" ? "j" : "d"}\u00a0${Math.floor((s % 86_400) / 3600)}\u00a0h`;
}
export function toDate(value) {
  if (missing(value)) return null;
  if (typeof value === "string") {
    const iso = value.replace(" ", "T").replace(/(\.\d{3})\d+/, "$1");
    const date = new Date(/T/.test(iso) && !/(Z|[+-]\d\d:?\d\d)$/.test(iso) ? `${iso}Z` : iso);
    return Number.isNaN(date.getTime()) ? null : date;
  }
  return new Date(value);
}
const SHAPES = {
  exact: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  minute: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  time: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  date: { day: "numeric", month: "short", year: "numeric" },
  day: { day: "numeric", month: "short" },
  month: { month: "long", year: "numeric" },
};
export function at(lang, timeZone, value, shape) {
  const date = toDate(value);
  if (!date) return NONE;
  const dateOnly = typeof value === "string" && value.length === 10;
  const english = lang === "en" ? "en-GB" : lang; // 24 Oct 2026, not Oct 24, 2026: days sort the same way in both languages
  // A minute of another year names its year.
  const year = shape === "minute" && date.getUTCFullYear() !== new Date().getUTCFullYear() ? { year: "numeric" } : {};
  return intl(Intl.DateTimeFormat, english, { ...SHAPES[shape], ...year, timeZone: dateOnly ? "UTC" : timeZone }).format(date);
}
export function ago(lang, date) {
  const s = Math.round((Date.now() - date.getTime()) / 1000);
  const [units, future] = lang === "fr" ? [["s", "min", "h", "j", "mois", "ans"], "dans\u00a0"] : [["s", "m", "h", "d", "mo", "y"], "in\u00a0"];
  const sizes = [1, 60, 3600, 86_400, 2_592_000, 31_536_000];
  const abs = Math.abs(s);
  let i = 0;
  while (i < 5 && abs >= sizes[i + 1]) i += 1;
  return `${s < -1 ? future : ""}${Math.floor(abs / sizes[i])}\u00a0${units[i]}`;
}

const formats = {};
export function formatFor(lang, timeZone) {
  return (formats[lang + timeZone] ??= {
    number: (v, d) => number(lang, v, d), usdNano: (v, d) => usdNano(lang, v, d), cents: (v, c) => cents(lang, v, c),
    price: (v) => price(lang, v),
    percent: (v, d) => percent(lang, v, d), change: (v) => change(lang, v), compact: (v) => compact(lang, v),
    bytes: (v) => bytes(lang, v), duration: (v) => duration(lang, v), at: (v, shape) => at(lang, timeZone, v, shape),
  });
}
