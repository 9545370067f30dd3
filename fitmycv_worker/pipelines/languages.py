"""In which of the four languages a text is written."""

from functools import lru_cache
from typing import Any

from fitmycv_admin.vocabulary import CvLanguage

_FEWEST_CHARACTERS = 40
_MOST_CHARACTERS = 4000


@lru_cache(maxsize=1)
def _identifier() -> Any:
    """The detector, restricted to our languages; loaded when first needed, it takes half a second."""
    import py3langid

    py3langid.set_languages([language.value for language in CvLanguage])
    return py3langid


def warm() -> None:
    """Load the detector before it is needed."""
    _identifier()


def detect(text: str) -> CvLanguage | None:
    """The language of `text`; None when there is too little of it."""
    text = " ".join(text.split())[:_MOST_CHARACTERS]
    if len(text) < _FEWEST_CHARACTERS:
        return None
    return CvLanguage(_identifier().classify(text)[0])
