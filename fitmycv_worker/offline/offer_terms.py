"""The terms of an offer: title, employer, place, contract, remote work, pay."""

import re
from collections.abc import Sequence
from typing import Literal

from fitmycv_admin.domain.cvs import wording
from fitmycv_worker.offline import contact, lexicon
from fitmycv_worker.offline.offer_text import Part, Sentence, heading_of
from fitmycv_worker.pipelines.offer_extraction.figures import NUMBER_WORDS
from fitmycv_worker.pipelines.offer_extraction.schemas import ReadSalary
from fitmycv_worker.pipelines.pdf_import import countries, dates

ContractWord = Literal["permanent", "fixed_term", "freelance", "internship", "apprenticeship", "temporary"]

_GENDER = re.compile(r"\s*[-–,|]?\s*[(\[]?\s*\b(?:[hf]\s?/\s?[fhx](?:\s?/\s?[xn])?|[mwdfx](?:\s?[/|]\s?[mwdfx]){1,2}"
                     r"|all genders|gn|h f)"
                     r"\b\s*[)\]]?", re.IGNORECASE)
_TITLE_LABEL = re.compile(r"^(?:(?:intitul[ée](?: du poste)?|poste|titre|job ?title|title|position|role|stelle"
                          r"|stellenbezeichnung"
                          r"|position|puesto|cargo|oferta|offre|job)\s*:\s*)(?P<value>.+)$", re.IGNORECASE)
_COMPANY_LABEL = re.compile(r"^(?:entreprise|soci[ée]t[ée]|company|employer|employeur|unternehmen|firma|arbeitgeber"
                            r"|empresa"
                            r"|organisation)\s*:\s*(?P<value>[^,|\n]+)", re.IGNORECASE)
_PLACE_LABEL = re.compile(r"^(?:lieu(?: de travail)?|localisation|location|ville|city|ort|standort|arbeitsort"
                          r"|einsatzort"
                          r"|ubicaci[óo]n|lugar(?: de trabajo)?|ciudad|poste bas[ée] [àa])\s*:\s*(?P<value>.+)$",
                          re.IGNORECASE)
_SOUGHT = re.compile(
    r"(?:looking for|hiring|seeking|recherch(?:ons|e)|recrut(?:ons|e)|suchen(?: wir)?(?: ab sofort)?|sucht|buscamos"
    r"|busca|seleccionamos)"
    r"\s+(?:(?:its|our|son|sa|notre|nos)\s+)?(?:(?:an?|un\(e\)|une?|eine?n?|una|un/una|le|la"
    r"|einen/eine)\s+)?(?P<value>[^.,;:\n(]{3,90}?)"
    r"(?=\s+(?:to|who|with|for|at|in|based|pour|afin|en|au|[àa]|chez|qui|dans|bas[ée]+e?|zur|f[üu]r|mit|der|die|ab"
    r"|im|am|para|con|que)\b"
    r"|[.,;:\n(]|$)", re.IGNORECASE)
_NAME = r"(?P<value>(?:[A-ZÀ-Þ0-9][\w&.'’-]*)(?:\s+(?:[A-ZÀ-Þ0-9&][\w&.'’-]*|de|du|des|of|und|et|&)){0,4})"
_COMPANY = tuple(re.compile(pattern) for pattern in (
    rf"(?:^|[.!?]\s+){_NAME}(?:\s*,[^,.]{{3,80}},)?\s+(?:recrute|recherche|is (?:looking|hiring|seeking|a\b|an\b"
    rf"|the\b)|sucht|busca|"
    r"selecciona|est (?:un|une|le|la|l['’])|ist (?:ein|eine|der|die|das)|es (?:una?|la|el)\b)",
    rf"(?:\bchez|\bat|\bbei(?: der)?|\bjoin|\brejoignez|\brejoindre|\bAbout|\bÀ propos de|\bÜber|\bSobre)\s+{_NAME}"))
_NOT_COMPANY = frozenset(re.findall(r"\w+", (
    "nous vous le la les l un une notre votre we you our the this il elle tu wir sie du unser ihr das der die dein "
    "el los "
    "las nuestra nuestro este esta ce cette poste us uns me home company job linkedin bac dans au sein pour role "
    "team")))
