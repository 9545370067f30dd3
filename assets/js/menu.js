// A <details> menu that closes when it should.
import { createElement as h, useLayoutEffect, useRef } from "react";

export function Menu({ label, look, align, children }) {
  const [trigger, items] = children;
  const ref = useRef(null);
  useLayoutEffect(() => {
    const box = ref.current;
    const away = (event) => { if (box.open && !box.contains(event.target)) box.open = false; };
    const escape = (event) => {
      if (event.key !== "Escape" || !box.open) return;
      box.open = false;
      box.querySelector("summary").focus();
    };
    document.addEventListener("click", away);
    document.addEventListener("keydown", escape);
    return () => {
      document.removeEventListener("click", away);
      document.removeEventListener("keydown", escape);
    };
  }, []);
  const choose = (event) => { if (event.target.closest("button.menu-item, a.menu-item")) ref.current.open = false; };
  return h("details", { ref, className: `menu ${align === "left" ? "menu-left" : ""}` },
    h("summary", { className: look, "aria-label": label, title: label }, trigger),
    h("div", { className: "menu-list", onClick: choose }, items));
}
