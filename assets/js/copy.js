// Sentences in the reader's language, chosen and switched in the browser without asking the server.
import { useSyncExternalStore } from "react";
import { FRAMES, PART_OF, REST } from "../i18n/parts.js";
import { fill } from "./message.js";

const load = {
  en: { shared: () => import("../i18n/en.shared.js"), portal: () => import("../i18n/en.portal.js"), ops: () => import("../i18n/en.ops.js"), rest: () => import("../i18n/en.rest.js") },
  fr: { shared: () => import("../i18n/fr.shared.js"), portal: () => import("../i18n/fr.portal.js"), ops: () => import("../i18n/fr.ops.js"), rest: () => import("../i18n/fr.rest.js") },
};
const words = { en: {}, fr: {} };
const fetching = {};
const listeners = new Set();
const isBrowser = typeof document !== "undefined";

const known = (lang) => (lang in load ? lang : undefined);
const cookie = () => (isBrowser ? known(/(?:^|; )lang=(\w+)/.exec(document.cookie)?.[1]) : undefined);

// The page was prerendered in the language of <html lang>; hydration has to agree with it.
const served = known(isBrowser ? document.documentElement.lang : globalThis.process?.env?.FITMYCV_PRERENDER_LANG) ?? "en";
let current = cookie() ?? served;

// Hydration needs every sentence of the page at once: the frame that was served says which parts it may use.
// The page of one record is served without its frame; the address tells.
function partsOfFrame() {
  if (!isBrowser) return Object.keys(load.en);
  const has = (frame) => document.querySelector(frame);
  return FRAMES[has(".guest") ? "guest" : has(".app") || location.pathname.startsWith("/ops/") ? "ops" : "portal"];
}
const wanted = new Set(partsOfFrame());
const have = new Set();
function fetchPart(lang, part) {
  const name = `${lang}.${part}`;
  const keep = (module) => { Object.assign(words[lang], module.default); have.add(name); };
  return (fetching[name] ??= load[lang][part]().then(keep, (error) => { delete fetching[name]; throw error; }));
}
const fetchWords = (lang) => Promise.all([...wanted].map((part) => fetchPart(lang, part)));
await Promise.all([...new Set([served, current])].map(fetchWords));
if (isBrowser) document.documentElement.lang = current;

const subscribe = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const language = () => current;
export const useLanguage = () => useSyncExternalStore(subscribe, () => current, () => served);

export async function setLanguage(lang) {
  if (!known(lang) || lang === current) return;
  await fetchWords(lang);
  current = lang;
  document.cookie = `lang=${lang}; path=/; max-age=31536000; samesite=lax`;
  document.documentElement.lang = lang;
  listeners.forEach((listener) => listener());
}

// A sentence of a part that is not here yet, after a way from one frame to another: nothing for a moment, then itself.
let edition = 0;
function isComing(lang, key) {
  const part = PART_OF[key.slice(0, key.indexOf("."))] ?? REST;
  if (have.has(`${lang}.${part}`)) return false;
  if (!wanted.has(part) || !fetching[`${lang}.${part}`]) {
    wanted.add(part);
    fetchPart(lang, part).then(() => { edition += 1; listeners.forEach((listener) => listener()); }, () => wanted.delete(part));
  }
  return true;
}

export function translate(lang, key, params) {
  const sentence = words[lang]?.[key];
  if (sentence === undefined) return isComing(lang, key) ? "" : key;
  return fill(lang, sentence, params);
}

const translators = {};
export function useCopy() {
  const lang = useLanguage();
  const read = useSyncExternalStore(subscribe, () => edition, () => 0);
  return (translators[`${lang}${read}`] ??= (key, params) => translate(lang, key, params));
}
