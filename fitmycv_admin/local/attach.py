"""Give a single command the services of its clone: the configured ones, the running ones, or its own for a while."""

import contextlib
import os
from collections.abc import Iterator

from fitmycv_admin.core import config
from fitmycv_admin.core.config import Settings
from fitmycv_admin.local import postgres, valkey
from fitmycv_admin.local.home import Home
from fitmycv_admin.local.process import LocalError


def to_running(settings: Settings) -> Settings:
    """Use what a running `fitmycv up` of this clone has started, where nothing else is configured."""
    home = Home(settings.home)
    if not settings.is_demo or not home.locked_by_other():
        return settings
    run = home.read_run()
    for name, value in (run.environment if run else {}).items():
        os.environ.setdefault(name, value)
    return config.reload_settings()


def required(settings: Settings) -> Settings:
    """The settings with a database and a Valkey, or LocalError: for programs that serve."""
    attached = to_running(settings)
    for name, value in (("DATABASE_URL", attached.database_url), ("REDIS_URL", attached.redis_url)):
        if not value:
            hint = "" if not attached.is_demo else " `make run` starts everything on this machine."
            raise LocalError(f"{name} is not set.{hint}")
    return attached


@contextlib.contextmanager
def for_a_while(settings: Settings, *, with_valkey: bool = False) -> Iterator[Settings]:
    """As `to_running`; when nothing runs and nothing is configured, embedded servers for this one command."""
    attached = to_running(settings)
    needs_postgres = not attached.database_url
    needs_valkey = with_valkey and not attached.redis_url
    if not needs_postgres and not needs_valkey:
        yield attached
        return
    if not attached.is_demo:
        raise LocalError("FITMYCV_MODE=production needs DATABASE_URL and REDIS_URL.")
    home = Home(attached.home)
    home.prepare()
    home.lock()
    with contextlib.ExitStack() as stack:
        stack.callback(home.unlock)
        if needs_postgres:
            database = postgres.start(home.postgres)
            stack.callback(database.stop)
            os.environ["DATABASE_URL"] = database.url
            os.environ["DATABASE_MIGRATE_URL"] = database.owner_url
        if needs_valkey:
            cache = valkey.start(home.valkey)
            stack.callback(cache.stop)
            os.environ["REDIS_URL"] = cache.url
        yield config.reload_settings()
