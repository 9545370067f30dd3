"""The one decision: each reason in its place in the order, with what to do next, and who pays."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import breaker
from fitmycv_admin.domain.billing import ledger, reversals
from fitmycv_admin.domain.billing.credits import Entry
from fitmycv_admin.domain.billing.reservations import Shown
from fitmycv_admin.domain.budgets import limits, rules, subjects
from fitmycv_admin.domain.budgets.subjects import Draft
from fitmycv_admin.domain.settings import features
from fitmycv_admin.domain.tasks import decision
from fitmycv_admin.domain.tasks.decision import Act, Refused, Verdict
from fitmycv_admin.vocabulary import AlertType, CreditKind, Enforcement, Payer, PlanFeature, TaskType
from tests.domain.billing import subscribers
from tests.domain.tasks import paying
from tests.domain.tasks.conftest import make_person

pytestmark = pytest.mark.usefixtures("database")
IMPORT = PlanFeature.IMPORT_PDF
AS_SEEDED = {
    "maintenance_enabled": "0", "feature_import": "1", "feature_export": "1", "subscription_mode_enabled": "0",
    "credits_import_pdf": "2", "credits_edit_cv": "0",
}  # fmt: skip


@pytest.fixture(autouse=True)
def as_seeded(database: object) -> Iterator[None]:
    """Settings, plans and models as they were."""
    yield
    paying.set_to(**AS_SEEDED)
    with transaction() as db:
        db.execute(text("DELETE FROM model_breaker"))
        for table in ("budget_spending", "openai_alert"):
            db.execute(text(f"DELETE FROM {table}"))


def said(verdict: Verdict) -> tuple[str, Act | None]:
    """The reason and the act of a refusal."""
    assert not verdict.allowed
    assert verdict.quote is None
    return verdict.reason_key.removeprefix("entitlement.refused."), verdict.act.kind if verdict.act else None


def change(by: Actor, **columns: Any) -> None:
    """Change the account of a person."""
    with transaction() as db:
        for name, value in columns.items():
            db.execute(text(f"UPDATE app_user SET {name} = :value WHERE id = :id"), {"value": value, "id": by.user_id})


def owe(by: Actor) -> None:
    """The person bought credits, spent them, and the payment was withdrawn."""
    payment = f"pi_{by.user_id}"
    with transaction() as db:
        ledger.grant(db, by.owner_id, Entry(CreditKind.PURCHASE, 10, "test", payment_intent=payment))
    for _ in range(4):
        paying.complete(paying.claim(paying.start(by)))
    with transaction() as db:
        reversals.charge_back(db, payment)


def open_breaker() -> None:
    with transaction() as db:
        for _ in range(breaker.OPENS_AT):
            breaker.failed(db, "APIConnectionError")


def spend_a_budget() -> None:
    """Everybody's hard limit of today is used up."""
    with transaction() as db:
        says = Draft(AlertType.GLOBAL_DAILY, "all", 10, enforcement=Enforcement.DENY)
        rule = subjects.one(db, rules.create(db, paying.SYSTEM, says))
        assert rule is not None
        window = (clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=1))
        limits.open_counters(db, rule, [("", window, 10)])


def test_credits_pay_where_there_is_no_plan_to_pay() -> None:
    quote = paying.may(make_person(2)).quote
    assert quote is not None
    assert (quote.payer, quote.cost, quote.feature) == (Payer.CREDITS, 2, IMPORT)


