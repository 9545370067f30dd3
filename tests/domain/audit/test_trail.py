"""The audit trail: what is written, what is hidden, how it is found again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlmodel import Session, select

from fitmycv_admin.core.errors import Forbidden
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain import actors, audit
from fitmycv_admin.domain.access.matrix import permissions_of
from fitmycv_admin.domain.audit import queries
from fitmycv_admin.domain.audit.queries import Filters
from fitmycv_admin.models import AuditEvent
from fitmycv_admin.vocabulary import Role

ADMIN = actors.Actor(
    user_id=UUID(int=7), role=Role.ADMIN, permissions=permissions_of(Role.ADMIN), name="Ada Admin", ip="192.0.2.1"
)
SUPPORT = actors.Actor(user_id=UUID(int=8), role=Role.SUPPORT, permissions=permissions_of(Role.SUPPORT))
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def twenty_five(database: object) -> Iterator[None]:
    from fitmycv_admin.core.db import transaction

    with transaction() as db:
        for number in range(25):
            db.add(
                AuditEvent(
                    created_at=START + timedelta(hours=number // 2),  # pairs at the same instant
                    actor_id=ADMIN.user_id if number % 5 else None,
                    actor_role="admin",
                    actor_name="Ada Admin" if number % 5 else "100%_scheduler",
                    action=("price.published", "price.withdrawn", "prices")[number % 3],
                    target_type="price_version" if number % 2 else "setting",
                    target_id=str(number),
                )
            )
    return


def test_a_line_says_who_what_from_what_to_what_and_why(db: Session) -> None:
    audit.record(
        db, ADMIN, "user.role_changed", "user", UUID(int=9),
        before={"role": Role.USER, "at": START}, after={"role": Role.OPS, "amount": Decimal("1.50")}, reason=" asked ",
    )  # fmt: skip
    db.flush()
    line = db.exec(select(AuditEvent).where(AuditEvent.action == "user.role_changed")).one()
    assert (line.actor_id, line.actor_role, line.actor_name, line.ip) == (ADMIN.user_id, "admin", "Ada Admin", ADMIN.ip)
    assert line.target_id == str(UUID(int=9))
    assert line.before == {"role": "user", "at": "2026-01-01 00:00:00+00:00"}
    assert line.after == {"role": "ops", "amount": "1.50"}
    assert line.reason == "asked"
    db.rollback()


def test_a_process_of_ours_is_named(db: Session) -> None:
    audit.record(db, actors.system("scheduler"), "x.done", "x")
    db.flush()
    line = db.exec(select(AuditEvent).where(AuditEvent.action == "x.done")).one()
    assert (line.actor_id, line.actor_role, line.actor_name) == (None, "system", "scheduler")
    db.rollback()


def test_secrets_never_enter_the_trail(db: Session) -> None:
    audit.record(db, ADMIN, "y.done", "y", after={"password_hash": "abc", "nested": {"reset_token": "def", "n": 1}})
    db.flush()
    line = db.exec(select(AuditEvent).where(AuditEvent.action == "y.done")).one()
    assert line.after == {"password_hash": "…", "nested": {"reset_token": "…", "n": 1}}
    db.rollback()


@pytest.mark.usefixtures("twenty_five")
def test_pages_forward_and_back_show_every_line_once(db: Session) -> None:
    seen, request, pages = [], PageRequest(size=7), []
    while True:
        page = queries.events(db, ADMIN, Filters(), request)
        pages.append(page)
        seen += [row.id for row in page.rows]
        if not page.next:
            break
        request = PageRequest(after=page.next, size=7)
    assert len(seen) == len(set(seen)) == 25
    assert seen == sorted(seen, reverse=True)
    back = queries.events(db, ADMIN, Filters(), PageRequest(before=pages[-1].previous, size=7))
    assert back.rows == pages[-2].rows


@pytest.mark.usefixtures("twenty_five")
def test_filters_narrow_by_actor_action_target_and_period(db: Session) -> None:
    def ids(**by: object) -> set[int]:
        rows = queries.events(db, ADMIN, Filters(**by), PageRequest(size=100)).rows  # type: ignore[arg-type]
        return {int(row.target_id) for row in rows}

    everything = set(range(25))
    assert ids(actor="ada") == {n for n in everything if n % 5}
    assert ids(actor=str(ADMIN.user_id)) == {n for n in everything if n % 5}
    assert ids(actor="100%_s") == {n for n in everything if n % 5 == 0}
    assert ids(actor="%") == {n for n in everything if n % 5 == 0}
    assert ids(action="price.published") == {n for n in everything if n % 3 == 0}
    assert ids(action="price") == {n for n in everything if n % 3 != 2}
    assert ids(target_type="setting", target_id="4") == {4}
    since, until = START + timedelta(hours=2), START + timedelta(hours=4)
    assert ids(since=since, until=until) == {4, 5, 6, 7}


@pytest.mark.usefixtures("twenty_five")
def test_the_export_holds_what_the_list_shows_in_its_order(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "EXPORT_BATCH", 4)
    listed = queries.events(db, ADMIN, Filters(action="price"), PageRequest(size=100)).rows
    assert tuple(queries.every(db, ADMIN, Filters(action="price"))) == listed


@pytest.mark.usefixtures("twenty_five")
def test_a_forged_position_shows_nothing_and_does_not_fail(db: Session) -> None:
    from fitmycv_admin.core.paging import encode

    assert queries.events(db, ADMIN, Filters(), PageRequest(after=encode("x", "y"))).rows == ()


def test_only_who_may_read_the_trail_reads_it(db: Session) -> None:
    with pytest.raises(Forbidden):
        queries.events(db, SUPPORT, Filters(), PageRequest())
    with pytest.raises(Forbidden):
        list(queries.every(db, SUPPORT, Filters()))
