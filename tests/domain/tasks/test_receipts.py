"""What a start takes is told before it, and what it took after it, to those whom it concerns."""

import pytest

from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.domain.access import matrix
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import ledger
from fitmycv_admin.domain.billing.credits import Entry
from fitmycv_admin.domain.billing.reservations import Shown
from fitmycv_admin.domain.tasks import prices, receipts
from fitmycv_admin.domain.tasks.prices import PriceRow
from fitmycv_admin.domain.tasks.receipts import ReceiptCard
from fitmycv_admin.vocabulary import CreditKind, Payer, Role, TaskType
from tests.domain.tasks import paying
from tests.domain.tasks.conftest import make_person

pytestmark = pytest.mark.usefixtures("database", "sound_money")


def price(by: Actor, type_: TaskType = TaskType.IMPORT_PDF) -> PriceRow:
    with snapshot() as db:
        return prices.price_of(db, by, type_)


def receipt(by: Actor, task_id: object) -> ReceiptCard:
    with snapshot() as db:
        return receipts.receipt(db, by, task_id)  # type: ignore[arg-type]


def test_the_price_says_cost_and_what_there_is() -> None:
    shown = price(make_person(7))
    assert (shown.is_allowed, shown.payer, shown.cost, shown.available) == (True, "credits", 2, 7)
    assert Shown.read(shown.token) is not None


def test_the_price_says_what_the_plan_leaves() -> None:
    someone = make_person(0)
    paying.allow(someone, 3)
    paying.start(someone)
    shown = price(someone)
    assert (shown.payer, shown.left, shown.token) == ("quota", 2, "quota")
    assert shown.until is not None
    assert price(someone, TaskType.EXTRACT_OFFER).payer == Payer.NONE


def test_a_refusal_says_why_and_what_to_do() -> None:
    shown = price(make_person(1))
    assert (shown.is_allowed, shown.reason_key, shown.act) == (False, "entitlement.refused.not_enough", "buy")
    assert shown.reason_params == {"cost": 2, "available": 1}


def test_the_receipt_follows_the_hold_to_its_lots_its_line_and_its_return() -> None:
    someone = make_person(1)
    with transaction() as db:
        ledger.grant(db, someone.owner_id, Entry(CreditKind.PURCHASE, 5, "test", payment_intent=str(someone.user_id)))
    task_id = paying.start(someone)
    held = receipt(someone, task_id)
    assert (held.state, held.amount, held.line_id) == ("held", 2, None)
    assert [(part.kind, part.amount) for part in held.lots] == [("gift", 1), ("purchase", 1)]
    paying.complete(paying.claim(task_id))
    taken = receipt(someone, task_id)
    assert (taken.state, taken.outcome) == ("captured", "usable")
    assert taken.line_id == paying.held(task_id).line_id
    assert [(part.kind, part.amount, part.returned) for part in taken.lots] == [("gift", 1, 0), ("purchase", 1, 0)]
    paying.give_back(task_id)
    back = receipt(someone, task_id)
    assert back.state == "returned"
    assert back.return_line_id is not None
    assert [part.returned for part in back.lots] == [1, 1]


def test_a_receipt_is_its_persons_and_the_staffs_alone() -> None:
    someone = make_person(2)
    task_id = paying.start(someone)
    with pytest.raises(NotFound):
        receipt(make_person(), task_id)
    support = Actor(None, Role.SUPPORT, matrix.MATRIX[Role.SUPPORT])
    assert receipt(support, task_id).task_id == task_id


def test_ones_own_receipt_is_nobody_elses_not_even_of_staff_that_reads_tasks() -> None:
    someone, ops = make_person(5), make_person(5)
    task_id = paying.start(someone)
    staff = Actor(ops.user_id, Role.OPS, matrix.permissions_of(Role.OPS))
    with snapshot() as db:
        assert [card.task_id for card in receipts.own(db, someone, task_id)] == [task_id]
        assert receipts.own(db, staff, task_id) == ()
