"""The small numbers by which the fact table knows call names, tiers and models, and how a name finds its model."""

import re
from dataclasses import dataclass

from sqlmodel import Session, text

from fitmycv_admin.vocabulary import ServiceTier

_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")
# The vendor's words for the tier that needs no asking.
_STANDARD = ("", "default", "standard")


@dataclass(frozen=True, slots=True)
class ModelMatch:
    """A model of the price list and how a name found it: exact, alias or family (a dated snapshot).

    Prompts of `large_context_from` tokens and more have a tier of their own.
    """

    id: int
    name: str
    how: str
    large_context_from: int | None = None


def family_of(name: str) -> str:
    """A name without the date of its snapshot."""
    return _SNAPSHOT.sub("", name)


def find_model(db: Session, name: str) -> ModelMatch | None:
    """The model that a served name means: itself, else the one with that alias, else its undated family."""
    found = db.execute(
        text(
            """SELECT id, model_name,
                 CASE WHEN model_name = :name THEN 'exact' WHEN :name = ANY(aliases) THEN 'alias' ELSE 'family' END how,
                 large_context_from
               FROM openai_pricing
               WHERE model_name = :name OR :name = ANY(aliases) OR model_name = :family OR :family = ANY(aliases)
               ORDER BY model_name = :name DESC, :name = ANY(aliases) DESC, model_name = :family DESC, id LIMIT 1"""
        ),
        {"name": name, "family": family_of(name)},
    ).one_or_none()
    return ModelMatch(*found) if found else None


def model_of(db: Session, name: str) -> ModelMatch:
    """As `find_model`; a name seen for the first time joins the list without a price."""
    found = find_model(db, name)
    if found is None:
        db.execute(
            text("INSERT INTO openai_pricing (model_name, is_active) VALUES (:name, true) ON CONFLICT DO NOTHING"),
            {"name": name},
        )
        found = find_model(db, name)
    if found is None:
        raise LookupError(name)
    return found


def feature_id(db: Session, call_name: str) -> int:
    """The number of a call name, given at its first call."""
    return _id_of(db, "ai_feature", call_name)


def tier_id(db: Session, tier: str) -> int:
    """The number of a price tier, given at its first call; the vendor's "default" is standard."""
    return _id_of(db, "ai_tier", _tier(tier))


def known_tier(db: Session, tier: str) -> int | None:
    """The number of a price tier, or None when nothing was ever priced or called at it."""
    return db.execute(text("SELECT id FROM ai_tier WHERE key = :key"), {"key": _tier(tier)}).scalar_one_or_none()


def is_standard(tier: str) -> bool:
    """Whether a tier, in our words or the vendor's, is the one that needs no asking."""
    return tier in _STANDARD


def _tier(tier: str) -> str:
    return ServiceTier.STANDARD if is_standard(tier) else tier


def _id_of(db: Session, table: str, key: str) -> int:
    find = text(f"SELECT id FROM {table} WHERE key = :key")
    found = db.execute(find, {"key": key}).scalar_one_or_none()
    if found is None:
        db.execute(text(f"INSERT INTO {table} (key) VALUES (:key) ON CONFLICT DO NOTHING"), {"key": key})
        found = db.execute(find, {"key": key}).scalar_one()
    return int(found)
