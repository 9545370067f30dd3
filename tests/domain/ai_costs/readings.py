"""Every reading of the cost pages by name, for the test that looks at its plans and the benchmark that times it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core.paging import PageRequest, encode
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import asked, call_list, names, queries, screens, spread_screens
from fitmycv_admin.domain.ai_costs.names import Dimension
from tests.domain.ai_costs.ledger import OPS

# Milliseconds: presets up to 31 days, any other range or filter, a page, a page of a list on an index.
PRESET, WIDE, PAGE, INDEXED = 100.0, 400.0, 250.0, 20.0
SHORT = ("today", "yesterday", "7d", "30d", "month", "last_month")
LONG = ("90d", "365d")


@dataclass(frozen=True, slots=True)
class Reading:
    """One question of a page. `most` is how many milliseconds it may take; None: it is only printed."""

    name: str
    read: Callable[[Session], object]
    most: float | None
    is_indexed_page: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What the questions are about: a person and a task that have calls, names that calls carry, and instants."""

    user_id: UUID
    task_id: UUID
    feature: str
    model: str
    tier: str
    plan: str
    version: int
    ended: datetime


def subject(db: Session) -> Subject:
    """Somebody in the middle of the year, between those with most and with fewest calls."""
    row = db.execute(text(_SUBJECT)).one()
    return Subject(row.user_id, row.task_id, row.feature, row.model, row.tier, row.plan, row.version, row.ended)


def readings(about: Subject) -> list[Reading]:
    """All of them; together every query that a cost page makes."""
    return [
        *(_reading(f"totals_{p}", _totals({"period": p}), _bar(p)) for p in (*SHORT, *LONG)),
        *(_reading(f"by_{d}_{p}", _split({"period": p, "by": d}), _bar(p)) for d in Dimension for p in ("30d", "365d")),
        *(_reading(f"stack_{p}", _stack({"period": p}), _bar(p)) for p in (*SHORT, *LONG)),
        _reading("stack_365d_by_model", _stack({"period": "365d", "by": "model"}), WIDE),
        *(_reading(f"top_users_{p}", _top({"period": p}), _bar(p)) for p in (*SHORT, *LONG)),
        *_custom(),
        *_filtered(about),
        *_pages(about),
        *_other_pages(about),
        *_lists(about),
        _reading("version", lambda db: queries.version(db, OPS), INDEXED),
    ]


def _custom() -> list[Reading]:
    """Ranges that begin and end inside a month, and the whole time."""
    words = {"period": "custom", "from": "2026-02-10", "to": "2026-08-19"}
    return [_reading("totals_custom", _totals(words), WIDE), _reading("top_users_custom", _top(words), WIDE)]


def _filtered(about: Subject) -> list[Reading]:
    found = []
    for period in ("30d", "365d"):
        for key, word in _keys(about).items():
            words = {"period": period, key: word}
            found += [
                _reading(f"totals_{period}_of_{key}", _totals(words), WIDE),
                _reading(f"by_model_{period}_of_{key}", _split({**words, "by": "model"}), WIDE),
                _reading(f"top_users_{period}_of_{key}", _top(words), WIDE),
            ]
    return found


def _pages(about: Subject) -> list[Reading]:
    """The whole cost page: every figure of it from one snapshot."""
    presets = (*SHORT, *LONG)
    return [
        *(_reading(f"page_{p}", _page({"period": p}), PAGE) for p in presets),
        *(_reading(f"page_30d_by_{d}", _page({"period": "30d", "by": d}), PAGE) for d in Dimension),
        *(_reading(f"page_30d_of_{key}", _page({"period": "30d", key: word}), None)
          for key, word in _keys(about).items()),
        _reading("page_30d_against_last_year", _page({"period": "30d", "compare": "year"}), PAGE),
    ]  # fmt: skip


def _other_pages(about: Subject) -> list[Reading]:
    """The pages beside the cost page, each with everything it shows."""
    pages: dict[str, tuple[Callable[[Session, Actor, dict[str, str]], object], dict[str, str]]] = {
        "spread": (spread_screens.distribution, {}),
        "durations": (spread_screens.distribution, {"measure": "duration"}),
        "spread_of_feature": (spread_screens.distribution, {"feature": about.feature}),
        "outliers": (spread_screens.outliers, {}),
        "outliers_of_feature": (spread_screens.outliers, {"feature": about.feature}),
        "top_users_page": (screens.top_users_of, {"n": "100"}),
        "plans": (screens.plans, {}),
    }
    return [
        Reading(f"{name}_{period}", partial(_screen, show, {**words, "period": period}), most)
        for name, (show, words) in pages.items()
        for period, most in (("30d", PAGE), ("365d", WIDE))
    ]


