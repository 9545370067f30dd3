"""Who cost most in a period: any number of people, with their plan and the credits they used."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import cells, queries
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.periods import Period
from fitmycv_admin.domain.ai_costs.queries import Sums
from fitmycv_admin.vocabulary import CreditKind, Permission

STANDARD, MOST = 20, 1_000


@dataclass(frozen=True, slots=True)
class TopUser:
    """What one person caused. No id: the system itself.

    `plan` is the one of now; `credits` are those their work took in the period, less what was given back.
    """

    user_id: UUID | None
    email: str
    plan: str
    sums: Sums
    credits: int


@dataclass(frozen=True, slots=True)
class TopUsers:
    """The dearest people first, what everybody cost together, and how many had calls."""

    rows: tuple[TopUser, ...]
    whole: Sums
    people: int


def top(db: Session, by: Actor, period: Period, filters: Filters, *, limit: int = STANDARD) -> TopUsers:
    """The people who cost most in a period, at most 1,000 of them; addresses shortened for who may not read them."""
    by.must(Permission.COSTS_READ)
    added = ", ".join(f"coalesce(sum({column}), 0)::bigint" for column in cells.SUMS)
    rows = db.execute(
        text(_TOP.format(added=cells.ADDED, source=cells.by_user(period, filters), whole=added)),
        {
            "limit": min(max(limit, 1), MOST), "used": [CreditKind.USAGE, CreditKind.RETURN],
            **cells.by_user_values(period, filters),
        },
    ).all()  # fmt: skip
    if not rows:
        return TopUsers((), Sums(), 0)
    shown = by.may(Permission.PEOPLE_REVEAL)
    people = tuple(
        TopUser(
            user_id=row.id,
            email=(row.email or "") if shown else queries.masked(row.email),
            plan=row.plan or "",
            sums=Sums(*(getattr(row, column) for column in cells.SUMS)),
            credits=row.credits,
        )
        for row in rows
    )
    return TopUsers(people, Sums(*rows[0].whole), rows[0].people)


# The sum of everybody is read with the rows, so that shares are shares of exactly these.
_TOP = """
WITH each AS MATERIALIZED (SELECT user_seq, {added} FROM ({source}) cells GROUP BY user_seq),
    top AS (SELECT * FROM each ORDER BY cost_nano DESC, calls DESC, user_seq LIMIT :limit)
SELECT u.id, u.email, p.name AS plan, top.*,
    (SELECT ARRAY[{whole}] FROM each) AS whole,
    (SELECT count(*) FROM each WHERE user_seq <> 0) AS people,
    coalesce((SELECT -sum(t.amount) FROM credit_transaction t WHERE t.user_id = u.id AND t.type = ANY(:used)
        AND t.created_at >= :from AND t.created_at < :until), 0)::bigint AS credits
FROM top
LEFT JOIN app_user u ON u.seq = top.user_seq
LEFT JOIN subscription s ON s.user_id = u.id AND s.status IN ('active', 'trialing', 'past_due')
LEFT JOIN subscription_plan p ON p.id = s.plan_id
ORDER BY top.cost_nano DESC, top.calls DESC, top.user_seq
"""
