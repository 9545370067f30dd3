// Forms of accounts that really post: the answer comes back in the address as the key of a sentence.
import { createElement as h, useEffect, useRef, useState } from "react";
import { useCopy } from "./copy.js";
import { useQuery } from "./query.js";

const UNKNOWN = "accounts.error.unknown";
const memory = (name) => `form:${name}`;
const kept = (name) => { try { return JSON.parse(sessionStorage.getItem(memory(name)) ?? "{}"); } catch { return {}; } };
const isSafe = (input) => input.name && !["password", "hidden", "checkbox", "submit"].includes(input.type) && !input.dataset.secret;

// Only our own sentences are shown, whatever stands in the address.
function useProblem(limits) {
  const t = useCopy();
  const query = useQuery();
  const key = query.get("error") ?? "";
  if (!key) return { field: "", text: "" };
  const text = key.startsWith("accounts.error.") ? t(key, limits?.[key]) : key;
  return { field: query.get("field") ?? "", text: text === key ? t(UNKNOWN) : text };
}

// A form that remembers what was typed (never a password) until it is accepted, and is sent once.
export function AccountForm({ action, name, fields, limits, quiet, children }) {
  const form = useRef(null);
  const problem = useProblem(limits);
  const isWhole = problem.text && !quiet && !(fields ?? []).includes(problem.field);
  useEffect(() => {
    // The address itself: the first render after a prerendered page does not know its query yet.
    const failed = new URLSearchParams(location.search).has("error");
    const typed = failed ? kept(name) : {};
    for (const input of form.current.querySelectorAll("input")) {
      if (isSafe(input) && typed[input.name] && !input.value) input.value = typed[input.name];
    }
    if (!failed) sessionStorage.removeItem(memory(name));
  }, []);
  useEffect(() => {
    if (problem.text) form.current.querySelector("[aria-invalid=true]")?.focus();
  }, [problem.text]);
  const send = (event) => {
    const button = event.currentTarget.querySelector("button[type=submit]");
    if (button.disabled) { event.preventDefault(); return; }
    const typed = {};
    for (const input of event.currentTarget.querySelectorAll("input")) if (isSafe(input)) typed[input.name] = input.value;
    sessionStorage.setItem(memory(name), JSON.stringify(typed));
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
  };
  // Coming back with the browser's own button finds the form ready again.
  useEffect(() => {
    const again = (event) => { if (event.persisted) for (const b of form.current.querySelectorAll("button")) { b.disabled = false; b.removeAttribute("aria-busy"); } };
    addEventListener("pageshow", again);
    return () => removeEventListener("pageshow", again);
  }, []);
  return h("form", { ref: form, action, method: "post", className: "form", onSubmit: send },
    isWhole ? h("p", { className: "form-error", role: "alert" }, problem.text) : null, children);
}

export function Problem({ fields, limits }) {
  const problem = useProblem(limits);
  return problem.text && !fields.includes(problem.field) ? h("p", { className: "form-error", role: "alert" }, problem.text) : null;
}

export function AccountField({ name, label, hint, type = "text", complete, longest, value, limits, secret }) {
  const t = useCopy();
  const problem = useProblem(limits);
  const [isShown, setShown] = useState(false);
  const isWrong = Boolean(problem.text) && problem.field === name;
  const isPassword = type === "password";
  const input = h("input", { id: name, name, type: isPassword && isShown ? "text" : type, className: "input", autoComplete: complete,
    required: true, maxLength: longest, defaultValue: value, spellCheck: false, autoCapitalize: type === "email" ? "none" : undefined,
    "data-secret": isPassword || secret ? "" : undefined, "aria-invalid": isWrong ? "true" : undefined,
    "aria-describedby": [isWrong && `${name}-error`, hint && `${name}-hint`].filter(Boolean).join(" ") || undefined });
  return h("div", { className: "field" },
    h("div", { className: "row" }, h("label", { htmlFor: name, className: "field-label" }, label),
      isPassword ? h("button", { type: "button", className: "link-plain sub push", "aria-controls": name,
        "aria-label": t(isShown ? "accounts.password.hide_long" : "accounts.password.show_long"), onClick: () => setShown(!isShown) },
        t(isShown ? "accounts.password.hide" : "accounts.password.show")) : null),
    input,
    hint ? h("p", { className: "field-hint", id: `${name}-hint` }, hint) : null,
    isWrong ? h("p", { className: "field-error", id: `${name}-error`, role: "alert" }, problem.text) : null);
}

// The secret of a link stands after "#": it reaches no server before the form is sent, and leaves the address at once.
export function TokenField({ page }) {
  const [token, setToken] = useState("");
  const key = `token:${page}`;
  useEffect(() => {
    const found = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
    if (found) {
      sessionStorage.setItem(key, found);
      history.replaceState(history.state, "", location.pathname + location.search);
    }
    setToken(found ?? sessionStorage.getItem(key) ?? "");
  }, []);
  return h("input", { type: "hidden", name: "token", value: token, readOnly: true });
}

// What was done, from the address; a word that is not ours shows nothing.
export function Done({ words, tone = "ok", name = "done" }) {
  const query = useQuery();
  const text = words[query.get(name) ?? ""];
  return text ? h("div", { className: `notice notice-${tone}`, role: "status" }, h("div", { className: "notice-text" }, text)) : null;
}

// One of several contents, chosen by a word of the address; the last one is the standard.
export function Choice({ name, options, children }) {
  const query = useQuery();
  const index = options.indexOf(query.get(name) ?? "");
  return [children].flat()[index < 0 ? options.length - 1 : index];
}

// Where to go after signing in.
export function NextField() {
  const query = useQuery();
  return h("input", { type: "hidden", name: "next", value: query.get("next") ?? "", readOnly: true });
}

export function LanguageField() {
  const [lang, setLang] = useState("");
  useEffect(() => { setLang(document.documentElement.lang); }, []);
  return h("input", { type: "hidden", name: "language", value: lang, readOnly: true });
}
