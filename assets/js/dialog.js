// Native <dialog>: opened by the state of the page or by the button inside it, closed by Escape, the backdrop or its buttons.
import { createElement as h, useEffect, useId, useLayoutEffect, useRef } from "react";
import { Link, useLocation, useNavigate } from "react-router";
import { useCopy } from "./copy.js";
import { addressWith, useQuery } from "./query.js";

// Focus goes to the first field; where there is none, to the safe answer.
function show(box) {
  box.showModal();
  (box.querySelector("input:not([type=hidden]), textarea, select") ?? box.querySelector(".dialog-foot .btn"))?.focus();
}
const onBackdrop = (event) => { if (event.target === event.currentTarget) event.currentTarget.close(); };

function Head({ id, title, box }) {
  const t = useCopy();
  return h("div", { className: "dialog-head" }, h("h2", { id }, title),
    h("button", { type: "button", className: "icon-btn", "aria-label": t("kit.close"), onClick: () => box.current.close() }, "✕"));
}

export function Dialog({ open, title, look, onClose, children }) {
  const box = useRef(null);
  const id = useId();
  useEffect(() => {
    if (open && !box.current.open) show(box.current);
    if (!open && box.current.open) box.current.close();
  }, [open]);
  return h("dialog", { ref: box, className: look || "dialog", "aria-labelledby": id, onMouseDown: onBackdrop,
    onClose: () => { if (open) onClose?.(); } },
    h(Head, { id, title, box }), open ? h("div", { className: "dialog-body" }, children) : null);
}

// The first child opens it; everything happens in the browser until it is confirmed.
export function Confirm({ title, confirm, look, needs, needsLabel, onConfirm, children }) {
  const box = useRef(null);
  const typed = useRef(null);
  const t = useCopy();
  const id = useId();
  const [trigger, body] = children;
  const submit = (event) => {
    event.preventDefault();
    if (needs && typed.current.value.trim() !== needs) { typed.current.setAttribute("aria-invalid", "true"); typed.current.focus(); return; }
    const form = Object.fromEntries(new FormData(event.target));
    box.current.close();
    onConfirm?.(form);
  };
  return h("span", { className: "contents" },
    h("span", { onClick: () => { box.current.querySelector("form").reset(); show(box.current); } }, trigger),
    h("dialog", { ref: box, className: "dialog", "aria-labelledby": id, onMouseDown: onBackdrop, onClick: (event) => event.stopPropagation() },
      h("form", { onSubmit: submit },
        h(Head, { id, title, box }),
        h("div", { className: "dialog-body" }, body,
          needs ? h("label", { className: "field" }, h("span", { className: "field-label" }, needsLabel ?? t("kit.confirm_type", { name: needs })),
            h("input", { ref: typed, className: "input", autoComplete: "off", onInput: (event) => event.target.removeAttribute("aria-invalid") })) : null),
        h("div", { className: "dialog-foot" },
          h("button", { type: "button", className: "btn", onClick: () => box.current.close() }, t("kit.cancel")),
          h("button", { type: "submit", className: look }, confirm)))));
}

export function Opener({ look, title, children }) {
  const box = useRef(null);
  const id = useId();
  const t = useCopy();
  const [trigger, body] = children;
  const leave = (event) => { if (event.target.closest("a")) box.current.close(); };
  return h("span", { className: "contents" },
    h("span", { onClick: () => box.current.showModal() }, trigger),
    h("dialog", { ref: box, className: look || "dialog", "aria-labelledby": id, onMouseDown: onBackdrop },
      h("div", { className: title ? "" : "visually-hidden" }, h(Head, { id, title: title || t("kit.menu"), box })),
      h("div", { onClick: leave, className: title ? "dialog-body" : "" }, body)));
}

const isNarrow = () => matchMedia("(max-width: 1100px)").matches;

// A record beside its list; where there is no room beside it, a sheet over it. It closes by leaving the address.
export function SidePanel({ label, closes, children }) {
  const t = useCopy();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const query = useQuery();
  const box = useRef(null);
  const opened = closes.map((name) => query.get(name) ?? "").join("");
  const to = addressWith(pathname, query, Object.fromEntries(closes.map((name) => [name, ""])));
  const leave = useRef(null);
  leave.current = () => navigate(to, { preventScrollReset: true });
  // After the commit: React puts the focus back to where it was before it.
  useEffect(() => {
    if (!opened || !isNarrow()) return undefined;
    const from = document.activeElement;
    box.current.focus({ preventScroll: true });
    return () => { if (from?.isConnected) from.focus({ preventScroll: true }); };
  }, [opened]);
  useLayoutEffect(() => {
    // Before the others hear the key: what else is open closes first.
    const escape = (event) => { if (event.key === "Escape" && !document.querySelector("dialog[open], details[open]")) leave.current(); };
    document.addEventListener("keydown", escape, true);
    return () => document.removeEventListener("keydown", escape, true);
  }, []);
  const [head, ...rest] = [children].flat();
  const close = { to, preventScrollReset: true };
  return h("div", { className: "panel-place" },
    h(Link, { ...close, className: "panel-scrim", "aria-hidden": true, tabIndex: -1 }),
    h("aside", { ref: box, className: "card panel", "aria-label": label, tabIndex: -1 },
      h("div", { className: "card-head" }, head, h(Link, { ...close, className: "icon-btn", "aria-label": t("kit.close") }, "✕")), rest));
}
