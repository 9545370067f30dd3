"""Puts the catalogues where the browser can import them, at every compilation of the front end.

Each language comes in parts, so that a visitor who signs in does not fetch the sentences of every screen. The browser
starts with the parts of the frame it was served (`copy.js`) and fetches another one when a sentence of it is wanted.
"""

import json
from pathlib import Path
from typing import Any

import reflex as rx

from fitmycv_admin import copy

SERVER_ONLY = ".server."
"""Keys with this segment are read by Python alone (mails, exports) and are not sent to browsers."""
REST = "rest"
PARTS = {
    "shared": ("common", "kit", "accounts"),
    "portal": ("cvs", "imports", "wallet"),
    "ops": ("access", "ai_costs", "approvals", "console", "credits", "insights"),
}
"""Which areas make a part; every other area is in `rest`."""
FRAMES = {"guest": ("shared",), "portal": ("shared", "portal", REST), "ops": ("shared", "ops", REST)}
"""The parts that the pages of an area start with; `copy.js` knows them by the frame in the page."""


def part_of(key: str) -> str:
    """The part in which the sentence of a key travels."""
    area = key.partition(".")[0]
    return next((part for part, areas in PARTS.items() if area in areas), REST)


def module(lang: str, part: str) -> str:
    """One part of a catalogue as a JavaScript module."""
    sentences = {
        key: value for key, value in copy.catalogue(lang).items() if SERVER_ONLY not in key and part_of(key) == part
    }
    return f"export default {json.dumps(sentences, ensure_ascii=False, separators=(',', ':'))};\n"


class Catalogues(rx.plugins.Plugin):
    """Writes `i18n/<lang>.<part>.js` beside the static files of the build, and which part holds which area."""

    def pre_compile(self, **context: Any) -> None:
        """Called by the compiler after it copied `assets/`."""
        context["add_save_task"](_modules)


def _modules() -> list[tuple[str, str]]:
    folder = Path("public") / "i18n"
    areas = {area: part for part, areas in PARTS.items() for area in areas}
    index = "".join(
        f"export const {name} = {json.dumps(value)};\n"
        for name, value in (("REST", REST), ("PART_OF", areas), ("FRAMES", FRAMES))
    )
    return [(str(folder / "parts.js"), index)] + [
        (str(folder / f"{lang}.{part}.js"), module(lang, part)) for lang in copy.LANGUAGES for part in (*PARTS, REST)
    ]
