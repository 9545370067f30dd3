"""People with credits, and what their ledger says."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain.billing import ledger
from fitmycv_admin.domain.billing.credits import Entry, Wallet
from fitmycv_admin.models import User
from fitmycv_admin.vocabulary import CreditKind


def person() -> UUID:
    """Somebody without a credit."""
    number = new_id()
    with transaction() as db:
        db.add(User(id=number, email=f"{number}@example.org", name="Ada"))
    return number


def give(
    user_id: UUID, amount: int, kind: CreditKind = CreditKind.GIFT, *, at: datetime | None = None, **more: Any
) -> int:
    """Credits for somebody; the line."""
    with transaction() as db:
        return ledger.grant(db, user_id, Entry(kind, amount, "test", **more), at=at)


def buy(user_id: UUID, amount: int, payment: str) -> int:
    """A purchase; the line."""
    return give(user_id, amount, CreditKind.PURCHASE, payment_intent=payment)


def rich(amount: int) -> UUID:
    """Somebody with so many credits."""
    someone = person()
    give(someone, amount)
    return someone


def spend(user_id: UUID, amount: int, **more: Any) -> int:
    """A debit in a transaction of its own; the line."""
    with transaction() as db:
        return ledger.debit(db, user_id, Entry(CreditKind.USAGE, amount, "test", **more))


def hold(user_id: UUID, amount: int) -> list[tuple[int, int]]:
    """A hold in a transaction of its own; which lots."""
    with transaction() as db:
        return ledger.hold(db, user_id, amount)


def capture(user_id: UUID, taken: list[tuple[int, int]]) -> int:
    """What a hold becomes when the work is done; the line."""
    with transaction() as db:
        amount = sum(units for _, units in taken)
        return ledger.capture(db, user_id, Entry(CreditKind.USAGE, amount, "test"), taken)


def wallet(user_id: UUID) -> Wallet:
    """What somebody has."""
    with transaction() as db:
        return ledger.balance_of(db, user_id)


def ask(question: str, **values: Any) -> list[Any]:
    """Rows of a query."""
    with transaction() as db:
        return list(db.execute(text(question), values).all())


def lots(user_id: UUID) -> list[tuple[str, int, int]]:
    """Kind, remaining and held of somebody's lots, oldest first."""
    rows = ask("SELECT kind, remaining, held FROM credit_lot WHERE user_id = :user ORDER BY id", user=user_id)
    return [tuple(row) for row in rows]


def kinds(user_id: UUID) -> list[tuple[str, int]]:
    """Kind and amount of somebody's lines, oldest first."""
    rows = ask("SELECT type, amount FROM credit_transaction WHERE user_id = :user ORDER BY id", user=user_id)
    return [tuple(row) for row in rows]


def together(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Run `act(0…count-1)` in as many threads, released together; answers, or the errors for people."""
    gate = threading.Barrier(count)
    answers: list[Any] = [RuntimeError("did not end")] * count

    def run(number: int) -> None:
        gate.wait()
        try:
            answers[number] = act(number)
        except FitMyCvError as error:
            answers[number] = error
        except Exception as error:
            answers[number] = error
            raise

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
