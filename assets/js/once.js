// A key of one filled-in form: the same however often it is sent, another when the form is opened anew.
import { createElement as h, useMemo } from "react";

const made = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;

export function OnceKey({ name, formNumber }) {
  const key = useMemo(made, [formNumber]);
  return h("input", { type: "hidden", name, value: key, readOnly: true });
}