_CONTRACTS: tuple[tuple[ContractWord, str], ...] = (
    ("apprenticeship", r"alternance|apprentissage|contrat de professionnalisation|apprenticeship|duales studium"
                       r"|dualer student"
                       r"|auszubildende|ausbildungsplatz|contrato de formacion|work study|alternant\w*"),
    ("internship", r"\bstage\b|stagiaire|internship|\bintern\b|praktikum|praktikant\w*|practicas|becari[oa]"),
    ("freelance", r"freelance|freelancer|independant|freiberuf\w*|autonomo|contractor|mission freelance|portage"),
    ("temporary", r"interim\w*|mission d interim|zeitarbeit|temporary|temp agency|ett|trabajo temporal|leiharbeit"),
    ("fixed_term", r"\bcdd\b|fixed term|befristet\w*|contrato temporal|duree determinee|temporal|zeitvertrag"),
    ("permanent", r"\bcdi\b|permanent|unbefristet\w*|festanstellung|contrato indefinido|indefinido|duree indeterminee"),
)
_NOT_REMOTE = re.compile(r"pas de teletravail|no remote|on ?site only|100 presentiel|kein home ?office|sin teletrabajo"
                         r"|not remote|teletravail non|presencial 100|100 presencial|remote none|fully on ?site")
_ALL_REMOTE = re.compile(r"full remote|fully remote|100 remote|100 teletravail|teletravail (?:complet|total|100)"
                         r"|remote only"
                         r"|100 remoto|100 teletrabajo|full home ?office|komplett remote|remote first"
                         r"|work from anywhere"
                         r"|teletrabajo 100|entierement a distance|vollstandig remote|totalmente remoto|en remoto 100")
_SOME_REMOTE = re.compile(r"teletravail|hybride?|remote|home ?office|teletrabajo|hibrido|mobiles arbeiten|mobile work"
                          r"|work from home|remoto|hybrides")
_TERMS = re.compile(r"full ?time|part ?time|temps (?:plein|partiel)|vollzeit|teilzeit|jornada|35 ?h|posted|publiee?")
_BESIDE = re.compile(r"\t|\s[|•·–—-]\s|,\s|\s*[|•·]\s*|\s+(?:at|chez|bei)\s+")
_AMOUNT = r"(?:\d{1,3}(?:[ .,'’\u00a0\u202f]\d{3})+|\d{1,6})(?:[.,]\d{1,2})?"
_CURRENCIES = {"€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "$": "USD", "usd": "USD", "£": "GBP",
               "gbp": "GBP",
               "chf": "CHF"}
_PAY = re.compile(
    rf"(?P<c1>[€$£]|CHF\s)?\s?(?P<low>{_AMOUNT})\s?(?P<k1>k)?\s?(?P<c2>€|\$|£|EUR|euros?|CHF|USD|GBP)?"
    rf"(?:\s?(?:-|–|—|/|à|a|to|bis|et|and|und|y"
    rf"|hasta)\s?(?P<c3>[€$£])?\s?(?P<high>{_AMOUNT})\s?(?P<k2>k)?\s?(?P<c4>€|\$|£|EUR|euros?"
    r"|CHF|USD|GBP)?)?", re.IGNORECASE)
_ABOUT_PAY = re.compile(r"salair|salary|remuneration|gehalt|vergutung|salari|retribucion|sueldo|package|brut|gross"
                        r"|compensation|pay\b"
                        r"|tjm|day rate|tagessatz|fixe|annuel|€|£|\$|k€|wage|lohn|sba")
_PERIODS = (("hour", r"heure|hour|stunde|hora|/ ?h\b|horaire"), ("day", r"jour\b|/ ?j\b|day\b|tag\b|tagessatz|dia\b"
                                                                        r"|tjm"),
            ("month", r"mois|month|monat\w*|mes\b|mensue\w*|mensual\w*|monthly"),
            ("year", r"\ban\b|annuel\w*|annee|year|annum|jahr\w*|ano\b|anual\w*|annual\w*|brut annuel|p ?a\b|/an"))


def spaced(text: str) -> str:
    """`text` folded but for signs that stand between numbers."""
    return dates.levelled(text)


