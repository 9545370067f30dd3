"""Sessions end on the server, at once, whatever the browser keeps."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.core.security import digest
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.models.accounts import User
from fitmycv_admin.models.platform import UserSession
from fitmycv_admin.models.settings import Setting
from fitmycv_admin.vocabulary import AccountState, Role


def make_user(db: Session, role: Role = Role.USER) -> User:
    from fitmycv_admin.core.ids import short_code

    user = User(name="Ada", email=f"{short_code()}@example.org", role=role)
    db.add(user)
    db.flush()
    return user


def signed_in(db: Session, role: Role = Role.USER) -> tuple[User, str]:
    user = make_user(db, role)
    return user, sessions.open_session(db, user, "127.0.0.1", "Firefox\r\nX: y")


def age(db: Session, user: User, column: str, interval: str) -> None:
    db.execute(
        text(f"UPDATE user_session SET {column} = {column} - interval '{interval}' WHERE user_id = :id"),
        {"id": user.id},
    )


def test_a_token_gives_its_person_back(db: Session) -> None:
    user, token = signed_in(db, Role.OPS)
    actor = sessions.resolve(db, token)
    assert actor is not None
    assert (actor.user_id, actor.role, actor.ip) == (user.id, Role.OPS, "127.0.0.1")
    assert actor.permissions


def test_the_database_never_holds_the_token(db: Session) -> None:
    user, token = signed_in(db)
    row = db.exec(select(UserSession).where(UserSession.user_id == user.id)).one()
    assert row.token == digest(token)
    assert token not in repr(row.model_dump())
    assert row.user_agent.isprintable()


@pytest.mark.parametrize("token", ["", "x", "é" * 500, "\x00"])
def test_an_unknown_token_is_nobody(db: Session, token: str) -> None:
    assert sessions.resolve(db, token) is None


def test_a_closed_session_is_over(db: Session) -> None:
    _, token = signed_in(db)
    actor = sessions.resolve(db, token)
    assert actor is not None
    sessions.close(db, actor)
    assert sessions.resolve(db, token) is None
    with pytest.raises(sessions.SessionEnded):
        sessions.confirm(db, actor)


def test_signing_out_everywhere_ends_every_session(db: Session) -> None:
    user, first = signed_in(db)
    second = sessions.open_session(db, user, "", "")
    assert sessions.close_all(db, user.id) == 2
    assert sessions.resolve(db, first) is None
    assert sessions.resolve(db, second) is None


def test_one_session_can_be_kept_when_the_others_end(db: Session) -> None:
    user, first = signed_in(db)
    second = sessions.open_session(db, user, "", "")
    actor = sessions.resolve(db, second)
    assert actor is not None
    assert sessions.close_all(db, user.id, keep=actor.session_id) == 1
    assert sessions.resolve(db, first) is None
    assert sessions.resolve(db, second) is not None


def test_nobody_ends_somebody_elses_session(db: Session) -> None:
    _, victim = signed_in(db)
    _, attacker = signed_in(db)
    target, thief = sessions.resolve(db, victim), sessions.resolve(db, attacker)
    assert target
    assert target.session_id
    assert thief
    sessions.close_one(db, thief, target.session_id)
    assert sessions.resolve(db, victim) is not None
    sessions.close_one(db, target, target.session_id)
    assert sessions.resolve(db, victim) is None


def test_a_new_token_version_ends_older_sessions(db: Session) -> None:
    user, token = signed_in(db)
    user.token_version += 1
    db.flush()
    assert sessions.resolve(db, token) is None


@pytest.mark.parametrize("state", [AccountState.DISABLED, AccountState.ERASED])
def test_a_disabled_account_has_no_session(db: Session, state: AccountState) -> None:
    user, token = signed_in(db)
    user.state = state
    db.flush()
    assert sessions.resolve(db, token) is None


@pytest.mark.parametrize(
    ("role", "within", "beyond"),
    [(Role.USER, "13 days", "2 days"), (Role.SUPPORT, "11 hours", "2 hours"), (Role.ADMIN, "11 hours", "2 hours")],
)
def test_idle_sessions_end_sooner_for_staff(db: Session, role: Role, within: str, beyond: str) -> None:
    user, token = signed_in(db, role)
    actor = sessions.resolve(db, token)
    age(db, user, "last_seen_at", within)
    sessions.confirm(db, actor)
    age(db, user, "last_seen_at", beyond)
    assert sessions.resolve(db, token) is None


@pytest.mark.parametrize(("role", "life"), [(Role.USER, "30 days"), (Role.FINANCE, "7 days")])
def test_no_session_outlives_its_absolute_end(db: Session, role: Role, life: str) -> None:
    user, token = signed_in(db, role)
    age(db, user, "expires_at", life)
    assert sessions.resolve(db, token) is None


def test_being_here_keeps_a_session_from_going_idle(db: Session) -> None:
    user, token = signed_in(db, Role.OPS)
    age(db, user, "last_seen_at", "11 hours")
    assert sessions.resolve(db, token) is not None
    age(db, user, "last_seen_at", "11 hours")
    assert sessions.resolve(db, token) is not None


def test_a_read_only_snapshot_can_resolve_too(database: object) -> None:
    with transaction() as db:
        user, token = signed_in(db)
        age(db, user, "last_seen_at", "1 hour")
    with snapshot() as db:
        assert sessions.resolve(db, token) is not None


def test_a_changed_role_stops_the_next_command(db: Session) -> None:
    user, token = signed_in(db, Role.OPS)
    actor = sessions.resolve(db, token)
    sessions.confirm(db, actor)
    user.role = Role.VIEWER
    db.flush()
    with pytest.raises(sessions.SessionEnded):
        sessions.confirm(db, actor)


def test_visitors_and_our_processes_have_nothing_to_confirm(db: Session) -> None:
    sessions.confirm(db, actors.VISITOR)
    sessions.confirm(db, actors.system("scheduler"))


def test_an_actor_without_a_session_is_refused(db: Session) -> None:
    _, token = signed_in(db)
    actor = sessions.resolve(db, token)
    assert actor is not None
    with pytest.raises(sessions.SessionEnded):
        sessions.confirm(db, replace(actor, session_id=None))
    with pytest.raises(sessions.SessionEnded):
        sessions.confirm(db, "admin")


def test_the_sweep_forgets_only_what_ended_long_ago(db: Session) -> None:
    old, _ = signed_in(db)
    _, token = signed_in(db)
    age(db, old, "expires_at", "61 days")
    assert sessions.sweep(db) == 1
    assert sessions.resolve(db, token) is not None


def test_during_maintenance_people_wait_and_staff_works(db: Session) -> None:
    _, person = signed_in(db)
    _, staff = signed_in(db, Role.VIEWER)
    actor = sessions.resolve(db, person)
    switch = Setting(setting_name=sessions.MAINTENANCE, value="1", category="system")
    db.add(switch)
    db.flush()
    assert sessions.resolve(db, person) is None
    assert sessions.resolve(db, staff) is not None
    with pytest.raises(sessions.SessionEnded):
        sessions.confirm(db, actor)
    switch.value = "0"
    db.flush()
    assert sessions.resolve(db, person) is not None
