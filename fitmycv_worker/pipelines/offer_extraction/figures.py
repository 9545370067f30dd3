"""The numbers that a text states, in digits or in words."""

import re

from fitmycv_admin.domain.cvs import wording

_NUMBER = re.compile(r"\d+(?:[ .,’'\u00a0\u202f]\d{3})*(?:[.,]\d+)?(?=\s*(k)?)", re.IGNORECASE)
NUMBER_WORDS = {
    word: number
    for number, words in enumerate(
        (
            "un une one ein einem eine einer uno una first premiere erste",
            "deux two zwei dos",
            "trois three drei tres",
            "quatre four vier cuatro",
            "cinq five funf cinco",
            "six sechs seis",
            "sept seven sieben siete",
            "huit eight acht ocho",
            "neuf nine neun nueve",
            "dix ten zehn diez",
        ),
        start=1,
    )
    for word in words.split()
}


def stated(text: str) -> set[float]:
    """Every number that `text` states, in digits or in words, "45 k" as 45000."""
    found: set[float] = set()
    for match in _NUMBER.finditer(text):
        digits = re.sub(r"[ .,’'\u00a0\u202f](?=\d{3}(?!\d))", "", match.group(0)).replace(",", ".")
        value = float(digits)
        found |= {value, value * 1000} if match.group(1) or 10 <= value < 1000 else {value}
    found |= {float(NUMBER_WORDS[word]) for word in wording.folded(text).split() if word in NUMBER_WORDS}
    return found
