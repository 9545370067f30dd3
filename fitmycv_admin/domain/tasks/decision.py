"""The one decision: may this person use this feature now, and who pays? With the reason and what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.core.config import settings
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import breaker
from fitmycv_admin.domain.billing import counters, ledger, limits, reservations
from fitmycv_admin.domain.billing.credits import NotEnough
from fitmycv_admin.domain.billing.limits import Limit
from fitmycv_admin.domain.billing.reservations import Quote, Shown
from fitmycv_admin.domain.budgets import limits as budgets
from fitmycv_admin.domain.settings import features, lookups
from fitmycv_admin.domain.tasks import registry
from fitmycv_admin.vocabulary import AccountState, Payer, PlanFeature, TaskType


class Act(StrEnum):
    """What a person can do about a refusal."""

    BUY = "buy"  # credits
    UPGRADE = "upgrade"  # the plan
    WAIT_UNTIL = "wait_until"
    VERIFY_EMAIL = "verify_email"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class NextAct:
    """The next act; `at` is the instant to wait for, when it is known."""

    kind: Act
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether, and at what price: `quote` when allowed, else `reason_key` (a sentence of the catalogue) and the act."""

    allowed: bool
    quote: Quote | None = None
    reason_key: str = ""
    params: Mapping[str, str | int] = field(default_factory=dict)
    act: NextAct | None = None


