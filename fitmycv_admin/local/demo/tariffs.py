"""Prices of the demo: tiers beside the standard one, one that fell, one that will, and a model without any."""

from datetime import datetime, timedelta

from sqlmodel import text

from fitmycv_admin.local.demo.people import Person
from fitmycv_admin.local.demo.stage import Stage
from fitmycv_admin.models import OpenAICall, PriceLine
from fitmycv_admin.vocabulary import CallStatus

NEW_MODEL = "gpt-6-preview"
_CALLS, _DAYS = 34, 9
# model: what each tier costs against the standard one
_TIERS = {
    "gpt-4o": {"priority": 1.7, "batch": 0.5},
    "gpt-4o-mini": {"priority": 1.7, "batch": 0.5},
    "gpt-4.1-2025-04-14": {"priority": 1.75, "batch": 0.5},
    "gpt-4.1-mini-2025-04-14": {"priority": 1.75, "flex": 0.5, "batch": 0.5},
    "o4-mini": {"priority": 1.8, "flex": 0.5, "batch": 0.5},
    "gpt-5-2025-08-07": {"priority": 2.0, "flex": 0.5, "large_context": 2.0},
    "gpt-5-mini": {"priority": 1.8, "flex": 0.5},
    "o3": {"priority": 1.75, "flex": 0.5},
}


def set_prices(stage: Stage, by: Person) -> None:
    """Prices of other tiers, one that fell, one that will, and a length from which prompts are long."""
    lines = _standard(stage)
    since = stage.now - timedelta(days=200)
    for model, tiers in _TIERS.items():
        for tier, times in tiers.items():
            dearer = {kind: round(nano * times) for kind, nano in lines[model].items()}
            _open(stage, by, (model, tier), (since, None), dearer, "Price list of the vendor")
    long = text("UPDATE openai_pricing SET large_context_from = 272000 WHERE model_name = 'gpt-5-2025-08-07'")
    stage.db.execute(long)
    _fall(stage, by, "gpt-4o", 0.8, stage.now + timedelta(days=9), "Announced by the vendor for next month")
    _fall(stage, by, "o3", 0.9, stage.now - timedelta(days=61), "The vendor lowered it")


def _standard(stage: Stage) -> dict[str, dict[str, int]]:
    """The standard prices of each model."""
    rows = stage.db.execute(
        text(
            """SELECT m.model_name, jsonb_object_agg(l.usage_type, l.nano_per_mtoken) FROM price_version v
               JOIN openai_pricing m ON m.id = v.model_id JOIN ai_tier t ON t.id = v.tier_id AND t.key = 'standard'
               JOIN price_line l ON l.version_id = v.id GROUP BY 1"""
        )
    )
    return {row[0]: row[1] for row in rows}


def _fall(stage: Stage, by: Person, model: str, times: float, at: datetime, reason: str) -> None:
    """The standard price of a model falls at an instant; the one before ends there."""
    stage.db.execute(
        text(
            """UPDATE price_version SET valid = tstzrange(lower(valid), cast(:at AS timestamptz))
               WHERE model_id = (SELECT id FROM openai_pricing WHERE model_name = :model)
                 AND tier_id = (SELECT id FROM ai_tier WHERE key = 'standard')"""
        ),
        {"at": at, "model": model},
    )
    lines = {kind: round(nano * times) for kind, nano in _standard(stage)[model].items()}
    _open(stage, by, (model, "standard"), (at, None), lines, reason)


def _open(
    stage: Stage, by: Person, pair: tuple[str, str], valid: tuple[datetime, datetime | None], lines: dict[str, int],
    reason: str,
) -> None:  # fmt: skip
    version = stage.db.execute(
        text(
            """INSERT INTO price_version (model_id, tier_id, valid, reason, created_by) VALUES (
                 (SELECT id FROM openai_pricing WHERE model_name = :model), (SELECT id FROM ai_tier WHERE key = :tier),
                 tstzrange(cast(:since AS timestamptz), cast(:until AS timestamptz)), :reason, :by) RETURNING id"""
        ),
        {"model": pair[0], "tier": pair[1], "since": valid[0], "until": valid[1], "reason": reason, "by": by.id},
    ).scalar_one()
    stage.insert(
        PriceLine,
        [{"version_id": version, "usage_type": kind, "nano_per_mtoken": nano} for kind, nano in sorted(lines.items())],
    )


def call_unpriced(stage: Stage, people: list[Person]) -> None:
    """Calls of a model that somebody tried before it had a price; the batch that prices them is for you to start."""
    made = stage.db.execute(
        text(
            "INSERT INTO openai_pricing (model_name, description, is_active) VALUES (:name, :why, true) RETURNING id"
        ),
        {"name": NEW_MODEL, "why": "Tried before its price was known"},
    ).scalar_one()
    feature = stage.db.execute(text("SELECT id FROM ai_feature WHERE key = 'optimize_cv'")).scalar_one()
    tier = stage.db.execute(text("SELECT id FROM ai_tier WHERE key = 'standard'")).scalar_one()
    rows = []
    for number in range(_CALLS):
        at = stage.now - timedelta(days=_DAYS) + timedelta(days=_DAYS) * (number / _CALLS)
        completion = stage.dice.randrange(300, 1_100)
        rows.append(
            {
                "created_at": at, "user_seq": stage.one(people).seq, "model_id": made, "call_name": "optimize_cv",
                "model_requested": NEW_MODEL, "model_served": NEW_MODEL, "status": CallStatus.OK.value,
                "attempt": 1, "prompt_tokens": stage.dice.randrange(1_800, 5_200), "completion_tokens": completion,
                "duration_ms": 600 + completion * 8, "request_id": f"req_demo_{stage.word()}", "feature_id": feature,
                "tier_id": tier,
            }
        )  # fmt: skip
    stage.insert(OpenAICall, rows)

