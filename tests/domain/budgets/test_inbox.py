"""The figures of the inbox: what waits now, and the median time until somebody cared."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import Forbidden
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.budgets import given, inbox
from fitmycv_admin.models import AlertNotice
from fitmycv_admin.vocabulary import NoticeState
from tests.domain.budgets import stand


def _notice(db: Session, rule: int, number: int, state: NoticeState, taken_s: int | None, *, days: int = 0) -> None:
    opened = clock.now() - timedelta(days=days, hours=2)
    starts = stand.NOON + timedelta(days=number)
    found = given.Found(rule, "", starts, starts + timedelta(days=1), 50)
    made = given.give(db, found, now=opened)
    row = db.get(AlertNotice, made)
    assert row is not None
    row.state = state
    row.acknowledged_at = None if taken_s is None else opened + timedelta(seconds=taken_s)
    db.add(row)
    db.flush()


def test_the_median_counts_what_was_acknowledged_in_the_last_thirty_days(db: Session) -> None:
    rule = stand.rule()
    for number, (state, taken, days) in enumerate(
        [
            (NoticeState.OPEN, None, 0), (NoticeState.SNOOZED, None, 0), (NoticeState.ACKNOWLEDGED, 60, 0),
            (NoticeState.RESOLVED, 120, 1), (NoticeState.RESOLVED, 900, 2), (NoticeState.RESOLVED, None, 3),
            (NoticeState.RESOLVED, 5, 40),
        ]
    ):  # fmt: skip
        _notice(db, rule, number, state, taken, days=days)
    counts = inbox.counts(db, stand.OPS)
    assert (counts.open, counts.acknowledged, counts.snoozed) == (1, 1, 1)
    assert (counts.median_seconds, counts.taken) == (120, 3)


def test_an_empty_inbox_has_no_median(db: Session) -> None:
    assert inbox.counts(db, stand.OPS) == inbox.Counts(0, 0, 0, None, 0)


def test_nobody_counts_without_the_permission(db: Session) -> None:
    with pytest.raises(Forbidden):
        inbox.counts(db, actors.VISITOR)
