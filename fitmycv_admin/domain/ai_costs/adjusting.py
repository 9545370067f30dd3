"""One chunk of a correction: which calls it changes, to what cost, and what that does to the rollups."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, text

from fitmycv_admin.domain.ai_costs import effective, fold, rollups, tariff
from fitmycv_admin.domain.ai_costs.cells import MARK, SUMS, TOKENS
from fitmycv_admin.vocabulary import AdjustmentKind

CHUNK = 20_000
# Outliers are found again for the days of a chunk: not for a whole year at once.
LONGEST = timedelta(days=7)
MOST_PREVIEWED = 100_000


@dataclass(frozen=True, slots=True)
class Scope:
    """Which calls, from and until when (not included), and what they shall cost: by `lines` (JSON), by the version
    valid at each call, or what they cost before the batch `reverts_id`."""

    kind: str
    model_id: int | None
    tier_id: int | None
    start: datetime
    end: datetime
    lines: str | None
    reverts_id: int | None

    def kept(self, kept_from: datetime | None) -> "Scope":
        """The same without calls that were forgotten."""
        return replace(self, start=max(self.start, kept_from)) if kept_from else self

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of its SQL."""
        return {
            "model": self.model_id, "tier": self.tier_id, "start": self.start, "end": self.end,
            "lines": self.lines, "reverts": self.reverts_id,
        }  # fmt: skip

    @property
    def is_revert(self) -> bool:
        """Whether it undoes another one."""
        return self.reverts_id is not None

    @property
    def of_calls(self) -> str:
        """Its calls (alias c), whenever they were."""
        model = "" if self.model_id is None else " AND c.model_id = :model"
        tier = "" if self.tier_id is None else " AND c.tier_id = :tier"
        late = " AND c.cost_nano IS NULL" if self.kind == AdjustmentKind.LATE_PRICE else ""
        return f"{model}{tier}{late}"


@dataclass(frozen=True, slots=True)
class Done:
    """How many calls a chunk changed, by how much together, and up to which instant (not included) it came."""

    calls: int
    delta_nano: int
    to: datetime


@dataclass(frozen=True, slots=True)
class Effect:
    """What a correction does to the calls of one feature (its number)."""

    feature_id: int
    calls: int
    newly_priced: int
    before_nano: int
    after_nano: int


@dataclass(frozen=True, slots=True)
class Effects:
    """All of them; not exact when a sample of hours stands for too many calls."""

    rows: tuple[Effect, ...]
    is_exact: bool


def chunk(db: Session, batch_id: int, scope: Scope) -> Done:
    """Correct the next calls of a batch, under the lock of the fold; `to` is the scope's end after the last ones."""
    found = fold.mark(db)
    scope = scope.kept(found.kept_from)
    end = _end(db, scope)
    if end <= scope.start:
        return Done(0, 0, end)
    part = replace(scope, end=end)
    moved = rollups.move(
        db, _movements(part), {**part.values, "zone": found.zone, "batch": batch_id}, also=_WRITTEN
    )  # fmt: skip
    rollups.prune(db, moved.days)
    rollups.outliers_anew(db, moved.touched, found.zone)
    return Done(moved.rows, moved.cost_nano, end)


