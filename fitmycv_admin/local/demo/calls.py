"""Model calls of the demo: who did what when, how many tokens that took, at the price that was valid."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import text

from fitmycv_admin.core import money
from fitmycv_admin.local.demo.office import Desk, Work
from fitmycv_admin.local.demo.people import Person
from fitmycv_admin.local.demo.stage import DAYS, Stage
from fitmycv_admin.models import OpenAICall
from fitmycv_admin.vocabulary import CallStatus, PlanFeature, TaskState, TaskType, UsageType

CALLS = 12_000
_MINI, _O4, _4O, _4O_MINI, _41 = (
    "gpt-4.1-mini-2025-04-14", "o4-mini", "gpt-4o", "gpt-4o-mini", "gpt-4.1-2025-04-14",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ask:
    """One call of a recipe: what it is for, of which model, with about how many tokens in and out."""

    name: str
    model: str
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one use of a feature calls; `weight` says how often people do it."""

    weight: float
    feature: PlanFeature | None
    asks: tuple[Ask, ...]


RECIPES = (
    Recipe(
        0.26,
        PlanFeature.GPT_CV_GENERATION,
        (
            Ask("extract_job_offer", _O4, 1_900, 900),
            Ask("cv_classify", _4O, 3_200, 420),
            Ask("cv_batch_experience", _O4, 2_800, 1_500),
            Ask("cv_batch_projects", _4O, 2_100, 620),
            Ask("cv_batch_skills", _O4, 1_700, 850),
            Ask("cv_batch_summary", _O4, 1_500, 700),
            Ask("cv_batch_education", _MINI, 1_100, 260),
            Ask("cv_batch_extras", _4O, 1_300, 300),
            Ask("cv_batch_languages", _4O_MINI, 800, 120),
        ),
    ),
    Recipe(
        0.2,
        PlanFeature.OPTIMIZE_CV,
        (
            Ask("improve_preprocess", _4O, 2_600, 380),
            Ask("improve_experience", _41, 2_300, 900),
            Ask("improve_project", _41, 1_900, 640),
            Ask("improve_classify_skills", _4O, 1_500, 300),
            Ask("improve_summary", _MINI, 1_200, 240),
            Ask("improve_languages", _MINI, 700, 90),
            Ask("improve_extras", _MINI, 900, 160),
        ),
    ),
    Recipe(0.18, PlanFeature.TRANSLATE_CV, (Ask("translate_cv", _MINI, 3_400, 3_100),)),
    Recipe(0.12, PlanFeature.GENERATE_FROM_JOB_TITLE, (Ask("generate_from_job_title", _MINI, 900, 2_300),)),
    Recipe(0.24, None, (Ask("detect_cv_language", _4O_MINI, 420, 12),)),
)
_OF_TASK = {
    TaskType.IMPORT_PDF: Ask("import_pdf", _MINI, 4_600, 2_900),
    TaskType.EXTRACT_OFFER: Ask("extract_job_offer", _O4, 1_900, 900),
    TaskType.MATCH_SCORE: Ask("match_score", _MINI, 3_900, 620),
}


@dataclass(frozen=True, slots=True)
class Use:
    """Somebody used a feature once, outside the tasks of the board."""

    person: Person
    at: datetime
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class _Price:
    model_id: int
    version_id: int
    nano: Mapping[str, int]


def uses(stage: Stage, desks: list[Desk]) -> list[Use]:
    """Uses of features until there are about CALLS model calls with those of the tasks, in order of time."""
    left = CALLS - sum(work.ended for desk in desks for work in desk.works)
    each = sum(recipe.weight * len(recipe.asks) for recipe in RECIPES)
    wanted, busy = left / each, [stage.busy(day) for day in range(DAYS)]
    found: list[Use] = []
    for day, share in enumerate(busy):
        date = stage.start + timedelta(days=day)
        there = [desk.person for desk in desks if desk.person.verified and desk.person.verified < date] or [
            desks[0].person
        ]
        weights = [min(person.weight, 6.0) for person in there]
        for _ in range(round(wanted * share / sum(busy))):
            person = stage.dice.choices(there, weights)[0]
            recipe = stage.dice.choices(RECIPES, [recipe.weight for recipe in RECIPES])[0]
            at = min(stage.at_hour(date), stage.now - timedelta(minutes=stage.dice.randrange(2, 40)))
            if person.verified and at < person.verified:
                at = person.verified + timedelta(minutes=stage.dice.randrange(1, 50))
            found.append(Use(person, at, recipe))
    return sorted(found, key=lambda use: use.at)


