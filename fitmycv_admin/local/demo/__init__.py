"""Demo data: ninety days of a business that does not exist, the same each time it is loaded."""

from datetime import datetime

from sqlmodel import Session, col, select

from fitmycv_admin.core import clock
from fitmycv_admin.core.config import settings
from fitmycv_admin.local.demo import (
    alarms,
    board,
    budgets,
    calls,
    favours,
    growth,
    office,
    people,
    tariffs,
    team,
    till,
    traces,
    vendor,
)
from fitmycv_admin.local.demo.people import ACCOUNTS
from fitmycv_admin.local.demo.stage import Stage
from fitmycv_admin.local.process import LocalError
from fitmycv_admin.models import User
from fitmycv_admin.vocabulary import Role

__all__ = ["ACCOUNTS", "load"]


def load(db: Session, *, allowed: bool, now: datetime | None = None) -> None:
    """Insert the demo data into a seeded database without people; fold the calls in a later transaction.

    `allowed` says that this machine made the database for a demo. `now` is where the ninety days end.

    Raises:
        LocalError: not allowed, in production, or somebody has an account there.
    """
    if settings().mode != "demo" or not allowed:
        raise LocalError("Demo data goes only into a database that `make run` created.")
    if db.exec(select(User.id).limit(1)).first() is not None:
        raise LocalError("There are accounts in this database; demo data goes only into a new one.")
    stage = Stage(db, (now or clock.now()).replace(microsecond=0))
    everybody = people.cast(stage)
    desks = office.furnish(stage, everybody)
    done = calls.uses(stage, desks)
    staff = {person.role: person for person in everybody if not person.is_customer}
    told = till.open_books(stage, staff, desks, done)
    growth.spread(stage, [desk.person for desk in desks])
    board.post(stage, desks, told.paid)
    till.reserve(stage, told)
    favours.write(stage, told.campaigns, told.numbers, staff, [desk.person for desk in desks])
    calls.place(stage, desks, done, told.plans)
    tariffs.set_prices(stage, staff[Role.OPS])
    tariffs.call_unpriced(stage, [desk.person for desk in desks])
    budgets.keep(stage, staff)
    traces.leave(stage, everybody, desks, done, told)
    team.work(stage, everybody, desks, told.gifts, told.campaigns)
    vendor.send(stage)
    alarms.connect(stage)
    db.flush()
    assert db.exec(select(User.id).where(~col(User.is_demo)).limit(1)).first() is None
