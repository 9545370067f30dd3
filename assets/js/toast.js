// Short messages at the corner. `toast` is what events of the server call; `Toaster` shows what it holds.
import { createElement as h, useEffect, useRef, useSyncExternalStore } from "react";
import { useCopy } from "./copy.js";

const SHOWN = 4;
const SECONDS = { error: 10, warning: 10 };
const OFFLINE = "websocket-error";
const NOTHING = [];

let list = NOTHING;
let count = 0;
const listeners = new Set();
const subscribe = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
function keep(next) {
  list = next;
  listeners.forEach((listener) => listener());
}

// A message with the id of one that is shown takes its place.
function add(tone, message, { id, title, description, duration, onDismiss } = {}) {
  const mine = id ?? `toast-${(count += 1)}`;
  const shown = { id: mine, tone, text: message || title, description, ms: duration ?? (SECONDS[tone] ?? 5) * 1000, onDismiss };
  keep([...list.filter((one) => one.id !== mine), shown].slice(-SHOWN));
  return mine;
}
const drop = (id) => { if (list.some((one) => one.id === id)) keep(list.filter((one) => one.id !== id)); };

export const toast = Object.assign((message, more) => add("info", message, more), {
  info: (message, more) => add("info", message, more), success: (message, more) => add("success", message, more),
  warning: (message, more) => add("warning", message, more), error: (message, more) => add("error", message, more),
  dismiss: (id) => (id === undefined ? keep(NOTHING) : drop(id)),
});

// It leaves by itself, but not while somebody is reading it.
function Line({ shown }) {
  const t = useCopy();
  const timer = useRef(0);
  const wait = () => {
    clearTimeout(timer.current);
    if (shown.ms < 2 ** 31) timer.current = setTimeout(() => drop(shown.id), shown.ms);
  };
  useEffect(() => { wait(); return () => clearTimeout(timer.current); }, [shown]);
  const stay = () => clearTimeout(timer.current);
  const close = () => { drop(shown.id); shown.onDismiss?.(); };
  const isOffline = shown.id === OFFLINE;
  return h("li", { className: `toast toast-${shown.tone}`, onMouseEnter: stay, onMouseLeave: wait, onFocus: stay, onBlur: wait },
    h("span", null, isOffline ? t("kit.toast.offline") : shown.text, shown.description && !isOffline ? h("small", null, shown.description) : null),
    h("button", { type: "button", className: "icon-btn", "aria-label": t("kit.close"), onClick: close }, "✕"));
}

export function Toaster() {
  const t = useCopy();
  const box = useRef(null);
  const shown = useSyncExternalStore(subscribe, () => list, () => NOTHING);
  // The newest message lies above whatever dialog was opened before it.
  useEffect(() => {
    if (!box.current?.showPopover) return;
    if (box.current.matches(":popover-open")) box.current.hidePopover();
    if (shown.length) box.current.showPopover();
  }, [shown]);
  return h("section", { "aria-live": "polite", "aria-label": t("kit.toast.region") },
    h("ol", { ref: box, className: "toasts", popover: "manual" }, shown.map((one) => h(Line, { key: one.id, shown: one }))));
}
