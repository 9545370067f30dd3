"""The rules about AI spend: made, changed, switched and taken away by staff, each with its line in the audit trail."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core import clock, money
from fitmycv_admin.core.errors import Conflict, FitMyCvError, Invalid, NotFound
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.domain.billing import approvals
from fitmycv_admin.domain.budgets import checks, subjects
from fitmycv_admin.domain.budgets.rule_cards import Change, RuleCard, RuleFilters, RuleRow, Spent, rule, rules
from fitmycv_admin.domain.budgets.subjects import Draft, Rule
from fitmycv_admin.vocabulary import Permission, Role

__all__ = [
    "Change", "Choices", "Draft", "NeedsSecondPerson", "RuleCard", "RuleFilters", "RuleRow", "Spent", "Undo", "change",
    "choices", "create", "person_of", "remove", "rule", "rules", "scale", "set_enabled", "snooze", "undo",
]  # fmt: skip

GATED_PERCENT = 150
"""A limit that becomes larger than this share of what it was needs a second person."""
UNDO_SECONDS = 10
RAISE = "budget.raise"
_TARGET = "budget_rule"
_PATIENCE = timedelta(seconds=20)
"""Longer than a person has to undo, for the way there."""


class NeedsSecondPerson(FitMyCvError):
    """The change was asked for instead of made: somebody else approves it. The transaction must commit."""

    key = "budget_rules.error.second_person"


@dataclass(frozen=True)
class Undo:
    """What a bulk change was before; good for UNDO_SECONDS. `asked` counts the rules that wait for a second person."""

    before: tuple[tuple[int, int, int, bool], ...]
    """Rule, its version after the change, its limit and whether it was on before."""
    made_at: datetime
    asked: int = 0


@dataclass(frozen=True, slots=True)
class Choices:
    """What a form offers: (value, label) pairs."""

    features: tuple[tuple[str, str], ...]
    models: tuple[tuple[int, str], ...]
    plans: tuple[tuple[int, str], ...]
    channels: tuple[tuple[int, str], ...]


def create(db: Session, by: Actor, says: Draft, *, reason: str = "") -> int:
    """Make a rule; returns its id. Raises Invalid with the field."""
    by.must(Permission.BUDGETS_WRITE)
    says = checks.valid(db, says)
    made = db.execute(text(_INSERT), _values(says) | {"by": by.user_id}).scalar_one_or_none()
    if made is None:
        raise Invalid("budget_rules.error.name_taken", field="name")
    _route(db, made, says)
    trail.record(db, by, "budget.created", _TARGET, made, None, _plain(says), reason)
    return int(made)


def change(db: Session, by: Actor, rule_id: int, says: Draft, *, version: int, reason: str = "") -> int | None:
    """Change a rule; returns its new version, None when its higher limit waits for a second person (all else is
    changed).

    Raises Conflict when somebody else changed it since `version`, Invalid with the field, NotFound.
    """
    by.must(Permission.BUDGETS_WRITE)
    was = _held(db, rule_id, version)
    says = checks.valid(db, says)
    gated = _is_gated(by, was.says.threshold_nano, says.threshold_nano)
    stored = replace(says, threshold_nano=was.says.threshold_nano) if gated else says
    if stored != was.says:
        row = db.execute(text(_UPDATE), _values(stored) | {"id": rule_id, "by": by.user_id}).one_or_none()
        if row is None:
            raise Invalid("budget_rules.error.name_taken", field="name")
        _route(db, rule_id, stored)
        before, after = _difference(_plain(was.says), _plain(stored))
        trail.record(db, by, "budget.changed", _TARGET, rule_id, before, after, reason)
        version = row.version
    if gated:
        _ask(db, by, rule_id, stored, version, says.threshold_nano, reason)
        return None
    return version


def remove(db: Session, by: Actor, rule_id: int, *, version: int, reason: str = "") -> None:
    """Take a rule away; its notices and history stay. Raises Conflict, NotFound."""
    by.must(Permission.BUDGETS_WRITE)
    was = _held(db, rule_id, version)
    gone = "deleted_at = clock_timestamp(), enabled = false, name = name || ' #' || id"
    _set(db, by, rule_id, gone, {})
    trail.record(db, by, "budget.removed", _TARGET, rule_id, _plain(was.says), None, reason)


def set_enabled(db: Session, by: Actor, rule_ids: Sequence[int], *, enabled: bool, reason: str = "") -> Undo:
    """Switch rules on or off."""
    by.must(Permission.BUDGETS_WRITE)
    before = []
    for was in _chosen(db, rule_ids):
        if was.says.enabled == enabled:
            continue
        version = _set(db, by, was.id, "enabled = :enabled", {"enabled": enabled})
        before.append((was.id, version, was.says.threshold_nano, was.says.enabled))
        action = "budget.enabled" if enabled else "budget.disabled"
        trail.record(db, by, action, _TARGET, was.id, {"enabled": not enabled}, {"enabled": enabled}, reason)
    return Undo(tuple(before), clock.now())


def scale(db: Session, by: Actor, rule_ids: Sequence[int], *, percent: int, reason: str = "") -> Undo:
    """Set limits to `percent` of what they are (110: a tenth more). Beyond GATED_PERCENT a second person decides."""
    by.must(Permission.BUDGETS_WRITE)
    if not 1 <= percent <= 1000:
        raise Invalid("budget_rules.error.percent", field="percent")
    before, asked = [], 0
    for was in _chosen(db, rule_ids):
        old = was.says.threshold_nano
        new = money.round_half_up(old * percent, 100)
        if not was.says.is_budget or new == old or new == 0:
            continue
        if _is_gated(by, old, new):
            _ask(db, by, was.id, was.says, was.version, new, reason)
            asked += 1
            continue
        version = _limit(db, by, was, new, reason)
        before.append((was.id, version, old, was.says.enabled))
    return Undo(tuple(before), clock.now(), asked)


def undo(db: Session, by: Actor, undo: Undo) -> int:
    """Take a bulk change back; returns how many rules. Raises Conflict when one changed since, Invalid when it is too
    late."""
    by.must(Permission.BUDGETS_WRITE)
    if clock.now() - undo.made_at > _PATIENCE:
        raise Invalid("budget_rules.error.undo_late")
    for rule_id, version, limit, enabled in undo.before:
        now = _held(db, rule_id, version)
        values = {"limit": limit, "enabled": enabled}
        _set(db, by, rule_id, "threshold_nano = :limit, enabled = :enabled", values)
        before = {"threshold_nano": now.says.threshold_nano, "enabled": now.says.enabled}
        trail.record(db, by, "budget.undone", _TARGET, rule_id, before, {"threshold_nano": limit, "enabled": enabled})
    return len(undo.before)


def snooze(db: Session, by: Actor, rule_id: int, *, until: datetime | None) -> None:
    """Say nothing of a rule until then; None ends it. Raises Invalid when it is past, NotFound."""
    by.must(Permission.BUDGETS_WRITE)
    if until is not None and until <= clock.now():
        raise Invalid("budget_rules.error.snooze_past", field="until")
    was = _held(db, rule_id)
    db.execute(text("UPDATE openai_alert SET snoozed_until = :until WHERE id = :id"), {"id": rule_id, "until": until})
    trail.record(
        db, by, "budget.snoozed", _TARGET, rule_id, {"until": was.snoozed_until}, {"until": until},
    )  # fmt: skip


def choices(db: Session, by: Actor) -> Choices:
    """What the form of a rule offers."""
    by.must(Permission.BUDGETS_READ)

    def pairs(sql: str) -> tuple[Any, ...]:
        return tuple((row[0], row[1]) for row in db.execute(text(sql)))

    return Choices(
        features=pairs("SELECT feature_key, display_name FROM feature_mapping ORDER BY lower(display_name)"),
        models=pairs("SELECT id, model_name FROM openai_pricing WHERE is_active ORDER BY model_name"),
        plans=pairs("SELECT id, name FROM subscription_plan ORDER BY tier, id"),
        channels=pairs("SELECT id, name FROM alert_channel WHERE deleted_at IS NULL ORDER BY lower(name)"),
    )


def person_of(db: Session, by: Actor, email: str) -> UUID | None:
    """The person with an address, for the form of a rule; None for nobody."""
    by.must(Permission.BUDGETS_WRITE)
    found = db.execute(text("SELECT id FROM app_user WHERE lower(email) = lower(:email)"), {"email": email.strip()})
    return found.scalar_one_or_none()


def _is_gated(by: Actor, old: int, new: int) -> bool:
    return not by.system and by.role != Role.ADMIN and new * 100 > old * GATED_PERCENT


def _ask(db: Session, by: Actor, rule_id: int, says: Draft, version: int, limit: int, reason: str) -> None:
    payload = {
        "name": says.name, "limit_nano": limit, "before": _dollars(says.threshold_nano), "after": _dollars(limit),
    }  # fmt: skip
    approvals.request(
        db, by, RAISE, _TARGET, rule_id, object_version=str(version), payload=payload, reason=reason or says.name
    )


def _apply(db: Session, by: Actor, asked: approvals.Request) -> Mapping[str, Any]:
    was = _held(db, int(asked.subject_id))
    return {"version": _limit(db, by, was, int(asked.payload["limit_nano"]), asked.reason)}


def _version(db: Session, asked: approvals.Request) -> str:
    found = subjects.one(db, int(asked.subject_id))
    return str(found.version) if found is not None and not found.is_removed else ""


def _limit(db: Session, by: Actor, was: Rule, limit: int, reason: str) -> int:
    version = _set(db, by, was.id, "threshold_nano = :limit", {"limit": limit})
    before, after = {"threshold_nano": was.says.threshold_nano}, {"threshold_nano": limit}
    trail.record(db, by, "budget.scaled", _TARGET, was.id, before, after, reason)
    return version


def _set(db: Session, by: Actor, rule_id: int, change: str, values: Mapping[str, Any]) -> int:
    sql = f"""UPDATE openai_alert SET {change}, version = version + 1, updated_at = clock_timestamp(), updated_by = :by
        WHERE id = :id RETURNING version"""
    return int(db.execute(text(sql), {**values, "id": rule_id, "by": by.user_id}).scalar_one())


def _held(db: Session, rule_id: int, version: int | None = None) -> Rule:
    """The rule, held until the transaction ends. Raises NotFound, Conflict."""
    db.execute(text("SELECT 1 FROM openai_alert WHERE id = :id FOR UPDATE"), {"id": rule_id})
    found = subjects.one(db, rule_id)
    if found is None or found.is_removed:
        raise NotFound
    if version is not None and found.version != version:
        raise Conflict
    return found


def _chosen(db: Session, rule_ids: Sequence[int]) -> list[Rule]:
    if not rule_ids:
        raise Invalid("budget_rules.error.nothing")
    return [_held(db, rule_id) for rule_id in sorted(set(rule_ids))]


def _route(db: Session, rule_id: int, says: Draft) -> None:
    db.execute(text("DELETE FROM alert_route WHERE rule_id = :id"), {"id": rule_id})
    for channel in sorted(set(says.channels)):
        db.execute(text("INSERT INTO alert_route VALUES (:rule, :channel)"), {"rule": rule_id, "channel": channel})


def _values(says: Draft) -> dict[str, Any]:
    values = asdict(says)
    return values | {"steps": list(says.steps), "channels": list(says.channels)}


def _plain(says: Draft) -> dict[str, Any]:
    """A rule as the audit trail keeps it: without what it leaves open."""
    return {key: value for key, value in _values(says).items() if value not in (None, "", [])}


def _difference(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return {key: before.get(key) for key in keys}, {key: after.get(key) for key in keys}


def _dollars(nano: int) -> str:
    return f"{nano / money.NANO:.2f}"


_COLUMNS = (
    "type", "name", "description", "threshold_nano", "enabled", "feature_key", "model_id", "plan_id", "user_id",
    "each_user", "rolling_days", "steps", "enforcement", "degrade_model", "ratio_percent", "minutes", "least_calls",
)  # fmt: skip
_INSERT = f"""
INSERT INTO openai_alert ({", ".join(_COLUMNS)}, window_kind, updated_by)
VALUES ({", ".join(f":{column}" for column in _COLUMNS)}, :window, :by) ON CONFLICT (name) DO NOTHING RETURNING id
"""
_UPDATE = f"""
UPDATE openai_alert SET {", ".join(f"{column} = :{column}" for column in _COLUMNS)}, window_kind = :window,
    version = version + 1, updated_at = clock_timestamp(), updated_by = :by
WHERE id = :id AND NOT EXISTS (SELECT 1 FROM openai_alert o WHERE o.name = :name AND o.id <> :id) RETURNING version
"""

approvals.kinds[RAISE] = approvals.ApprovalKind(
    permission=Permission.BUDGETS_WRITE,
    apply=_apply,
    current_version=_version,
    label_key="budget_rules.approval.label",
    sentence_key="budget_rules.approval.raise",
)
