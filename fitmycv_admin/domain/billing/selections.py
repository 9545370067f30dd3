"""Who gets credits of a batch: people by what is known of them, or the lines of a file."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import batches, grants, limits
from fitmycv_admin.vocabulary import Language, Permission

MOST_BYTES = 2_000_000
MOST_PROBLEMS = 200
FREE = "free"


@dataclass(frozen=True, slots=True)
class Selection:
    """People by what is known of them; an empty field does not select. `until` is not included.

    `plan` is the id of a plan as text, or "free" for everybody without a subscription that counts.
    """

    plan: str = ""
    language: str = ""
    since: datetime | None = None
    until: datetime | None = None
    is_verified: bool = False
    has_bought: bool = False


@dataclass(frozen=True, slots=True)
class PlanChoice:
    """A plan that people may be selected by."""

    id: int
    name: str


def plans(db: Session, by: Actor) -> tuple[PlanChoice, ...]:
    """The plans with a price, the cheapest first. Needs credits.read."""
    by.must(Permission.CREDITS_READ)
    rows = db.execute(text("SELECT id, name FROM subscription_plan WHERE NOT is_free ORDER BY tier"))
    return tuple(PlanChoice(row.id, row.name) for row in rows)


def preview_people(
    db: Session, by: Actor, selection: Selection, *, amount: int, reason_code: str, note: str,
    expires_at: datetime | None = None,
) -> UUID:  # fmt: skip
    """Prepare a batch of the same amount for everybody selected. Needs credits.gift. Raises as `batches.preview`."""
    by.must(Permission.CREDITS_GIFT)
    found = people(db, by, selection)
    if not found:
        raise Invalid("credits.error.batch_nobody")
    source = {
        "kind": "filter", "plan": _plan_name(db, selection.plan), "language": selection.language,
        "since": selection.since.isoformat() if selection.since else "",
        "until": selection.until.isoformat() if selection.until else "",
        "verified": selection.is_verified, "bought": selection.has_bought, "each": amount,
    }  # fmt: skip
    return batches.preview(db, by, source, [(user, amount) for user in found], reason_code, note, expires_at)


def people(db: Session, by: Actor, selection: Selection) -> list[UUID]:
    """Customers with an open account who fit the selection, at most one more than a batch takes."""
    by.must(Permission.CREDITS_GIFT)
    now = clock.now()
    where = ["person.role = 'user'", "person.state = 'active'"]
    values: dict[str, Any] = {"now": now, "since": now - limits.GRACE, "limit": batches.MOST_PEOPLE + 1}
    subscribed = "EXISTS (SELECT FROM subscription sub WHERE sub.user_id = person.id AND " + limits.entitled("sub")
    if selection.plan == FREE:
        where.append(f"NOT {subscribed})")
    elif selection.plan:
        where.append(f"{subscribed} AND sub.plan_id = :plan)")
        values["plan"] = int(selection.plan) if selection.plan.isdecimal() else 0
    if selection.language in tuple(Language):
        where.append("person.language = :language")
        values["language"] = selection.language
    for name, sign in (("since", ">="), ("until", "<")):
        at = getattr(selection, name)
        if at is not None:
            where.append(f"person.created_at {sign} :joined_{name}")
            values[f"joined_{name}"] = at
    if selection.is_verified:
        where.append("person.email_verified IS NOT NULL")
    if selection.has_bought:
        where.append("EXISTS (SELECT FROM credit_transaction WHERE user_id = person.id AND type = 'purchase')")
    query = f"SELECT person.id FROM app_user person WHERE {' AND '.join(where)} ORDER BY person.id LIMIT :limit"
    return list(db.execute(text(query), values).scalars())


def preview_csv(
    db: Session, by: Actor, content: str, *, name: str, reason_code: str, note: str,
    expires_at: datetime | None = None,
) -> UUID:  # fmt: skip
    """Prepare a batch from lines "e-mail or id, amount". Lines that cannot be used are left out and kept with why.

    Needs credits.gift. Raises Invalid when no line can be used, and as `batches.preview`.
    """
    by.must(Permission.CREDITS_GIFT)
    if len(content) > MOST_BYTES:
        raise Invalid("credits.error.csv_too_big")
    wanted, problems = _lines(content)
    known = _known(db, [who for _, who, _ in wanted])
    amounts: dict[UUID, int] = {}
    for number, who, amount in wanted:
        user_id = known.get(who)
        if user_id is None:
            problems.append((number, "credits.error.csv_unknown"))
        elif user_id in amounts:
            problems.append((number, "credits.error.csv_twice"))
        else:
            amounts[user_id] = amount
    if not amounts:
        raise Invalid("credits.error.csv_nothing")
    problems.sort()
    source = {
        "kind": "csv", "name": name[:120], "lines": len(wanted) + len(problems), "left_out": len(problems),
        "problems": [list(one) for one in problems[:MOST_PROBLEMS]],
    }  # fmt: skip
    return batches.preview(db, by, source, list(amounts.items()), reason_code, note, expires_at)


def _lines(content: str) -> tuple[list[tuple[int, str, int]], list[tuple[int, str]]]:
    """(line, who, amount) of every line that reads so, and (line, why) of the others; a head is passed over."""
    sample = content[:1000]
    separator = ";" if sample.count(";") > sample.count(",") else ","
    wanted: list[tuple[int, str, int]] = []
    problems: list[tuple[int, str]] = []
    try:
        rows = list(csv.reader(io.StringIO(content.removeprefix("\ufeff")), delimiter=separator))
    except csv.Error as error:
        raise Invalid("credits.error.csv_broken") from error
    for number, row in enumerate(rows, start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        who, amount = (cells[0].lower(), cells[1]) if len(cells) > 1 else (cells[0].lower(), "")
        if amount.isdecimal() and 0 < int(amount[:9]) <= grants.MOST:
            wanted.append((number, who, int(amount)))
        elif number > 1 or "@" in who:
            problems.append((number, "credits.error.csv_amount"))
    return wanted, problems


def _known(db: Session, names: list[str]) -> Mapping[str, UUID]:
    """The people of those addresses and ids."""
    ids = [name for name in names if _is_id(name)]
    query = """SELECT lower(email) AS name, id FROM app_user WHERE lower(email) = ANY(:names)
               UNION ALL SELECT id::text, id FROM app_user WHERE id = ANY(CAST(:ids AS uuid[]))"""
    return {row.name: row.id for row in db.execute(text(query), {"names": names, "ids": ids})}


def _is_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def _plan_name(db: Session, plan: str) -> str:
    if not plan or plan == FREE:
        return plan
    name = db.execute(text("SELECT name FROM subscription_plan WHERE id::text = :id"), {"id": plan})
    return name.scalar_one_or_none() or ""