def number(word: str) -> float | None:
    """The number that digits or a word give."""
    return float(word) if word.isdigit() else NUMBER_WORDS.get(wording.folded(word))


def without_gender(text: str) -> str:
    """A title without (H/F), (m/w/d) and the like."""
    return _GENDER.sub(" ", text).strip(" -–—|,:•·/").replace("  ", " ")


def title(text: str, said: Sequence[Sentence]) -> str | None:
    """The title: labelled, at the top, or in the sentence that says who is sought."""
    lines = [line.strip().lstrip("#*-• ").rstrip("* ") for line in text.splitlines() if line.strip()]
    for line in lines[:12]:
        labelled = _TITLE_LABEL.match(line)
        if labelled:
            return without_gender(labelled.group("value"))
    for line in () if lines and _SOUGHT.search(lines[0]) else lines[:4]:
        first = re.split(r"\t|\s[|•·–—]\s", line)[0]
        short = len(first) <= 90 and not first.endswith(".") and first[:1].isupper() and heading_of(first) is None
        if short and (lexicon.is_title(first) or _GENDER.search(first)) and not _SOUGHT.search(first):
            return _clipped(without_gender(first))
    for sentence in said:
        sought = _SOUGHT.search(sentence.text)
        if sought and lexicon.is_title(sought.group("value")):
            return without_gender(sought.group("value"))
    first = lines[0] if lines else ""
    alone = 3 < len(first) <= 80 and not first.endswith(".") and heading_of(first) is None
    return without_gender(first) if alone else None


def _clipped(text: str) -> str:
    """A title without the employer or the place after a dash or a comma."""
    parts = re.split(r"\s+-\s+|,\s+|\s+(?:at|chez|bei)\s+(?=[A-ZÀ-Þ])|\s*\(", text)
    kept = [parts[0]]
    for part in parts[1:]:
        if lexicon.is_title(part) and not lexicon.is_company(part) and f"{kept[0]} - {part}" in text:
            kept = [f"{kept[0]} - {part}"]
    return kept[0].strip(" -–") if lexicon.is_title(kept[0]) else text


def company(text: str, said: Sequence[Sentence], title_text: str | None) -> str | None:
    """The employer: labelled, beside the title, or the one who seeks."""
    lines = [line.strip().lstrip("#*-• ").rstrip("* ") for line in text.splitlines() if line.strip()]
    for line in lines[:15]:
        labelled = _COMPANY_LABEL.match(line)
        if labelled:
            return labelled.group("value").strip()
    beside = _beside_title(lines[:4], title_text)
    if beside:
        return beside
    for pattern in _COMPANY:
        for sentence in said:
            found = pattern.search(sentence.text)
            if found and (name := _company_name(found.group("value"))):
                return name
    return None


def _beside_title(lines: Sequence[str], title_text: str | None) -> str | None:
    """A short piece of the first lines that is neither the title nor a place nor a term."""
    for number_, line in enumerate(lines):
        rest = without_gender(line.replace(title_text, " ", 1)) if title_text else line
        pieces = [piece.strip(" -–—|•·,()") for piece in _BESIDE.split(rest)]
        for piece in pieces:
            if len(piece) < 3 or len(piece.split()) > 5 or not piece[:1].isupper() or number_ > 2:
                continue
            term = contract(piece) or remote(piece) or _ABOUT_PAY.search(spaced(piece)) or heading_of(piece)
            term = term or _TERMS.search(wording.folded(piece))
            somewhere = lexicon.is_place(piece) or contact.place_of(piece)[0]
            if term or somewhere or lexicon.is_title(piece) or ":" in piece:
                continue
            beside = title_text and title_text in " ".join(lines[:2]) and number_ <= 1 and len(line) < 90
            if lexicon.is_company(piece) or beside:
                return piece
    return None


def _company_name(text: str) -> str | None:
    """A name without what cannot be one."""
    words = text.strip(" ,.").split()
    while words and wording.folded(words[-1]) in _NOT_COMPANY | {"de", "du", "des", "of", "und", "et", "&"}:
        words.pop()
    if not words or wording.folded(words[0]) in _NOT_COMPANY or lexicon.is_title(" ".join(words)):
        return None
    return None if lexicon.is_place(" ".join(words)) else " ".join(words)


