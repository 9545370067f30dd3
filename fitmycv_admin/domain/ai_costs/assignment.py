"""Which model and tier each kind of call uses: read at every call, changed with a reason, seen with real tokens."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import catalogue, names, pricing, token_sums
from fitmycv_admin.domain.ai_costs.names import Dimension, Name
from fitmycv_admin.domain.ai_costs.token_sums import TokenSums
from fitmycv_admin.domain.settings import catalogue as settings
from fitmycv_admin.domain.settings import changes, features
from fitmycv_admin.models import Setting
from fitmycv_admin.vocabulary import CallName, Permission

MODEL, TIER = "model_", "tier_"


@dataclass(frozen=True, slots=True)
class Assigned:
    """What a call asks for."""

    model: str
    tier: str


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """One assignment: the call names that use it, their feature, and their calls of the last 30 days.

    `name` is that of its settings without their prefix. `model_version` and `tier_version` are what an editor saw
    (0: the default). `is_priced` says whether the model has a price at the tier now.
    """

    name: str
    feature: Name
    calls: tuple[str, ...]
    model: str
    tier: str
    model_version: int
    tier_version: int
    changed_at: datetime | None
    sums: TokenSums
    is_priced: bool
    is_used: bool


def of_call(db: Session, call_name: str) -> Assigned:
    """The model and tier of a call now, never from a cache; raises NotFound for a call that nobody declared."""
    model = features.model_setting(call_name)
    tier = TIER + model.removeprefix(MODEL)
    stored = dict(
        db.execute(
            select(Setting.setting_name, Setting.value).where(col(Setting.setting_name).in_((model, tier)))
        ).all()  # pyright: ignore[reportArgumentType]
    )
    return Assigned(*(stored.get(name) or settings.known(name).default for name in (model, tier)))


def assignments(db: Session, by: Actor) -> tuple[AssignmentRow, ...]:
    """Every assignment; those that cost most in the last 30 days first. Needs prices.read."""
    by.must(Permission.PRICES_READ)
    stored = {row.setting_name: row for row in db.exec(select(Setting))}
    sums = sums_by_name(db)
    known = names.read(db)
    numbers = {row.key: row.id for row in db.execute(text("SELECT id, key FROM ai_feature"))}
    priced = _priced(db)
    own = {str(call) for call in CallName}
    rows = []
    for name, calls in calls_by_name().items():
        model, tier = _setting(stored, MODEL + name), _setting(stored, TIER + name)
        number = next((numbers[call] for call in calls if call in numbers), None)
        match = catalogue.find_model(db, model.value)
        rows.append(
            AssignmentRow(
                name=name,
                feature=known.of(Dimension.FEATURE, number) if number is not None else Name(name, name, mapped=False),
                calls=calls, model=model.value, tier=tier.value, model_version=model.version,
                tier_version=tier.version, changed_at=max(filter(None, (model.at, tier.at)), default=None),
                sums=sums.get(name, TokenSums()), is_priced=match is not None and (match.id, tier.value) in priced,
                is_used=bool(own & set(calls)),
            )
        )  # fmt: skip
    return tuple(sorted(rows, key=lambda row: (-row.sums.cost_nano, not row.is_used, row.feature.label, row.name)))


def change(
    db: Session, by: Actor, name: str, model: str, tier: str, *, expected: tuple[int, int], reason: str,
    confirmed: bool = False,
) -> Assigned:  # fmt: skip
    """Let the calls of an assignment use a model and tier from their next call on. Audited; needs prices.write and
    settings.write.

    `expected` are the versions of both settings that the person saw: Conflict when somebody was faster. Raises Invalid
    with the field: an unknown model or tier, no reason, or a pair without a price unless `confirmed`; NotFound.
    """
    by.must(Permission.PRICES_WRITE)
    if not reason.strip():
        raise Invalid("ai_costs.error.reason_missing", field="reason")
    settings.known(MODEL + name)
    found = catalogue.find_model(db, model)
    if found is None:
        raise Invalid("prices.error.model_unknown", field="model")
    if tier not in settings.TIERS:
        raise Invalid("prices.error.tier_unknown", field="tier")
    if not confirmed and pricing.price_of(db, model, tier, clock.now()) is None:
        raise Invalid("prices.error.pair_unpriced", field="tier")
    changes.change(db, by, MODEL + name, model, expected_version=expected[0], reason=reason)
    changes.change(db, by, TIER + name, tier, expected_version=expected[1], reason=reason)
    return Assigned(model, tier)


def calls_by_name() -> Mapping[str, tuple[str, ...]]:
    """Each assignment with the call names that use it."""
    shared: dict[str, list[str]] = defaultdict(list)
    for call, setting in features.SHARED_MODEL_SETTINGS.items():
        shared[setting.removeprefix(MODEL)].append(call)
    every = [name.removeprefix(MODEL) for name in settings.CATALOGUE if name.startswith(MODEL)]
    return {name: tuple(dict.fromkeys((name, *shared[name]))) for name in every}


def sums_by_name(db: Session) -> dict[str, TokenSums]:
    """The tokens of the last 30 days by assignment."""
    keys = {row.id: row.key for row in db.execute(text("SELECT id, key FROM ai_feature"))}
    name_of = {call: name for name, calls in calls_by_name().items() for call in calls}
    found: dict[str, TokenSums] = {}
    for cell in token_sums.read(db):
        name = name_of.get(keys[cell.feature_id])
        if name is not None:
            found[name] = found.get(name, TokenSums()) + cell.sums
    return found


def feature_numbers(db: Session, name: str) -> list[int]:
    """The numbers by which the fact table knows the calls of an assignment."""
    calls = list(calls_by_name().get(name, ()))
    return list(db.execute(text("SELECT id FROM ai_feature WHERE key = ANY(:calls)"), {"calls": calls}).scalars())


@dataclass(frozen=True, slots=True)
class _Stored:
    value: str
    version: int
    at: datetime | None


def _setting(stored: Mapping[str, Any], name: str) -> _Stored:
    row = stored.get(name)
    return _Stored(row.value, row.version, row.updated_at) if row else _Stored(settings.known(name).default, 0, None)


def _priced(db: Session) -> set[tuple[int, str]]:
    rows = db.execute(
        text(
            "SELECT v.model_id, t.key FROM price_version v JOIN ai_tier t ON t.id = v.tier_id"
            " WHERE v.valid @> cast(:now AS timestamptz)"
        ),
        {"now": clock.now()},
    )
    return {(row.model_id, row.key) for row in rows}
