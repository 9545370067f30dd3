"""Money of the demo: subscriptions, quotas, credit packs, and a ledger whose lines add up to the balances."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from fitmycv_admin.domain.billing import periods
from fitmycv_admin.domain.settings import features, lookups
from fitmycv_admin.local.demo import books, favours
from fitmycv_admin.local.demo.books import Reserved
from fitmycv_admin.local.demo.calls import Plans, Use
from fitmycv_admin.local.demo.favours import Campaign
from fitmycv_admin.local.demo.office import Desk, Work
from fitmycv_admin.local.demo.people import Person
from fitmycv_admin.local.demo.purse import Line, Purse
from fitmycv_admin.local.demo.stage import Stage
from fitmycv_admin.models import CreditPack, PlanVersion, Subscription, SubscriptionPlan, SubscriptionPlanFeatureLimit
from fitmycv_admin.vocabulary import (
    BillingPeriod,
    CreditKind,
    Payer,
    PlanFeature,
    ReservationState,
    Role,
    SubscriptionState,
    TaskState,
)


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
    """What the rest of the story needs to know about money; `paid` says which line paid for a task."""

    plans: Plans
    subs: list[Sub]
    purchases: list[Line]
    gifts: list[Line]
    campaigns: list[Campaign]
    paid: dict[UUID, int]
    reserved: list[Reserved]
    numbers: books.Numbers


def open_books(stage: Stage, team: dict[Role, Person], desks: list[Desk], uses: list[Use]) -> Books:
    """Insert subscriptions, the ledger with its lots and balances, and counters.

    `team` gives credits away. What tasks reserved is inserted by `reserve`, when the tasks are there.
    """
    subs = _subscribe(stage, [desk.person for desk in desks])
    plans = Plans([(sub.person.id, sub.plan_id, sub.since, sub.until) for sub in subs])
    campaigns = favours.campaigns(stage, team[Role.FINANCE])
    counter = _Counter(stage, desks, subs, campaigns)
    counter.serve(_wishes(desks, uses))
    purses = list(counter.purses.values())
    gifts = _gifts(stage, team[Role.SUPPORT], purses, desks)
    _money_goes_back(stage, purses)
    numbers = books.write(stage, purses)
    lines = sorted(numbers.lines, key=lambda line: line.at)
    bought = [line for line in lines if line.kind == CreditKind.PURCHASE]
    spent = [line for line in lines if line.kind == CreditKind.USAGE]
    paid = {line.task_id: numbers.lines[line] for line in spent if line.task_id}
    return Books(plans, subs, bought, gifts, campaigns, paid, counter.reserved, numbers)


def reserve(stage: Stage, told: Books) -> None:
    """Insert what tasks reserved."""
    books.reserve(stage, told.reserved, told.numbers)


def _gifts(stage: Stage, support: Person, purses: list[Purse], desks: list[Desk]) -> list[Line]:
    """Five credits for people whose imports failed, in the last days of the story."""
    failed = {work.person.id for desk in desks for work in desk.works if work.state == TaskState.FAILED}
    unlucky = [purse for purse in purses if purse.person.id in failed]
    return [
        purse.grant(
            max(purse.lines[-1].at + timedelta(minutes=1), stage.now - timedelta(days=9 - place, minutes=13)),
            CreditKind.GIFT, 5, source="staff", actor=support.id, reason="incident",
            request_key=f"hand:{support.id}:demo-{place}",
        )
        for place, purse in enumerate(unlucky[:5])
    ]  # fmt: skip


def _money_goes_back(stage: Stage, purses: list[Purse]) -> None:
    """One purchase is refunded, and one is disputed after its credits were spent."""
    buyers = [purse for purse in purses if any(line.kind == CreditKind.PURCHASE for line in purse.lines)]
    last = {
        purse.person.id: [line for line in purse.lines if line.kind == CreditKind.PURCHASE][-1] for purse in buyers
    }
    buyers.sort(key=lambda purse: purse.balance)
    at = stage.now - timedelta(hours=30)
    poor, rich = buyers[0], buyers[-1]
    bought = last[poor.person.id]
    poor.spend(
        max(at, poor.lines[-1].at), CreditKind.CHARGEBACK, bought.amount, source="dispute", payment=bought.payment,
        related=bought, request_key=f"chargeback:{bought.payment}:",
    )  # fmt: skip
    bought = last[rich.person.id]
    rich.reverse(at + timedelta(hours=5), bought, source="refund", payment=bought.payment, price=-bought.price)


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
    versions = dict(stage.db.exec(select(PlanVersion.plan_id, PlanVersion.id)).all())
    subs, rows = [], []
    for number, (who, name, yearly, day, state, ends) in enumerate(_SUBSCRIBED):
        person, plan = people[who], plans[name]
        since = max(
            stage.at_hour(stage.start + timedelta(days=day)), (person.verified or person.since) + timedelta(hours=3)
        )
        start, end = (since, since + timedelta(days=365)) if yearly else periods.monthly(since, stage.now)
        canceled = start - timedelta(days=1) if state == SubscriptionState.CANCELED else None
        if canceled is not None:
            start, end = periods.monthly(since, start - timedelta(seconds=1))
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
                "plan_version_id": versions[plan.id],
                "billing_anchor": since,
                "past_due_since": start if state == SubscriptionState.PAST_DUE else None,
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


@dataclass(frozen=True, slots=True)
class _Wish:
    person: Person
    at: datetime
    feature: PlanFeature
    work: Work | None = None

    @property
    def succeeds(self) -> bool:
        """Whether it is paid for in the end: what fails or is cancelled is let go."""
        return self.work is None or self.work.state == TaskState.COMPLETED


def _wishes(desks: list[Desk], uses: list[Use]) -> list[_Wish]:
    found = [_Wish(use.person, use.at, use.recipe.feature) for use in uses if use.recipe.feature]
    works = [work for desk in desks for work in desk.works]
    found += [_Wish(work.person, work.at, work.feature, work) for work in works if work.feature]
    return sorted(found, key=lambda wish: wish.at)


def _for_nothing(work: Work) -> Reserved:
    """The reservation of work that takes nothing."""
    if not work.ended:
        return Reserved(work.person, work.id, None, work.at, Payer.NONE, ReservationState.HELD, None)
    succeeds = work.state == TaskState.COMPLETED
    state = ReservationState.CAPTURED if succeeds else ReservationState.RELEASED
    return Reserved(work.person, work.id, None, work.at, Payer.NONE, state, work.finished)


_RETURN_EVERY = 17


class _Counter:
    """Where everybody is served: by quota where the plan has one left, else by credits, bought when they run out."""

    def __init__(self, stage: Stage, desks: list[Desk], subs: list[Sub], campaigns: list[Campaign]) -> None:
        db = stage.db
        self._campaigns = campaigns
        self._stage = stage
        self._costs = {feature: features.credit_cost_now(db, feature) for feature in PlanFeature}
        self._limits = {
            (row.plan_id, row.feature_name): row.usage_limit for row in db.exec(select(SubscriptionPlanFeatureLimit))
        }
        packs = db.exec(select(CreditPack).order_by(col(CreditPack.price)))
        self._packs = [(pack.credit_amount, pack.price) for pack in packs]
        self._subs = {sub.person.id: sub for sub in subs}
        self._complaints: dict[UUID, list[tuple[datetime, Line, Reserved]]] = defaultdict(list)
        self._charged = 0
        self.purses = {desk.person.id: Purse(desk.person) for desk in desks}
        self.reserved = [_for_nothing(work) for desk in desks for work in desk.works if not work.feature]
        welcome = lookups.whole(db, "welcome_credits")
        for purse in self.purses.values():
            at = purse.person.verified or purse.person.since
            purse.grant(at, CreditKind.WELCOME, welcome, source="welcome_bonus")

    def serve(self, wishes: list[_Wish]) -> None:
        """Everybody in turn, until the end of the story."""
        for wish in wishes:
            self._until(self.purses[wish.person.id], wish.at)
            if not self._by_quota(wish):
                self._by_credits(wish)
        for purse in self.purses.values():
            self._until(purse, self._stage.now)

    def _until(self, purse: Purse, at: datetime) -> None:
        """What happened to a purse meanwhile: campaigns, returns, credits that ran out."""
        for campaign in self._campaigns:
            campaign.reach(purse, at)
        for entry in [entry for entry in self._complaints[purse.person.id] if entry[0] <= at]:
            then, line, taken = entry
            purse.give_back(then, line, cause="complaint", source="task", reason="Résultat inexploitable")
            taken.state = ReservationState.RETURNED
            self._complaints[purse.person.id].remove(entry)
        purse.pass_time(at)

    def _by_quota(self, wish: _Wish) -> bool:
        """Take a use from the plan's month when there is one left; what fails is not counted."""
        sub, purse = self._subs.get(wish.person.id), self.purses[wish.person.id]
        if sub is None or not sub.since <= wish.at < sub.until:
            return False
        month, feature = periods.monthly(sub.since, wish.at), wish.feature.value
        limit = self._limits[sub.plan_id, feature]
        if limit != -1 and purse.used[month, feature] >= limit:
            return False
        purse.used[month, feature] += wish.succeeds
        self._note(wish, Payer.QUOTA, counter=(wish.person.id, month, feature))
        return True

    def _by_credits(self, wish: _Wish) -> None:
        cost, version = self._costs[wish.feature]
        purse = self.purses[wish.person.id]
        if purse.balance - purse.held < cost:
            self._buy(purse, wish.at - timedelta(minutes=3))
        if wish.work is not None and not wish.work.ended:
            self._note(wish, Payer.CREDITS, amount=cost, version=version, kept=tuple(purse.hold(cost)))
            return
        line = None
        if wish.succeeds:
            at, task_id = (wish.work.finished, wish.work.id) if wish.work else (wish.at, None)
            line = purse.spend(at, CreditKind.USAGE, cost, source="task", feature=wish.feature, task_id=task_id)
        taken = self._note(wish, Payer.CREDITS, amount=cost, version=version, line=line)
        self._charged += wish.succeeds and wish.feature == PlanFeature.IMPORT_PDF
        if line is not None and taken is not None and self._charged % _RETURN_EVERY == 1:
            self._charged += 1
            self._complaints[wish.person.id].append((line.at + timedelta(hours=20), line, taken))

    def _note(self, wish: _Wish, payer: Payer, **more: Any) -> Reserved | None:
        """What the task of a wish reserved; nothing for work without a task."""
        work = wish.work
        if work is None:
            return None
        state = ReservationState.CAPTURED if wish.succeeds else ReservationState.RELEASED
        settled_at = work.finished
        if not work.ended:
            state, settled_at = ReservationState.HELD, None
        self.reserved.append(Reserved(wish.person, work.id, wish.feature, work.at, payer, state, settled_at, **more))
        return self.reserved[-1]

    def _buy(self, purse: Purse, at: datetime) -> None:
        amount, price = self._stage.dice.choices(self._packs, (5, 4, 2, 1)[: len(self._packs)])[0]
        payment = f"pi_demo_{self._stage.word()}"
        purse.grant(at, CreditKind.PURCHASE, amount, source="credit_pack_purchase", payment=payment, price=price)
