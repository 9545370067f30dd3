"""What must always be true of the data, each as one query that finds the rows where it is not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlmodel import Session, text

from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.insights.money import RULES as MONEY
from fitmycv_admin.vocabulary import Permission

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One rule: how many rows break it, and the first of them."""

    rule: str
    broken: int
    examples: tuple[str, ...]


def run(db: Session, by: Actor, rules: Mapping[str, str] | None = None) -> Iterator[CheckRow]:
    """Every rule, or these, in turn; all see the same snapshot when the session holds one."""
    by.must(Permission.AUDIT_READ)
    for rule, query in (RULES if rules is None else rules).items():
        found = [str(row[0]) for row in db.execute(text(query))]
        yield CheckRow(rule, len(found), tuple(found[:EXAMPLES]))


# How far rollups differ from the calls that the mark says they hold, and their corrections. Where calls were
# forgotten, from the first day or month of which all are kept.
_FOLDED = """
WITH mark AS (SELECT folded_below, coalesce((kept_from AT TIME ZONE 'UTC') + interval '{step}', '-infinity') AS first,
    {zone} AS zone FROM fold_mark),
kept AS NOT MATERIALIZED (SELECT c.* FROM openai_call c, mark WHERE c.xid < mark.folded_below
    AND (mark.first = '-infinity' OR c.created_at >= mark.first AT TIME ZONE mark.zone)),
over AS (
    SELECT coalesce(sum(r.calls), 0) - (SELECT count(*) FROM kept) AS calls,
        coalesce(sum(r.cost_nano), 0) - (SELECT coalesce(sum(cost_nano), 0) FROM kept) - (
            SELECT coalesce(sum(a.delta_nano), 0) FROM cost_adjustment a
            JOIN kept ON kept.created_at = a.call_created_at AND kept.id = a.call_id) AS cost
    FROM {table} r, mark WHERE r.{at} {compare}
)
SELECT '{table}: ' || column_name || ' off by ' || difference
FROM over, LATERAL (VALUES ('calls', calls), ('cost_nano', cost)) AS kind (column_name, difference)
WHERE difference <> 0
"""


def _folded(table: str, at: str, step: str) -> str:
    zone, compare = ("'UTC'", ">= mark.first AT TIME ZONE 'UTC'") if at == "hour" else ("zone", ">= mark.first::date")
    return _FOLDED.format(table=table, at=at, step=step, zone=zone, compare=compare)


RULES: dict[str, str] = {
    **MONEY,
    "a finished task has an end and no worker": """
        SELECT id FROM background_task
        WHERE status IN ('completed', 'failed', 'cancelled') AND (finished_at IS NULL OR lease_owner IS NOT NULL)""",
    "a task is completed by one attempt": """
        SELECT task_id FROM task_attempt WHERE outcome = 'completed' GROUP BY task_id HAVING count(*) > 1""",
    "no ended attempt belongs to an earlier start than the task's last": """
        SELECT a.task_id FROM task_attempt a JOIN background_task t ON t.id = a.task_id WHERE a.attempt > t.attempt""",
    "no lease is over for more than a minute": """
        SELECT id FROM background_task
        WHERE status = 'running' AND lease_until < clock_timestamp() - interval '1 minute'""",
    "no task waits for more than a day": """
        SELECT id FROM background_task WHERE status = 'queued' AND created_at < clock_timestamp() - interval '1 day'""",
    "an answered call has a cost exactly when it has a price": """
        SELECT id FROM openai_call WHERE status = 'ok' AND (cost_nano IS NULL) <> (price_version_id IS NULL)""",
    "the hours hold every folded call": _folded("roll_hour", "hour", "0"),
    "the days hold every folded call": _folded("roll_day", "day", "1 day"),
    "the days of people hold every folded call": _folded("roll_user_day", "day", "1 day"),
    "the months of people hold every folded call": _folded("roll_user_month", "month", "1 month"),
    "somebody can administer the product": """
        SELECT 'no active admin' WHERE EXISTS (SELECT 1 FROM app_user)
        AND NOT EXISTS (SELECT 1 FROM app_user WHERE role = 'admin' AND state = 'active')""",
}
