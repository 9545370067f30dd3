"""Finds skills in text and says which names mean the same thing."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from fitmycv_admin.domain.cvs import wording
from fitmycv_worker.offline.lexicon import DATA

_WORD = re.compile(r"[\w+#]+")
_APART = re.compile(r"[(),;:|\n]")
_SHORT = 3


class Kind(StrEnum):
    """The class a skill belongs to, by the letter of its line in the list."""

    HARD = "h"
    TOOL = "t"
    METHOD = "m"
    SOFT = "s"


@dataclass(frozen=True, slots=True)
class SkillClass:
    """Names of one thing, the usual one first."""

    number: int
    kind: Kind
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A skill found in a text, and where."""

    skill: SkillClass
    text: str
    at: int
    to: int


@dataclass(frozen=True, slots=True)
class _Name:
    """One spelling: its folded words, and how strictly letters count in running text."""

    words: tuple[str, ...]
    written: str
    exact: bool
    skill: SkillClass


@lru_cache(maxsize=1)
def _names() -> dict[str, list[_Name]]:
    """Every spelling by its first word, longest first."""
    found: dict[str, list[_Name]] = {}
    lines = (DATA / "skills.txt").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(line for line in lines if line and not line.startswith("#")):
        kind, _, rest = line.partition(" ")
        spellings = [name.strip() for name in rest.split(";") if name.strip()]
        skill = SkillClass(number, Kind(kind), tuple(name.lstrip("!") for name in spellings))
        for spelling in spellings:
            bare = spelling.lstrip("!")
            words = tuple(wording.folded(bare).split())
            exact = spelling.startswith("!") or (len(bare) <= _SHORT and bare.isupper())
            found.setdefault(words[0], []).append(_Name(words, bare, exact, skill))
    for names in found.values():
        names.sort(key=lambda name: -len(name.words))
    return found


@lru_cache(maxsize=16384)
def classify(name: str) -> SkillClass | None:
    """The class of a skill written alone, as in a list; None when it is not known."""
    words = tuple(wording.folded(name).split())
    return next((known.skill for known in _names().get(words[0], ()) if known.words == words), None) if words else None


def find(text: str) -> list[Hit]:
    """The skills named in running text, in order; the longest name wins where several fit."""
    tokens = [
        (folded, found.start(), found.end())
        for found in _WORD.finditer(text)
        for folded in wording.folded(found.group()).split()
    ]
    hits: list[Hit] = []
    index = 0
    while index < len(tokens):
        hit, used = _hit_at(text, tokens, index)
        if hit is not None:
            hits.append(hit)
        index += used
    return hits


def _hit_at(text: str, tokens: list[tuple[str, int, int]], index: int) -> tuple[Hit | None, int]:
    """The longest skill that starts at a token, and how many tokens to go on by."""
    for name in _names().get(tokens[index][0], ()):
        length = len(name.words)
        if tuple(token[0] for token in tokens[index : index + length]) != name.words:
            continue
        at, to = tokens[index][1], tokens[index + length - 1][2]
        if name.written.startswith(".") and at > 0 and text[at - 1] == ".":
            at -= 1
        if _written_so(name, text[at:to]) and not _APART.search(text[at:to]) and not _hyphenated(name, text, to):
            return Hit(name.skill, text[at:to], at, to), length
    return None, 1


def _hyphenated(name: _Name, text: str, to: int) -> bool:
    """Whether a single letter only starts another word: "C-suite", "R&D"."""
    return len(name.written) == 1 and text[to : to + 1] in ("-", "'", "’", "&", "/")


def _written_so(name: _Name, written: str) -> bool:
    """Whether the letters in the text are those a name needs in running text."""
    if name.written.startswith("."):
        return written.startswith(".")
    if name.exact:
        return written == name.written
    proper = name.skill.kind is Kind.TOOL and name.written.istitle() and name.written.isalpha()
    return not proper or written[:1].isupper() or not written[:1].isalpha()


def same(name: str, other: str) -> bool:
    """Whether two names mean the same thing: equal once folded, or in one class."""
    if wording.folded(name) == wording.folded(other):
        return True
    known = classify(name)
    return known is not None and known is classify(other)
