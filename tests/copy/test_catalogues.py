"""The catalogues: complete in both languages, all used, well typed, light enough for a browser."""

import ast
import gzip
import re
from enum import StrEnum
from functools import cache
from pathlib import Path

import pytest
import reflex as rx

from fitmycv_admin import copy
from fitmycv_admin.copy.message import parse, slots
from fitmycv_admin.ui import catalogues
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.ops import pages as ops
from fitmycv_admin.ui.page import NAVIGATION, Page
from fitmycv_admin.ui.portal import pages as portal
from fitmycv_admin.vocabulary import (
    AccountState,
    CallStatus,
    Language,
    Permission,
    Role,
    ServiceTier,
    TaskState,
    TaskType,
    UsageType,
)
from tests.copy import typography

ROOT = Path(__file__).parents[2]
KEY = re.compile(r"[a-z][a-z_]*(\.[a-z0-9_]+)+")
# Calls whose first text of this shape is a key of the catalogue.
READERS = {"t", "t_key", "text", "done", "refused", "Nav", "page", "Limit", "Item"}
LIMIT = 28 * 1024


def files() -> list[Path]:
    return [*(ROOT / "fitmycv_admin").rglob("*.py"), *(ROOT / "fitmycv_worker").rglob("*.py")]


def english() -> dict[str, str]:
    """The product's sentences; tests may have added their own to the running catalogue."""
    return {key: text for key, text in copy.catalogue("en").items() if not key.startswith("gallery.")}


def french() -> dict[str, str]:
    return {key: text for key, text in copy.catalogue("fr").items() if not key.startswith("gallery.")}


@cache
def texts_in_code() -> tuple[frozenset[str], frozenset[str]]:
    """Every text in the code that may be a key, and every beginning of a key completed at run time."""
    whole: set[str] = set()
    begun: set[str] = set()
    for file in files():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
                begun.add(str(node.values[0].value))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and KEY.fullmatch(node.value):
                whole.add(node.value)
    for file in (ROOT / "assets/js").glob("*.js"):
        source = file.read_text(encoding="utf-8")
        whole |= {found[0] for found in re.findall(r'"([a-z][a-z_]*(\.[a-z0-9_]+)+)"', source)}
        begun |= set(re.findall(r"`([a-z][a-z_.]*)\$\{", source))
    return frozenset(whole), frozenset(start for start in begun if "." in start)


def keys_asked_for() -> dict[str, str]:
    """Keys that the code reads by name, with the file that does."""
    asked: dict[str, str] = {}
    for file in files():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name not in READERS:
                continue
            values = [
                *node.args,
                *(word.value for word in node.keywords if word.arg in {"label", "group", "title", "key"}),
            ]
            found = [v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)]
            asked |= {key: str(file.relative_to(ROOT)) for key in found if KEY.fullmatch(key)}
    for file in (ROOT / "assets/js").glob("*.js"):
        for key in re.findall(r'\bt\("([\w.]+)"', file.read_text(encoding="utf-8")):
            asked[key] = file.name
    return asked


def error_keys() -> dict[str, str]:
    """The keys of the errors people read: `key = "…"` in a class, or the first argument of a raised error."""
    found: dict[str, str] = {}
    for file in files():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            value = None
            if isinstance(node, ast.ClassDef):
                for line in node.body:
                    is_key = isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == "key"
                    if is_key and isinstance(line.value, ast.Constant):  # type: ignore[union-attr]
                        value = line.value.value  # type: ignore[union-attr]
            elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                first = node.exc.args[0]
                value = first.value if isinstance(first, ast.Constant) else None
            if isinstance(value, str) and KEY.fullmatch(value):
                found[value] = str(file.relative_to(ROOT))
    return found


def test_both_languages_have_the_same_keys():
    assert sorted(english()) == sorted(french())


@pytest.mark.parametrize("lang", copy.LANGUAGES)
def test_every_sentence_can_be_read(lang: str):
    for sentence in copy.catalogue(lang).values():
        parse(sentence)


