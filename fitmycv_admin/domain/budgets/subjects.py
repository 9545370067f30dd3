"""What a rule about AI spend says, and whose spending it counts: everybody's, one person's or each person's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.vocabulary import AlertType, BudgetWindow, Enforcement

BUDGETS = frozenset(
    {
        AlertType.USER_DAILY,
        AlertType.USER_MONTHLY,
        AlertType.GLOBAL_DAILY,
        AlertType.GLOBAL_MONTHLY,
        AlertType.FEATURE_DAILY,
        AlertType.BUDGET,
    }
)
"""The types with a limit, a scope and a window; the others watch something else."""

EVERYBODY = ""
_PERSON = "user:"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a rule says. `threshold_nano` is its limit in nano-USD; None does not narrow (plan 0: people without one).

    `each_user` counts every person apart; `steps` are percents of the limit, each with a notice of its own; `channels`
    are the ids of those told. `ratio_percent`, `minutes` and `least_calls` belong to the types that need them.
    """

    type: AlertType
    name: str
    threshold_nano: int
    description: str = ""
    enabled: bool = True
    feature_key: str | None = None
    model_id: int | None = None
    plan_id: int | None = None
    user_id: UUID | None = None
    each_user: bool = False
    window: BudgetWindow = BudgetWindow.DAY
    rolling_days: int | None = None
    steps: tuple[int, ...] = (50, 75, 90, 100)
    enforcement: Enforcement = Enforcement.NOTIFY
    degrade_model: str | None = None
    ratio_percent: int | None = None
    minutes: int | None = None
    least_calls: int | None = None
    channels: tuple[int, ...] = ()

    @property
    def is_budget(self) -> bool:
        """Whether it has a limit that is spent."""
        return self.type in BUDGETS

    @property
    def is_hard(self) -> bool:
        """Whether it stops calls or sends them to another model."""
        return self.is_budget and self.enforcement != Enforcement.NOTIFY


@dataclass(frozen=True, slots=True)
class Rule:
    """A stored rule; `version` changes with each edit. `user_seq` is the number of its one person."""

    id: int
    version: int
    says: Draft
    user_seq: int | None = None
    snoozed_until: datetime | None = None
    updated_at: datetime | None = None
    is_removed: bool = False


def person(seq: int) -> str:
    """The subject that is one person of a rule for each person."""
    return f"{_PERSON}{seq}"


def seq_of(subject: str) -> int | None:
    """The number of the person that a subject names; None when it is everybody or something else."""
    number = subject.removeprefix(_PERSON)
    return int(number) if subject.startswith(_PERSON) and number.isdecimal() else None


def every(db: Session, *, enabled_only: bool = True) -> list[Rule]:
    """The rules that are not removed, by id."""
    return _read(db, "r.deleted_at IS NULL" + (" AND r.enabled" if enabled_only else ""), {})


def one(db: Session, rule_id: int) -> Rule | None:
    """A rule, also a removed one."""
    return next(iter(_read(db, "r.id = :id", {"id": rule_id})), None)


def of_type(db: Session, type_: AlertType) -> list[Rule]:
    """The enabled rules of a type, by id."""
    return _read(db, "r.deleted_at IS NULL AND r.enabled AND r.type = :type", {"type": type_})


def hard(db: Session, *, user_id: UUID | None, feature_key: str, plan_id: int) -> list[Rule]:
    """The enabled hard limits, by id, that count calls of this person, feature and plan (0: none)."""
    where = """r.deleted_at IS NULL AND r.enabled AND r.enforcement <> 'notify'
        AND (r.feature_key IS NULL OR r.feature_key = :feature) AND (r.plan_id IS NULL OR r.plan_id = :plan)
        AND (r.user_id IS NULL OR r.user_id = :user)"""
    found = _read(db, where, {"feature": feature_key, "plan": plan_id, "user": user_id})
    return [rule for rule in found if rule.says.is_hard]


def _read(db: Session, where: str, values: dict[str, Any]) -> list[Rule]:
    return [_rule(row) for row in db.execute(text(f"{_SELECT} WHERE {where} ORDER BY r.id"), values)]


def _rule(row: Any) -> Rule:
    says = Draft(
        type=AlertType(row.type), name=row.name, threshold_nano=row.threshold_nano, description=row.description or "",
        enabled=row.enabled, feature_key=row.feature_key, model_id=row.model_id, plan_id=row.plan_id,
        user_id=row.user_id, each_user=row.each_user, window=BudgetWindow(row.window_kind),
        rolling_days=row.rolling_days, steps=tuple(sorted(row.steps)), enforcement=Enforcement(row.enforcement),
        degrade_model=row.degrade_model, ratio_percent=row.ratio_percent, minutes=row.minutes,
        least_calls=row.least_calls, channels=tuple(row.channels),
    )  # fmt: skip
    return Rule(row.id, row.version, says, row.user_seq, row.snoozed_until, row.updated_at, row.deleted_at is not None)


_SELECT = """
SELECT r.*, u.seq AS user_seq,
    ARRAY(SELECT a.channel_id FROM alert_route a WHERE a.rule_id = r.id ORDER BY 1) AS channels
FROM openai_alert r LEFT JOIN app_user u ON u.id = r.user_id
"""
