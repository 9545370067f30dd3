// Sentences in the reader's language, chosen and switched in the browser without asking the server.
import { useSyncExternalStore } from "react";
import { FETCH } from "../i18n/parts.js";
import { fill } from "./message.js";

const words = { en: {}, fr: {} };
const fetching = {};
const listeners = new Set();
const isBrowser = typeof document !== "undefined";

const known = (lang) => (lang in words ? lang : undefined);
const cookie = () => (isBrowser ? known(/(?:^|; )lang=(\w+)/.exec(document.cookie)?.[1]) : undefined);

// The page was prerendered in the language of <html lang>; hydration has to agree with it.
const served = known(isBrowser ? document.documentElement.lang : globalThis.process?.env?.FITMYCV_PRERENDER_LANG) ?? "en";
let current = cookie() ?? served;

// Hydration needs every sentence of the page at once: the page that was served says which parts it names.
function partsOfPage() {
  if (!isBrowser) return Object.keys(FETCH.en);
  return ["shared", ...(document.querySelector("[data-words]")?.dataset.words ?? "").split(" ").filter((part) => part in FETCH.en)];
}
const wanted = new Set(partsOfPage());
const have = new Set();
function fetchPart(lang, part) {
  const name = `${lang}.${part}`;
  const keep = (module) => { Object.assign(words[lang], module.default); have.add(name); };
  return (fetching[name] ??= FETCH[lang][part]().then(keep, (error) => { delete fetching[name]; throw error; }));
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

// A sentence of a part that is not here yet, after a way from one page to another: nothing for a moment, then itself.
let edition = 0;
function isComing(lang, key) {
  const part = key.slice(0, key.indexOf("."));
  if (!(part in FETCH.en) || have.has(`${lang}.${part}`)) return false;
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
