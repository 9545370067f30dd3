"""Every sentence a person reads, in English and in French: choosing the language and filling in the gaps."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.core import Locale, negotiate_locale
from babel.numbers import format_decimal

from fitmycv_admin.copy.message import Part, Plural, Select, Slot, parse

LANGUAGES = ("en", "fr")
DEFAULT_LANGUAGE = "en"
FOLDER = Path(__file__).parent


@cache
def catalogue(lang: str) -> Mapping[str, str]:
    """All sentences of one language, `"area.key"` to text, merged from `copy/<lang>/<area>.json`."""
    sentences: dict[str, str] = {}
    for file in sorted((FOLDER / lang).glob("*.json")):
        area: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
        sentences |= {f"{file.stem}.{key}": sentence for key, sentence in area.items()}
    return sentences


def text(lang: str, key: str, **params: object) -> str:
    """The sentence for `"area.key"` with its parameters filled in; an unknown key gives the key itself.

    Numbers are written the reader's way (12,345 or 12 345); pass a string to keep it as it is.
    """
    lang = lang if lang in LANGUAGES else DEFAULT_LANGUAGE
    sentence = catalogue(lang).get(key)
    return key if sentence is None else fill(lang, sentence, params)


def fill(lang: str, sentence: str, params: Mapping[str, object]) -> str:
    """Fill `{name}`, `{n, plural, one {…} other {…}}` and `{x, select, a {…} other {…}}` of a sentence."""
    return _render(lang, parse(sentence), params, None)


def negotiate(cookie: str | None, profile: str | None, accept_language: str | None) -> str:
    """The language of a reader: their profile, else the `lang` cookie, else what the browser asks for."""
    for choice in (profile, cookie):
        if choice in LANGUAGES:
            return choice
    wanted = [tag for tag, _ in _preferences(accept_language or "")]
    found = negotiate_locale(wanted, LANGUAGES, sep="-")
    return found or DEFAULT_LANGUAGE


def _preferences(header: str) -> list[tuple[str, float]]:
    """The tags of an Accept-Language header, most wanted first; broken weights count as zero."""
    tags: list[tuple[str, float]] = []
    for item in header[:200].split(","):
        tag, _, weight = item.strip().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            quality = 0.0
        if tag and tag != "*" and quality > 0:
            tags.append((tag, quality))
    return sorted(tags, key=lambda pair: -pair[1])


def _render(lang: str, parts: tuple[Part, ...], params: Mapping[str, object], count: object) -> str:
    return "".join(_render_part(lang, part, params, count) for part in parts)


def _render_part(lang: str, part: Part, params: Mapping[str, object], count: object) -> str:
    match part:
        case str():
            return part
        case Slot(name="#"):
            return _shown(lang, count)
        case Slot(name):
            return _shown(lang, params[name]) if name in params else "{" + name + "}"
        case Plural(name, branches):
            value = params.get(name, 0)
            return _render(lang, _plural_branch(lang, branches, value), params, value)
        case Select(name, branches):
            chosen = branches.get(str(params.get(name))) or branches["other"]
            return _render(lang, chosen, params, count)


def _plural_branch(lang: str, branches: Mapping[str, tuple[Part, ...]], value: object) -> tuple[Part, ...]:
    number = value if isinstance(value, int | float) else 0
    exact = branches.get(f"={number:g}") if number == int(number) else None
    if exact is not None:
        return exact
    number = int(number) if number == int(number) else number
    return branches.get(Locale.parse(lang).plural_form(number)) or branches["other"]


def _shown(lang: str, value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return format_decimal(value, locale=lang)
    return "" if value is None else str(value)
