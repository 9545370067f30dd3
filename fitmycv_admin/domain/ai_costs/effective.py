"""What a call costs now: its own cost and every adjustment of it, as pieces of SQL for the alias `c` of openai_call."""

from fitmycv_admin.vocabulary import CallStatus

NOBODY_KNOWS = f"c.status = '{CallStatus.ABORTED}' AND c.prompt_tokens = 0 AND c.completion_tokens = 0"
"""Nobody answered: what such a call cost is unknown for ever, whatever its price is."""

OWN_UNPRICED = f"(c.cost_nano IS NULL AND NOT ({NOBODY_KNOWS}))"
"""Whether it had no price when it was recorded; enough for a call that is not folded yet, it has no adjustments."""

_OF_C = "FROM cost_adjustment a WHERE a.call_created_at = c.created_at AND a.call_id = c.id"

JOIN = f"""LEFT JOIN LATERAL (
    SELECT sum(a.delta_nano)::bigint AS delta_nano, coalesce(sum(a.priced), 0) AS priced {_OF_C}
) adjusted ON true"""
"""Its adjustments, for a few calls; COST and UNPRICED need it (or another relation of that name and columns)."""

MANY = """LEFT JOIN (
    SELECT call_created_at, call_id, sum(delta_nano)::bigint AS delta_nano, sum(priced) AS priced
    FROM cost_adjustment WHERE call_created_at >= {start} AND call_created_at < {end} GROUP BY 1, 2
) adjusted ON adjusted.call_created_at = c.created_at AND adjusted.call_id = c.id"""
"""As JOIN for all the calls of a time: put the expressions of its ends in."""

COST = (
    "CASE WHEN c.cost_nano IS NOT NULL OR adjusted.priced > 0"
    " THEN coalesce(c.cost_nano, 0) + coalesce(adjusted.delta_nano, 0) END"
)
"""Its cost in nano-USD; NULL while it has no price, or when nobody knows."""

UNPRICED = f"({OWN_UNPRICED} AND coalesce(adjusted.priced, 0) = 0)"
"""Whether it has no price, not even a later one."""

COST_ALONE = f"""(SELECT CASE WHEN c.cost_nano IS NOT NULL OR sum(a.priced) > 0
    THEN coalesce(c.cost_nano, 0) + coalesce(sum(a.delta_nano), 0)::bigint END {_OF_C})"""
"""COST without a join, for a condition."""

UNPRICED_ALONE = f"({OWN_UNPRICED} AND (SELECT coalesce(sum(a.priced), 0) = 0 {_OF_C}))"
"""UNPRICED without a join, for a condition."""
