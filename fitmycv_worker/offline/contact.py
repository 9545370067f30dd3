"""Who the person is and how to reach them, from the lines before the first heading and under Contact."""

import re
from collections.abc import Sequence
from itertools import pairwise

import phonenumbers

from fitmycv_worker.offline import lexicon
from fitmycv_worker.offline.cv_lines import Line, Text
from fitmycv_worker.pipelines.pdf_import.headings import Section, section_of
from fitmycv_worker.pipelines.pdf_import.schemas import ReadLink

EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
URL = re.compile(
    r"(?:https?://|www\.)[^\s<>|,;()]+|(?<![@\w.])(?:[a-z0-9-]+\.)+(?:com|fr|de|es|org|net|io|dev|me|eu|co|uk|ch|at|be|"
    r"info|app|tech|ai|cat|design|page|blog|site|online|inc)(?:/[^\s<>|,;()]*)?(?![\w@])",
    re.IGNORECASE,
)
_PROFILES = {
    "linkedin": "LinkedIn",
    "github": "GitHub",
    "gitlab": "GitLab",
    "twitter": "Twitter",
    "x.com": "X",
    "xing": "XING",
    "behance": "Behance",
    "dribbble": "Dribbble",
    "medium": "Medium",
    "stackoverflow": "Stack Overflow",
    "kaggle": "Kaggle",
    "malt": "Malt",
    "orcid": "ORCID",
    "youtube": "YouTube",
    "instagram": "Instagram",
    "researchgate": "ResearchGate",
    "viadeo": "Viadeo",
    "bitbucket": "Bitbucket",
    "codepen": "CodePen",
}
_LABEL = re.compile(
    r"^\s*(?:e-?mail|mail|courriel|correo(?: electr[oó]nico)?|t[ée]l(?:[ée]phone|efon|[ée]fono)?|phone|mobile?"
    r"|m[óo]vil|"
    r"portable|handy|adresse|address|direcci[óo]n|anschrift|lieu|ort|location|ville|ciudad|city|wohnort|"
    r"site(?: web)?|web(?:site)?|linkedin|github|localisation|ubicaci[óo]n|name|nom|nombre)\s*\.?\s*:\s*",
    re.IGNORECASE,
)
_PARTS = re.compile(r"\t|\s[|•·∙◦–—-]\s|\s{2,}|\s*[|•·]\s*")
_NOT_NAME = re.compile(r"curriculum|vitae|lebenslauf|resume\b|^cv\b|hoja de vida|last updated|bewerbung", re.IGNORECASE)
_PERSONAL = re.compile(
    r"\b(?:n[ée]e? le|geboren|geburtsdatum|date of birth|born|nationalit|staatsangeh|nacionalidad|fecha de nacimiento|"
    r"ans\b|years old|a[ñn]os|jahre|permis|f[üu]hrerschein|carnet|driving|familienstand|estado civil|c[ée]libataire"
    r"|ledig|"
    r"mari[ée]e?|verheiratet|casad[oa]|single|married|soltero|soltera|dni)",
    re.IGNORECASE,
)
_REGIONS = ("FR", "DE", "ES", "GB", "US", "CH", "BE")
_NAME_WORDS = range(2, 6)
_PARTICLES = frozenset(("de", "la", "del", "von", "van", "der", "den", "y", "da", "di", "le", "du", "zu", "dos", "el"))


def lines_of(text: Text) -> list[Line]:
    """The lines that may say who the person is."""
    return [
        line for block in text.blocks if block.section in (None, Section.CONTACT, Section.LINKS) for line in block.lines
    ]


def email(text: Text, whole: str) -> str | None:
    """The first e-mail address, of the header if it has one."""
    for line in lines_of(text):
        found = EMAIL.search(line.text)
        if found:
            return found.group()
    found = EMAIL.search(whole)
    return found.group() if found else None


def phone(text: Text) -> str | None:
    """The first telephone number of the header, as written."""
    lines = [line.text for line in lines_of(text)]
    broken = [f"{one} {two}" for one, two in pairwise(lines) if one[-1:].isdigit() and two[:1].isdigit()]
    for spoken in (*broken, *lines):
        bare = URL.sub(lambda m: " " * len(m.group()), EMAIL.sub(lambda m: " " * len(m.group()), spoken))
        if sum(c.isdigit() for c in bare) < 8:
            continue
        for region in (None, *_REGIONS):
            found = next(
                iter(phonenumbers.PhoneNumberMatcher(bare, region, leniency=phonenumbers.Leniency.POSSIBLE)), None
            )
            if found is not None and sum(c.isdigit() for c in found.raw_string) >= 8:
                start = found.start - 1 if found.start and bare[found.start - 1] == "(" else found.start
                return bare[start : found.end].strip()
    return None


def links(text: Text) -> list[ReadLink]:
    """Web addresses of the header, and profiles behind links."""
    found: dict[str, ReadLink] = {}
    shown = " ".join(line.text for line in lines_of(text)).casefold()
    for line in lines_of(text):
        for match in URL.finditer(EMAIL.sub(" ", line.text)):
            _add(found, match.group().rstrip(".,/"))
    for url in text.links:
        bare = _bare(url)
        if url.startswith("http") and ((_profile(url) and "/" in bare) or bare in shown):
            _add(found, url.rstrip("/") if bare in found else url)
    return list(found.values())


