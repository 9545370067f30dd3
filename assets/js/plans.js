// Plans beside features, edited in place: cells are typed over like those of a spreadsheet and sent together.
import { createElement as h, useEffect, useRef, useState } from "react";
import { useCopy } from "./copy.js";
import { useFormat } from "./format.js";
import { QueryLink } from "./query.js";

const NO_LIMIT = -1;
const MOST = 100000;
const keyOf = (plan, feature) => `${plan.id}/${feature}`;
const soldIn = (plan, feature) => plan.limits[feature] ?? 0;
const written = (limit) => (limit === NO_LIMIT ? "∞" : limit === 0 ? "–" : String(limit));

// A number, the sign or word of no limit, or the sign of never; null when it is none of these.
function read(text, words) {
  const typed = text.trim().toLowerCase();
  if (["∞", "-1", "u", "i", words.unlimited.toLowerCase()].includes(typed)) return NO_LIMIT;
  if (["–", "-", "x", words.never.toLowerCase()].includes(typed)) return 0;
  return /^\d{1,6}$/.test(typed) && Number(typed) <= MOST ? Number(typed) : null;
}

export function PlanGrid({ plans, features, editable, onPreview }) {
  const t = useCopy();
  const f = useFormat();
  const box = useRef(null);
  const [edits, setEdits] = useState({});
  const [past, setPast] = useState([]);
  const [typing, setTyping] = useState(null);
  const words = { unlimited: t("plans.unlimited"), never: t("plans.never") };

  const changed = {};
  for (const plan of plans) for (const feature of features) {
    const value = edits[keyOf(plan, feature)];
    if (value !== undefined && value !== soldIn(plan, feature)) changed[keyOf(plan, feature)] = value;
  }
  const count = Object.keys(changed).length;
  useEffect(() => {
    if (!count) return undefined;
    const warn = (event) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [count > 0]);

  const put = (next) => { setPast([...past, edits]); setEdits(next); };
  const back = () => { if (past.length) { setEdits(past.at(-1)); setPast(past.slice(0, -1)); setTyping(null); } };
  // What was typed becomes the cell's value; what cannot be read stays typed, and marked.
  const commit = (plan, feature) => {
    const key = keyOf(plan, feature);
    if (typing?.key !== key) return edits;
    const value = typing.text.trim() === "" ? soldIn(plan, feature) : read(typing.text, words);
    if (value === null) return null;
    setTyping(null);
    if (value === (edits[key] ?? soldIn(plan, feature))) return edits;
    const next = { ...edits, [key]: value };
    put(next);
    return next;
  };
  const send = (now) => {
    const found = plans.map((plan) => ({
      plan_id: plan.id, version: plan.version,
      cells: Object.fromEntries(features.filter((name) => (now[keyOf(plan, name)] ?? soldIn(plan, name)) !== soldIn(plan, name))
        .map((name) => [name, now[keyOf(plan, name)]])),
    })).filter((edit) => Object.keys(edit.cells).length);
    if (found.length) onPreview?.(found);
  };
  const go = (row, column) => {
    const next = box.current.querySelector(`input[data-at="${row},${column}"]`);
    if (next) next.focus();
    return Boolean(next);
  };
  const onKey = (event, plan, feature, row, column) => {
    const input = event.target;
    const { key, ctrlKey, metaKey, shiftKey } = event;
    const isWhole = input.selectionStart === 0 && input.selectionEnd === input.value.length;
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], Enter: [shiftKey ? -1 : 1, 0] }[key]
      ?? (key === "ArrowLeft" && (isWhole || input.selectionEnd === 0) ? [0, -1] : null)
      ?? (key === "ArrowRight" && (isWhole || input.selectionStart === input.value.length) ? [0, 1] : null);
    if (key === "Enter" && (ctrlKey || metaKey)) {
      event.preventDefault();
      const now = commit(plan, feature);
      if (now) send(now);
    } else if (key.toLowerCase() === "z" && (ctrlKey || metaKey) && typing?.key !== keyOf(plan, feature)) {
      event.preventDefault();
      back();
    } else if (step) {
      event.preventDefault();
      if (commit(plan, feature)) go(row + step[0], column + step[1]);
    } else if (key === "Escape") {
      if (typing?.key === keyOf(plan, feature)) setTyping(null);
      else if (changed[keyOf(plan, feature)] !== undefined) put({ ...edits, [keyOf(plan, feature)]: soldIn(plan, feature) });
      requestAnimationFrame(() => input.select());
    }
  };

  const cell = (plan, feature, row, column) => {
    const key = keyOf(plan, feature);
    const sold = soldIn(plan, feature);
    const value = edits[key] ?? sold;
    const isChanged = changed[key] !== undefined;
    const isWrong = typing?.key === key && typing.text.trim() !== "" && read(typing.text, words) === null;
    const said = (limit) => (limit === NO_LIMIT ? words.unlimited : limit === 0 ? words.never : f.number(limit));
    if (!editable) return h("td", { key, className: "num" }, h("span", { className: value ? "" : "tone-mute", title: said(value) }, written(value)));
    const name = t("plans.cell", { plan: plan.name, feature: t(`plans.feature.${feature}`) });
    return h("td", { key, className: "num plan-cell" },
      isChanged ? h("del", { className: "meta" }, written(sold)) : null,
      h("input", {
        className: `input num plan-input${isChanged ? " is-changed" : ""}`, "data-at": `${row},${column}`, "aria-label": name,
        "aria-invalid": isWrong ? "true" : undefined, title: isWrong ? t("plans.error.limit") : said(value),
        value: typing?.key === key ? typing.text : written(value), autoComplete: "off", spellCheck: false, maxLength: 12,
        onFocus: (event) => event.target.select(), onChange: (event) => setTyping({ key, text: event.target.value }),
        onBlur: () => { if (commit(plan, feature) === null) setTyping(null); }, onKeyDown: (event) => onKey(event, plan, feature, row, column),
      }));
  };

  const head = (plan) => h("th", { key: plan.id, scope: "col", className: "num" },
    h(QueryLink, { changes: { plan: plan.name }, look: "link-plain" }, h("b", null, plan.name)),
    h("div", { className: "meta" }, t("plans.version_n", { n: plan.version })),
    h("div", { className: "meta" }, plan.is_free ? t("plans.free") : t("plans.a_month", { price: f.cents(plan.price_monthly, plan.currency) })),
    h("div", { className: "meta" }, t("plans.people_n", { n: plan.people })),
    plan.on_older ? h("div", { className: "meta" }, t("plans.on_older", { n: plan.on_older })) : null,
    plan.moving ? h("div", { className: "meta" }, t("plans.moving", { n: plan.moving })) : null);
  const line = (feature, row) => h("tr", { key: feature },
    h("th", { scope: "row", className: "pin wrap" }, t(`plans.feature.${feature}`), h("div", { className: "meta mono" }, feature)),
    plans.map((plan, column) => cell(plan, feature, row, column)));
  const hint = (text, ...names) => h("span", null, names.map((name) => [h("kbd", { key: name }, name), " "]), text);

  return h("div", { ref: box, className: "card table-free" },
    h("div", { className: "table-scroll", tabIndex: 0, role: "region", "aria-label": t("kit.table.region") },
      h("table", { className: "table plan-grid" },
        h("thead", null, h("tr", null, h("th", { scope: "col", className: "pin" }, t("plans.uses_a_month")), plans.map(head))),
        h("tbody", null, features.map(line)))),
    h("div", { className: "table-foot" },
      editable ? h("div", { className: "hints" }, hint(t("plans.keys.move"), "↑", "↓", "←", "→"), hint(t("plans.keys.unlimited"), "u"),
        hint(t("plans.keys.never"), "0"), hint(t("plans.keys.revert"), "Esc"), hint(t("plans.keys.undo"), "Ctrl", "Z")) : h("span", { className: "sub" }, t("plans.read_only")),
      count ? h("div", { className: "row push row-wrap" },
        h("b", { role: "status" }, t("plans.changed_n", { n: count })),
        h("button", { type: "button", className: "btn", onClick: () => { put({}); setTyping(null); } }, t("plans.drop_all")),
        h("button", { type: "button", className: "btn btn-primary", onClick: () => send(edits) }, t("plans.preview"), h("kbd", null, "Ctrl ⏎"))) : null));
}