def test_each_reason_gives_way_to_the_one_before_it_in_the_order() -> None:
    someone = make_person(0)
    assert said(paying.may(someone)) == ("not_enough", Act.BUY)
    spend_a_budget()
    assert said(paying.may(someone)) == ("budget_rules.refused", Act.WAIT_UNTIL)
    open_breaker()
    assert said(paying.may(someone)) == ("models_down", Act.WAIT_UNTIL)
    paying.allow(someone, 0)
    assert said(paying.may(someone)) == ("exception", Act.CONTACT)
    debtor = make_person(0)
    with transaction() as db:
        db.execute(text("DELETE FROM model_breaker"))
        db.execute(text("DELETE FROM budget_spending"))
    owe(debtor)
    paying.allow(debtor, 0)
    assert said(paying.may(debtor)) == ("debt", Act.BUY)
    paying.set_to(feature_import="0")
    assert said(paying.may(debtor)) == ("switched_off", None)
    paying.set_to(maintenance_enabled="1")
    assert said(paying.may(debtor)) == ("maintenance", Act.WAIT_UNTIL)
    change(debtor, email_verified=None)
    assert said(paying.may(debtor)) == ("email", Act.VERIFY_EMAIL)
    change(debtor, state="disabled")
    assert said(paying.may(debtor)) == ("account_closed", Act.CONTACT)


@pytest.mark.parametrize("type_", [TaskType.IMPORT_PDF, TaskType.MATCH_SCORE, TaskType.EXTRACT_OFFER])
def test_what_is_switched_off_or_closed_is_refused_by_the_domain_too(type_: TaskType) -> None:
    someone = make_person()
    paying.set_to(maintenance_enabled="1")
    with pytest.raises(Refused) as refused:
        paying.start(someone, type_)
    assert refused.value.key == "entitlement.refused.maintenance"
    paying.set_to(maintenance_enabled="0", feature_import="0")
    with pytest.raises(Refused):
        paying.start(someone, TaskType.IMPORT_PDF)
    assert paying.wallet(someone).held == 0


def test_debt_stops_work_of_models_and_nothing_else() -> None:
    debtor = make_person(0)
    owe(debtor)
    for feature in PlanFeature:
        reason = paying.may(debtor, feature).reason_key
        assert (reason == "entitlement.refused.debt") is (feature not in decision.WITHOUT_MODEL), feature
    assert paying.may(debtor, PlanFeature.EDIT_CV).allowed
    with transaction() as db:
        verdict = decision.may_start(db, debtor.owner_id, TaskType.EXTRACT_OFFER)
    assert said(verdict) == ("debt", Act.BUY)
    assert verdict.params == {"missing": 8}
    with transaction() as db:
        ledger.grant(db, debtor.owner_id, Entry(CreditKind.PURCHASE, 20, "test", payment_intent="pi_after"))
    assert paying.may(debtor).allowed


def on_plan(limits: dict[str, int], credits_: int) -> Actor:
    """Somebody with a subscription, where plans are sold."""
    someone = make_person(credits_)
    now = clock.now()
    with transaction() as db:
        version = subscribers.plan(db, f"Plan {someone.user_id}", limits, cents=999)
        subscribers.subscribe(db, someone.owner_id, version, start=now - timedelta(days=3))
    paying.set_to(subscription_mode_enabled="1")
    return someone


def test_the_quota_pays_first_then_credits() -> None:
    someone = on_plan({IMPORT: 1}, 2)
    first = paying.may(someone).quote
    assert first is not None
    assert (first.payer, first.usage_limit, first.used, first.cost) == (Payer.QUOTA, 1, 0, 0)
    paying.start(someone)
    second = paying.may(someone).quote
    assert second is not None
    assert second.payer is Payer.CREDITS
    task_id = paying.start(someone)
    assert paying.task(task_id).plan_name == first.plan_name
    assert said(paying.may(someone)) == ("not_enough", Act.BUY)


def test_without_a_limit_every_use_is_counted_and_none_refused() -> None:
    someone = on_plan({IMPORT: -1}, 0)
    for _ in range(3):
        paying.start(someone)
    assert paying.counted(someone) == (3, 3)
    quote = paying.may(someone).quote
    assert quote is not None
    assert (quote.usage_limit, quote.used) == (-1, 3)


def test_a_plan_without_the_feature_leaves_it_to_credits() -> None:
    someone = on_plan({IMPORT: 0}, 2)
    quote = paying.may(someone).quote
    assert quote is not None
    assert quote.payer is Payer.CREDITS


