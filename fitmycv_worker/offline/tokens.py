"""Counts tokens the way a model's server would: about four characters each, and what a prefix spares."""

import hashlib
from collections import OrderedDict

_CHARACTERS_PER_TOKEN = 4
_BLOCK = 128  # tokens; a cache keeps whole blocks only
_FEWEST = 1024  # tokens; shorter prompts are not cached
_MOST_BLOCKS = 20_000


def count(text: str) -> int:
    """Tokens in `text`, at least one when there is any."""
    return -(-len(text.encode()) // _CHARACTERS_PER_TOKEN)


class PrefixMemory:
    """Remembers the beginnings of prompts, per model, and says how much of a new one is known."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def cached(self, model: str, prompt: str) -> int:
        """Tokens at the start of `prompt` that were seen before; remembers all of it."""
        total = count(prompt)
        if total < _FEWEST:
            return 0
        seen, unbroken = 0, True
        digest = hashlib.blake2b(model.encode(), digest_size=16)
        data, step = prompt.encode(), _BLOCK * _CHARACTERS_PER_TOKEN
        for start in range(0, len(data) - step + 1, step):
            digest.update(data[start : start + step])
            key = digest.digest()
            unbroken = unbroken and key in self._known
            seen += _BLOCK if unbroken else 0
            self._known[key] = None
            self._known.move_to_end(key)
        while len(self._known) > _MOST_BLOCKS:
            self._known.popitem(last=False)
        return min(seen, total) if seen >= _FEWEST else 0
