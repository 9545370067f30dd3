"""Money of the demo: subscriptions, quotas, credit packs, and a ledger whose lines add up to the balances."""

from calendar import monthrange
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlmodel import col, select

from fitmycv_admin.domain.settings import features, lookups
from fitmycv_admin.local.demo.calls import Plans, Use
from fitmycv_admin.local.demo.office import Desk
from fitmycv_admin.local.demo.people import Person
from fitmycv_admin.local.demo.stage import Stage
from fitmycv_admin.models import (
    CreditBalance,
    CreditPack,
    CreditTransaction,
    FeatureUsageCounter,
    Subscription,
    SubscriptionPlan,
    SubscriptionPlanFeatureLimit,
)
from fitmycv_admin.vocabulary import (
    BillingPeriod,
    CreditKind,
    PlanFeature,
    SubscriptionState,
    TaskState,
)

_GIVEN = (CreditKind.GIFT, CreditKind.WELCOME, CreditKind.PROMO, CreditKind.REFERRAL)


@dataclass(slots=True)
class Line:
    """One line of the ledger before it has a number."""

    person: Person
    at: datetime
    kind: CreditKind
    amount: int
    balance_after: int
    source: str = ""
    feature: str | None = None
    task_id: UUID | None = None
    payment: str | None = None
    price: int = 0
    related: "Line | None" = None
    actor: UUID | None = None
    reason: str | None = None


@dataclass(slots=True)
class Purse:
    """The credits of one person, and what they used of their plan."""

    person: Person
    lines: list[Line] = field(default_factory=list)
    used: Counter[tuple[datetime, str]] = field(default_factory=Counter)

    @property
    def balance(self) -> int:
        """What is left."""
        return self.lines[-1].balance_after if self.lines else 0

    def add(self, at: datetime, kind: CreditKind, amount: int, **more: Any) -> Line:
        """Write a line after the last one."""
        at = max(at, self.lines[-1].at + timedelta(milliseconds=1)) if self.lines else at
        line = Line(self.person, at, kind, amount, self.balance + amount, **more)
        self.lines.append(line)
        return line


@dataclass(frozen=True, slots=True)
class Sub:
    """A subscription of the story."""

    person: Person
    plan_id: int
    price: int
    yearly: bool
    since: datetime
    until: datetime
    state: SubscriptionState
    ends: bool
    number: int


@dataclass(slots=True)
class Books:
    """What the rest of the story needs to know about money."""

    plans: Plans
    subs: list[Sub]
    purchases: list[Line]
    gifts: list[Line]
    paid: dict[UUID, int]


def open_books(stage: Stage, support: Person, desks: list[Desk], uses: list[Use]) -> Books:
    """Insert subscriptions, the ledger with its balances, and counters.

    `support` is who gives credits away.
    """
    people = [desk.person for desk in desks]
    subs = _subscribe(stage, people)
    plans = Plans([(sub.person.id, sub.plan_id, sub.since, sub.until) for sub in subs])
    purses = _spend(stage, desks, uses, subs)
    gifts = _gifts(stage, support, list(purses.values()))
    lines = sorted((line for purse in purses.values() for line in purse.lines), key=lambda line: line.at)
    paid = _write(stage, lines)
    stage.insert(CreditBalance, [_balance(purse) for purse in purses.values()])
    stage.insert(FeatureUsageCounter, [row for purse in purses.values() for row in _counters(purse)])
    return Books(plans, subs, [line for line in lines if line.kind == CreditKind.PURCHASE], gifts, paid)


def _gifts(stage: Stage, support: Person, purses: list[Purse]) -> list[Line]:
    """Five credits for people whose imports failed, in the last days of the story."""
    unlucky = [purse for purse in purses if any(line.kind == CreditKind.RETURN for line in purse.lines)]
    return [
        purse.add(
            max(purse.lines[-1].at + timedelta(minutes=1), stage.now - timedelta(days=9 - place, minutes=13)),
            CreditKind.GIFT, 5, source="support", actor=support.id, reason="Import raté",
        )
        for place, purse in enumerate(unlucky[:5])
    ]  # fmt: skip


