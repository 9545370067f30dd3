"""Bring a database to the newest schema, insert what is missing, and load demo data where that is allowed."""

import importlib
import importlib.util
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from fitmycv_admin.core import db
from fitmycv_admin.core.config import settings
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.ai_costs import drift, fold
from fitmycv_admin.domain.insights import seeding
from fitmycv_admin.local.home import PROJECT
from fitmycv_admin.local.process import LocalError

DEMO = "fitmycv_admin.local.demo"


def migrate(revision: str = "head") -> None:
    """Run the migrations as the owner of the schema."""
    if not settings().database_migrate_url:
        raise LocalError("DATABASE_URL is not set.")
    command.upgrade(alembic_config(), revision)


def alembic_config() -> Config:
    """Alembic's configuration of this project, wherever the command runs."""
    configuration = Config(toml_file=str(PROJECT / "pyproject.toml"))
    configuration.set_main_option("script_location", str(PROJECT / "alembic"))
    return configuration


def seed() -> None:
    """Insert every seed that is missing; what people have changed stays as it is."""
    with db.transaction() as session:
        seeding.run(session, actors.system("seed"))


def load_demo() -> bool:
    """Load the demo data into a database that nobody has used yet; True when it did."""
    demo = _module(DEMO)
    if demo is None or not settings().is_demo:
        return False
    with db.transaction() as session:
        if session.execute(text("SELECT 1 FROM app_user LIMIT 1")).first() is not None:
            return False
        demo.load(session, allowed=True)
    with db.transaction() as session:
        # The rollups count calls of transactions that have ended.
        fold.fold(session)
    with db.transaction() as session:
        drift.check(session)
    return True


def demo_accounts() -> list[Any]:
    """The accounts that the demo data holds, with their passwords."""
    demo = _module(DEMO)
    return list(demo.ACCOUNTS) if demo is not None else []


def _module(name: str) -> Any:
    return importlib.import_module(name) if importlib.util.find_spec(name) else None
