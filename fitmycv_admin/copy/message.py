"""The small message language of the catalogues: slots, plurals and choices, parsed into parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Slot:
    """`{name}`, or `#` inside a plural."""

    name: str


@dataclass(frozen=True, slots=True)
class Plural:
    """`{n, plural, =0 {…} one {…} other {…}}`."""

    name: str
    branches: Mapping[str, tuple["Part", ...]]


@dataclass(frozen=True, slots=True)
class Select:
    """`{x, select, word {…} other {…}}`."""

    name: str
    branches: Mapping[str, tuple["Part", ...]]


Part = str | Slot | Plural | Select


class BrokenMessage(ValueError):
    """A sentence of a catalogue that cannot be read; a test finds it before a person does."""


@lru_cache(maxsize=4096)
def parse(sentence: str) -> tuple[Part, ...]:
    """Parse one sentence; raises `BrokenMessage` where braces do not match or `other` is missing."""
    parts, end = _parts(sentence, 0, in_plural=False)
    if end != len(sentence):
        raise BrokenMessage(sentence)
    return parts


def slots(parts: tuple[Part, ...]) -> set[str]:
    """The names of the parameters a sentence asks for."""
    names: set[str] = set()
    for part in parts:
        if isinstance(part, Slot) and part.name != "#":
            names.add(part.name)
        elif isinstance(part, Plural | Select):
            names.add(part.name)
            for branch in part.branches.values():
                names |= slots(branch)
    return names


def _parts(sentence: str, at: int, *, in_plural: bool) -> tuple[tuple[Part, ...], int]:
    parts: list[Part] = []
    literal = ""
    while at < len(sentence) and sentence[at] != "}":
        mark = sentence[at]
        if mark != "{" and not (mark == "#" and in_plural):
            literal += mark
            at += 1
            continue
        if literal:
            parts.append(literal)
            literal = ""
        part, at = (Slot("#"), at + 1) if mark == "#" else _braced(sentence, at, in_plural=in_plural)
        parts.append(part)
    if literal:
        parts.append(literal)
    return tuple(parts), at


def _braced(sentence: str, at: int, *, in_plural: bool) -> tuple[Part, int]:
    close, comma = sentence.find("}", at), sentence.find(",", at)
    if close < 0:
        raise BrokenMessage(sentence)
    if comma < 0 or close < comma:
        return Slot(sentence[at + 1 : close].strip()), close + 1
    name = sentence[at + 1 : comma].strip()
    second = sentence.find(",", comma + 1)
    kind = sentence[comma + 1 : second].strip()
    if second < 0 or kind not in {"plural", "select"}:
        raise BrokenMessage(sentence)
    branches, end = _branches(sentence, second + 1, in_plural=in_plural or kind == "plural")
    return (Plural if kind == "plural" else Select)(name, branches), end


def _branches(sentence: str, at: int, *, in_plural: bool) -> tuple[dict[str, tuple[Part, ...]], int]:
    branches: dict[str, tuple[Part, ...]] = {}
    while True:
        while at < len(sentence) and sentence[at].isspace():
            at += 1
        if at < len(sentence) and sentence[at] == "}":
            break
        open_at = sentence.find("{", at)
        if open_at < 0:
            raise BrokenMessage(sentence)
        word = sentence[at:open_at].strip()
        branch, at = _parts(sentence, open_at + 1, in_plural=in_plural)
        if at >= len(sentence):
            raise BrokenMessage(sentence)
        branches[word] = branch
        at += 1
    if "other" not in branches:
        raise BrokenMessage(sentence)
    return branches, at + 1