def place(stage: Stage, desks: list[Desk], done: list[Use], plans: "Plans") -> None:
    """Copy every call into the fact table, in order of time."""
    prices = _prices(stage)
    features = {row.key: row.id for row in stage.db.execute(text("SELECT id, key FROM ai_feature"))}
    tier = stage.db.execute(text("SELECT id FROM ai_tier WHERE key = 'standard'")).scalar_one()
    rows = []
    for use in done:
        at = use.at
        for ask in use.recipe.asks:
            row = _call(stage, ask, at, prices[ask.model], use.person)
            row |= {"feature_id": features[ask.name], "plan_id": plans.at(use.person, use.at)}
            rows.append(row)
            at += timedelta(milliseconds=(row["duration_ms"] or 0) // (3 if len(use.recipe.asks) > 1 else 1))
    for work in (work for desk in desks for work in desk.works):
        if work.state == TaskState.COMPLETED and work.attempts > 1:
            rows.append(_lost(stage, work, prices, features, plans))
        if work.state == TaskState.COMPLETED or (work.state == TaskState.FAILED and work.attempts > 1):
            ask = _OF_TASK[work.type]
            row = _call(stage, ask, work.started, prices[ask.model], work.person, work)
            row |= {"feature_id": features[ask.name], "plan_id": plans.at(work.person, work.at)}
            rows.append(row)
    rows.sort(key=lambda row: row["created_at"])
    _make_outliers(rows, prices)
    stage.copy(OpenAICall, [row | {"tier_id": tier} for row in rows])


def _lost(
    stage: Stage, work: Work, prices: Mapping[str, _Price], features: Mapping[str, int], plans: "Plans"
) -> dict[str, Any]:
    """The call of an attempt that did not succeed: nobody charged anything."""
    ask = _OF_TASK[work.type]
    row = _call(stage, ask, work.started - timedelta(seconds=40), prices[ask.model], work.person, work)
    nothing = dict.fromkeys(("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens"), 0)
    row |= nothing | {"attempt": 1, "status": CallStatus.FAILED.value, "cost_nano": 0, "duration_ms": 30_000}
    return row | {"feature_id": features[ask.name], "plan_id": plans.at(work.person, work.at)}


def _make_outliers(rows: list[dict[str, Any]], prices: Mapping[str, _Price]) -> None:
    """Now and then somebody hands in a document many times as long as the others."""
    for number, row in enumerate(rows):
        if number % 401 != 17 or row["status"] != CallStatus.OK:
            continue
        times, price = 4 + number % 13, prices[row["model_served"]].nano
        for name in ("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens", "duration_ms"):
            row[name] *= times
        whole = (row["prompt_tokens"] - row["cached_tokens"]) * price[UsageType.INPUT]
        whole += row["cached_tokens"] * price[UsageType.CACHED_INPUT]
        whole += row["completion_tokens"] * price[UsageType.OUTPUT]
        row["cost_nano"] = money.round_half_up(whole, money.PER_MILLION)


class Plans:
    """Which plan a person had at an instant."""

    def __init__(self, spans: list[tuple[UUID, int, datetime, datetime]]) -> None:
        self._spans = spans

    def at(self, person: Person, instant: datetime) -> int | None:
        """The id of the plan; None for people who pay with credits only."""
        for user_id, plan_id, since, until in self._spans:
            if user_id == person.id and since <= instant < until:
                return plan_id
        return None


def _call(
    stage: Stage, ask: Ask, at: datetime, price: _Price, person: Person, work: Work | None = None
) -> dict[str, Any]:
    status = stage.dice.choices((CallStatus.OK, CallStatus.FAILED, CallStatus.ABORTED), (987, 12, 1))[0]
    if work is not None:
        status = CallStatus.OK
    answered = status == CallStatus.OK
    size = stage.dice.lognormvariate(0, 0.32)
    prompt = int(ask.tokens_in * size) if answered else 0
    cached = prompt // 128 * 128 * 6 // 10 if stage.chance(0.35) else 0
    completion = max(1, int(ask.tokens_out * size * stage.dice.uniform(0.7, 1.3))) if answered else 0
    reasoning = completion * stage.dice.randrange(35, 65) // 100 if ask.model == _O4 else 0
    cost = (
        (prompt - cached) * price.nano[UsageType.INPUT]
        + cached * price.nano[UsageType.CACHED_INPUT]
        + completion * price.nano[UsageType.OUTPUT]
    )
    known = status != CallStatus.ABORTED
    return {
        "created_at": at,
        "user_seq": person.seq,
        "model_id": price.model_id,
        "call_name": ask.name,
        "model_requested": ask.model,
        "model_served": ask.model,
        "status": status.value,
        "task_id": work.id if work else None,
        "step": work.type.value if work else "",
        "attempt": work.attempts if work else 1,
        "prompt_tokens": prompt,
        "cached_tokens": cached,
        "completion_tokens": completion,
        "reasoning_tokens": reasoning,
        "price_version_id": price.version_id,
        "cost_nano": money.round_half_up(cost, money.PER_MILLION) if known else None,
        "duration_ms": int(600 + completion * stage.dice.uniform(5, 11)) if answered else 30_000,
        "request_id": f"req_demo_{stage.word()}",
    }


def _prices(stage: Stage) -> dict[str, _Price]:
    """The standard price of each model now, which is the one of the whole story."""
    found = stage.db.execute(
        text(
            """SELECT m.model_name, m.id model_id, v.id version_id,
                 jsonb_object_agg(l.usage_type, l.nano_per_mtoken) nano
               FROM openai_pricing m JOIN price_version v ON v.model_id = m.id AND v.valid @> cast(:at AS timestamptz)
               JOIN ai_tier t ON t.id = v.tier_id AND t.key = 'standard' JOIN price_line l ON l.version_id = v.id
               GROUP BY 1, 2, 3"""
        ),
        {"at": stage.start},
    )
    return {row.model_name: _Price(row.model_id, row.version_id, row.nano) for row in found}
