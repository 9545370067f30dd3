"""Hard limits: one decision before each call of a model, with what it may cost reserved until it is recorded.

A counter of a limit is one row for its rule, subject and window. Whoever changes several first inserts those that are
missing and then updates them, both in the order of their keys: so nobody waits in a circle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.domain.ai_costs import catalogue, pricing, tariff
from fitmycv_admin.domain.budgets import spending, subjects, windows
from fitmycv_admin.domain.budgets.subjects import Rule
from fitmycv_admin.domain.budgets.windows import Window
from fitmycv_admin.vocabulary import BudgetWindow, Enforcement, PlanFeature, ServiceTier, UsageType

BYTES_PER_TOKEN = 2
"""Fewer than any text of ours has, so that a prompt is never estimated too short."""
MOST_OUTPUT = 8_192
"""How long an answer is taken to be when nobody limits it."""
LONGEST_CALL = timedelta(minutes=10)
"""More than any attempt at a task may take: what is reserved longer belongs to nobody."""
_ANSWERED_BY = timedelta(minutes=4)
"""A call of a task that has ended was sent before that: after this long nobody waits for it any more."""


class Answer(StrEnum):
    """What happens to a call."""

    ALLOW = "allow"
    DENY = "deny"
    DEGRADE = "degrade"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a call may be sent, and of which model. `rule_id` and `reason` say what denied or degraded it, and
    `until` when its window ends. `at` is the instant it counts for: the call's own."""

    kind: Answer
    model: str
    at: datetime
    rule_id: int | None = None
    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """A hard limit that has no room at all until an instant."""

    rule_id: int
    until: datetime


@dataclass(frozen=True, slots=True)
class _Counter:
    """One row that a call counts in."""

    rule: Rule
    subject: str
    window: Window


def ask(
    db: Session,
    *,
    call_key: UUID,
    user_id: UUID | None,
    feature_key: str,
    plan_id: int | None,
    model: str,
    prompt_bytes: int = 0,
    max_output_tokens: int | None = None,
    tier: str = "standard",
    estimate_nano: int | None = None,
    task_id: UUID | None = None,
) -> Decision:
    """Decide about one call and reserve what it may cost in every hard limit that counts it: all or nothing.

    The cost is estimated for the model that is used in the end; `estimate_nano` says it instead. A call that a limit
    degraded is not reserved there: it goes on beyond it. Call it in a transaction of its own that commits before the
    call is sent; settle or free it afterwards.
    """
    now = clock.now()
    rules = subjects.hard(db, user_id=user_id, feature_key=feature_key, plan_id=plan_id or 0)
    if not rules:
        return Decision(Answer.ALLOW, model, now)
    zone = spending.zone(db)
    counters = _counters(db, rules, user_id, now, zone)
    used, left, cause = model, set[int](), None
    while True:
        match = catalogue.find_model(db, used)
        nano = estimate_nano
        if nano is None or used != model:
            nano = estimate(db, used, tier, now, prompt_bytes=prompt_bytes, max_output_tokens=max_output_tokens)
        wanted = [
            counter
            for counter in counters
            if counter.rule.id not in left and counter.rule.says.model_id in (None, match.id if match else None)
        ]
        full = _reserve(db, wanted, nano or 0, call_key, task_id, zone)
        if full is None:
            kind = Answer.ALLOW if used == model else Answer.DEGRADE
            return _decision(kind, used, now, cause if used != model else None)
        cause = full
        if full.rule.says.enforcement is not Enforcement.DEGRADE:
            return _decision(Answer.DENY, used, now, full)
        left.add(full.rule.id)
        used = full.rule.says.degrade_model or used


def settle(db: Session, call_key: UUID, cost_nano: int | None) -> bool:
    """Turn the reservation of a call into what it cost, in the transaction that records it; exactly once.

    False when nothing was reserved, or not any more. None: nobody knows what it cost.
    """
    return _release(db, call_key, text(_SETTLE), cost_nano or 0)


def free(db: Session, call_key: UUID) -> bool:
    """Let go of the reservation of a call that was never sent."""
    return _release(db, call_key, text(_FREE), 0)


