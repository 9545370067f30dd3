"""Builders for the tests of costs: models with prices, calls at instants."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.ai_costs import adjustments, catalogue, fold, meter
from fitmycv_admin.domain.ai_costs.calls import CallUsage
from fitmycv_admin.models import User
from fitmycv_admin.vocabulary import CallStatus

OPS = actors.system("test")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ROLLUPS = ("roll_hour", "roll_day", "roll_user_day", "roll_user_month")
PRICE = {"input": 2_000_000_000, "cached_input": 500_000_000, "output": 8_000_000_000}


def usage(at: datetime, *, model: str = "gpt-a", prompt: int = 1000, cached: int = 0, completion: int = 100,
          call: str = "match_score", tier: str = "standard", status: CallStatus = CallStatus.OK,
          cache_write: int = 0, requested: str = "", reasoning: int = 0, image: int = 0,
          audio: int = 0) -> CallUsage:  # fmt: skip
    """One call as the worker reports it."""
    return CallUsage(
        call_name=call, feature_key=call, model_requested=requested or model, model_served=model, tier=tier,
        prompt_tokens=prompt, cached_tokens=cached, cache_write_tokens=cache_write, completion_tokens=completion,
        reasoning_tokens=reasoning, image_tokens=image, audio_tokens=audio, started_at=at, duration_ms=900,
        status=status, request_id="req_1",
    )  # fmt: skip


def priced(db: Session, model: str, *, tier: str = "standard", since: datetime = LONG_AGO,
           lines: dict[str, int] | None = None, until: datetime | None = None) -> int:  # fmt: skip
    """A model whose price has been valid for long; returns the version's id."""
    found = catalogue.model_of(db, model)
    version = db.execute(
        text(
            "INSERT INTO price_version (model_id, tier_id, valid, reason) VALUES (:model, :tier,"
            " tstzrange(cast(:since AS timestamptz), cast(:until AS timestamptz)), 'test') RETURNING id"
        ),
        {"model": found.id, "tier": catalogue.tier_id(db, tier), "since": since, "until": until},
    ).scalar_one()
    for kind, nano in (lines or PRICE).items():
        db.execute(
            text("INSERT INTO price_line VALUES (:version, :kind, :nano)"),
            {"version": version, "kind": kind, "nano": nano},
        )
    return int(version)


def person(db: Session, email: str) -> UUID:
    """A user."""
    user = User(email=email, name=email.partition("@")[0])
    db.add(user)
    db.flush()
    return user.id


def spread(db: Session, start: datetime, count: int, *, step: timedelta, people: list[UUID] | None = None) -> None:
    """Many calls of two models, three call names and two tiers, some without a price."""
    for number in range(count):
        meter.record(
            db,
            usage(
                start + step * number,
                model=("gpt-a", "gpt-b", "gpt-unknown")[number % 7 % 3],
                call=("match_score", "import_pdf", "extract_job_offer")[number % 3],
                tier=("standard", "priority")[number % 5 == 0],
                prompt=1000 + number * 37 % 911, cached=number * 13 % 900, completion=50 + number % 301,
            ),
            user_id=people[number % len(people)] if people and number % 11 else None,
        )  # fmt: skip


def wipe(db: Session) -> None:
    """No calls, no rollups, no prices; batches that were open stand still."""
    db.execute(text("UPDATE adjustment_batch SET model_id = NULL, state = replace(state, 'running', 'stopped')"))
    for table in ("openai_call", *ROLLUPS, "openai_usage", "roll_histogram", "call_outlier", "price_version",
                  "openai_pricing"):  # fmt: skip
        db.execute(text(f"DELETE FROM {table}"))
    db.execute(
        text("UPDATE fold_mark SET folded_below = '0', folded_calls = 0, zone = 'Europe/Paris', kept_from = NULL")
    )


def fold_all() -> None:
    """Fold until nothing waits: autovacuum and the like may hold the limit for a moment."""
    for _ in range(100):
        with transaction() as db:
            fold.fold(db)
            waiting = text("SELECT 1 FROM openai_call WHERE xid >= (SELECT folded_below FROM fold_mark) LIMIT 1")
            if not db.execute(waiting).all():
                return
    raise AssertionError("somebody keeps a transaction open")


def work_all() -> None:
    """Carry out every open batch, each chunk in a transaction of its own."""
    for _ in range(500):
        with transaction() as db:
            adjustments.work(db)
            if not db.execute(text("SELECT 1 FROM adjustment_batch WHERE state = 'running'")).all():
                return
    raise AssertionError("a batch does not end")
