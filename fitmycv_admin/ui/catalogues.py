"""Puts the catalogues where the browser can import them, at every compilation of the front end."""

import json
from pathlib import Path
from typing import Any

import reflex as rx

from fitmycv_admin import copy

SERVER_ONLY = ".server."
"""Keys with this segment are read by Python alone (mails, exports) and are not sent to browsers."""


def module(lang: str) -> str:
    """One catalogue as a JavaScript module."""
    sentences = {key: value for key, value in copy.catalogue(lang).items() if SERVER_ONLY not in key}
    return f"export default {json.dumps(sentences, ensure_ascii=False, separators=(',', ':'))};\n"


class Catalogues(rx.plugins.Plugin):
    """Writes `i18n/<lang>.js` beside the static files of the build."""

    def pre_compile(self, **context: Any) -> None:
        """Called by the compiler after it copied `assets/`."""
        context["add_save_task"](_modules)


def _modules() -> list[tuple[str, str]]:
    return [(str(Path("public") / "i18n" / f"{lang}.js"), module(lang)) for lang in copy.LANGUAGES]