def effects(db: Session, scope: Scope) -> Effects:
    """What a correction would do, by feature. Looks at each call, or at those of some hours when they are too many."""
    known = {row.feature_id: row for row in db.execute(text(_KNOWN.format(where=_cells(scope))), scope.values)}
    calls = sum(row.calls for row in known.values())
    if calls <= MOST_PREVIEWED:
        rows = db.execute(text(_effects(scope, _CALLS)), scope.values | {"zone": "UTC"})
        return Effects(tuple(Effect(*row[:5]) for row in rows), is_exact=True)
    values = scope.values | {"zone": "UTC", "every": -(-calls // MOST_PREVIEWED)}
    sampled = {row.feature_id: row for row in db.execute(text(_effects(scope, _SAMPLE)), values)}
    return Effects(tuple(_scaled(scope, row, sampled.get(number)) for number, row in known.items()), is_exact=False)


def _scaled(scope: Scope, known: Any, sample: Any) -> Effect:
    is_late = scope.kind == AdjustmentKind.LATE_PRICE
    before = 0 if is_late else int(known.cost_nano)
    if sample is None or not sample.looked:
        return Effect(known.feature_id, 0, 0, before, before)
    of, looked = int(known.unpriced if is_late else known.calls), int(sample.looked)
    moved = of * int(sample.after_nano - sample.before_nano) // looked
    return Effect(
        known.feature_id, of * sample.calls // looked, of * sample.newly_priced // looked, before, before + moved
    )


def _end(db: Session, scope: Scope) -> datetime:
    """The instant before which the next chunk ends: after so many calls or days, and before any that is not folded."""
    values = scope.values
    source, at = ("cost_adjustment c", "c.call_created_at") if scope.is_revert else ("openai_call c", "c.created_at")
    where = "c.batch_id = :reverts" if scope.is_revert else f"true{scope.of_calls}"
    ordered = f"SELECT {at} FROM {source} WHERE {where} AND {at} >= :start AND {at} < :end ORDER BY {at}"
    first = db.execute(text(f"{ordered} LIMIT 1"), values).scalar_one_or_none()
    if first is None:
        return scope.end
    end = min(scope.end, first + LONGEST)
    last = db.execute(
        text(f"{ordered} OFFSET :before LIMIT 1"), {**values, "end": end, "before": CHUNK - 1}
    ).scalar_one_or_none()
    if last is not None:
        end = min(end, last + timedelta(microseconds=1))
    if scope.is_revert:
        return end
    waiting = text(f"SELECT min(c.created_at) FROM openai_call c WHERE c.xid >= {MARK} AND {_SPAN}{scope.of_calls}")
    return min(end, db.execute(waiting, {**values, "end": end}).scalar_one() or end)


def _judged(scope: Scope, span: str, source: str) -> str:
    """The calls of a scope with what they cost and what they shall cost; both NULL where nobody knows."""
    if scope.is_revert:
        return f"""
        SELECT {rollups.KEYS_OF_CALL}, c.duration_ms, {effective.COST} AS cost_was,
            CASE WHEN r.priced = 0 THEN {effective.COST} - r.delta_nano END AS cost_is
        FROM cost_adjustment r JOIN openai_call c ON c.created_at = r.call_created_at AND c.id = r.call_id
            {effective.JOIN}
        WHERE r.batch_id = :reverts AND r.call_created_at >= :start AND r.call_created_at < :end"""
    prices = "CROSS JOIN prices" if scope.lines else _VALID
    return f"""
    SELECT {rollups.KEYS_OF_CALL}, c.duration_ms, {effective.COST} AS cost_was,
        {tariff.sql("c", "prices.lines")} AS cost_is
    FROM {source} {effective.MANY.format(start=":start", end=":end")} {prices}
    WHERE {span}{scope.of_calls}"""


def _changed(scope: Scope) -> str:
    """Which of the judged calls change; what a correction has no price for stays as it is."""
    if scope.is_revert:
        return "true"
    late = " AND cost_was IS NULL" if scope.kind == AdjustmentKind.LATE_PRICE else ""
    return f"cost_is IS NOT NULL AND cost_is IS DISTINCT FROM cost_was{late}"


def _movements(scope: Scope) -> str:
    judged = _judged(scope, f"{_SPAN} AND c.xid < {MARK}", _CALLS)
    sums = dict.fromkeys(SUMS + TOKENS, "0") | {
        "unpriced": "(cost_is IS NULL)::int - (cost_was IS NULL)::int",
        "cost_nano": "coalesce(cost_is, 0) - coalesce(cost_was, 0)",
    }
    return f"""
    WITH prices AS MATERIALIZED ({_prices(scope)}), judged AS MATERIALIZED ({judged})
    SELECT at, id, hour, day, user_seq, feature_id, model_id, tier_id, plan_id,
        {", ".join(f"{sql} AS {column}" for column, sql in sums.items())}, duration_ms, cost_was, cost_is
    FROM judged WHERE {_changed(scope)}"""


def _effects(scope: Scope, source: str) -> str:
    changed = _changed(scope)
    late = " WHERE cost_was IS NULL" if scope.kind == AdjustmentKind.LATE_PRICE else ""
    return f"""
    WITH prices AS MATERIALIZED ({_prices(scope)}), judged AS MATERIALIZED ({_judged(scope, _SPAN, source)})
    SELECT feature_id, count(*) FILTER (WHERE {changed}) AS calls,
        count(*) FILTER (WHERE {changed} AND cost_was IS NULL) AS newly_priced,
        coalesce(sum(cost_was), 0)::bigint AS before_nano,
        coalesce(sum(CASE WHEN {changed} THEN cost_is ELSE cost_was END), 0)::bigint AS after_nano, count(*) AS looked
    FROM judged{late} GROUP BY 1"""


def _prices(scope: Scope) -> str:
    return "SELECT cast(:lines AS jsonb) AS lines" if scope.lines else _VERSIONS


def _cells(scope: Scope) -> str:
    names: Mapping[str, int | None] = {"model": scope.model_id, "tier": scope.tier_id}
    return "".join(f" AND {name}_id = :{name}" for name, number in names.items() if number is not None)


_SPAN = "c.created_at >= :start AND c.created_at < :end"
_CALLS = "openai_call c"
# Whole hours drawn by lot, so that no hour of the day and no day of the week is preferred.
_SAMPLE = """(
    SELECT at FROM generate_series(date_trunc('hour', cast(:start AS timestamptz)), :end, interval '1 hour') at
    WHERE abs(hashint8(extract(epoch FROM at)::bigint)) % :every = 0
) drawn JOIN openai_call c ON c.created_at >= drawn.at AND c.created_at < drawn.at + interval '1 hour'"""
_VERSIONS = """
SELECT v.model_id, v.tier_id, v.valid, coalesce(jsonb_object_agg(l.usage_type, l.nano_per_mtoken)
    FILTER (WHERE l.usage_type IS NOT NULL), '{}') AS lines
FROM price_version v LEFT JOIN price_line l ON l.version_id = v.id GROUP BY v.id"""
_VALID = """LEFT JOIN prices ON prices.model_id = c.model_id AND prices.tier_id = c.tier_id
        AND prices.valid @> c.created_at"""
_WRITTEN = """
adjusted AS (INSERT INTO cost_adjustment (batch_id, call_created_at, call_id, delta_nano, priced)
    SELECT :batch, at, id, cost_nano, -unpriced FROM moving)"""
_KNOWN = """
SELECT feature_id, sum(calls)::bigint AS calls, sum(unpriced)::bigint AS unpriced, sum(cost_nano)::bigint AS cost_nano
FROM roll_hour WHERE hour >= date_trunc('hour', cast(:start AS timestamptz)) AND hour < :end{where} GROUP BY 1"""
