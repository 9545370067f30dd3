"""Credits given or taken by hand: for a reason, within the limits of the role, above them by two people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session, col, select

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import FitMyCvError, Invalid, NotFound
from fitmycv_admin.core.money import round_half_up
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.domain.billing import approvals, ledger
from fitmycv_admin.domain.billing.approvals import ApprovalKind, Request
from fitmycv_admin.domain.billing.credits import Entry
from fitmycv_admin.domain.settings import lookups
from fitmycv_admin.models import Approval, User
from fitmycv_admin.vocabulary import AccountState, CreditKind, Permission

GIVE_REASONS = ("goodwill", "incident", "promise", "correction", "test")
TAKE_REASONS = ("given_by_mistake", "abuse", "correction", "test")
MOST = 100_000
LONGEST_KEY = 64
BY_HAND, BY_TWO = "staff", "staff_approved"
GIVE, TAKE = "credits.give", "credits.take"
_LOCK = 7_310


class OnOneself(FitMyCvError):
    """Nobody gives credits to themselves, nor decides about credits for themselves."""

    key = "credits.error.on_oneself"


@dataclass(frozen=True, slots=True)
class Given:
    """What came of it: the line, or the request that waits for a second person."""

    line_id: int | None
    approval_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Allowance:
    """What somebody may do by hand: `today` credits are left to give today, or `act` in one act; above it, two."""

    may_give: bool
    may_take: bool
    today: int | None
    act: int | None


def give(
    db: Session,
    by: Actor,
    user_id: UUID,
    amount: int,
    *,
    reason_code: str,
    note: str,
    key: str,
    expires_at: datetime | None = None,
) -> Given:
    """Give credits, which run out after twelve months unless `expires_at` says otherwise. Needs credits.gift.

    `key` is made by the form: the same one again gives the first answer and nothing moves. Above the limits of the
    role it becomes a request for a second person. Raises NotFound, OnOneself, Invalid with its field.
    """
    by.must(Permission.CREDITS_GIFT)
    request_key = _key(by, key)
    _one_at_a_time(db, by)
    if (before := _before(db, request_key, GIVE)) is not None:
        return before
    person = _person(db, by, user_id)
    _checked(amount, reason_code, GIVE_REASONS, note)
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid("credits.error.expiry_past", field="expires_at")
    if needs_second(db, by, amount):
        until = expires_at.isoformat() if expires_at else ""
        return _ask(db, by, GIVE, person, amount, reason_code, note, request_key, {"expires_at": until})
    entry = Entry(
        CreditKind.GIFT, amount, BY_HAND, request_key=request_key, actor_id=by.user_id, reason=reason_code
    )  # fmt: skip
    return Given(_give(db, by, user_id, entry, expires_at, note))


def take(db: Session, by: Actor, user_id: UUID, amount: int, *, reason_code: str, note: str, key: str) -> Given:
    """Take credits away, never more than can be spent. Needs credits.write; otherwise as `give`.

    Raises `credits.NotEnough` too.
    """
    by.must(Permission.CREDITS_WRITE)
    request_key = _key(by, key)
    _one_at_a_time(db, by)
    if (before := _before(db, request_key, TAKE)) is not None:
        return before
    person = _person(db, by, user_id)
    _checked(amount, reason_code, TAKE_REASONS, note)
    if needs_second(db, by, amount):
        return _ask(db, by, TAKE, person, amount, reason_code, note, request_key, {})
    entry = Entry(
        CreditKind.CLAWBACK, amount, BY_HAND, request_key=request_key, actor_id=by.user_id, reason=reason_code
    )  # fmt: skip
    return Given(_take(db, by, user_id, entry, note))


def allowance(db: Session, by: Actor) -> Allowance:
    """What this actor may do by hand now, for the form. Needs credits.read."""
    by.must(Permission.CREDITS_READ)
    may_take = by.may(Permission.CREDITS_WRITE)
    may_give = by.may(Permission.CREDITS_GIFT) or may_take
    if may_take:
        return Allowance(may_give, True, None, lookups.whole(db, "credits_by_hand_an_act"))
    left = lookups.whole(db, "credits_by_hand_a_day") - _given_today(db, by) if may_give else 0
    return Allowance(may_give, False, max(0, left), None)


def needs_second(db: Session, by: Actor, amount: int) -> bool:
    """Whether so many credits are more than this actor gives or takes alone.

    Ask it while holding the actor's own lock: two acts at once must not each see the day's last credits.
    """
    if worth_cents(db, amount) > lookups.whole(db, "credits_by_hand_cents"):
        return True
    if by.may(Permission.CREDITS_WRITE):
        return amount > lookups.whole(db, "credits_by_hand_an_act")
    return _given_today(db, by) + amount > lookups.whole(db, "credits_by_hand_a_day")


def worth_cents(db: Session, amount: int) -> int:
    """What credits would cost at most: at the dearest price of one in the packs on sale, in euro cents."""
    dearest = """SELECT price, credit_amount FROM credit_pack WHERE is_active AND price_currency = 'EUR'
                 ORDER BY price::numeric / credit_amount DESC LIMIT 1"""
    pack = db.execute(text(dearest)).one_or_none()
    return round_half_up(amount * pack.price, pack.credit_amount) if pack else 0


def end_of(day: str, zone: ZoneInfo) -> datetime | None:
    """The last second of a day typed as 2026-12-31, in a zone; None when none was typed. Raises Invalid."""
    if not day:
        return None
    try:
        return datetime.combine(date.fromisoformat(day), time(23, 59, 59), zone).astimezone(UTC)
    except ValueError as error:
        raise Invalid("credits.error.expiry_past", field="expires_at") from error


def _given_today(db: Session, by: Actor) -> int:
    zone = lookups.zone(db)
    today = datetime.combine(clock.now().astimezone(zone).date(), time(), zone).astimezone(UTC)
    given = """SELECT coalesce(sum(amount), 0) FROM credit_transaction
               WHERE actor_id = :actor AND type = 'gift' AND source = :source AND created_at >= :today"""
    return int(db.execute(text(given), {"actor": by.owner_id, "source": BY_HAND, "today": today}).scalar_one())


def _one_at_a_time(db: Session, by: Actor) -> None:
    """One person's acts follow each other, so that a day's limit and a repeated key are seen by the next."""
    db.execute(text("SELECT pg_advisory_xact_lock(:space, hashtext(:who))"), {"space": _LOCK, "who": str(by.owner_id)})


def _key(by: Actor, key: str) -> str:
    if not key or len(key) > LONGEST_KEY:
        raise Invalid("credits.error.key")
    return f"hand:{by.owner_id}:{key}"


def _before(db: Session, request_key: str, kind: str) -> Given | None:
    """What the same form brought about earlier."""
    known = text("SELECT id FROM credit_transaction WHERE request_key = :key")
    line_id = db.execute(known, {"key": request_key}).scalar_one_or_none()
    if line_id is not None:
        return Given(int(line_id))
    asked = select(Approval.id).where(col(Approval.kind) == kind, col(Approval.subject_id) == request_key)
    approval_id = db.exec(asked).first()
    return Given(None, approval_id) if approval_id else None


def _person(db: Session, by: Actor, user_id: UUID) -> User:
    if user_id == by.user_id:
        raise OnOneself
    person = db.get(User, user_id)
    if person is None or person.state == AccountState.ERASED:
        raise NotFound
    return person


def _checked(amount: int, reason_code: str, reasons: tuple[str, ...], note: str) -> None:
    if not 0 < amount <= MOST:
        raise Invalid("credits.error.amount", field="amount")
    if reason_code not in reasons:
        raise Invalid("credits.error.reason", field="reason_code")
    if not note.strip():
        raise Invalid("credits.error.note", field="note")


def _ask(
    db: Session,
    by: Actor,
    kind: str,
    person: User,
    amount: int,
    reason_code: str,
    note: str,
    request_key: str,
    more: Mapping[str, str],
) -> Given:
    payload = {
        "user_id": str(person.id), "amount": amount, "reason_code": reason_code,
        "balance": ledger.balance_of(db, person.id).balance, "worth_cents": worth_cents(db, amount), **more,
    }  # fmt: skip
    return Given(
        None,
        approvals.request(
            db, by, kind, "credit_request", request_key, object_version=person.state, payload=payload, reason=note
        ),
    )


def _give(db: Session, by: Actor, user_id: UUID, entry: Entry, expires_at: datetime | None, note: str) -> int:
    line_id = ledger.grant(db, user_id, entry, expires_at=expires_at or ledger.DEFAULT)
    _record(db, by, "credits.given", user_id, entry, line_id, note)
    return line_id


def _take(db: Session, by: Actor, user_id: UUID, entry: Entry, note: str) -> int:
    line_id = ledger.debit(db, user_id, entry)
    _record(db, by, "credits.taken", user_id, entry, line_id, note)
    return line_id


def _record(db: Session, by: Actor, action: str, user_id: UUID, entry: Entry, line_id: int, note: str) -> None:
    made = ledger.line(db, line_id)
    trail.record(
        db, by, action, "account", user_id, {"credits": made.balance_after - made.amount},
        {"credits": made.balance_after, "line": line_id, "reason": entry.reason}, note,
    )  # fmt: skip


def _account_state(db: Session, asked: Request) -> str:
    found = db.exec(select(User.state).where(col(User.id) == UUID(asked.payload["user_id"]))).first()
    return found or ""


def _apply(db: Session, by: Actor, asked: Request) -> dict[str, Any]:
    """The act as it was asked for: the line names who asked, the decision names who agreed."""
    user_id = UUID(asked.payload["user_id"])
    if user_id == by.user_id:
        raise OnOneself
    kind = CreditKind.GIFT if asked.kind == GIVE else CreditKind.CLAWBACK
    entry = Entry(
        kind, int(asked.payload["amount"]), BY_TWO, request_key=asked.subject_id, actor_id=asked.requested_by,
        reason=str(asked.payload["reason_code"]),
    )  # fmt: skip
    if asked.kind == TAKE:
        return {"line": _take(db, by, user_id, entry, asked.reason)}
    until = str(asked.payload.get("expires_at") or "")
    return {"line": _give(db, by, user_id, entry, datetime.fromisoformat(until) if until else None, asked.reason)}


approvals.kinds[GIVE] = ApprovalKind(
    Permission.CREDITS_WRITE, _apply, _account_state, "approvals.kind.give", "approvals.what.give"
)
approvals.kinds[TAKE] = ApprovalKind(
    Permission.CREDITS_WRITE, _apply, _account_state, "approvals.kind.take", "approvals.what.take"
)
