"""The gallery's own sentences, added to the catalogues of the process that shows it."""

import json
from pathlib import Path
from typing import Any, cast

import reflex as rx

from fitmycv_admin import copy
from fitmycv_admin.ui import catalogues
from fitmycv_admin.ui.copy import t

STATUS = "gallery.status"

# Its screens say not which words they name.
catalogues.EVERYWHERE = (*catalogues.EVERYWHERE, "gallery", "accounts")

for _lang in copy.LANGUAGES:
    _words = json.loads((Path(__file__).parent / f"{_lang}.json").read_text(encoding="utf-8"))
    cast("dict[str, str]", copy.catalogue(_lang)).update({f"gallery.{key}": word for key, word in _words.items()})


def g(key: str, **params: Any) -> rx.Var[str]:
    """A sentence of the gallery."""
    return t(f"gallery.{key}", **params)