def _screen(
    show: Callable[[Session, Actor, dict[str, str]], object], words: dict[str, str], db: Session
) -> object:  # fmt: skip
    return show(db, OPS, words)


def _lists(about: Subject) -> list[Reading]:
    """The call list 200 days down and at its top; where no index helps it searches week by week."""
    year = {"period": "365d"}
    indexed = {"": {}, "_of_feature": {"feature": about.feature}, "_of_model": {"model": about.model},
               "_of_user": {"user": str(about.user_id)}, "_of_task": {"task": str(about.task_id)}}  # fmt: skip
    searched = {"_of_tier": {"tier": about.tier}, "_of_plan": {"plan": about.plan}, "_failed": {"status": "failed"},
                "_unpriced": {"unpriced": "1"}, "_version": {"version": str(about.version)}, "_dear": {"min": "0.05"},
                "_dearest": {"min": "1000"}, "_of_feature_and_model": {"feature": about.feature, "model": about.model},
                "_of_user_and_model": {"user": str(about.user_id), "model": about.model}}  # fmt: skip
    deep = encode((about.ended - timedelta(days=200)).isoformat(), 0)
    found = []
    for is_indexed, lists in ((True, indexed), (False, searched)):
        for name, words in lists.items():
            for place, request in (("top", PageRequest()), ("deep", PageRequest(after=deep))):
                bar = INDEXED if is_indexed else WIDE
                read = _rows({**year, **words}, request)
                found.append(Reading(f"calls{name}_{place}", read, bar, is_indexed_page=is_indexed))
    back = _rows(year, PageRequest(before=deep))
    return [
        *found,
        Reading("calls_back_deep", back, INDEXED, is_indexed_page=True),
        _reading("calls_page_deep", lambda db: screens.calls(db, OPS, year, PageRequest(after=deep)), PAGE),
    ]


def _keys(about: Subject) -> dict[str, str]:
    return {"feature": about.feature, "model": about.model, "tier": about.tier, "plan": about.plan,
            "user": str(about.user_id)}  # fmt: skip


def _bar(period: str) -> float:
    return PRESET if period in SHORT else WIDE


def _reading(name: str, read: Callable[[Any], object], most: float | None) -> Reading:
    return Reading(name, read, most)


def _totals(words: dict[str, str]) -> Callable[[Session], object]:
    def read(db: Session) -> object:
        wanted = asked.costs(db, OPS, words)
        return queries.totals(db, OPS, wanted.period, wanted.filters)

    return read


def _split(words: dict[str, str]) -> Callable[[Session], object]:
    def read(db: Session) -> object:
        wanted = asked.costs(db, OPS, words)
        return queries.split(db, OPS, wanted.period, wanted.dimension, wanted.filters)

    return read


def _stack(words: dict[str, str]) -> Callable[[Session], object]:
    """The bars of the chart."""

    def read(db: Session) -> object:
        wanted = asked.costs(db, OPS, words)
        return queries._slots(db, wanted.period, wanted.period.grain, wanted.dimension, wanted.filters, names.read(db))

    return read


def _top(words: dict[str, str]) -> Callable[[Session], object]:
    def read(db: Session) -> object:
        wanted = asked.costs(db, OPS, words)
        return queries.top_users(db, OPS, wanted.period, wanted.filters)

    return read


def _page(words: dict[str, str]) -> Callable[[Session], object]:
    return lambda db: screens.costs(db, OPS, words)


def _rows(words: dict[str, str], request: PageRequest) -> Callable[[Session], object]:
    """The rows alone: how many there are in all is a total, and timed as such."""

    def read(db: Session) -> object:
        return call_list.calls(db, OPS, asked.calls(db, OPS, words), request, counted=False)

    return read


_SUBJECT = """
WITH span AS (SELECT max(created_at) AS ended FROM openai_call)
SELECT u.id AS user_id, c.task_id, c.call_name AS feature, m.model_name AS model, t.key AS tier, p.name AS plan,
    c.price_version_id AS version, span.ended
FROM span, openai_call c JOIN app_user u ON u.seq = c.user_seq JOIN openai_pricing m ON m.id = c.model_id
    JOIN ai_tier t ON t.id = c.tier_id JOIN subscription_plan p ON p.id = c.plan_id
WHERE c.created_at BETWEEN span.ended - interval '190 days' AND span.ended - interval '180 days'
    AND c.task_id IS NOT NULL AND c.price_version_id IS NOT NULL
ORDER BY abs(u.seq - 400), c.created_at LIMIT 1
"""
