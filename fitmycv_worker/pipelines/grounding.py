"""Keeps what a source says and drops the rest: no string is stored that is not in the text it came from."""

from collections.abc import Callable
from typing import TypeVar

from fitmycv_admin.domain.cvs import wording

_LONG_ENOUGH_WITHOUT_SPACES = 12

T = TypeVar("T")


class Source:
    """A text that strings are held against, without regard to case, accents, punctuation and line breaks."""

    def __init__(self, text: str) -> None:
        self._folded = f" {wording.folded(text)} "
        self._squeezed = self._folded.replace(" ", "")

    def says(self, value: str) -> bool:
        """Whether the words of `value` stand in the text in this order; broken spacing is forgiven in long ones."""
        words = wording.folded(value)
        if not words:
            return False
        if f" {words} " in self._folded:
            return True
        squeezed = words.replace(" ", "")
        return len(squeezed) >= _LONG_ENOUGH_WITHOUT_SPACES and squeezed in self._squeezed

    def keep(self, value: str | None, most: int = 400) -> str | None:
        """`value` when the text says it, else None."""
        value = " ".join(value.split()) if value else ""
        return value if value and len(value) <= most and self.says(value) else None

    def keep_all(self, values: list[str], make: Callable[[str], T], most: int = 4000) -> list[T]:
        """The values that the text says, each once, made into items."""
        kept: dict[str, str] = {}
        for value in values:
            said = self.keep(value, most)
            if said:
                kept.setdefault(wording.folded(said), said)
        return [make(value) for value in kept.values()]
