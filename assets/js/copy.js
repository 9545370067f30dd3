// Sentences in the reader's language, chosen and switched in the browser without asking the server.
import { useSyncExternalStore } from "react";
import { fill } from "./message.js";

const load = { en: () => import("../i18n/en.js"), fr: () => import("../i18n/fr.js") };
const catalogues = {};
const listeners = new Set();
const isBrowser = typeof document !== "undefined";

const known = (lang) => (lang in load ? lang : undefined);
const cookie = () => (isBrowser ? known(/(?:^|; )lang=(\w+)/.exec(document.cookie)?.[1]) : undefined);

// The page was prerendered in the language of <html lang>; hydration has to agree with it.
const served = known(isBrowser ? document.documentElement.lang : globalThis.process?.env?.FITMYCV_PRERENDER_LANG) ?? "en";
let current = cookie() ?? served;

async function fetchCatalogue(lang) {
  catalogues[lang] ??= (await load[lang]()).default;
}
await Promise.all([...new Set([served, current])].map(fetchCatalogue));
if (isBrowser) document.documentElement.lang = current;

const subscribe = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const language = () => current;
export const useLanguage = () => useSyncExternalStore(subscribe, () => current, () => served);

export async function setLanguage(lang) {
  if (!known(lang) || lang === current) return;
  await fetchCatalogue(lang);
  current = lang;
  document.cookie = `lang=${lang}; path=/; max-age=31536000; samesite=lax`;
  document.documentElement.lang = lang;
  listeners.forEach((listener) => listener());
}

export function translate(lang, key, params) {
  const sentence = catalogues[lang]?.[key];
  return sentence === undefined ? key : fill(lang, sentence, params);
}

const translators = {};
export function useCopy() {
  const lang = useLanguage();
  return (translators[lang] ??= (key, params) => translate(lang, key, params));
}
