// The message language of the catalogues, as fitmycv_admin/copy/message.py reads it.
const parsed = new Map();

function parts(s, at, inPlural) {
  const out = [];
  let literal = "";
  while (at < s.length && s[at] !== "}") {
    const mark = s[at];
    if (mark !== "{" && !(mark === "#" && inPlural)) { literal += mark; at += 1; continue; }
    if (literal) { out.push(literal); literal = ""; }
    if (mark === "#") { out.push({ slot: "#" }); at += 1; continue; }
    const [part, end] = braced(s, at, inPlural);
    out.push(part);
    at = end;
  }
  if (literal) out.push(literal);
  return [out, at];
}

function braced(s, at, inPlural) {
  const close = s.indexOf("}", at);
  const comma = s.indexOf(",", at);
  if (comma < 0 || close < comma) return [{ slot: s.slice(at + 1, close).trim() }, close + 1];
  const second = s.indexOf(",", comma + 1);
  const kind = s.slice(comma + 1, second).trim();
  const [branches, end] = branchesOf(s, second + 1, inPlural || kind === "plural");
  return [{ kind, name: s.slice(at + 1, comma).trim(), branches }, end];
}

function branchesOf(s, at, inPlural) {
  const branches = {};
  for (;;) {
    while (at < s.length && /\s/.test(s[at])) at += 1;
    if (at >= s.length || s[at] === "}") return [branches, at + 1];
    const open = s.indexOf("{", at);
    if (open < 0) return [branches, s.length];
    const word = s.slice(at, open).trim();
    const [branch, end] = parts(s, open + 1, inPlural);
    branches[word] = branch;
    at = end + 1;
  }
}

const numbers = {};
const plurals = {};
function shown(lang, value) {
  if (typeof value === "number") return (numbers[lang] ??= new Intl.NumberFormat(lang)).format(value);
  return value === null || value === undefined ? "" : String(value);
}

function render(lang, list, params, count) {
  return list.map((part) => {
    if (typeof part === "string") return part;
    if (part.slot === "#") return shown(lang, count);
    if (part.slot !== undefined) return part.slot in params ? shown(lang, params[part.slot]) : `{${part.slot}}`;
    const value = params[part.name];
    if (part.kind === "select") return render(lang, part.branches[String(value)] ?? part.branches.other, params, count);
    const number = typeof value === "number" ? value : 0;
    const rule = (plurals[lang] ??= new Intl.PluralRules(lang)).select(number);
    return render(lang, part.branches[`=${number}`] ?? part.branches[rule] ?? part.branches.other, params, value ?? 0);
  }).join("");
}

export function fill(lang, sentence, params = {}) {
  if (!sentence.includes("{")) return sentence;
  if (!parsed.has(sentence)) parsed.set(sentence, parts(sentence, 0, false)[0]);
  return render(lang, parsed.get(sentence), params, undefined);
}
