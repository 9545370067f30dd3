// What a list remembers in this browser (hidden columns, density) and how the keyboard walks through it.
import { createElement as h, useEffect, useLayoutEffect, useRef, useSyncExternalStore } from "react";
import { useCopy } from "./copy.js";

const PLAIN = { hidden: [], isCompact: false };
const looks = new Map();
const listeners = new Set();
const subscribe = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
function look(id) {
  if (!looks.has(id)) {
    let stored = null;
    try { stored = JSON.parse(localStorage.getItem(`table.${id}`)); } catch { /* unreadable: the plain look */ }
    looks.set(id, { ...PLAIN, ...stored });
  }
  return looks.get(id);
}
function change(id, changes) {
  looks.set(id, { ...look(id), ...changes });
  localStorage.setItem(`table.${id}`, JSON.stringify(looks.get(id)));
  listeners.forEach((listener) => listener());
}
const useLook = (id) => useSyncExternalStore(subscribe, () => look(id), () => PLAIN);

export function ColumnMenu({ id, columns }) {
  const t = useCopy();
  const { hidden, isCompact } = useLook(id);
  const box = useRef(null);
  useEffect(() => {
    const away = (event) => { if (!box.current.contains(event.target)) box.current.open = false; };
    document.addEventListener("click", away);
    return () => document.removeEventListener("click", away);
  }, []);
  const toggle = (key) => change(id, { hidden: hidden.includes(key) ? hidden.filter((k) => k !== key) : [...hidden, key] });
  const item = (key, isOn, text, act) => h("label", { key, className: "menu-item" },
    h("input", { type: "checkbox", checked: isOn, onChange: act }), text);
  return h("details", { className: "menu", ref: box, onKeyDown: (event) => { if (event.key === "Escape") box.current.open = false; } },
    h("summary", { className: "btn btn-quiet" }, t("kit.table.columns")),
    h("div", { className: "menu-list" },
      columns.map((column, index) => index > 0 && item(column.key, !hidden.includes(column.key), column.label, () => toggle(column.key))),
      h("div", { className: "menu-line" }),
      item("compact", isCompact, t("kit.table.compact"), () => change(id, { isCompact: !isCompact }))));
}

const isTyping = (element) => element.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog, details[open]");

export function TableFrame({ id, look: extra, children }) {
  const { hidden, isCompact } = useLook(id);
  const box = useRef(null);
  // Before the rows are painted: who sees them may use the keys.
  useLayoutEffect(() => {
    const onKey = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector("[data-table]") !== box.current && !box.current.contains(event.target)) return;
      const rows = [...box.current.querySelectorAll("tbody tr[data-row]")];
      const at = rows.indexOf(document.activeElement?.closest?.("tr[data-row]"));
      const step = { j: 1, ArrowDown: at >= 0 ? 1 : 0, k: -1, ArrowUp: at >= 0 ? -1 : 0 }[event.key] ?? 0;
      if (step && rows.length) {
        event.preventDefault();
        const next = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + step))];
        next.focus();
        next.scrollIntoView({ block: "nearest" });
      } else if (at >= 0 && event.key === "x") {
        rows[at].querySelector("input[type=checkbox]")?.click();
      } else if (at >= 0 && event.key === "Enter" && document.activeElement === rows[at]) {
        rows[at].querySelector("[data-open], a.cell-link")?.click();
      } else if (event.key === "/") {
        const search = document.querySelector("[data-search]");
        if (search) { event.preventDefault(); search.focus(); }
      } else if (event.key.length === 1 && at >= 0) {
        rows[at].querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  const style = hidden.map((key) => `[data-table="${CSS.escape(id)}"] [data-col="${CSS.escape(key)}"]{display:none}`).join("");
  return h("div", { ref: box, "data-table": id, className: `${extra || ""} ${isCompact ? "table-compact" : ""}` },
    style ? h("style", null, style) : null, children);
}
