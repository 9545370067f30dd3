"""Puts the catalogues where the browser can import them, at every compilation of the front end.

Each language comes in parts, one for an area, so that nobody fetches the sentences of every screen. A page says which
areas it names (`areas_of`), the browser starts with these, and fetches another one when a sentence of it is wanted.
"""

import json
import re
from pathlib import Path
from typing import Any

import reflex as rx

from fitmycv_admin import copy
from fitmycv_admin.ui.page import NAVIGATION

SERVER_ONLY = ".server."
"""Keys with this segment are read by Python alone (mails, exports) and are not sent to browsers."""
SHARED = "shared"
EVERYWHERE = ("common", "kit")
"""Areas whose sentences stand on every page; they and the words of the navigation travel together."""
WORDS = ("access.role.", "settings.feature.")
"""A few words that many pages name, out of areas that few pages need: they travel with those of every page."""
_NAMED = re.compile(r'_t\(\\*"([\w.]+)')


def part_of(key: str) -> str:
    """The part in which the sentence of a key travels."""
    area = key.partition(".")[0]
    return SHARED if area in EVERYWHERE or key in NAVIGATION or key.startswith(WORDS) else area


def parts() -> list[str]:
    """Every part, the shared one first."""
    found = {part_of(key) for key in copy.catalogue(copy.DEFAULT_LANGUAGE) if SERVER_ONLY not in key}
    return [SHARED, *sorted(found - {SHARED})]


def areas_of(content: rx.Component, *keys: str) -> list[str]:
    """The parts besides the shared one that the content, or one of the keys, names."""
    named = {part_of(key) for key in (*_NAMED.findall(str(content.render())), *keys)}
    return sorted(named - {SHARED})


def module(lang: str, part: str) -> str:
    """One part of a catalogue as a JavaScript module."""
    sentences = {
        key: value for key, value in copy.catalogue(lang).items() if SERVER_ONLY not in key and part_of(key) == part
    }
    return f"export default {json.dumps(sentences, ensure_ascii=False, separators=(',', ':'))};\n"


class Catalogues(rx.plugins.Plugin):
    """Writes `i18n/<lang>.<part>.js` beside the static files of the build, and how each is fetched."""

    def pre_compile(self, **context: Any) -> None:
        """Called by the compiler after it copied `assets/`."""
        context["add_save_task"](_modules)


def _modules() -> list[tuple[str, str]]:
    folder = Path("public") / "i18n"
    index = f"export const FETCH = {{{','.join(_fetching(lang) for lang in copy.LANGUAGES)}}};\n"
    return [(str(folder / "parts.js"), index)] + [
        (str(folder / f"{lang}.{part}.js"), module(lang, part)) for lang in copy.LANGUAGES for part in parts()
    ]


def _fetching(lang: str) -> str:
    imports = ",".join(f'{part}: () => import("./{lang}.{part}.js")' for part in parts())
    return f"{lang}: {{{imports}}}"
