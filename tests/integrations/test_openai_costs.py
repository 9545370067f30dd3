"""The bill from the vendor's costs endpoint, against a local server that speaks its wire."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from fitmycv_admin.domain.ports import BilledLine, BooksUnavailable
from fitmycv_admin.integrations.exchange_rates import PublishedRates
from fitmycv_admin.integrations.openai_costs import OpenAICosts
from tests.integrations.costs_endpoint import Service, address, bucket, page, serving

KEY = "sk-admin-very-secret"
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 5)


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as server:
        yield server


def source(service: Service, **more: Any) -> OpenAICosts:
    return OpenAICosts(KEY, address(service), **{"wait_s": 0.01, **more})


def test_the_whole_span_is_asked_by_line_with_the_administration_key(service: Service) -> None:
    service.answers = [(200, page(bucket(FIRST, ("gpt-4o, input", 1.25))), {})]
    assert source(service).lines(FIRST, LAST) == (BilledLine(FIRST, "gpt-4o, input", 1_250_000_000),)
    headers, path, asked = service.seen[0]
    assert (headers["Authorization"], path) == (f"Bearer {KEY}", "/organization/costs")
    assert {name: value[0] for name, value in asked.items()} == {
        "start_time": "1793491200", "end_time": "1793923200", "bucket_width": "1d", "group_by": "line_item",
        "limit": "5",
    }  # fmt: skip


def test_every_page_is_read_and_projects_of_one_line_are_added(service: Service) -> None:
    service.answers = [
        (200, page(bucket(FIRST, ("gpt-4o, input", 1.0), ("gpt-4o, input", 0.5), (None, 2)), following="p-2"), {}),
        (200, page(bucket(date(2026, 11, 2)), following="p-3"), {}),
        (200, page(bucket(LAST, ("o4-mini, output", "0.000000001"))), {}),
    ]
    assert source(service).lines(FIRST, LAST) == (
        BilledLine(FIRST, "", 2_000_000_000),
        BilledLine(FIRST, "gpt-4o, input", 1_500_000_000),
        BilledLine(LAST, "o4-mini, output", 1),
    )
    assert [asked.get("page", [""])[0] for _, _, asked in service.seen] == ["", "p-2", "p-3"]


def test_amounts_keep_every_nano_dollar(service: Service) -> None:
    body = json.dumps(page(bucket(FIRST, ("a", 0)))).replace('"value": 0', '"value": 123456.123456789')
    service.answers = [(200, body, {})]
    assert source(service).lines(FIRST, FIRST)[0].amount_nano == 123_456_123_456_789


def test_days_that_were_not_asked_are_left_out(service: Service) -> None:
    service.answers = [(200, page(bucket(date(2026, 10, 31), ("a", 1)), bucket(FIRST, ("b", 2))), {})]
    assert [line.line_item for line in source(service).lines(FIRST, FIRST)] == ["b"]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_key_that_is_refused_is_not_tried_again_and_never_shown(service: Service, status: int) -> None:
    service.answers = [(status, {"error": {"message": f"Incorrect API key provided: {KEY}"}}, {})] * 2
    with pytest.raises(BooksUnavailable, match=f"HTTP {status}") as caught:
        source(service).lines(FIRST, LAST)
    assert len(service.seen) == 1
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_is_tried_again(service: Service, status: int) -> None:
    service.answers = [(status, "busy", {}), (status, "busy", {"Retry-After": "0"}), (200, page(bucket(FIRST)), {})]
    assert source(service).lines(FIRST, LAST) == ()
    assert len(service.seen) == 3


@pytest.mark.parametrize("status", [429, 500])
def test_what_does_not_pass_is_given_up(service: Service, status: int) -> None:
    service.answers = [(status, "still busy", {"Retry-After": "0"})] * 9
    with pytest.raises(BooksUnavailable, match=f"HTTP {status}: still busy"):
        source(service).lines(FIRST, LAST)
    assert len(service.seen) == 4


@pytest.mark.parametrize(
    "answer",
    [
        "<html>a proxy</html>",
        "[1]",
        "{}",
        {"data": None, "has_more": False},
        {"data": [{"results": []}], "has_more": False},
        {"data": [{"start_time": "soon", "results": []}], "has_more": False},
        {"data": [{"start_time": 1793491200}], "has_more": False},
        {"data": [{"start_time": 1793491200, "results": [{"line_item": "a"}]}], "has_more": False},
        {"data": [{"start_time": 1793491200, "results": [{"amount": {"value": "much"}}]}], "has_more": False},
        {"data": [{"start_time": 1793491200, "results": [{"amount": {"value": "NaN"}}]}], "has_more": False},
        {"data": [{"start_time": 1793491200, "results": ["?"]}], "has_more": False},
        {"data": [], "has_more": True, "next_page": None},
    ],
)
def test_an_answer_that_makes_no_sense_counts_as_no_answer(service: Service, answer: Any) -> None:
    service.answers = [(200, answer, {})]
    with pytest.raises(BooksUnavailable):
        source(service).lines(FIRST, LAST)


def test_another_currency_is_not_taken_for_dollars(service: Service) -> None:
    service.answers = [(200, page(bucket(FIRST, ("a", 1), currency="eur")), {})]
    with pytest.raises(BooksUnavailable, match="not in usd"):
        source(service).lines(FIRST, LAST)


def test_pages_without_end_are_given_up(service: Service) -> None:
    service.answers = [(200, page(following="again"), {})] * 201
    with pytest.raises(BooksUnavailable, match="more than 200 pages"):
        source(service).lines(FIRST, LAST)


def test_the_key_does_not_follow_a_redirect(service: Service) -> None:
    service.answers = [(302, "", {"Location": f"{address(service)}/elsewhere"}), (200, page(), {})]
    with pytest.raises(BooksUnavailable, match="HTTP 302"):
        source(service).lines(FIRST, LAST)
    assert len(service.seen) == 1


def test_a_server_that_is_gone_is_said(service: Service) -> None:
    gone = source(service)
    service.shutdown()
    service.server_close()
    with pytest.raises(BooksUnavailable):
        gone.lines(FIRST, LAST)


def test_published_rates_come_as_they_are(service: Service) -> None:
    service.answers = [(200, "day,rate\n2026-11-20,0.92\n", {})]
    assert PublishedRates(f"{address(service)}/rates.csv").published() == "day,rate\n2026-11-20,0.92\n"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/rates", ""])
def test_rates_come_over_http_only(url: str) -> None:
    with pytest.raises(BooksUnavailable):
        PublishedRates(url).published()
