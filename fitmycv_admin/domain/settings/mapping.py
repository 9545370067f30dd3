"""Which settings, model calls and plan features belong to a feature: read, checked and changed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session, col, select, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import Conflict, Invalid, NotFound
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.domain.settings import catalogue, features
from fitmycv_admin.domain.settings.catalogue import Category
from fitmycv_admin.models import FeatureMapping
from fitmycv_admin.vocabulary import CallName, Permission, PlanFeature

What = Literal["setting", "call", "plan_feature"]
Kind = Literal["unmapped", "twice", "dead", "empty"]
RECENT = timedelta(days=30)
LONGEST_NAME = 80
REASON_LENGTH = 300
# A setting of these may belong to a feature, one of models and prices must.
_OFFERED = (Category.FEATURES, Category.PDF_IMPORT)
_KEY = re.compile(r"[a-z][a-z0-9_]{1,59}")


@dataclass(frozen=True, slots=True)
class Names:
    """What belongs to a feature, or what could."""

    settings: tuple[str, ...]
    calls: tuple[str, ...]
    plan_features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MappingRow:
    """One feature with its names; `recent_calls` were made for it in 30 days. `version` counts its changes."""

    key: str
    display_name: str
    names: Names
    version: int
    updated_at: datetime
    recent_calls: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the mapping has wrong: a name in no feature, in several, or of nothing that exists."""

    kind: Kind
    what: What
    name: str
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MappingScreen:
    """Everything the page shows; `known` are the names that could belong to a feature."""

    rows: tuple[MappingRow, ...]
    findings: tuple[Finding, ...]
    known: Names
    may_write: bool


def screen(db: Session, by: Actor) -> MappingScreen:
    """All features and what is wrong with them. Needs settings.read."""
    by.must(Permission.SETTINGS_READ)
    calls = _recent_calls(db)
    rows = tuple(_row(row, calls) for row in _every(db))
    known = known_names(calls)
    return MappingScreen(rows, lint(rows, known), known, by.may(Permission.SETTINGS_WRITE))


def known_names(seen: Iterable[str]) -> Names:
    """Every name that exists: settings of models, prices and switches, calls of the code or seen, plan features."""
    models = [name for name in catalogue.CATALOGUE if name.startswith("model_")]
    own = (name.removeprefix("model_") for name in models if name not in features.SHARED_MODEL_SETTINGS.values())
    calls = {*map(str, CallName), *features.SHARED_MODEL_SETTINGS, *own, *seen}
    settings = [name for name, one in catalogue.CATALOGUE.items() if one.category in _OFFERED or _must_be_mapped(name)]
    return Names(tuple(sorted(settings)), tuple(sorted(calls)), tuple(str(feature) for feature in PlanFeature))


def lint(rows: Sequence[MappingRow], known: Names) -> tuple[Finding, ...]:
    """What is wrong: unmapped, mapped twice, dead, empty; the first two are about money, so they come first.

    A plan feature may belong to several features; a call or setting to one only, else its cost has two owners.
    """
    found: list[Finding] = []
    every: tuple[tuple[What, tuple[str, ...]], ...] = (
        ("call", known.calls),
        ("setting", known.settings),
        ("plan_feature", known.plan_features),
    )
    for what, exist in every:
        owners = _owners(rows, what)
        needed = [name for name in exist if what != "setting" or _must_be_mapped(name)]
        found += [Finding("unmapped", what, name, ()) for name in needed if name not in owners]
        if what != "plan_feature":
            found += [Finding("twice", what, name, keys) for name, keys in owners.items() if len(keys) > 1]
        alive = catalogue.CATALOGUE.keys() if what == "setting" else exist
        found += [Finding("dead", what, name, keys) for name, keys in owners.items() if name not in alive]
    for row in rows:
        if not (row.names.settings or row.names.calls or row.names.plan_features):
            found.append(Finding("empty", "setting", row.key, (row.key,)))
    order = ("unmapped", "twice", "dead", "empty")
    return tuple(sorted(found, key=lambda one: (order.index(one.kind), one.what, one.name)))


