"""Long passwords of any characters are welcome; those tried first are not."""

import gzip
from pathlib import Path

import pytest

from fitmycv_admin.domain.accounts import passwords

FOLDER = Path(passwords.__file__).parent
WELCOME = [
    "un velo rouge sous la pluie",
    "correct horse battery staple",
    "zzyyxxww-vut",
    "ÉéÈè ààçç ùù œœ",
    "🦊🐻🐨🐯🦁🐮🐷🐸",
    "x7" * 32 + "q",
    "k3" * 64 + "?!",
    "onlylowercaselettersthatarefine",
    "82736450918273",
]


@pytest.mark.parametrize("password", WELCOME)
def test_no_rule_about_kinds_of_characters(password: str) -> None:
    passwords.check(password, "Ada Martin", "ada@example.org")


def test_every_listed_password_is_refused() -> None:
    english = gzip.decompress((FOLDER / "common_passwords.txt.gz").read_bytes()).decode().split()
    french = (FOLDER / "french_passwords.txt").read_text().split()
    assert len(english) > 19_000
    for word in [*english, *french]:
        with pytest.raises(passwords.WeakPassword):
            passwords.check(word)


@pytest.mark.parametrize(
    "password",
    ["Motdepasse1!", "AZERTYUIOP", "marseille2024", "Soleil123!", "12345678", "aaaaaaaaaaaa", "abababababab",
     "abcdefghijkl", "9876543210", "Password2026", "ïloveyou", "ＰＡＳＳＷＯＲＤ１"],
)  # fmt: skip
def test_what_is_tried_right_after_the_list_is_refused(password: str) -> None:
    with pytest.raises(passwords.WeakPassword):
        passwords.check(password)


@pytest.mark.parametrize("password", ["ada.martin", "AdaMartin1990", "Martin!!", "ada.martin@example.org"])
def test_a_password_is_not_ones_own_name(password: str) -> None:
    with pytest.raises(passwords.WeakPassword):
        passwords.check(password, "Ada Martin", "ada.martin@example.org")


@pytest.mark.parametrize("password", ["", "short7!", "xyz" * 3 + "y" * 254])
def test_too_short_and_too_long_are_refused(password: str) -> None:
    with pytest.raises(passwords.WeakPassword):
        passwords.check(password)


def test_nothing_is_cut_off() -> None:
    """Some hashes stop reading at 72 bytes: twins that differ later would open each other's account."""
    long = "é" * 60
    stored = passwords.hashed(long + "a")
    assert passwords.matches(stored, long + "a")
    assert not passwords.matches(stored, long + "b")
    assert not passwords.matches(stored, long)


def test_the_same_characters_from_another_keyboard_are_the_same_password() -> None:
    stored = passwords.hashed("cafe\u0301 au lait ﬁn")
    assert passwords.matches(stored, "caf\u00e9 au lait fin")


def test_nothing_stored_matches_nothing() -> None:
    assert not passwords.matches(None, "")
    assert not passwords.matches("not a hash", "x")
