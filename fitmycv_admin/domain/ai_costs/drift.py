"""Whether the rollups say what the calls say: compared every night, and a day counted anew when they do not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import effective, fold, rollups
from fitmycv_admin.domain.ai_costs.cells import MARK, SUMS, TOKENS
from fitmycv_admin.domain.ai_costs.fold import Mark
from fitmycv_admin.domain.ai_costs.periods import day_of, start_of
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.vocabulary import Measure, Permission

NIGHTS = 3


@dataclass(frozen=True, slots=True)
class CheckRow:
    """What the last comparison of a day found: the most that a rollup differs from the calls; 0 and 0 is right."""

    id: int
    day: date
    checked_at: datetime
    drift_nano: int
    drift_calls: int
    repaired_at: datetime | None

    @property
    def is_right(self) -> bool:
        """Nothing differs, or it was counted anew since."""
        return self.repaired_at is not None or (self.drift_nano == 0 and self.drift_calls == 0)


@dataclass(frozen=True, slots=True)
class Drift:
    """By how much the rollup that is worst differs from the calls, cell by cell."""

    nano: int
    calls: int


def check(db: Session) -> tuple[CheckRow, ...]:
    """Compare the last three whole days, and note what was found; newest day first."""
    found = fold.mark(db)
    today = day_of(clock.now(), found.zone)
    days = (today - timedelta(days=back) for back in range(1, NIGHTS + 1))
    return tuple(note(db, day, of(db, found, day, day)) for day in days if _is_whole(found, day))


def state(db: Session, by: Actor) -> Sequence[CheckRow]:
    """The last comparison of each of the last days compared, newest day first; empty before the first night."""
    by.must(Permission.COSTS_READ)
    rows = db.execute(
        text(
            f"""SELECT DISTINCT ON (day) {_COLUMNS} FROM rollup_check
                WHERE day > (SELECT max(day) FROM rollup_check) - :days ORDER BY day DESC, id DESC"""
        ),
        {"days": NIGHTS},
    )
    return [CheckRow(*row) for row in rows]


def repair(db: Session, by: Actor, day: date) -> CheckRow:
    """Count a day of the workspace's zone anew from its calls. Raises Invalid when calls of it were forgotten."""
    by.must(Permission.PRICES_WRITE)
    found = fold.lock(db)
    if not _is_whole(found, day):
        raise Invalid("ai_costs.error.day_forgotten", field="day")
    before = of(db, found, day, day)
    _count_anew(db, found, day)
    after = of(db, found, day, day)
    row = note(db, day, after)
    db.execute(
        text("UPDATE rollup_check SET repaired_at = clock_timestamp() WHERE day = :day AND repaired_at IS NULL"),
        {"day": day},
    )
    trail.record(
        db, by, "cost.repair", "cost_day", day.isoformat(),
        before={"drift_nano": before.nano, "drift_calls": before.calls},
        after={"drift_nano": after.nano, "drift_calls": after.calls},
    )  # fmt: skip
    return row


def of(db: Session, found: Mark, first: date, last: date) -> Drift:
    """How far the rollups of some whole days are from their folded calls; one statement, so one reading of both."""
    values = {
        "first": first, "last": last, "zone": found.zone,
        "start": start_of(first, found.zone), "end": start_of(last + timedelta(days=1), found.zone),
    }  # fmt: skip
    row = db.execute(text(_DRIFT), values).one()
    return Drift(int(row.nano), int(row.calls))


def _is_whole(found: Mark, day: date) -> bool:
    return found.whole_from is None or day >= found.whole_from


def _count_anew(db: Session, found: Mark, day: date) -> None:
    start, end = start_of(day, found.zone), start_of(day + timedelta(days=1), found.zone)
    for table in ("roll_day", "roll_user_day", "roll_histogram", "call_outlier"):
        db.execute(text(f"DELETE FROM {table} WHERE day = :day"), {"day": day})
    db.execute(text("DELETE FROM openai_usage WHERE date = :day"), {"day": day})
    adjusted = effective.MANY.format(start=":start", end=":end")
    calls = rollups.of_calls(
        "c.created_at >= :start AND c.created_at < :end AND c.xid < cast(:low AS xid8)", adjusted=adjusted
    )
    values = {"start": start, "end": end, "low": found.low, "zone": found.zone}
    but = frozenset({rollups.HOURS, rollups.MONTHS})
    rollups.prune(db, rollups.move(db, calls, values, but=but).days)
    # Where days begin inside an hour, the hours at both ends belong to two days: they are counted whole.
    values |= {"start": start.replace(minute=0), "end": (end + timedelta(minutes=59)).replace(minute=0)}
    db.execute(text("DELETE FROM roll_hour WHERE hour >= :start AND hour < :end"), values)
    rollups.move(db, calls, values, but=rollups.EVERY - {rollups.HOURS})
    rollups.months_anew(db, day, until=day)


def note(db: Session, day: date, drift: Drift) -> CheckRow:
    """Keep what a comparison found."""
    made = db.execute(
        text(
            f"INSERT INTO rollup_check (day, drift_nano, drift_calls) VALUES (:day, :nano, :calls) RETURNING {_COLUMNS}"
        ),
        {"day": day, "nano": drift.nano, "calls": drift.calls},
    ).one()
    return CheckRow(*made)


