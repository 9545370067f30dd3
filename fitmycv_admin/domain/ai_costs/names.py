"""The names behind the small numbers of the fact table; call names are shown by the feature that maps them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session, text


class Dimension(StrEnum):
    """By what costs are split."""

    FEATURE = "feature"
    MODEL = "model"
    TIER = "tier"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Name:
    """What a person reads for one part. `mapped` is false for a call name that no feature claims."""

    key: str
    label: str
    mapped: bool = True


# How a key begins that stands for numbers: of several parts together, and of one that the catalogue lost.
SEVERAL, LOST = "~", "#"
# The calls of people without a plan, and of the system.
NO_PLAN = Name("none", "")


@dataclass(frozen=True, slots=True)
class Names:
    """All names of one reading."""

    by_id: Mapping[Dimension, Mapping[int, Name]]

    def of(self, dimension: Dimension, number: int) -> Name:
        """The name of a number; one that the catalogue lost is shown as itself."""
        return self.by_id[dimension].get(number) or Name(f"{LOST}{number}", f"{LOST}{number}", mapped=False)

    def numbers(self, dimension: Dimension, key: str) -> list[int]:
        """The numbers a key stands for; none when nobody knows it, so that nothing matches."""
        if found := [number for number, name in self.by_id[dimension].items() if name.key == key]:
            return found
        digits = key[1:].split(".") if key[:1] in (SEVERAL, LOST) else []
        return [int(digit) for digit in digits if digit.isascii() and digit.isdecimal() and len(digit) < 6]

    def choices(self, dimension: Dimension) -> list[Name]:
        """Each name once, by label, for a filter."""
        return sorted(set(self.by_id[dimension].values()), key=lambda name: (not name.mapped, name.label.lower()))


def read(db: Session) -> Names:
    """The names now: a mapping that was changed groups the past anew."""
    features = {
        row.id: Name(row.feature_key or row.key, row.display_name or row.key, row.feature_key is not None)
        for row in db.execute(text(_FEATURES))
    }
    models = {row[0]: Name(row[1], row[1]) for row in db.execute(text("SELECT id, model_name FROM openai_pricing"))}
    tiers = {row[0]: Name(row[1], row[1]) for row in db.execute(text("SELECT id, key FROM ai_tier"))}
    plans = {row[0]: Name(row[1], row[1]) for row in db.execute(text("SELECT id, name FROM subscription_plan"))}
    return Names(
        {
            Dimension.FEATURE: features,
            Dimension.MODEL: models,
            Dimension.TIER: tiers,
            Dimension.PLAN: {0: NO_PLAN, **plans},
        }
    )


_FEATURES = """
SELECT f.id, f.key, m.feature_key, m.display_name FROM ai_feature f
LEFT JOIN LATERAL (
    SELECT feature_key, display_name FROM feature_mapping
    WHERE feature_key = f.key OR openai_call_names ? f.key
    ORDER BY feature_key = f.key DESC, feature_key LIMIT 1
) m ON true
"""
