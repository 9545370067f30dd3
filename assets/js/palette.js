// Ctrl-K: pages at once, records from the server; "?" shows the keys. Nothing is sent while no search is wanted.
import { createElement as h, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { useCopy } from "./copy.js";

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
// A field keeps the focus until the next frame after its dialog closed; a key pressed in between is not typed into it.
const isTyping = (element) => element.closest?.("input, textarea, select, [contenteditable]") && !element.closest("dialog:not([open])");

function recent(href) {
  let list = [];
  try { list = JSON.parse(localStorage.getItem("palette.recent")) ?? []; } catch { /* start anew */ }
  if (href) localStorage.setItem("palette.recent", JSON.stringify([href, ...list.filter((h) => h !== href)].slice(0, 5)));
  return list;
}

export function Palette({ items, results, allowed, onSearch }) {
  const t = useCopy();
  const navigate = useNavigate();
  const box = useRef(null);
  const help = useRef(null);
  const timer = useRef(0);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();

  const open = () => { setText(""); setAt(0); if (!box.current.open) box.current.showModal(); };
  // Before the page is painted: who sees it may use its keys.
  useLayoutEffect(() => {
    const onKey = (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); open(); }
      else if (event.key === "?" && !isTyping(event.target) && !document.querySelector("dialog[open]")) { event.preventDefault(); help.current.showModal(); }
    };
    document.addEventListener("keydown", onKey);
    document.addEventListener("fitmycv:palette", open);
    const showKeys = () => help.current.showModal();
    document.addEventListener("fitmycv:keys", showKeys);
    return () => {
      document.removeEventListener("keydown", onKey);
      document.removeEventListener("fitmycv:palette", open);
      document.removeEventListener("fitmycv:keys", showKeys);
    };
  }, []);

  const mayOpen = (item) => !allowed?.length || allowed.includes(item.href);
  const words = plain(text).split(/\s+/).filter(Boolean);
  const found = (items ?? []).filter(mayOpen).filter((item) => words.every((word) => plain(`${item.group ?? ""} ${item.label} ${item.words ?? ""}`).includes(word)));
  const last = words.length ? [] : recent().map((href) => found.find((item) => item.href === href)).filter(Boolean);
  const rest = found.filter((item) => !last.includes(item));
  const groups = [[t("kit.palette.recent"), last], [t("kit.palette.pages"), rest], [t("kit.palette.records"), words.length ? (results ?? []) : []]]
    .filter(([, list]) => list.length);
  const flat = groups.flatMap(([, list]) => list);
  const go = (item) => { if (!item) return; recent(item.href); box.current.close(); navigate(item.href); };

  const type = (event) => {
    const typed = event.target.value;
    setText(typed);
    setAt(0);
    clearTimeout(timer.current);
    if (onSearch && typed.trim().length > 1) timer.current = setTimeout(() => onSearch(typed.trim()), 200);
  };
  const onKeyDown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); if (flat.length) setAt((at + step + flat.length) % flat.length); }
    else if (event.key === "Enter") { event.preventDefault(); go(flat[at]); }
  };
  useEffect(() => { box.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" }); }, [at]);

  let index = -1;
  const list = groups.flatMap(([title, entries]) => [
    h("li", { key: title, className: "palette-group", role: "presentation" }, title),
    ...entries.map((item) => {
      index += 1;
      const mine = index;
      return h("li", { key: `${title}${item.href}`, id: `${id}${mine}`, role: "option", "aria-selected": mine === at,
        onMouseMove: () => at !== mine && setAt(mine), onClick: () => go(item) }, item.label, h("small", null, item.hint ?? (item.group || "")));
    })]);
  return h("div", { className: "contents" },
    h("dialog", { ref: box, className: "palette", "aria-label": t("kit.palette.title"), onMouseDown: (event) => { if (event.target === event.currentTarget) box.current.close(); } },
      h("input", { type: "text", role: "combobox", "aria-expanded": true, "aria-controls": `${id}list`, "aria-activedescendant": flat.length ? `${id}${at}` : undefined,
        "aria-label": t("kit.palette.title"), placeholder: t("kit.palette.placeholder"), value: text, onChange: type, onKeyDown, autoComplete: "off", spellCheck: false, maxLength: 100 }),
      h("ul", { id: `${id}list`, role: "listbox", "aria-label": t("kit.palette.title") }, list),
      flat.length ? null : h("div", { className: "state" }, t("kit.palette.nothing")),
      h("div", { className: "palette-foot hints" }, h("span", null, h("kbd", null, "↑"), " ", h("kbd", null, "↓"), " ", t("kit.keys.move")),
        h("span", null, h("kbd", null, "Enter"), " ", t("kit.keys.open")), h("span", null, h("kbd", null, "Esc"), " ", t("kit.close")))),
    h("dialog", { ref: help, className: "dialog", "aria-label": t("kit.keys.title"), onMouseDown: (event) => { if (event.target === event.currentTarget) help.current.close(); } },
      h("div", { className: "dialog-head" }, h("h2", null, t("kit.keys.title")),
        h("button", { type: "button", className: "icon-btn", "aria-label": t("kit.close"), onClick: () => help.current.close() }, "✕")),
      h("div", { className: "dialog-body" }, h("dl", { className: "keys" },
        [[["Ctrl", "K"], "search"], [["/"], "filter"], [["j", "k"], "rows"], [["Enter"], "open_row"], [["x"], "select_row"], [["?"], "help"], [["Esc"], "close"]]
          .flatMap(([names, word]) => [
            h("dt", { key: word }, names.map((name) => h("kbd", { key: name, style: { marginLeft: 3 } }, name))),
            h("dd", { key: `${word}-text` }, t(`kit.keys.${word}`))])))));
}

const announce = (name) => () => document.dispatchEvent(new Event(name));

export function SearchButton({ label, isIcon }) {
  return h("button", { type: "button", className: "search", onClick: announce("fitmycv:palette"), "aria-label": label, "aria-keyshortcuts": "Control+K" },
    h("span", null, label), h("span", { "aria-hidden": true, className: "row", style: { gap: 3 } }, h("kbd", null, "Ctrl"), h("kbd", null, "K")));
}

export function KeysItem({ label }) {
  return h("button", { type: "button", className: "menu-item", onClick: announce("fitmycv:keys") }, label, h("kbd", { className: "push" }, "?"));
}
