"""What an address may ask of a list, and what a list keeps when loading fails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.ui.kit.listing import MAX_TEXT, Offer
from tests.ui.kit.gallery.state import GalleryState

OFFER = Offer(("created", "cost"), "-created", {"state": ("done", "failed"), "user": ()})


def test_a_bare_address_asks_for_the_standard_sort_and_nothing_else():
    wanted = OFFER.read("http://localhost/ops/tasks")
    assert (wanted.sort, wanted.is_descending, wanted.search, dict(wanted.filters)) == ("created", True, "", {})


def test_declared_words_are_read():
    wanted = OFFER.read("/ops/tasks?sort=cost&state=failed&user=7&q=+late+&after=tok")
    assert (wanted.sort, wanted.is_descending, wanted.search) == ("cost", False, "late")
    assert dict(wanted.filters) == {"state": "failed", "user": "7"}
    assert wanted.request.after == "tok"


@pytest.mark.parametrize("query", ["sort=password", "sort=--cost", "state=deleted", "role=admin", "sort=", "state="])
def test_what_the_page_did_not_declare_is_dropped(query: str):
    wanted = OFFER.read(f"/ops/tasks?{query}")
    assert (wanted.sort, wanted.is_descending, dict(wanted.filters)) == ("created", True, {})


@given(st.text(max_size=400))
def test_no_address_raises(query: str):
    wanted = OFFER.read(f"/ops/tasks?user={query}")
    assert len(wanted.get("user")) <= MAX_TEXT


def state() -> GalleryState:
    made = GalleryState(_reflex_internal_init=True)  # type: ignore[call-arg]
    made.rows = ["before"]  # type: ignore[list-item]
    return made


def test_an_expected_error_keeps_the_rows_and_says_its_key():
    shown = state()
    with shown._loading():
        raise NotFound
    assert (shown.problem, shown.incident, shown.rows, shown.is_loading) == (
        "common.error.not_found",
        "",
        ["before"],
        False,
    )


def test_an_unexpected_error_gets_a_reference_to_ask_about():
    shown = state()
    with shown._loading():
        raise ZeroDivisionError
    assert shown.problem == "common.error.unexpected"
    assert len(shown.incident) == 8
    assert shown.rows == ["before"]


def test_the_next_success_forgets_the_problem():
    shown = state()
    with shown._loading():
        raise NotFound
    with shown._loading():
        assert shown.is_loading
    assert (shown.problem, shown.is_loaded) == ("", True)
