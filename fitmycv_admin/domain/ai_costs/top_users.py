"""Who cost most in a period: any number of people, with their plan and the credits they used."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import queries
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.periods import Period
from fitmycv_admin.domain.ai_costs.queries import Sums, UserRow
from fitmycv_admin.vocabulary import CreditKind, Permission

STANDARD, MOST = 20, 1_000


@dataclass(frozen=True, slots=True)
class TopUser:
    """What one person caused, and the credits that work took from them in the period, less what was given back."""

    person: UserRow
    credits: int


@dataclass(frozen=True, slots=True)
class TopUsers:
    """The dearest people first, and what everybody cost together."""

    rows: tuple[TopUser, ...]
    whole: Sums


def top(db: Session, by: Actor, period: Period, filters: Filters, *, limit: int = STANDARD) -> TopUsers:
    """The people who cost most in a period, at most 1,000 of them; addresses shortened for who may not read them."""
    by.must(Permission.COSTS_READ)
    people = queries.top_users(db, by, period, filters, limit=min(max(limit, 1), MOST))
    used = _credits(db, period, [row.user_id for row in people if row.user_id])
    rows = tuple(TopUser(row, used.get(row.user_id, 0) if row.user_id else 0) for row in people)
    return TopUsers(rows, queries.totals(db, by, period, filters))


def _credits(db: Session, period: Period, people: Sequence[UUID]) -> dict[UUID, int]:
    rows = db.execute(
        text(
            """SELECT user_id, -sum(amount)::bigint FROM credit_transaction
               WHERE user_id = ANY(:people) AND type = ANY(:used) AND created_at >= :from AND created_at < :until
               GROUP BY 1"""
        ),
        {
            "people": list(people), "used": [CreditKind.USAGE, CreditKind.RETURN], "from": period.starts_at,
            "until": period.ends_at,
        },
    )  # fmt: skip
    return {row[0]: row[1] for row in rows}