def test_both_languages_ask_for_the_same_parameters():
    differ = {
        key: (slots(parse(text)), slots(parse(french()[key])))
        for key, text in english().items()
        if key in french() and slots(parse(text)) != slots(parse(french()[key]))
    }
    assert differ == {}


def test_every_key_the_code_asks_for_exists():
    known = english()
    missing = [f"{key} ({file})" for key, file in (keys_asked_for() | error_keys()).items() if key not in known]
    assert not missing, "\n".join(missing)


def test_no_sentence_is_unused():
    whole, begun = texts_in_code()

    def is_used(key: str) -> bool:
        starts = (key[: index.start()] for index in re.finditer(r"\.", key))
        return (
            key in whole or any(key.startswith(start) for start in begun) or any(s in whole for s in starts if "." in s)
        )

    unused = [key for key in english() if not is_used(key)]
    assert not unused, "\n".join(unused)


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        ("access.permission", Permission),
        ("access.role", Role),
        ("accounts.language", Language),
        ("accounts.state", AccountState),
        ("ai_costs.call_status", CallStatus),
        ("ai_costs.tier", ServiceTier),
        ("ai_costs.usage", UsageType),
        ("tasks.state", TaskState),
        ("tasks.type", TaskType),
    ],
)
def test_every_word_shown_by_its_value_has_a_sentence(prefix: str, words: type[StrEnum]):
    assert [word for word in words if f"{prefix}.{word}" not in english()] == []


def test_french_has_its_typography():
    """No-break spaces before : ; ? ! » % and after «, curly apostrophes; `python -m tests.copy.typography` does it."""
    found = [f"{key}: {text}" for key, text in french().items() if typography.french(text) != text or '"' in text]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("Vraiment ?", "Vraiment\u202f?"),
        ("Vraiment?", "Vraiment\u202f?"),
        ("Note\u00a0; suite", "Note\u202f; suite"),
        ("À 09:41 : « oui »", "À 09:41\u00a0: «\u00a0oui\u00a0»"),
        ("{n}% de l'offre", "{n}\u00a0% de l’offre"),
        ("Voir https://exemple.fr/?a=b", "Voir https://exemple.fr/?a=b"),
    ],
)
def test_typography_is_put_right_once_and_for_all(typed: str, right: str):
    assert typography.french(typed) == right
    assert typography.french(right) == right


def test_english_has_curly_quotes():
    found = [f"{key}: {text}" for key, text in english().items() if re.search(r"['\"]", text)]
    assert not found, "\n".join(found)


PAGES = (*portal.PAGES, *ops.PAGES)


@pytest.mark.parametrize("lang", copy.LANGUAGES)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.route)
def test_what_a_page_starts_with_stays_light_for_browsers(lang: str, page: Page):
    parts = [catalogues.SHARED, *catalogues.areas_of(page(), page.title)]
    assert sum(len(gzip.compress(catalogues.module(lang, part).encode())) for part in parts) <= LIMIT


@pytest.mark.parametrize("lang", copy.LANGUAGES)
def test_every_sentence_but_those_for_the_server_is_in_exactly_one_part(lang: str):
    parts = [catalogues.module(lang, part) for part in catalogues.parts()]
    for key in copy.catalogue(lang):
        holding = sum(f'"{key}":' in part for part in parts)
        assert holding == (0 if catalogues.SERVER_ONLY in key else 1), key


def test_a_page_says_which_areas_it_names_but_not_those_that_are_everywhere():
    content = rx.el.div(
        t("ai_costs.cost"), rx.el.p(title=t_word("tasks.state", rx.Var("word"))), t("kit.close"), t("cvs.library.title")
    )
    assert "cvs.library.title" in NAVIGATION
    assert catalogues.areas_of(content, "access.audit.title_of_the_page") == ["access", "ai_costs", "tasks"]
