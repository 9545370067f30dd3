"""Which passwords are accepted, and how they are kept: long ones, any characters, none that is guessed first."""

import gzip
import unicodedata
from functools import cache
from pathlib import Path

from fitmycv_admin.core import security
from fitmycv_admin.core.errors import Invalid

SHORTEST, ADVISED, LONGEST = 8, 15, 256
_HERE = Path(__file__).parent
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "azertyuiop", "qsdfghjklm", "wxcvbn", "qwertyuiop", "asdfghjkl")
_AROUND = "0123456789 !?.,;:*@#$€%&_-+=/()'\"<>^~"


class WeakPassword(Invalid):
    """The password is too short, too long, or among the first that are tried."""

    key = "accounts.error.password_common"


def check(password: str, *personal: str) -> None:
    """Raises WeakPassword. `personal` are words the person is known by: address and name.

    No rule about kinds of characters: length, and not being known, is what counts.
    """
    if len(password) < SHORTEST:
        raise WeakPassword("accounts.error.password_short", field="password", shortest=SHORTEST)
    if len(password) > LONGEST:
        raise WeakPassword("accounts.error.password_long", field="password", longest=LONGEST)
    word = _plain(password)
    if word in known() or _core(word) in known() or len(set(word)) <= 2 or _is_run(word):
        raise WeakPassword(field="password")
    if _core(word) in _known_by(personal) or word in _known_by(personal):
        raise WeakPassword("accounts.error.password_personal", field="password")


def hashed(password: str) -> str:
    """What is stored. The same characters typed on another keyboard give the same password."""
    return security.hash_password(_normal(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether this is the password; takes as long when there is none stored."""
    return security.verify_password(stored, _normal(password)[: LONGEST * 4])


@cache
def known() -> frozenset[str]:
    """The passwords that are tried first: about twenty thousand, English and French."""
    english = gzip.decompress((_HERE / "common_passwords.txt.gz").read_bytes()).decode().split()
    french = (_HERE / "french_passwords.txt").read_text(encoding="utf-8").split()
    return frozenset(map(_plain, english)) | frozenset(map(_plain, french))


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _plain(password: str) -> str:
    """Without case and accents: `Métallica` is no better than `metallica`."""
    apart = unicodedata.normalize("NFKD", password.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def _core(word: str) -> str:
    """The word without the digits and signs around it: they are tried right after the word itself."""
    core = word.strip(_AROUND)
    return core if len(core) >= 4 else word


def _is_run(word: str) -> bool:
    doubled = [row * 2 for row in _ROWS] + [row[::-1] * 2 for row in _ROWS]
    return any(word in row for row in doubled)


def _known_by(personal: tuple[str, ...]) -> set[str]:
    words: set[str] = set()
    for text in personal:
        whole = _plain(text)
        local = whole.partition("@")[0]
        parts = local.replace(".", " ").replace("-", " ").replace("_", " ").replace("+", " ").split()
        words |= {whole, local, "".join(parts), *parts}
    return {word for word in words if len(word) >= 4} | {_core(word) for word in words if len(word) >= 4}