def sweep(db: Session) -> int:
    """Let go of the reservations of calls that can no longer end; returns how many calls.

    What such a call cost is not lost: if it is recorded after all, the next evaluation counts it.
    """
    values = {"long": LONGEST_CALL.total_seconds(), "short": _ANSWERED_BY.total_seconds()}
    keys = [row.call_key for row in db.execute(text(_LEFT_BEHIND), values)]
    db.execute(text(_FORGET))
    return sum(free(db, key) for key in keys)


def estimate(
    db: Session, model: str, tier: str, at: datetime, *, prompt_bytes: int, max_output_tokens: int | None
) -> int | None:
    """What a call may cost at most at the price valid then, in nano-USD; None for a model without a price."""
    match = catalogue.find_model(db, model)
    if match is None:
        return None
    prompt = -(-prompt_bytes // BYTES_PER_TOKEN)
    is_long = match.large_context_from is not None and prompt >= match.large_context_from
    dearest = None
    for name in {tier, ServiceTier.STANDARD, *([ServiceTier.LARGE_CONTEXT] if is_long else [])}:
        known = catalogue.known_tier(db, name)
        price = pricing.price_at(db, match.id, known, at) if known is not None else None
        nano = _at_most(price.lines, prompt, max_output_tokens or MOST_OUTPUT) if price else None
        dearest = max(nano, dearest or 0) if nano is not None else dearest
    return dearest


def closed(db: Session, user_id: UUID, feature: PlanFeature | None) -> Closed | None:
    """The hard limit that has no room left for this person and feature now; None when work may begin.

    None is left when not even the smallest call it refused would fit beside what was really spent. Limits of one
    model or plan are left to the call itself.
    """
    values = {"user": user_id, "feature": str(feature or ""), "now": clock.now()}
    row = db.execute(text(_CLOSED), values).first()
    return Closed(row.rule_id, row.ends_at) if row is not None else None


def open_counters(db: Session, rule: Rule, found: Sequence[tuple[str, Window, int]]) -> None:
    """Insert the counters that are missing, each with what is spent already."""
    for subject, window, spent in sorted(found):
        db.execute(
            text(_OPEN),
            {"rule": rule.id, "subject": subject, "starts": window[0], "ends": window[1], "spent": max(spent, 0),
             "limit": rule.says.threshold_nano},
        )  # fmt: skip


def recount(db: Session, rule: Rule, found: Sequence[tuple[str, Window]], zone: str) -> dict[tuple[str, datetime], Any]:
    """Count anew what the subjects of a hard limit spent, holding their counters; rows with spent_nano and denied.

    While a counter is held no call that it reserved for can be recorded, so that none is missed or counted twice.
    """
    keys = {"rule": rule.id, "subjects": [s for s, _w in found], "starts": [w[0] for _s, w in found]}
    held = {(row.subject, row.starts_at) for row in db.execute(text(_HOLD), keys)}
    spent: dict[tuple[str, datetime], int] = {}
    people: dict[datetime, dict[int, Window]] = {}
    for subject, window in found:
        if (subject, window[0]) not in held:
            continue
        seq = subjects.seq_of(subject)
        if seq is None:
            scope = spending.scope_of(db, rule.says, rule.user_seq)
            spent[subject, window[0]] = spending.total(db, scope, window, zone)
        else:
            people.setdefault(window[0], {})[seq] = window
    for start, spans in people.items():
        sums = spending.people(db, spending.scope_of(db, rule.says), spans)
        spent |= {(subjects.person(seq), start): nano for seq, nano in sums.items()}
    values = {
        "rule": rule.id, "subjects": [key[0] for key in spent], "starts": [key[1] for key in spent],
        "spent": list(spent.values()), "limit": rule.says.threshold_nano,
    }  # fmt: skip
    rows = db.execute(text(_RECOUNT), values)
    return {(row.subject, row.starts_at): row for row in rows}


def _counters(db: Session, rules: list[Rule], user_id: UUID | None, now: datetime, zone: str) -> list[_Counter]:
    seq = db.execute(text("SELECT seq FROM app_user WHERE id = :id"), {"id": user_id}).scalar_one_or_none()
    billed = any(rule.says.window is BudgetWindow.BILLING_PERIOD for rule in rules)
    anchor = spending.anchors(db, [seq], now).get(seq) if billed and seq is not None else None
    found = []
    for rule in rules:
        of_one = rule.says.each_user or rule.says.user_id is not None
        if rule.says.each_user and seq is None:
            continue  # the system is nobody
        subject = subjects.person(seq) if rule.says.each_user and seq is not None else subjects.EVERYBODY
        found.append(_Counter(rule, subject, windows.of(rule.says, now, zone, anchor if of_one else None)))
    return found


def _reserve(
    db: Session, wanted: list[_Counter], nano: int, call_key: UUID, task_id: UUID | None, zone: str
) -> _Counter | None:
    """Reserve in all of these, in their order; the first that is full, and then nothing is reserved."""
    _open_missing(db, wanted, zone)
    for place, counter in enumerate(wanted):
        values = _key(counter) | {"nano": nano, "limit": counter.rule.says.threshold_nano}
        if db.execute(text(_RESERVE), values).one_or_none() is None:
            db.execute(text(_DENIED), values)
            for earlier in wanted[:place]:
                db.execute(text(_BACK), _key(earlier) | {"nano": nano})
            return counter
    for counter in wanted:
        db.execute(text(_NOTE), _key(counter) | {"nano": nano, "call": call_key, "task": task_id})
    return None


def _open_missing(db: Session, wanted: list[_Counter], zone: str) -> None:
    values = {"rules": [c.rule.id for c in wanted], "subjects": [c.subject for c in wanted],
              "starts": [c.window[0] for c in wanted]}  # fmt: skip
    there = {(row.rule_id, row.subject, row.starts_at) for row in db.execute(text(_THERE), values)}
    for counter in wanted:
        if (counter.rule.id, counter.subject, counter.window[0]) in there:
            continue
        seq = subjects.seq_of(counter.subject)
        scope = spending.scope_of(db, counter.rule.says, seq if seq is not None else counter.rule.user_seq)
        spent = spending.total(db, scope, counter.window, zone)
        open_counters(db, counter.rule, [(counter.subject, counter.window, spent)])


def _release(db: Session, call_key: UUID, change: Any, cost: int) -> bool:
    rows = db.execute(text(_TAKE), {"call": call_key}).all()
    for row in sorted(rows, key=lambda row: (row.rule_id, row.subject, row.starts_at)):
        values = {"rule": row.rule_id, "subject": row.subject, "starts": row.starts_at}
        db.execute(change, values | {"nano": row.amount_nano, "cost": cost})
    return bool(rows)


def _at_most(lines: tariff.Lines, prompt: int, output: int) -> int | None:
    """Every token at the dearest price of its side."""
    sides = ((prompt, (UsageType.INPUT, UsageType.CACHE_WRITE)), (output, (UsageType.OUTPUT, UsageType.REASONING)))
    total = 0
    for tokens, kinds in sides:
        prices = [price for kind in kinds if (price := tariff.line_of(lines, kind)) is not None]
        if not prices:
            return None
        total += tokens * max(prices)
    return -(-total // 1_000_000)


def _decision(kind: Answer, model: str, now: datetime, full: _Counter | None) -> Decision:
    if full is None:
        return Decision(kind, model, now)
    return Decision(kind, model, now, full.rule.id, full.rule.says.name, full.window[1])


def _key(counter: _Counter) -> dict[str, Any]:
    return {"rule": counter.rule.id, "subject": counter.subject, "starts": counter.window[0]}


_ONE = "rule_id = :rule AND subject = :subject AND starts_at = :starts"
_SOME = "(subject, starts_at) IN (SELECT * FROM unnest(cast(:subjects AS text[]), cast(:starts AS timestamptz[])))"
_THERE = """
SELECT rule_id, subject, starts_at FROM budget_spending WHERE (rule_id, subject, starts_at) IN (
    SELECT * FROM unnest(cast(:rules AS bigint[]), cast(:subjects AS text[]), cast(:starts AS timestamptz[])))
"""
_OPEN = """
INSERT INTO budget_spending (rule_id, subject, starts_at, ends_at, limit_nano, spent_nano, updated_at)
VALUES (:rule, :subject, :starts, :ends, :limit, :spent, clock_timestamp())
ON CONFLICT (rule_id, subject, starts_at) DO NOTHING
"""
_RESERVE = f"""
UPDATE budget_spending SET reserved_nano = reserved_nano + :nano, limit_nano = :limit, updated_at = clock_timestamp()
WHERE {_ONE} AND spent_nano + reserved_nano + :nano <= :limit RETURNING rule_id
"""
_DENIED = f"""
UPDATE budget_spending SET denied = denied + 1, limit_nano = :limit, updated_at = clock_timestamp(),
    least_denied_nano = least(least_denied_nano, :nano)
WHERE {_ONE}
"""
_BACK = f"UPDATE budget_spending SET reserved_nano = reserved_nano - :nano WHERE {_ONE}"
_NOTE = """
INSERT INTO budget_reservation (call_key, rule_id, subject, starts_at, amount_nano, task_id, made_at)
VALUES (:call, :rule, :subject, :starts, :nano, :task, clock_timestamp())
"""
_TAKE = """
DELETE FROM budget_reservation WHERE call_key = :call RETURNING rule_id, subject, starts_at, amount_nano
"""
_SETTLE = f"""
UPDATE budget_spending SET reserved_nano = reserved_nano - :nano, spent_nano = spent_nano + :cost,
    over_nano = over_nano + greatest(0, :cost - :nano), updated_at = clock_timestamp()
WHERE {_ONE}
"""
_FREE = f"""
UPDATE budget_spending SET reserved_nano = reserved_nano - :nano, updated_at = clock_timestamp() WHERE {_ONE}
"""
_LEFT_BEHIND = """
SELECT DISTINCT r.call_key FROM budget_reservation r LEFT JOIN background_task t ON t.id = r.task_id
WHERE r.made_at < clock_timestamp() - make_interval(secs => :long)
    OR (r.made_at < clock_timestamp() - make_interval(secs => :short)
        AND t.finished_at < clock_timestamp() - make_interval(secs => :short))
ORDER BY 1 LIMIT 1000
"""
_FORGET = """
DELETE FROM budget_spending s WHERE s.subject <> '' AND s.ends_at < clock_timestamp() - interval '100 days'
    AND s.denied = 0 AND s.over_nano = 0 AND s.spent_nano * 2 < s.limit_nano AND s.reserved_nano = 0
"""
_HOLD = f"""
SELECT subject, starts_at FROM budget_spending WHERE rule_id = :rule AND {_SOME}
ORDER BY subject, starts_at FOR UPDATE
"""
_RECOUNT = """
UPDATE budget_spending s SET spent_nano = greatest(n.spent, 0), limit_nano = :limit, updated_at = clock_timestamp()
FROM unnest(cast(:subjects AS text[]), cast(:starts AS timestamptz[]), cast(:spent AS bigint[]))
    AS n (subject, starts_at, spent)
WHERE s.rule_id = :rule AND s.subject = n.subject AND s.starts_at = n.starts_at
RETURNING s.subject, s.starts_at, s.spent_nano, s.denied
"""
_CLOSED = """
SELECT s.rule_id, s.ends_at FROM openai_alert r JOIN budget_spending s ON s.rule_id = r.id
LEFT JOIN app_user u ON u.id = :user
WHERE r.enabled AND r.deleted_at IS NULL AND r.enforcement = 'deny' AND r.model_id IS NULL AND r.plan_id IS NULL
    AND (r.user_id IS NULL OR r.user_id = :user)
    AND (r.feature_key IS NULL OR r.feature_key IN (
        SELECT m.feature_key FROM feature_mapping m WHERE m.plan_feature_names ? :feature))
    AND s.subject = CASE WHEN r.each_user THEN 'user:' || u.seq ELSE '' END
    AND s.starts_at <= :now AND s.ends_at > :now
    AND s.spent_nano + coalesce(s.least_denied_nano, 1) > r.threshold_nano
ORDER BY s.ends_at DESC
"""
