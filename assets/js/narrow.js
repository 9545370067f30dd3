// Filters that are typed: from-to ranges and single words, kept in the address like the others.
import { createElement as h, useEffect, useRef, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { useCopy } from "./copy.js";
import { addressWith, useQuery } from "./query.js";

function shown(low, high, unit) {
  const write = (value) => (unit === "$" ? `$${value}` : `${value} ${unit}`);
  if (low && high) return `${write(low)} – ${write(high)}`;
  return low ? `≥ ${write(low)}` : `≤ ${write(high)}`;
}

// A chip that opens two fields; empty ones are no bound.
export function QueryRange({ low, high, label, unit, step = "any", all }) {
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const query = useQuery();
  const t = useCopy();
  const box = useRef(null);
  const [from, to] = [query.get(low) ?? "", query.get(high) ?? ""];
  const go = (changes) => { box.current.close(); navigate(addressWith(pathname, query, changes), { preventScrollReset: true }); };
  const apply = (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    go({ [low]: given[low], [high]: given[high] });
  };
  const field = (name, text, value) => h("label", { className: "field" }, h("span", { className: "field-label" }, text),
    h("input", { key: value, type: "number", name, className: "input", min: 0, step, defaultValue: value, inputMode: "decimal" }));
  const isOn = Boolean(from || to);
  return h("span", null,
    h("button", { type: "button", className: isOn ? "chip chip-strong" : "chip", "aria-haspopup": "dialog", onClick: () => box.current.showModal() },
      h("span", null, t("kit.label", { label })), h("b", null, isOn ? shown(from, to, unit) : all)),
    h("dialog", { ref: box, className: "dialog", "aria-label": label },
      h("form", { onSubmit: apply },
        h("div", { className: "dialog-head" }, h("h2", null, `${label} (${unit})`)),
        h("div", { className: "dialog-body" }, h("div", { className: "form-row" },
          field(low, t("kit.range.from"), from), field(high, t("kit.range.to"), to))),
        h("div", { className: "dialog-foot" },
          isOn ? h("button", { type: "button", className: "btn btn-quiet", onClick: () => go({ [low]: "", [high]: "" }) }, t("kit.range.clear")) : null,
          h("button", { type: "button", className: "btn", onClick: () => box.current.close() }, t("kit.cancel")),
          h("button", { type: "submit", className: "btn btn-primary" }, t("kit.apply"))))));
}

// A word that means nothing before it is whole: it is asked for with Enter, or when the field is left.
export function QueryText({ name, label }) {
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const query = useQuery();
  const given = query.get(name) ?? "";
  const [text, setText] = useState(given);
  useEffect(() => setText(given), [given]);
  const apply = () => {
    if (text.trim() !== given) navigate(addressWith(pathname, query, { [name]: text.trim() }), { preventScrollReset: true });
  };
  return h("input", { type: "search", className: "input search-input", value: text, placeholder: label, "aria-label": label, name,
    autoComplete: "off", onChange: (event) => setText(event.target.value), onBlur: apply,
    onKeyDown: (event) => { if (event.key === "Enter") { event.preventDefault(); apply(); } } });
}
