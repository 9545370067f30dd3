"""Words made comparable: without case, accents and punctuation, in whole tokens."""

import re
import unicodedata

_NOT_A_WORD = re.compile(r"[^\w+#]+|_")
_SPACES = re.compile(r"\s+")
_LIGATURES = str.maketrans({"ß": "ss", "œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})


def folded(text: str) -> str:
    """`text` in lower case without accents or punctuation; `+` and `#` stay, they name languages."""
    if text.isascii():
        lowered = text.lower()
    else:
        lowered = unicodedata.normalize("NFKC", text).replace("\u00ad", "").casefold().translate(_LIGATURES)
        lowered = "".join(c for c in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(c))
    return _SPACES.sub(" ", _NOT_A_WORD.sub(" ", lowered)).strip()


def contains(text: str, words: str) -> bool:
    """True when `words` stand in `text` as whole words in this order; both are already folded."""
    return bool(words) and f" {words} " in f" {text} "


def squeezed(text: str) -> str:
    """`text` folded and without any space: for comparing across line breaks and broken spacing."""
    return folded(text).replace(" ", "")
