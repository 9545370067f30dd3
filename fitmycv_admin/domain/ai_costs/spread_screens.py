"""One reading for the pages of distributions and outliers."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import asked, histograms, names, rollups, spreads
from fitmycv_admin.domain.ai_costs.histograms import OutlierRow, Spread
from fitmycv_admin.domain.ai_costs.names import Dimension, Name
from fitmycv_admin.domain.ai_costs.periods import Period
from fitmycv_admin.domain.ai_costs.spreads import FeatureSpread
from fitmycv_admin.vocabulary import Measure


@dataclass(frozen=True, slots=True)
class SpreadScreen:
    """A measure over time, of one feature or of all, and each feature over the whole period."""

    period: Period
    measure: Measure
    rows: tuple[Spread, ...]
    features: tuple[FeatureSpread, ...]
    choices: Mapping[Dimension, list[Name]]


@dataclass(frozen=True, slots=True)
class OutlierScreen:
    """The calls furthest above the median of their feature."""

    rows: tuple[OutlierRow, ...]
    choices: Mapping[Dimension, list[Name]]


def distribution(db: Session, by: Actor, words: asked.Words) -> SpreadScreen:
    """The distribution that an address asks for."""
    period, feature = asked.costs(db, by, words).period, words.get("feature") or None
    measure = Measure.DURATION if words.get("measure") == Measure.DURATION else Measure.COST
    rows = histograms.distribution(db, by, period, feature_key=feature, measure=measure)
    return SpreadScreen(period, measure, rows, spreads.features(db, by, period, measure=measure), _features(db))


def outliers(db: Session, by: Actor, words: asked.Words) -> OutlierScreen:
    """The outliers that an address asks for."""
    period, limit = asked.costs(db, by, words).period, max(asked.number(words, "n", rollups.OUTLIERS_KEPT), 1)
    rows = histograms.outliers(db, by, period, feature_key=words.get("feature") or None, limit=limit)
    return OutlierScreen(rows, _features(db))


def _features(db: Session) -> Mapping[Dimension, list[Name]]:
    return {Dimension.FEATURE: names.read(db).choices(Dimension.FEATURE)}
