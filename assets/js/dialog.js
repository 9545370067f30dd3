// Native <dialog>: opened by the state of the page or by the button inside it, closed by Escape, the backdrop or its buttons.
import { createElement as h, useEffect, useId, useRef } from "react";
import { useCopy } from "./copy.js";

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
