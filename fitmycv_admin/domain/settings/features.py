"""Which feature a model call belongs to, which model it uses and what a feature costs in credits."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.domain.settings import catalogue, changes, lookups
from fitmycv_admin.models import FeatureMapping, Setting

UNMAPPED = "unmapped"
"""The feature of calls whose name no mapping holds; it exists so that nothing is left out of a sum."""

SHARED_MODEL_SETTINGS = {
    "generate_cv_url": "model_cv_generation",
    "generate_cv_pdf": "model_cv_generation",
    "create_template_cv_url": "model_cv_generation",
    "create_template_cv_pdf": "model_cv_generation",
    "extract_job_offer_url": "model_extract_job_offer",
    "extract_job_offer_pdf": "model_extract_job_offer",
    "detect_cv_language": "model_detect_language",
}
"""Calls whose setting is not `model_<call name>`."""


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """A feature and the names that belong to it."""

    key: str
    display_name: str
    setting_names: tuple[str, ...]
    call_names: tuple[str, ...]
    plan_features: tuple[str, ...]


def every(db: Session) -> tuple[FeatureRow, ...]:
    """All features, by key."""
    rows = db.exec(select(FeatureMapping).order_by(FeatureMapping.feature_key))
    return tuple(_row(row) for row in rows)


def one(db: Session, key: str) -> FeatureRow:
    """A feature by key; raises NotFound."""
    row = db.exec(select(FeatureMapping).where(FeatureMapping.feature_key == key)).one_or_none()
    if row is None:
        raise NotFound
    return _row(row)


def of_call(db: Session, call_name: str) -> str:
    """The feature key of a call, or UNMAPPED; the first by key when two claim it."""
    query = (
        select(FeatureMapping.feature_key)
        .where(col(FeatureMapping.openai_call_names).contains([call_name]))
        .order_by(FeatureMapping.feature_key)
        .limit(1)
    )
    return db.exec(query).one_or_none() or UNMAPPED


def display_names(db: Session) -> dict[str, str]:
    """Feature key to the name that people read."""
    return dict(db.exec(select(FeatureMapping.feature_key, FeatureMapping.display_name)).all())


def model_setting(call_name: str) -> str:
    """The name of the setting that says which model a call uses; raises NotFound when there is none."""
    name = SHARED_MODEL_SETTINGS.get(call_name, f"model_{call_name}")
    return catalogue.known(name).name


def model_for(db: Session, call_name: str) -> str:
    """The model assigned to a call; raises NotFound for a call that nobody declared."""
    return lookups.text(db, model_setting(call_name))


def credit_cost(db: Session, plan_feature: str) -> int:
    """What one use of a plan's feature costs in credits (0: free); raises NotFound for an unknown one."""
    return lookups.whole(db, f"credits_{plan_feature}")


HONOURED_FOR = timedelta(minutes=15)
"""A price that was shown holds for this long after it was replaced."""


def credit_cost_now(db: Session, plan_feature: str) -> tuple[int, int]:
    """What one use costs in credits, and the version of that price; never from the cache."""
    setting = catalogue.known(f"credits_{plan_feature}")
    stored = select(Setting.value, Setting.version).where(Setting.setting_name == setting.name)
    value, version = db.exec(stored).one_or_none() or (setting.default, 0)
    return int(value), version


def honoured(db: Session, plan_feature: str, shown_version: int, now: datetime) -> int | None:
    """The cost that was shown, while it still holds: the current one, or replaced less than 15 minutes ago."""
    for row in changes.versions(db, f"credits_{plan_feature}"):
        if row.version == shown_version:
            holds = row.valid_until is None or now < row.valid_until + HONOURED_FOR
            return int(row.value) if holds else None
    return None


def _row(row: FeatureMapping) -> FeatureRow:
    return FeatureRow(
        key=row.feature_key,
        display_name=row.display_name,
        setting_names=tuple(row.setting_names),
        call_names=tuple(row.openai_call_names),
        plan_features=tuple(row.plan_feature_names),
    )
