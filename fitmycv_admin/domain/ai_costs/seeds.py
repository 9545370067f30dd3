"""The models with their prices, the names of calls and the cost alerts; only what is missing is inserted."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy.dialects.postgresql import Range, insert
from sqlmodel import Session, col, select

from fitmycv_admin.core import money
from fitmycv_admin.models import AiFeature, AiTier, OpenAIAlert, OpenAIPricing, PriceLine, PriceVersion
from fitmycv_admin.vocabulary import AlertType, BudgetWindow, ServiceTier, UsageType

# Far enough back that no call of ours can be older.
SINCE = datetime(2020, 1, 1, tzinfo=UTC)
OFFLINE_MODEL = "offline-rules-1"

# model: dollars per million tokens (input, output, cached input), and other names it is served under
MODELS: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "gpt-4.1-2025-04-14": ("2.00", "8.00", "0.50", ("gpt-4.1",)),
    "gpt-4.1-mini-2025-04-14": ("0.40", "1.60", "0.10", ("gpt-4.1-mini",)),
    "gpt-4.1-nano": ("0.10", "0.40", "0.025", ("gpt-4.1-nano-2025-04-14",)),
    "gpt-4o": ("2.50", "10.00", "1.25", ("gpt-4o-2024-08-06",)),
    "gpt-4o-mini": ("0.15", "0.60", "0.075", ("gpt-4o-mini-2024-07-18",)),
    "gpt-4o-mini-tts": ("0.15", "0.60", "0.075", ()),
    "gpt-4o-mini-transcribe": ("0.15", "0.60", "0.075", ()),
    "gpt-5-2025-08-07": ("1.25", "10.00", "0.125", ("gpt-5",)),
    "gpt-5-mini": ("0.25", "2.00", "0.025", ()),
    "gpt-5-mini-2025-08-07": ("0.25", "2.00", "0.025", ()),
    "gpt-5-nano": ("0.05", "0.40", "0.005", ()),
    "gpt-5-nano-2025-08-07": ("0.05", "0.40", "0.005", ()),
    "o3": ("2.00", "8.00", "0.50", ("o3-2025-04-16",)),
    "o3-deep-research": ("10.00", "40.00", "2.50", ()),
    "o3-deep-research-2025-06-26": ("10.00", "40.00", "2.50", ()),
    "o4-mini": ("1.10", "4.40", "0.275", ("o4-mini-2025-04-16",)),
    "o4-mini-deep-research-2025-06-26": ("2.00", "8.00", "0.50", ()),
}
# The local engine costs nothing; a price makes the cost pages worth looking at in a demonstration.
_OFFLINE = ("0.40", "1.60", "0.10", ())

ALERTS = (
    (AlertType.USER_DAILY, "One person, one day", "5", BudgetWindow.DAY, True),
    (AlertType.USER_MONTHLY, "One person, one month", "50", BudgetWindow.MONTH, True),
    (AlertType.GLOBAL_DAILY, "Everybody, one day", "100", BudgetWindow.DAY, False),
    (AlertType.GLOBAL_MONTHLY, "Everybody, one month", "1000", BudgetWindow.MONTH, False),
    (AlertType.BILL_DIFFERENCE, "The vendor's bill", "0", BudgetWindow.DAY, False),
    (AlertType.UNPRICED_MODEL, "Model without a price", "0", BudgetWindow.DAY, False),
)
# They stop nobody and need no figure of their own.
_ON_FROM_THE_START = (AlertType.BILL_DIFFERENCE, AlertType.UNPRICED_MODEL)


def insert_missing(db: Session, call_names: Iterable[str], *, demo: bool) -> int:
    """Insert models, first prices, call names and alerts that are not there; returns how many rows were added.

    A model that has any version of the standard tier keeps its own. With `demo` the local engine has a price too,
    which says that it is one of a demonstration.
    """
    models = MODELS | ({OFFLINE_MODEL: _OFFLINE} if demo else {})
    added = _models(db, models) + _prices(db, models)
    features = insert(AiFeature).values([{"key": name} for name in sorted(call_names)])
    added += len(db.execute(features.on_conflict_do_nothing().returning(col(AiFeature.id))).all())
    alerts = insert(OpenAIAlert).values(
        [{"type": kind, "name": name, "threshold_nano": money.usd_to_nano(usd),
          "enabled": kind in _ON_FROM_THE_START, "window_kind": window, "each_user": each_user}
         for kind, name, usd, window, each_user in ALERTS]
    )  # fmt: skip
    return added + len(db.execute(alerts.on_conflict_do_nothing().returning(col(OpenAIAlert.id))).all())


def _models(db: Session, models: dict[str, tuple[str, str, str, tuple[str, ...]]]) -> int:
    rows = [
        {"model_name": name, "aliases": list(prices[3]), "description": _described(name), "is_active": True}
        for name, prices in models.items()
    ]
    added = db.execute(insert(OpenAIPricing).values(rows).on_conflict_do_nothing().returning(col(OpenAIPricing.id)))
    return len(added.all())


def _described(name: str) -> str | None:
    return "demo: the rule engine of this machine, no AI" if name == OFFLINE_MODEL else None


def _prices(db: Session, models: dict[str, tuple[str, str, str, tuple[str, ...]]]) -> int:
    tier = db.exec(select(AiTier.id).where(AiTier.key == ServiceTier.STANDARD.value)).one()
    priced = select(PriceVersion.model_id).where(PriceVersion.tier_id == tier)
    missing = db.exec(
        select(OpenAIPricing.id, OpenAIPricing.model_name).where(
            col(OpenAIPricing.model_name).in_(models), col(OpenAIPricing.id).not_in(priced)
        )
    ).all()
    for model_id, name in missing:
        assert model_id is not None
        assert tier is not None
        version = PriceVersion(
            model_id=model_id,
            tier_id=tier,
            valid=Range(SINCE, None),
            reason="demo price" if name == OFFLINE_MODEL else "first price list",
        )
        db.add(version)
        db.flush()
        assert version.id is not None
        kinds = (UsageType.INPUT, UsageType.OUTPUT, UsageType.CACHED_INPUT)
        for kind, usd in zip(kinds, models[name][:3], strict=True):
            db.add(PriceLine(version_id=version.id, usage_type=kind, nano_per_mtoken=money.usd_to_nano(usd)))
    db.flush()
    return len(missing)
