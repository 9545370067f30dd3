// Filters, sort and paging live in the address: these controls change it, the page's loader answers.
import { createElement as h, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Link, useLocation, useNavigate } from "react-router";
import { useCopy } from "./copy.js";

const never = () => () => {};
// Prerendered pages know no query: hydration must start without one too.
export function useQuery() {
  const { search } = useLocation();
  const isHydrated = useSyncExternalStore(never, () => true, () => false);
  return new URLSearchParams(isHydrated ? search : "");
}

// Changing a filter or the sort starts again at the first page; opening a row of a page does not.
const KEEPS_PAGE = ["after", "before", "open"];
export function addressWith(pathname, query, changes) {
  const next = new URLSearchParams(query);
  if (!Object.keys(changes).every((name) => KEEPS_PAGE.includes(name))) { next.delete("after"); next.delete("before"); }
  for (const [name, value] of Object.entries(changes)) {
    if (value === "" || value === null || value === undefined) next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  return text ? `${pathname}?${text}` : pathname;
}

export function QueryLink({ changes, look, label, current, children }) {
  const { pathname } = useLocation();
  const query = useQuery();
  // The first change names the choice; the others only come with it.
  const [name, value] = Object.entries(changes)[0];
  const isOn = current !== undefined && (query.get(name) ?? current) === value;
  return h(Link, { to: addressWith(pathname, query, changes), className: look, "aria-label": label, preventScrollReset: true,
    "aria-current": isOn ? "true" : undefined }, children);
}

export function QuerySelect({ name, label, options, standard = "" }) {
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const query = useQuery();
  const t = useCopy();
  const value = query.get(name) ?? standard;
  const change = (event) => {
    const chosen = event.target.value;
    navigate(addressWith(pathname, query, { [name]: chosen === standard ? "" : chosen }), { preventScrollReset: true });
  };
  return h("label", { className: "chip" }, h("span", null, t("kit.label", { label })),
    h("select", { value, onChange: change, name },
      (options ?? []).map((option) => h("option", { key: option.value, value: option.value }, option.label))));
}

export function QuerySearch({ name = "q", label }) {
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const query = useQuery();
  const given = query.get(name) ?? "";
  const [text, setText] = useState(given);
  const timer = useRef(0);
  const box = useRef(null);
  useEffect(() => { if (document.activeElement !== box.current) setText(given); }, [given]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const change = (event) => {
    const typed = event.target.value;
    setText(typed);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => navigate(addressWith(pathname, query, { [name]: typed.trim() }), { replace: true, preventScrollReset: true }), 250);
  };
  return h("input", { ref: box, type: "search", className: "input search-input", value: text, onChange: change, name,
    placeholder: label, "aria-label": label, "data-search": "", autoComplete: "off" });
}

export function SortHead({ name, standard, column, look, pinned, descendingFirst, children }) {
  const { pathname } = useLocation();
  const query = useQuery();
  const sort = query.get("sort") ?? standard ?? "";
  const isOn = sort.replace(/^-/, "") === name;
  const isDown = sort.startsWith("-");
  const next = isOn ? (isDown ? name : `-${name}`) : (descendingFirst ? `-${name}` : name);
  return h("th", { scope: "col", className: look, "data-col": column, "aria-sort": isOn ? (isDown ? "descending" : "ascending") : "none" },
    h(Link, { className: "sort", to: addressWith(pathname, query, { sort: next }), preventScrollReset: true }, children,
      h("span", { className: "sort-mark", "aria-hidden": "true" }, isOn ? (isDown ? "↓" : "↑") : "")));
}

// A plain link to the server with the filters of the page: an export of what is on screen.
export function QueryDownload({ href, look, children }) {
  const query = useQuery();
  query.delete("after");
  query.delete("before");
  const text = query.toString();
  return h("a", { href: text ? `${href}?${text}` : href, className: look, download: "" }, children);
}

// The named periods that are not worth a segment each.
export function PeriodMore({ options }) {
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const query = useQuery();
  const t = useCopy();
  const given = query.get("period") ?? "";
  const isOn = options.some((option) => option.value === given);
  const change = (event) => navigate(addressWith(pathname, query, { period: event.target.value, from: "", to: "" }), { preventScrollReset: true });
  return h("label", { className: "seg-select", "aria-current": isOn ? "true" : undefined },
    h("span", { className: "visually-hidden" }, t("kit.period.more")),
    h("select", { value: isOn ? given : "", onChange: change, name: "period" },
      isOn ? null : h("option", { value: "", disabled: true }, t("kit.period.more")),
      options.map((option) => h("option", { key: option.value, value: option.value }, option.label))));
}

const day = (date) => date.toISOString().slice(0, 10);
export function PeriodCustom({ standard }) {
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const query = useQuery();
  const t = useCopy();
  const box = useRef(null);
  const isOn = (query.get("period") ?? standard) === "custom";
  const today = day(new Date());
  const apply = (event) => {
    event.preventDefault();
    const { from, to } = Object.fromEntries(new FormData(event.target));
    if (!from || !to) return;
    box.current.close();
    const [first, last] = from <= to ? [from, to] : [to, from];
    navigate(addressWith(pathname, query, { period: "custom", from: first, to: last }), { preventScrollReset: true });
  };
  const field = (name, label, value) => h("label", { className: "field" }, h("span", { className: "field-label" }, label),
    h("input", { type: "date", name, className: "input", defaultValue: value, max: today, required: true }));
  return h("span", { "aria-current": isOn ? "true" : undefined, style: { padding: 0 } },
    h("button", { type: "button", style: { padding: "4px 10px" }, "aria-haspopup": "dialog", onClick: () => box.current.showModal() },
      isOn && query.get("from") ? [...new Set([query.get("from"), query.get("to")])].join(" – ") : t("kit.period.custom")),
    h("dialog", { ref: box, className: "dialog", "aria-label": t("kit.period.custom_title") },
      h("form", { onSubmit: apply },
        h("div", { className: "dialog-head" }, h("h2", null, t("kit.period.custom_title"))),
        h("div", { className: "dialog-body" }, h("div", { className: "form-row" },
          field("from", t("kit.period.from"), query.get("from") ?? day(new Date(Date.now() - 29 * 864e5))),
          field("to", t("kit.period.to"), query.get("to") ?? today))),
        h("div", { className: "dialog-foot" },
          h("button", { type: "button", className: "btn", onClick: () => box.current.close() }, t("kit.cancel")),
          h("button", { type: "submit", className: "btn btn-primary" }, t("kit.apply"))))));
}
