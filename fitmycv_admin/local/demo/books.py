"""Writes the purses of the demo: lines, lots, uses, balances, counters and what tasks reserved."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from fitmycv_admin.domain.billing.periods import Period
from fitmycv_admin.local.demo.people import Person
from fitmycv_admin.local.demo.purse import Line, Lot, Purse
from fitmycv_admin.local.demo.stage import Stage
from fitmycv_admin.models import (
    CreditBalance,
    CreditDebt,
    CreditLot,
    CreditTransaction,
    FeatureUsageCounter,
    LotUse,
    PurchaseReversal,
    Reservation,
    ReservedLot,
)
from fitmycv_admin.models.billing import TOTALS
from fitmycv_admin.vocabulary import CreditKind, Payer, ReservationState

Counter = tuple[UUID, Period, str]
"""Whose counter, of which month and feature."""


@dataclass(slots=True)
class Reserved:
    """What one task of the story took: credits with their line, a unit of a counter, or nothing in the end."""

    person: Person
    task_id: UUID
    feature: str | None
    at: datetime
    payer: Payer
    state: ReservationState
    settled_at: datetime | None
    amount: int = 0
    version: int | None = None
    line: Line | None = None
    counter: Counter | None = None
    kept: tuple[tuple[Lot, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the rows of the ledger are called in the database."""

    lines: dict[Line, int]
    lots: dict[Lot, int]
    counters: dict[Counter, int]


def write(stage: Stage, purses: list[Purse]) -> Numbers:
    """Insert all of it but the reservations, numbered in order of time."""
    lines = sorted((line for purse in purses for line in purse.lines), key=lambda line: line.at)
    lots = sorted((lot for purse in purses for lot in purse.lots), key=lambda lot: lot.line.at)
    counters = [(purse.person.id, month, feature) for purse in purses for month, feature in purse.used]
    numbers = Numbers(
        dict(zip(lines, _numbers(stage, "credit_transaction", len(lines)), strict=True)),
        dict(zip(lots, _numbers(stage, "credit_lot", len(lots)), strict=True)),
        dict(zip(counters, _numbers(stage, "feature_usage_counter", len(counters)), strict=True)),
    )
    stage.copy(CreditTransaction, [_line(line, numbers) for line in lines])
    stage.copy(CreditLot, [_lot(lot, numbers) for lot in lots])
    stage.copy(LotUse, [row for line in lines for row in _uses(line, numbers)])
    stage.insert(CreditBalance, [_balance(purse) for purse in purses])
    stage.insert(CreditDebt, [_debt(purse) for purse in purses if purse.debt])
    stage.insert(PurchaseReversal, [_reversal(line, numbers) for line in lines if line.price < 0])
    used = {(purse.person.id, *key): count for purse in purses for key, count in purse.used.items()}
    stage.copy(FeatureUsageCounter, [_counter(key, number, used[key]) for key, number in numbers.counters.items()])
    return numbers


def reserve(stage: Stage, reserved: Iterable[Reserved], numbers: Numbers) -> None:
    """Insert what tasks reserved; the tasks are there."""
    rows = [(stage.id(one.at), one) for one in reserved]
    stage.copy(Reservation, [_reservation(id_, one, numbers) for id_, one in rows])
    kept = [(id_, lot, units) for id_, one in rows for lot, units in one.kept]
    stage.copy(
        ReservedLot, [{"reservation_id": id_, "lot_id": numbers.lots[lot], "amount": units} for id_, lot, units in kept]
    )


def _numbers(stage: Stage, table: str, count: int) -> list[int]:
    query = text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)")
    return list(stage.db.execute(query, {"table": table, "count": count}).scalars())


def _line(line: Line, numbers: Numbers) -> dict[str, Any]:
    return {
        "id": numbers.lines[line],
        "user_id": line.person.id,
        "amount": line.amount,
        "balance_after": line.balance_after,
        "type": line.kind,
        "source": line.source,
        "feature_name": line.feature,
        "task_id": line.task_id,
        "stripe_payment_intent_id": line.payment,
        "stripe_invoice_id": line.payment.replace("pi_", "in_") if line.payment else None,
        "related_transaction_id": numbers.lines[line.related] if line.related else None,
        "cause": line.cause,
        "request_key": line.request_key,
        "batch_id": line.batch,
        "actor_id": line.actor,
        "reason": line.reason,
        "created_at": line.at,
    }


def _lot(lot: Lot, numbers: Numbers) -> dict[str, Any]:
    return {
        "id": numbers.lots[lot],
        "user_id": lot.line.person.id,
        "line_id": numbers.lines[lot.line],
        "origin_lot_id": numbers.lots[lot.origin] if lot.origin else None,
        "kind": lot.kind,
        "priority": lot.priority,
        "granted": lot.granted,
        "remaining": lot.remaining,
        "held": lot.held,
        "expires_at": lot.expires_at,
        "created_at": lot.line.at,
    }


def _uses(line: Line, numbers: Numbers) -> list[dict[str, Any]]:
    number = numbers.lines[line]
    return [
        {"line_id": number, "lot_id": numbers.lots[take.lot], "amount": take.amount, "returned": take.returned}
        for take in line.takes
    ]


def _balance(purse: Purse) -> dict[str, Any]:
    bought = [line for line in purse.lines if line.kind == CreditKind.PURCHASE]
    return {
        "user_id": purse.person.id,
        "balance": purse.balance,
        "held": purse.held,
        **{f"total_{name}": purse.total(kind) for name, kind in TOTALS.items()},
        "balance_after_last_purchase": bought[-1].balance_after if bought else None,
        "updated_at": purse.lines[-1].at,
    }


def _debt(purse: Purse) -> dict[str, Any]:
    return {"user_id": purse.person.id, "amount": purse.debt, "updated_at": purse.lines[-1].at}


def _reversal(line: Line, numbers: Numbers) -> dict[str, Any]:
    assert line.related is not None
    return {
        "purchase_line_id": numbers.lines[line.related],
        "paid_cents": line.related.price,
        "refunded_cents": -line.price,
        "taken": -line.amount,
        "unrecovered": line.related.amount + line.amount,
        "updated_at": line.at,
    }


def _counter(key: Counter, number: int, count: int) -> dict[str, Any]:
    user_id, (start, end), feature = key
    return {
        "id": number,
        "user_id": user_id,
        "feature_name": feature,
        "count": count,
        "period_start": start,
        "period_end": end,
    }


def _reservation(id_: UUID, one: Reserved, numbers: Numbers) -> dict[str, Any]:
    return {
        "id": id_,
        "task_id": one.task_id,
        "user_id": one.person.id,
        "feature_name": one.feature,
        "payer": one.payer,
        "amount": one.amount,
        "cost_version": one.version,
        "counter_id": numbers.counters[one.counter] if one.counter else None,
        "line_id": numbers.lines[one.line] if one.line else None,
        "state": one.state,
        "created_at": one.at,
        "settled_at": one.settled_at,
    }