_SUBSCRIBED = (
    # which customer, plan, yearly, day of the story, state, ends at the end of the period
    (2, "pro", False, 12, SubscriptionState.ACTIVE, False),
    (4, "premium", False, 20, SubscriptionState.ACTIVE, False),
    (5, "pro", True, 24, SubscriptionState.ACTIVE, False),
    (8, "pro", False, 33, SubscriptionState.ACTIVE, True),
    (10, "pro", False, 40, SubscriptionState.CANCELED, False),
    (12, "premium", True, 47, SubscriptionState.ACTIVE, False),
    (15, "pro", False, 55, SubscriptionState.PAST_DUE, False),
    (18, "pro", False, 63, SubscriptionState.ACTIVE, False),
    (21, "premium", False, 72, SubscriptionState.ACTIVE, False),
    (24, "pro", True, 80, SubscriptionState.TRIALING, False),
)


def _subscribe(stage: Stage, people: list[Person]) -> list[Sub]:
    plans = {plan.name: plan for plan in stage.db.exec(select(SubscriptionPlan))}
    subs, rows = [], []
    for number, (who, name, yearly, day, state, ends) in enumerate(_SUBSCRIBED):
        person, plan = people[who], plans[name]
        since = max(
            stage.at_hour(stage.start + timedelta(days=day)), (person.verified or person.since) + timedelta(hours=3)
        )
        start = since if yearly else _period(since, stage.now)[0]
        end = _months(since, 12) if yearly else _period(since, stage.now)[1]
        canceled = start - timedelta(days=1) if state == SubscriptionState.CANCELED else None
        if canceled is not None:
            end, start = start, _months(start, -1)
        assert plan.id is not None
        until = end if canceled else stage.now + timedelta(days=1)
        sub = Sub(
            person,
            plan.id,
            plan.price_yearly if yearly else plan.price_monthly,
            yearly,
            since,
            until,
            state,
            ends,
            number,
        )
        subs.append(sub)
        rows.append(
            {
                "id": stage.id(since),
                "user_id": person.id,
                "stripe_customer_id": f"cus_demo_{person.seq:04d}",
                "stripe_subscription_id": f"sub_demo_{number:04d}",
                "plan_id": plan.id,
                "status": state,
                "billing_period": BillingPeriod.YEARLY if yearly else BillingPeriod.MONTHLY,
                "current_period_start": start,
                "current_period_end": end,
                "cancel_at_period_end": ends,
                "canceled_at": canceled or (stage.now - timedelta(days=3) if ends else None),
                "created_at": since,
                "updated_at": start,
            }
        )
    stage.insert(Subscription, rows)
    return subs


def _months(at: datetime, count: int) -> datetime:
    """The same day some months later, clamped to the month."""
    month = at.month - 1 + count
    year, month = at.year + month // 12, month % 12 + 1
    return at.replace(year=year, month=month, day=min(at.day, monthrange(year, month)[1]))


def _period(anchor: datetime, instant: datetime) -> tuple[datetime, datetime]:
    """The month from the anchor that holds an instant."""
    count = 0
    while _months(anchor, count + 1) <= instant:
        count += 1
    return _months(anchor, count), _months(anchor, count + 1)


@dataclass(frozen=True, slots=True)
class _Wish:
    person: Person
    at: datetime
    feature: PlanFeature
    task_id: UUID | None = None
    comes_back: datetime | None = None


def _spend(stage: Stage, desks: list[Desk], uses: list[Use], subs: list[Sub]) -> dict[UUID, Purse]:
    """Everybody's credits over time: welcome, uses by quota or credits, purchases when they run out, returns."""
    db = stage.db
    costs = {feature: features.credit_cost(db, feature) for feature in PlanFeature}
    welcome = lookups.whole(db, "welcome_credits")
    packs = [(pack.credit_amount, pack.price) for pack in db.exec(select(CreditPack).order_by(col(CreditPack.price)))]
    limits = {(row.plan_id, row.feature_name): row.usage_limit for row in db.exec(select(SubscriptionPlanFeatureLimit))}
    by_person = {sub.person.id: sub for sub in subs}
    purses = {desk.person.id: Purse(desk.person) for desk in desks}
    for purse in purses.values():
        purse.add(purse.person.verified or purse.person.since, CreditKind.WELCOME, welcome, source="welcome_bonus")
    pending: dict[UUID, list[tuple[datetime, Line]]] = defaultdict(list)
    for wish in _wishes(desks, uses):
        purse = purses[wish.person.id]
        _give_back(purse, pending[wish.person.id], wish.at)
        if _by_quota(purse, by_person.get(wish.person.id), wish, limits):
            continue
        cost = costs[wish.feature]
        if purse.balance < cost:
            _buy(stage, purse, packs, wish.at - timedelta(minutes=3))
        line = purse.add(wish.at, CreditKind.USAGE, -cost, source="task", feature=wish.feature, task_id=wish.task_id)
        if wish.comes_back:
            pending[wish.person.id].append((wish.comes_back, line))
    for purse in purses.values():
        _give_back(purse, pending[purse.person.id], stage.now)
    return purses