class Refused(FitMyCvError):
    """This use was refused; `verdict` says why and what to do next."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        super().__init__(verdict.reason_key, **verdict.params)


WITHOUT_MODEL = frozenset({PlanFeature.CREATE_CV_MANUAL, PlanFeature.EDIT_CV, PlanFeature.EXPORT_CV})
"""Features that no model works for: debt and trouble of the models do not stop them."""

SWITCHES = {
    PlanFeature.CREATE_CV_MANUAL: "feature_manual_cv",
    PlanFeature.EDIT_CV: "feature_edit_mode",
    PlanFeature.EXPORT_CV: "feature_export",
    PlanFeature.MATCH_SCORE: "feature_match_score",
    PlanFeature.TRANSLATE_CV: "feature_translate",
    PlanFeature.GPT_CV_GENERATION: "feature_ai_generation",
    PlanFeature.OPTIMIZE_CV: "feature_optimize",
    PlanFeature.GENERATE_FROM_JOB_TITLE: "feature_ai_generation",
    PlanFeature.IMPORT_PDF: "feature_import",
}
"""The setting that switches a feature off for everybody."""

_TRIES = 3

@dataclass(frozen=True, slots=True)
class _Asked:
    """One question: who, for what, when, and what the screen had said."""

    user_id: UUID
    feature: PlanFeature | None
    needs_model: bool
    now: datetime
    shown: Shown | None = None


def may_use(db: Session, user_id: UUID, feature: PlanFeature, *, now: datetime | None = None) -> Verdict:
    """What would be answered now; nothing is taken. Screens show it before a start."""
    return _decide(db, _Asked(user_id, feature, feature not in WITHOUT_MODEL, now or clock.now()))


def may_start(db: Session, user_id: UUID, type_: TaskType, *, now: datetime | None = None) -> Verdict:
    """The same for a type of task, also one that counts as no feature."""
    kind = registry.KINDS[type_]
    return _decide(db, _Asked(user_id, kind.feature, kind.needs_model, now or clock.now()))


def may_retry(db: Session, user_id: UUID, type_: TaskType, *, now: datetime | None = None) -> Verdict:
    """Whether a task may be started again: all but the question of who pays, which was answered the first time."""
    kind = registry.KINDS[type_]
    asked = _Asked(user_id, kind.feature, kind.needs_model, now or clock.now())
    return _gates(db, asked) or Verdict(allowed=True)


def reserve_use(
    db: Session,
    by: Actor,
    feature: PlanFeature | None,
    task_id: UUID,
    *,
    shown_version: int | None = None,
    shown: Shown | None = None,
    unit: str = "",
    needs_model: bool | None = None,
) -> Quote:
    """Decide and hold, in the transaction that makes the task; raises Refused.

    `shown` is what the person saw (`shown_version` alone: the version of a price in credits). An older price is
    honoured for 15 minutes; credits are never taken from somebody who was told that the plan pays.
    """
    if shown is None and shown_version is not None:
        shown = Shown(Payer.CREDITS, shown_version)
    needs_model = feature not in WITHOUT_MODEL if needs_model is None else needs_model
    asked = _Asked(by.owner_id, feature, needs_model, clock.now(), shown)
    for _ in range(_TRIES):
        verdict = _decide(db, asked)
        if verdict.quote is None:
            raise Refused(verdict)
        try:
            reservations.reserve(db, task_id, asked.user_id, verdict.quote, unit=unit)
        except NotEnough as short:
            raise Refused(_not_enough(verdict.quote.cost, short.available)) from short
        except reservations.QuotaUsed:
            continue  # somebody took the last unit meanwhile: who pays now?
        return verdict.quote
    raise Refused(_refusal("busy"))


def _decide(db: Session, asked: _Asked) -> Verdict:
    """The order: account, switches, debt, exception, models and budgets; then who pays."""
    return _gates(db, asked) or _payer(db, asked)


def _gates(db: Session, asked: _Asked) -> Verdict | None:
    """What refuses whoever would pay; None lets pass."""
    return (
        _account(db, asked.user_id)
        or _switches(db, asked.feature)
        or _debt(db, asked)
        or _exception(db, asked)
        or _models(db, asked)
    )


_PERSON = text("SELECT state, email_verified FROM app_user WHERE id = :id")


def _account(db: Session, user_id: UUID) -> Verdict | None:
    person = db.execute(_PERSON, {"id": user_id}).one_or_none()
    if person is None or person.state != AccountState.ACTIVE:
        return _refusal("account_closed", act=NextAct(Act.CONTACT))
    if person.email_verified is None:
        return _refusal("email", act=NextAct(Act.VERIFY_EMAIL))
    return None


def _switches(db: Session, feature: PlanFeature | None) -> Verdict | None:
    if lookups.flag(db, "maintenance_enabled"):
        return _refusal("maintenance", act=NextAct(Act.WAIT_UNTIL))
    if feature is not None and not lookups.flag(db, SWITCHES[feature]):
        return _refusal("switched_off")
    return None


def _debt(db: Session, asked: _Asked) -> Verdict | None:
    if not asked.needs_model:
        return None
    balance = ledger.balance_of(db, asked.user_id).balance
    return _refusal("debt", act=NextAct(Act.BUY), missing=-balance) if balance < 0 else None


def _exception(db: Session, asked: _Asked) -> Verdict | None:
    if asked.feature is None:
        return None
    limit = limits.limit_for(db, asked.user_id, asked.feature, asked.now)
    if limit.source == limits.OVERRIDE and not limit.is_enabled:
        return _refusal("exception", act=NextAct(Act.CONTACT, limit.until))
    return None


def _models(db: Session, asked: _Asked) -> Verdict | None:
    if not asked.needs_model:
        return None
    if settings().is_ai_off:
        return Verdict(allowed=False, reason_key="tasks.error.models_off")
    until = breaker.open_until(db)
    if until is not None:
        return _refusal("models_down", act=NextAct(Act.WAIT_UNTIL, until))
    spent = budgets.closed(db, asked.user_id, asked.feature)
    if spent is not None:
        act = NextAct(Act.WAIT_UNTIL, spent.until)
        return Verdict(allowed=False, reason_key="budget_rules.refused", act=act)
    return None


def _payer(db: Session, asked: _Asked) -> Verdict:
    """Exception or plan, its quota, then credits. Without plans (the commercial mode) only credits."""
    limit = limits.limit_for(db, asked.user_id, asked.feature or "", asked.now)
    if asked.feature is None:
        return Verdict(allowed=True, quote=Quote(None, Payer.NONE, plan_name=limit.plan_name))
    has_plans = lookups.flag(db, "subscription_mode_enabled")
    counts = limit.source == limits.OVERRIDE or has_plans
    if counts and limit.is_enabled:
        quota = _quota(db, asked, limit)
        if quota is not None:
            return Verdict(allowed=True, quote=quota)
    return _credits(db, asked, limit, counts=counts)


def _quota(db: Session, asked: _Asked, limit: Limit) -> Quote | None:
    """A unit of the period, when one is left."""
    start, end = limit.period(asked.now)
    used = counters.used(db, asked.user_id, str(asked.feature), (start, end))
    if used >= limit.usage_limit and not limit.is_unlimited:
        return None
    return Quote(
        asked.feature, Payer.QUOTA, plan_name=limit.plan_name, usage_limit=limit.usage_limit, used=used,
        period_start=start, period_end=end,
    )  # fmt: skip


def _credits(db: Session, asked: _Asked, limit: Limit, *, counts: bool) -> Verdict:
    assert asked.feature is not None
    cost, version = features.credit_cost_now(db, asked.feature)
    if asked.shown is not None and asked.shown.cost_version is not None:
        honoured = features.honoured(db, asked.feature, asked.shown.cost_version, asked.now)
        if honoured is None:
            return _refusal("price_changed", cost=cost)
        cost, version = honoured, asked.shown.cost_version
    if cost == 0 and counts:
        return _not_for_sale(asked, limit)
    if cost == 0:
        return Verdict(allowed=True, quote=Quote(asked.feature, Payer.NONE, 0, version, limit.plan_name))
    if asked.shown is not None and asked.shown.payer is Payer.QUOTA:
        return _refusal("price_changed", cost=cost)
    available = ledger.balance_of(db, asked.user_id).available
    if available < cost:
        return _not_enough(cost, available)
    return Verdict(allowed=True, quote=Quote(asked.feature, Payer.CREDITS, cost, version, limit.plan_name))


def _not_for_sale(asked: _Asked, limit: Limit) -> Verdict:
    """A cost of nothing is free where the plan allows the feature; where it does not, credits cannot buy it."""
    if limit.is_enabled:
        end = limit.period(asked.now)[1]
        return _refusal("quota_used", act=NextAct(Act.WAIT_UNTIL, end), limit=limit.usage_limit)
    return _refusal("not_in_plan", act=NextAct(Act.UPGRADE))


def _not_enough(cost: int, available: int) -> Verdict:
    return _refusal("not_enough", act=NextAct(Act.BUY), cost=cost, available=max(0, available))


def _refusal(why: str, *, act: NextAct | None = None, **params: str | int) -> Verdict:
    return Verdict(allowed=False, reason_key=f"entitlement.refused.{why}", params=params, act=act)