def save(
    db: Session, by: Actor, key: str, *, expected_version: int, display_name: str, names: Names, reason: str
) -> None:
    """Replace the names of a feature; `expected_version` 0 adds it. Audited; needs settings.write.

    Raises Invalid with the field (display_name, key, reason, or the list that holds a name nobody declared and that
    the feature did not hold before), NotFound, and Conflict when somebody was faster.
    """
    by.must(Permission.SETTINGS_WRITE)
    _check(key, display_name, reason)
    names = Names(*(tuple(dict.fromkeys(part)) for part in (names.settings, names.calls, names.plan_features)))
    row = _locked(db, key)
    if expected_version != (row.version if row else 0):
        if row is None:
            raise NotFound
        raise Conflict("plans.error.mapping_changed", feature=row.display_name)
    before = _said(row) if row else None
    _must_exist(db, names, _names(row) if row else Names((), (), ()))
    if row is None:
        row = FeatureMapping(
            feature_key=key, display_name="", setting_names=[], openai_call_names=[], plan_feature_names=[], version=0
        )
    row.display_name, row.setting_names = display_name.strip(), list(names.settings)
    row.openai_call_names, row.plan_feature_names = list(names.calls), list(names.plan_features)
    after = _said(row)
    if before == after:
        raise Invalid("plans.error.nothing_changed")
    row.version, row.updated_at = row.version + 1, clock.now()
    db.add(row)
    db.flush()
    action = "feature_mapping.changed" if before else "feature_mapping.added"
    trail.record(db, by, action, "feature", key, *_differences(before or {}, after), reason=reason)


def remove(db: Session, by: Actor, key: str, *, expected_version: int, reason: str) -> None:
    """Forget a feature: its calls count as unmapped from now on. Audited; needs settings.write.

    Raises Invalid without a reason, NotFound, and Conflict when somebody was faster.
    """
    by.must(Permission.SETTINGS_WRITE)
    _check(key, key, reason)
    row = _locked(db, key)
    if row is None:
        raise NotFound
    if row.version != expected_version:
        raise Conflict("plans.error.mapping_changed", feature=row.display_name)
    db.delete(row)
    db.flush()
    trail.record(db, by, "feature_mapping.removed", "feature", key, before=_said(row), reason=reason)


def _must_be_mapped(setting: str) -> bool:
    """A model and the price of a plan's feature belong to a feature; a switch may."""
    return setting.startswith("model_") or setting in {f"credits_{feature}" for feature in PlanFeature}


def _owners(rows: Sequence[MappingRow], what: What) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        parts = {"call": row.names.calls, "setting": row.names.settings, "plan_feature": row.names.plan_features}
        for name in parts[what]:
            found[name] = (*found.get(name, ()), row.key)
    return found


def _every(db: Session) -> Sequence[FeatureMapping]:
    return db.exec(select(FeatureMapping).order_by(FeatureMapping.feature_key)).all()


def _locked(db: Session, key: str) -> FeatureMapping | None:
    query = select(FeatureMapping).where(col(FeatureMapping.feature_key) == key).with_for_update()
    # Two people adding the same key are one after the other too.
    db.execute(text("SELECT pg_advisory_xact_lock(7303, hashtext(:key))"), {"key": key})
    return db.exec(query).one_or_none()


def _recent_calls(db: Session) -> dict[str, int]:
    """Every call name ever seen, with its calls of the last 30 days."""
    rows = db.execute(
        text(
            "SELECT f.key, coalesce(sum(d.calls), 0)::bigint AS calls FROM ai_feature f"
            " LEFT JOIN roll_day d ON d.feature_id = f.id AND d.day >= :day GROUP BY f.key"
        ),
        {"day": (clock.now() - RECENT).date()},
    )
    return {row.key: row.calls for row in rows}


def _row(row: FeatureMapping, calls: Mapping[str, int]) -> MappingRow:
    recent = sum(calls.get(name, 0) for name in row.openai_call_names)
    return MappingRow(row.feature_key, row.display_name, _names(row), row.version, row.updated_at, recent)


def _names(row: FeatureMapping) -> Names:
    return Names(tuple(row.setting_names), tuple(row.openai_call_names), tuple(row.plan_feature_names))


def _said(row: FeatureMapping) -> dict[str, object]:
    return {
        "display_name": row.display_name, "settings": list(row.setting_names), "calls": list(row.openai_call_names),
        "plan_features": list(row.plan_feature_names),
    }  # fmt: skip


def _differences(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[dict, dict]:
    changed = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in changed}, {name: after[name] for name in changed}


def _check(key: str, display_name: str, reason: str) -> None:
    if not _KEY.fullmatch(key):
        raise Invalid("plans.error.key", field="key")
    if not display_name.strip() or len(display_name) > LONGEST_NAME:
        raise Invalid("plans.error.display_name", field="display_name")
    if not reason.strip():
        raise Invalid("plans.error.reason", field="reason")
    if len(reason) > REASON_LENGTH:
        raise Invalid("plans.error.reason_long", field="reason")


def _must_exist(db: Session, names: Names, before: Names) -> None:
    known = known_names(_recent_calls(db))
    for field, given, exist, held in (
        ("settings", names.settings, tuple(catalogue.CATALOGUE), before.settings),
        ("calls", names.calls, known.calls, before.calls),
        ("plan_features", names.plan_features, known.plan_features, before.plan_features),
    ):
        for name in given:
            if name not in exist and name not in held:
                raise Invalid("plans.error.name_unknown", field=field)