_COLUMNS = "id, day, checked_at, drift_nano, drift_calls, repaired_at"
_WITHIN = "day BETWEEN :first AND :last"
# Only hours that lie in the days as a whole: where days begin inside an hour, the others belong to two of them.
_WHOLE_HOURS = "hour >= :start AND hour + interval '1 hour' <= :end"
_OTHERS = ("unpriced", "prompt_tokens", "cached_tokens", "completion_tokens")


def _compared(table: str, truth: str, span: str, key: str, others: tuple[str, ...], cost: str = "cost_nano",
              calls: str = "calls") -> str:  # fmt: skip
    """Cell by cell: by how many nano-USD and calls a rollup is off; another sum that is off counts as one call."""
    differs = " OR ".join(f"coalesce(t.{one}, 0) <> coalesce(r.{one}, 0)" for one in others) or "false"
    nano = f"abs(coalesce(t.cost_nano, 0) - coalesce(r.{cost}, 0))" if cost else "0"
    return f"""
    SELECT coalesce(sum({nano}), 0) AS nano, coalesce(sum(greatest(abs(coalesce(t.calls, 0) - coalesce(r.{calls}, 0)),
        ({differs})::int)), 0) AS calls
    FROM ({truth}) t FULL JOIN (SELECT * FROM {table} one WHERE {span}) r USING ({key})"""


def _summed(key: str, sums: tuple[str, ...], where: str = "true") -> str:
    added = ", ".join(f"sum({one}) AS {one}" for one in sums)
    return f"SELECT {key}, {added} FROM moving WHERE {where} GROUP BY {key}"


_CELL = "feature_id, model_id, tier_id, plan_id"
_DETAILED = (*_OTHERS, *TOKENS)
_PARTS = (
    _compared(rollups.DAYS, _summed(f"day, {_CELL}", (*SUMS, *TOKENS)), _WITHIN, f"day, {_CELL}", _DETAILED),
    _compared(
        rollups.HOURS, _summed(f"hour, {_CELL}", (*SUMS, *TOKENS), _WHOLE_HOURS), _WHOLE_HOURS, f"hour, {_CELL}",
        _DETAILED,
    ),
    _compared(
        rollups.PEOPLE, _summed("day, user_seq, plan_id, tier_id", SUMS), _WITHIN,
        "day, user_seq, plan_id, tier_id", _OTHERS,
    ),
    _compared(
        rollups.MONTHS,
        f"""SELECT date_trunc('month', day)::date AS month, user_seq, plan_id, tier_id,
                {", ".join(f"sum({one}) AS {one}" for one in SUMS)}
            FROM roll_user_day WHERE day >= date_trunc('month', cast(:first AS date))
                AND day < date_trunc('month', cast(:last AS date)) + interval '1 month' GROUP BY 1, 2, 3, 4""",
        "month BETWEEN date_trunc('month', cast(:first AS date)) AND :last",
        "month, user_seq, plan_id, tier_id",
        _OTHERS,
    ),
    _compared(
        rollups.USAGE,
        """SELECT u.id AS user_id, f.key AS feature_name, m.model_name AS model, day AS date,
                sum(cost_nano) AS cost_nano, sum(calls) AS calls, sum(prompt_tokens) AS prompt_tokens,
                sum(cached_tokens) AS cached_tokens, sum(completion_tokens) AS completion_tokens
            FROM moving JOIN app_user u ON u.seq = user_seq JOIN ai_feature f ON f.id = feature_id
                JOIN openai_pricing m ON m.id = model_id GROUP BY 1, 2, 3, 4""",
        "date BETWEEN :first AND :last", "user_id, feature_name, model, date",
        ("prompt_tokens", "cached_tokens", "completion_tokens"), "estimated_cost_nano", "calls_count",
    ),
    _compared(
        rollups.SPREADS,
        f"""SELECT day, feature_id, measure, bucket, count(*) AS calls FROM (
                SELECT day, feature_id, '{Measure.DURATION}' AS measure,
                    {rollups.BUCKET.format("duration_ms")} AS bucket
                FROM moving WHERE duration_ms IS NOT NULL
                UNION ALL
                SELECT day, feature_id, '{Measure.COST}', {rollups.BUCKET.format("cost_is")}
                FROM moving WHERE cost_is IS NOT NULL
            ) one GROUP BY 1, 2, 3, 4""",
        _WITHIN, "day, feature_id, measure, bucket", (), "",
    ),
    _compared(
        "(SELECT day, feature_id, call_created_at AS at, call_id AS id, cost_nano, 1 AS calls FROM call_outlier)",
        f"""SELECT day, feature_id, at, id, cost_is AS cost_nano, 1 AS calls FROM (
                SELECT *, row_number() OVER (PARTITION BY day, feature_id ORDER BY cost_is DESC, at, id) AS place
                FROM moving WHERE cost_is > 0
            ) ranked WHERE place <= {rollups.OUTLIERS_KEPT}""",
        _WITHIN, "day, feature_id, at, id", (),
    ),
)  # fmt: skip
_CALLS = rollups.of_calls(
    f"c.created_at >= :start AND c.created_at < :end AND c.xid < {MARK}",
    adjusted=effective.MANY.format(start=":start", end=":end"),
)
_DRIFT = f"""
WITH moving AS MATERIALIZED ({_CALLS})
SELECT max(nano) AS nano, max(calls) AS calls FROM ({" UNION ALL ".join(_PARTS)}) part"""
