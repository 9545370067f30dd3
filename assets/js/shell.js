// The small switches of the frame: language, theme, the link of the current page.
import { createElement as h, useEffect, useState } from "react";
import { Link, useLocation } from "react-router";
import { language, setLanguage, useCopy, useLanguage } from "./copy.js";

const trimmed = (path) => path.replace(/\/+$/, "") || "/";

// A link of the navigation: it knows when it, or a page under it, is on.
export function NavLink({ href, exact, look, children }) {
  const path = trimmed(useLocation().pathname);
  const isOn = path === href || (!exact && href !== "/" && path.startsWith(`${href}/`));
  return h(Link, { to: href, className: look, "aria-current": isOn ? "page" : undefined }, children);
}

// The language a person chose elsewhere (their profile) wins over the cookie of this browser.
export function LanguageSwitch({ profile, onChoose, look }) {
  const t = useCopy();
  const lang = useLanguage();
  useEffect(() => { if (profile && profile !== language()) setLanguage(profile); }, [profile]);
  const other = lang === "fr" ? "en" : "fr";
  const choose = () => { setLanguage(other); onChoose?.(other); };
  return h("button", { type: "button", className: look || "icon-btn lang", lang: other, onClick: choose, title: t("kit.shell.language"),
    "aria-label": other === "fr" ? "Passer en français" : "Switch to English" }, look ? t(`kit.shell.language_${other}`) : other.toUpperCase());
}

export function Avatar({ initials }) {
  const [isMounted, setMounted] = useState(false);
  useEffect(() => setMounted(true), []);
  return h("span", { className: "avatar", "aria-hidden": true }, isMounted ? initials || "·" : "·");
}