def test_a_cost_of_nothing_is_free_where_the_plan_allows_and_not_for_sale_where_it_does_not() -> None:
    paying.set_to(credits_import_pdf="0")
    assert said(paying.may(on_plan({IMPORT: 0}, 9))) == ("not_in_plan", Act.UPGRADE)
    allowed = on_plan({IMPORT: 1}, 9)
    assert paying.may(allowed).allowed
    paying.start(allowed)
    refused = paying.may(allowed)
    assert said(refused) == ("quota_used", Act.WAIT_UNTIL)
    assert refused.act is not None
    assert refused.act.at is not None
    assert clock.now() < refused.act.at < clock.now() + timedelta(days=32)


def test_without_plans_a_cost_of_nothing_is_free_for_everybody() -> None:
    paying.set_to(credits_import_pdf="0")
    someone = make_person(0)
    task_id = paying.start(someone)
    assert (paying.held(task_id).payer, paying.held(task_id).amount) == ("none", 0)


def test_an_exception_counts_even_where_plans_are_not_sold() -> None:
    someone = make_person(0)
    paying.allow(someone, 1)
    quote = paying.may(someone).quote
    assert quote is not None
    assert quote.payer is Payer.QUOTA
    paying.start(someone)
    assert said(paying.may(someone)) == ("not_enough", Act.BUY)


def test_asking_takes_nothing_and_works_on_a_read_only_view() -> None:
    someone = make_person(2)
    with snapshot() as db:
        for feature in PlanFeature:
            decision.may_use(db, someone.owner_id, feature)
    assert (paying.wallet(someone).held, paying.counted(someone)) == (0, (0, 0))


def test_a_refused_start_leaves_no_task() -> None:
    someone = make_person(1)
    with pytest.raises(Refused):
        paying.start(someone)
    assert paying.one("SELECT count(*) AS n FROM background_task WHERE user_id = :id", id=someone.user_id).n == 0


def test_an_older_price_holds_for_fifteen_minutes_then_the_new_one_is_told() -> None:
    someone = make_person(9)
    old = paying.may(someone).quote
    assert old is not None
    paying.set_to(credits_import_pdf="5")
    assert paying.held(paying.start(someone, shown=old.shown)).amount == 2
    with transaction() as db:
        late = "UPDATE setting_version SET valid_from = valid_from - interval '16 minutes' WHERE setting_name = :name"
        db.execute(text(late), {"name": "credits_import_pdf"})
    with pytest.raises(Refused) as refused:
        paying.start(someone, shown=old.shown)
    assert (refused.value.key, refused.value.params) == ("entitlement.refused.price_changed", {"cost": 5})
    assert paying.wallet(someone).held == 2
    assert paying.held(paying.start(someone)).amount == 5


def test_a_price_nobody_was_shown_is_refused() -> None:
    with pytest.raises(Refused):
        paying.start(make_person(9), shown=Shown(Payer.CREDITS, 99))


def test_a_price_holds_to_the_second() -> None:
    with transaction() as db:
        cost, version = features.credit_cost_now(db, PlanFeature.TRANSLATE_CV)
    paying.set_to(credits_translate_cv="4")
    now = clock.now()
    with transaction() as db:
        assert features.honoured(db, PlanFeature.TRANSLATE_CV, version, now + timedelta(minutes=14)) == cost
        assert features.honoured(db, PlanFeature.TRANSLATE_CV, version, now + timedelta(minutes=15)) is None
        assert features.honoured(db, PlanFeature.TRANSLATE_CV, version + 1, now + timedelta(days=9)) == 4
    paying.set_to(credits_translate_cv="1")


@pytest.mark.parametrize("token", ["", "gold", "credits:x", "credits:-1", "credits:9999999999", "none:1:2", "quota:²"])
def test_a_token_that_says_nothing_is_nothing(token: str) -> None:
    assert Shown.read(token) is None


def test_a_token_comes_back_as_what_was_shown() -> None:
    for shown in (Shown(Payer.CREDITS, 7), Shown(Payer.QUOTA), Shown(Payer.NONE, 0), Shown(Payer.CREDITS)):
        assert Shown.read(shown.token) == shown
