// Tabs with roving focus: arrows move, the panel follows.
import { Children, createElement as h, useId, useRef, useState } from "react";

export function Tabs({ labels, children }) {
  const id = useId();
  const [at, setAt] = useState(0);
  const list = useRef(null);
  const panels = Children.toArray(children);
  const onKeyDown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -at, End: labels.length - 1 - at }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = (at + step + labels.length) % labels.length;
    setAt(next);
    list.current.children[next].focus();
  };
  return h("div", { className: "stack" },
    h("div", { className: "tabs", role: "tablist", ref: list, onKeyDown }, labels.map((label, i) =>
      h("button", { key: i, type: "button", role: "tab", id: `${id}t${i}`, "aria-controls": `${id}p${i}`, "aria-selected": i === at,
        tabIndex: i === at ? 0 : -1, onClick: () => setAt(i) }, label))),
    panels.map((panel, i) => h("div", { key: i, role: "tabpanel", id: `${id}p${i}`, "aria-labelledby": `${id}t${i}`, hidden: i !== at }, panel)));
}