def _add(found: dict[str, ReadLink], url: str) -> None:
    """Keep an address once, however it is written; the full address wins."""
    key = _bare(url)
    if key not in found or url.startswith("http"):
        found[key] = ReadLink(label=_profile(url), url=url)


def _bare(url: str) -> str:
    """An address without its scheme."""
    return url.casefold().split("://")[-1].removeprefix("www.").rstrip("/")


def _profile(url: str) -> str | None:
    """The name of the network an address leads to."""
    host = _bare(url).split("/")[0]
    return next((name for key, name in _PROFILES.items() if key in host), None)


def place(text: Text) -> tuple[str | None, str | None, str | None]:
    """Town, region and country of the person."""
    spoken = [part for line in lines_of(text) for part in _PARTS.split(_LABEL.sub("", line.text)) if part.strip()]
    for part in spoken:
        found = place_of(_LABEL.sub("", part))
        if found[0]:
            return found
    for part in spoken:
        postal = re.search(r"\b\d{5}\s+([^\W\d][\w'’ -]{2,30})", part)
        if postal and not EMAIL.search(part):
            return postal.group(1).strip(), None, None
    return None, None, None


def place_of(text: str) -> tuple[str | None, str | None, str | None]:
    """Town, region and country that `text` names, when it names a known town."""
    parts = [piece.strip(" .()") for piece in re.split(r"[,/()]|\s[-–]\s", text) if piece.strip(" .()")]
    for index, piece in enumerate(parts):
        if lexicon.is_city(piece):
            rest = [other for other in parts[index + 1 :] if lexicon.is_region(other)]
            country = next((other for other in rest if lexicon.countries.code(other)), None)
            region = next((other for other in rest if other != country), None)
            return lexicon.without_postcode(piece), re.sub(r"\s*\d{5}$", "", region) if region else None, country
    return None, None, None


def name_and_title(text: Text) -> tuple[str | None, str | None]:
    """The person's name and the title under it."""
    lines = [line for block in text.blocks if block.section in (None, Section.CONTACT) for line in block.lines]
    lines = [line for line in lines if not _NOT_NAME.search(line.text) or len(line.text) > 40]
    candidates = sorted((line for line in lines if _may_be_name(_first_part(line))), key=lambda line: -line.level)
    if not candidates:
        return None, _title(lines)
    chosen = candidates[0]
    index = lines.index(chosen)
    name, rest = _first_part(chosen), _after_first_part(chosen)
    following = lines[index + 1] if index + 1 < len(lines) else None
    if len(name.split()) == 1 and following and following.level == chosen.level and len(following.text.split()) <= 3:
        return f"{name} {following.text}", _title(lines[index + 2 :])
    if rest and lexicon.is_title(rest):
        return name, rest
    return name, _title(lines[index + 1 :]) or _title(lines[:index])


def _first_part(line: Line) -> str:
    """A line up to the first separator."""
    return _LABEL.sub("", _PARTS.split(line.text)[0]).split(",")[0].strip()


def _after_first_part(line: Line) -> str | None:
    """What follows the first separator of a line."""
    parts = _PARTS.split(line.text)
    return parts[1].strip() if len(parts) > 1 else None


def _may_be_name(text: str) -> bool:
    """Whether `text` could be somebody's name."""
    words = text.split()
    if any(c.isdigit() for c in text) or "@" in text or ":" in text or section_of(text) or _PERSONAL.search(text):
        return False
    if len(words) == 1:
        return text.isalpha() and text[:1].isupper() and len(text) > 2 and not lexicon.is_title(text)
    capital = sum(word[:1].isupper() for word in words)
    plain = all(word[:1].isupper() or word.lower() in _PARTICLES for word in words)
    return (
        len(words) in _NAME_WORDS
        and capital >= 2
        and plain
        and not (lexicon.is_title(text) or lexicon.is_place(text) or lexicon.is_company(text))
    )


def _title(lines: Sequence[Line]) -> str | None:
    """The first of a few lines that names an occupation; else one that only could."""
    near = []
    for line in lines[:6]:
        for part in re.split(r"\t", line.text):
            part = part.strip(" |•·–-")
            if part and not _is_contact(part) and len(part) <= 110 and not part.endswith("."):
                near.append(part)
    named = next((part for part in near if lexicon.is_title(part)), None)
    if named is not None:
        return named
    first = near[0] if near else None
    fits = first and 2 <= len(first.split()) <= 8 and not any(c.isdigit() for c in first)
    return first if fits else None


def _is_contact(text: str) -> bool:
    """Whether a piece of text is about where the person lives or how to reach them."""
    digits = sum(c.isdigit() for c in text)
    return bool(
        EMAIL.search(text)
        or URL.search(text)
        or _LABEL.match(text)
        or _PERSONAL.search(text)
        or digits >= 5
        or lexicon.is_place(text)
        or section_of(text)
        or place_of(text)[0]
    )
