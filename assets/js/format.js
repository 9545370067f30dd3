// Values on screen, in the reader's locale and the workspace's time zone; the server sends them raw.
import { createElement as h, useEffect, useState, useSyncExternalStore } from "react";
import { useCopy, useLanguage } from "./copy.js";
import { NONE, ago, at, formatFor, toDate } from "./locale.js";

// ---- the workspace's time zone, set once by the frame ----
let zone = "Europe/Paris";
const listeners = new Set();
const subscribe = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
export const useZone = () => useSyncExternalStore(subscribe, () => zone, () => "Europe/Paris");
export function Workspace({ zone: wanted }) {
  useEffect(() => {
    if (!wanted || wanted === zone) return;
    zone = wanted;
    listeners.forEach((listener) => listener());
  }, [wanted]);
  return null;
}

export function useFormat() {
  return formatFor(useLanguage(), useZone());
}

// ---- <time>: short text, exact instant on hover ----
export function Instant({ value, relative, shape, className }) {
  const lang = useLanguage();
  const timeZone = useZone();
  const [, tick] = useState(0);
  const [isMounted, setMounted] = useState(false);
  useEffect(() => {
    setMounted(true);
    if (!relative) return undefined;
    const timer = setInterval(() => tick((n) => n + 1), 10_000);
    return () => clearInterval(timer);
  }, [relative]);
  const date = toDate(value);
  if (!date) return NONE;
  const exact = `${at(lang, timeZone, value, "exact")} · ${timeZone}\n${at(lang, "UTC", value, "exact")} · UTC`;
  const text = relative && isMounted ? ago(lang, date) : at(lang, timeZone, value, shape || "minute");
  return h("time", { dateTime: date.toISOString(), title: exact, className: `time ${className || ""}` }, text);
}

// ---- an id: shortened in the middle, copied on click ----
export function IdChip({ value, head = 8, tail = 3 }) {
  const t = useCopy();
  const [copied, setCopied] = useState(false);
  const id = String(value ?? "");
  if (!id) return NONE;
  const short = id.length > head + tail + 2 ? `${id.slice(0, head)}…${id.slice(-tail)}` : id;
  const copy = async (event) => {
    event.stopPropagation();
    await navigator.clipboard?.writeText(id);
    setCopied(true);
    setTimeout(() => setCopied(false), 2500);
  };
  return h("button", { type: "button", className: "id-chip", title: id, "aria-label": t("kit.copy_id", { id }), onClick: copy },
    short, h("span", { className: "id-chip-done", role: "status" }, copied ? t("kit.copied") : ""));
}
