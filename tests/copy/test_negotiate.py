"""Which language a reader gets."""

import pytest

from fitmycv_admin import copy


@pytest.mark.parametrize(
    ("cookie", "profile", "header", "language"),
    [
        ("en", "fr", "en", "fr"),
        ("fr", None, "en-GB,en;q=0.9", "fr"),
        (None, None, "fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        (None, None, "en;q=0.4, fr;q=0.6", "fr"),
        (None, None, "de-DE,de;q=0.9,en;q=0.5", "en"),
        (None, None, "de", "en"),
        (None, None, "", "en"),
        (None, None, None, "en"),
        ("xx", "yy", "fr", "fr"),
        (None, None, "fr;q=zero,*", "en"),
        (None, None, "fr;q=0", "en"),
        (None, None, "," * 5000, "en"),
    ],
)
def test_the_profile_wins_then_the_cookie_then_the_browser(cookie, profile, header, language):
    assert copy.negotiate(cookie, profile, header) == language


def test_an_unknown_key_is_shown_rather_than_raised():
    assert copy.text("fr", "common.no_such_key") == "common.no_such_key"


def test_an_unknown_language_reads_english():
    assert copy.text("de", "kit.cancel") == "Cancel"