def place(text: str, said: Sequence[Sentence]) -> tuple[str | None, str | None, str | None]:
    """Where the job is: labelled, in the first lines, or the first town that is named."""
    lines = [line.strip().lstrip("#*-• ") for line in text.splitlines() if line.strip()]
    for line in lines[:25]:
        labelled = _PLACE_LABEL.match(line)
        if labelled:
            value = labelled.group("value")
            found = contact.place_of(value) if contact.place_of(value)[0] else _town_in(value)
            return found if found[0] else (re.split(r"[,(/|–-]", value)[0].strip() or None, None, countries.code(value))
    for line in lines[:6]:
        for piece in re.split(r"\t|\s[|•·–—-]\s|\s*[|•·]\s*|\sat\s", line):
            found = contact.place_of(piece)
            if found[0]:
                return found
    for part in (Part.HEAD, Part.DUTIES, Part.NEEDS, Part.BENEFITS, Part.EMPLOYER, Part.PROCESS):
        for sentence in said:
            if sentence.part is part and (found := _town_in(sentence.text))[0]:
                return found
    return None, None, None


_TOWN = re.compile(r"(?:\b(?:à|a|in|en|at|sur|nach|de|von|near|près de|bei|based in|basée? à|ciudad de)\s+|[(\s])"
                   r"(?P<value>(?:Le |La |Los |San |Las |Saint-)?[A-ZÀ-Þ][\w'’-]+(?:[ -][A-ZÀ-Þ][\w'’-]+){0,3})")


def _town_in(text: str) -> tuple[str | None, str | None, str | None]:
    """A known town in a sentence."""
    for match in _TOWN.finditer(f" {text}"):
        words = match.group("value").split(" ")
        for length in range(len(words), 0, -1):
            name = " ".join(words[:length])
            if lexicon.is_city(name) and (len(name) > 4 or match.group(0).strip() != name):
                return name, None, None
    return None, None, None


def contract(text: str) -> ContractWord | None:
    """How the job is held, the more particular word first."""
    plain = wording.folded(text)
    return next((word for word, pattern in _CONTRACTS if re.search(rf"(?:^| )(?:{pattern})(?= |$)", plain)), None)


def remote(text: str) -> Literal["full", "hybrid", "none"] | None:
    """How much of the work is done away from the office."""
    plain = wording.folded(text)
    if _NOT_REMOTE.search(plain):
        return "none"
    if _ALL_REMOTE.search(plain):
        return "full"
    return "hybrid" if _SOME_REMOTE.search(plain) else None


def salary(said: Sequence[Sentence]) -> ReadSalary | None:
    """Pay with a currency, in a sentence that is about pay."""
    for sentence in said:
        words = spaced(sentence.text)
        if not _ABOUT_PAY.search(words):
            continue
        for match in _PAY.finditer(sentence.text):
            sign = next((match.group(c) for c in ("c2", "c4", "c1", "c3") if match.group(c)), None)
            if sign is None and not (match.group("k1") or match.group("k2")):
                continue
            thousands = bool(match.group("k1") or match.group("k2"))
            low = _amount(match.group("low"), thousands)
            high = _amount(match.group("high"), thousands) if match.group("high") else None
            if low is None or low < 8 or re.match(r"\s*(?:m\b|millions?|mio|milliards?|mds?\b)", words[match.end():]):
                continue
            return ReadSalary.model_validate({
                "minimum": low, "maximum": high if high and high >= low else None,
                "currency": _CURRENCIES.get(sign.strip().lower()) if sign else None,
                "period": _period(words, low), "sentence": sentence.text})
    return None


def _amount(written: str | None, thousands: bool) -> float | None:
    """The value of an amount, "45" of "45-50 k€" as 45000."""
    if not written:
        return None
    digits = re.sub(r"[ .,'’\u00a0\u202f](?=\d{3}(?!\d))", "", written).replace(",", ".")
    value = float(digits)
    return value * 1000 if thousands and value < 1000 else value


def _period(words: str, low: float) -> str | None:
    """What the pay is for: said, or a year when it is large."""
    named = next((period for period, pattern in _PERIODS if re.search(pattern, words)), None)
    if low >= 10_000:
        return "year"
    return named if named != "year" or low >= 8_000 else None
