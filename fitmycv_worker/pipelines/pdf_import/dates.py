"""Dates as people write them in CVs and offers, in four languages, read without guessing."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

PRESENT = "present"

_MONTHS: tuple[str, ...] = (
    "january jan janvier janv januar jaenner janner enero ene",
    "february feb fevrier fevr fev februar febrero",
    "march mar mars marz maerz marzo mrz",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juin juni junio",
    "july jul juillet juil juli julio",
    "august aug aout agosto ago",
    "september sept sep septembre septiembre setiembre",
    "october oct octobre oktober okt octubre",
    "november nov novembre noviembre",
    "december dec decembre dezember dez diciembre dic",
)
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}
_MONTH = "(?:" + "|".join(sorted(_MONTH_OF, key=len, reverse=True)) + r")\b\.?"
_YEAR = r"(?:19[5-9]\d|20[0-4]\d)(?!\d)"
_DATE = (  # @ is the number of the date in its pattern
    rf"(?:(?:\d{{1,2}}(?:er|st|nd|rd|th|\.)?\s+(?:de\s+)?)?(?P<mon@>{_MONTH})\s*(?:de\s+|del\s+|,\s*|/\s*|-\s*)?"
    rf"(?:(?P<ya@>{_YEAR})|['’](?P<yy@>\d\d)\b)"
    rf"|(?:\d{{1,2}}[./-])?(?P<mb@>0?[1-9]|1[0-2])\s?[./-]\s?(?P<yb@>{_YEAR})"
    rf"|(?P<yc@>{_YEAR})[./-](?P<mc@>0[1-9]|1[0-2])(?:[./-]\d\d)?(?!\d)"
    rf"|(?P<yd@>{_YEAR}))"
)
_NOW = (
    r"(?:present(?:e|ly)?|now|today|current(?:ly)?|ongoing|to date|aujourd ?['’]?hui|a ce jour|ce jour"
    r"|actuel(?:lement)?|en cours|maintenant|heute|aktuell|jetzt|laufend|dato|actualidad|la actualidad"
    r"|actual(?:mente)?|hoy|en curso|la fecha|fecha)\b"
)
_TO = (
    r"\s*(?:[-–—→~]+|\bto\b|\bau\b|\ba\b|\bal\b|\bbis\b|\bhasta\b|\buntil\b|\btill\b"
    r"|\bjusqu ?['’]?(?:a|en|au)\b)\s*(?:la\s+|le\s+|zu\s+)?"
)
_SINCE = r"\b(?:since|depuis|seit|desde|ab|from|des)\s+(?:dem\s+|le\s+|el\s+)?"
_BARE_MONTH = rf"(?P<m0>{_MONTH}|0?[1-9]|1[0-2])"

_RANGE = re.compile(_DATE.replace("@", "1") + _TO + "(?:" + _DATE.replace("@", "2") + f"|(?P<now>{_NOW})" + ")")
_HALF_RANGE = re.compile(_BARE_MONTH + _TO + _DATE.replace("@", "2"))
_OPEN = re.compile(_SINCE + _DATE.replace("@", "1"))
_DANGLING = re.compile(_DATE.replace("@", "1") + r"\s*[-–—]\s*$")
_SINGLE = re.compile(r"(?<![\w.,/])" + _DATE.replace("@", "1") + r"(?![\w])")


@dataclass(frozen=True, slots=True)
class Span:
    """A period found in a text: `YYYY` or `YYYY-MM`, the end maybe `present`; and where it stands."""

    start: str | None
    end: str | None
    at: int
    to: int


@lru_cache(maxsize=8192)
def levelled(text: str) -> str:
    """`text` in lower case without accents, letter for letter, so that positions stay."""
    return "".join(_base(c) for c in text)


@lru_cache(maxsize=2048)
def _base(c: str) -> str:
    """One letter without its accent."""
    lowered = unicodedata.normalize("NFD", c.lower())
    return lowered[0] if lowered else c


def _read(found: re.Match[str], n: int) -> str | None:
    """The date of group set `n`."""
    part = found.groupdict()
    if part.get(f"mon{n}"):
        year = part.get(f"ya{n}") or _full_year(part[f"yy{n}"])
        return f"{year}-{_MONTH_OF[part[f'mon{n}'].rstrip('.')]:02d}"
    for year, month in ((part.get(f"yb{n}"), part.get(f"mb{n}")), (part.get(f"yc{n}"), part.get(f"mc{n}"))):
        if year and month:
            return f"{year}-{int(month):02d}"
    return part.get(f"yd{n}")


def _full_year(short: str) -> int:
    """1999 for 99, 2019 for 19."""
    return 1900 + int(short) if int(short) > 60 else 2000 + int(short)


@lru_cache(maxsize=8192)
def spans(text: str) -> tuple[Span, ...]:
    """Every period in `text`, in order; a lone date is a period whose start is unknown."""
    flat = levelled(text)
    found: list[Span] = []
    for pattern, make in (
        (_RANGE, lambda m: (_read(m, 1), PRESENT if m.group("now") else _read(m, 2))),
        (_HALF_RANGE, lambda m: (_shared_year(m), _read(m, 2))),
        (_OPEN, lambda m: (_read(m, 1), PRESENT)),
        (_DANGLING, lambda m: (_read(m, 1), None)),
        (_SINGLE, lambda m: (None, _read(m, 1))),
    ):
        for match in pattern.finditer(flat):
            if not any(match.start() < other.to and other.at < match.end() for other in found):
                start, end = make(match)
                found.append(Span(start, end, match.start(), match.end()))
    return tuple(sorted(found, key=lambda span: span.at))


def _shared_year(match: re.Match[str]) -> str:
    """The start of "March - June 2019": the year of the end."""
    end = _read(match, 2) or ""
    month = match.group("m0").rstrip(".")
    number = _MONTH_OF.get(month) or (int(month) if month.isdigit() else 0)
    return f"{end[:4]}-{number:02d}"


def mentioned(text: str) -> frozenset[str]:
    """Every `YYYY-MM` and `YYYY` that `text` states, and `present` when it says that something goes on."""
    said: set[str] = set()
    for line in text.splitlines():
        for span in spans(line):
            said.update(part for part in (span.start, span.end) if part)
    said |= set(re.findall(_YEAR, text)) | {date[:4] for date in said if date[0].isdigit()}
    if re.search(_NOW, levelled(text)) or re.search(_SINCE + r"[^\n]{0,12}" + _YEAR, levelled(text)):
        said.add(PRESENT)
    return frozenset(said)