def _wishes(desks: list[Desk], uses: list[Use]) -> list[_Wish]:
    found = [_Wish(use.person, use.at, use.recipe.feature) for use in uses if use.recipe.feature]
    for work in (work for desk in desks for work in desk.works):
        if work.feature and work.ended:
            back = work.finished if work.state in (TaskState.FAILED, TaskState.CANCELLED) else None
            found.append(_Wish(work.person, work.at, work.feature, work.id, back))
    return sorted(found, key=lambda wish: wish.at)


def _give_back(purse: Purse, pending: list[tuple[datetime, Line]], until: datetime) -> None:
    """Return the credits of tasks that had failed by then."""
    for at, line in [entry for entry in pending if entry[0] <= until]:
        purse.add(
            at, CreditKind.RETURN, -line.amount, source="task_failed", feature=line.feature, task_id=line.task_id,
            related=line,
        )  # fmt: skip
        pending.remove((at, line))


def _by_quota(purse: Purse, sub: Sub | None, wish: _Wish, limits: dict[tuple[int, str], int]) -> bool:
    """Take a use from the plan's month when there is one left; what came back is not counted."""
    if sub is None or not sub.since <= wish.at < sub.until or wish.comes_back:
        return False
    key = (_period(sub.since, wish.at)[0], wish.feature.value)
    limit = limits[sub.plan_id, wish.feature]
    if limit != -1 and purse.used[key] >= limit:
        return False
    purse.used[key] += 1
    return True


def _buy(stage: Stage, purse: Purse, packs: list[tuple[int, int]], at: datetime) -> None:
    amount, price = stage.dice.choices(packs, (5, 4, 2, 1)[: len(packs)])[0]
    payment = f"pi_demo_{stage.word()}"
    purse.add(at, CreditKind.PURCHASE, amount, source="credit_pack_purchase", payment=payment, price=price)


def _write(stage: Stage, lines: list[Line]) -> dict[UUID, int]:
    """Insert the lines in order of time, then those that refer to others; which line paid for which task."""
    numbers: dict[int, int] = {}
    paid: dict[UUID, int] = {}
    statement = insert(CreditTransaction).returning(col(CreditTransaction.id), sort_by_parameter_order=True)
    for batch in (lines[start : start + 500] for start in range(0, len(lines), 500)):
        for wave in ([line for line in batch if not line.related], [line for line in batch if line.related]):
            if wave:
                made = stage.db.scalars(statement, [_line_row(line, numbers) for line in wave]).all()
                numbers |= {id(line): int(number or 0) for line, number in zip(wave, made, strict=True)}
    for line in lines:
        if line.kind == CreditKind.USAGE and line.task_id:
            paid[line.task_id] = numbers[id(line)]
    return paid


def _line_row(line: Line, numbers: dict[int, int]) -> dict[str, Any]:
    return {
        "user_id": line.person.id,
        "amount": line.amount,
        "balance_after": line.balance_after,
        "type": line.kind,
        "source": line.source,
        "feature_name": line.feature,
        "task_id": line.task_id,
        "stripe_payment_intent_id": line.payment,
        "stripe_invoice_id": line.payment.replace("pi_", "in_") if line.payment else None,
        "related_transaction_id": numbers[id(line.related)] if line.related else None,
        "actor_id": line.actor,
        "reason": line.reason,
        "created_at": line.at,
    }


def _balance(purse: Purse) -> dict[str, Any]:
    def total(*kinds: CreditKind) -> int:
        return sum(abs(line.amount) for line in purse.lines if line.kind in kinds)

    bought = [line for line in purse.lines if line.kind == CreditKind.PURCHASE]
    return {
        "user_id": purse.person.id,
        "balance": purse.balance,
        "total_purchased": total(CreditKind.PURCHASE),
        "total_used": total(CreditKind.USAGE),
        "total_refunded": total(CreditKind.RETURN),
        "total_gifted": total(*_GIVEN),
        "balance_after_last_purchase": bought[-1].balance_after if bought else None,
        "updated_at": purse.lines[-1].at,
    }


def _counters(purse: Purse) -> list[dict[str, Any]]:
    return [
        {
            "user_id": purse.person.id,
            "feature_name": feature,
            "count": count,
            "period_start": start,
            "period_end": _months(start, 1),
        }
        for (start, feature), count in purse.used.items()
    ]
