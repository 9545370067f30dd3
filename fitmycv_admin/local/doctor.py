"""`fitmycv doctor`: what is configured, what can be reached, and at which version."""

import contextlib
import json
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Any, cast
from urllib.parse import urlsplit

from fitmycv_admin import wiring
from fitmycv_admin.core import clock
from fitmycv_admin.core.config import Settings
from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.domain.ai_costs import exchange, exchange_reading
from fitmycv_admin.domain.ports import BooksUnavailable
from fitmycv_admin.local import binaries, browser, frontend, plan, postgres, valkey
from fitmycv_admin.local.home import PROJECT, Home
from fitmycv_admin.local.process import LocalError


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `ok` None means: off or not needed, and that is no fault."""

    subject: str
    ok: bool | None
    text: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding, in the order a reader wants them."""
    home = Home(settings.home)
    running = home.locked_by_other()
    yield Finding("mode", True, settings.mode)
    yield Finding("python", sys.version_info >= (3, 11), sys.version.split()[0])
    yield Finding("reflex", True, metadata.version("reflex"))
    yield Finding("state", True, f"{settings.home} ({_megabytes(plan.data_size(settings.home))})")
    yield Finding("fitmycv up", True if running else None, "runs" if running else "does not run")
    yield _database(settings, home)
    yield _schema(settings)
    yield _valkey(settings, home)
    yield _models(settings)
    yield _bill(settings)
    yield _rates(settings)
    yield _mail(settings)
    yield from _channels(settings)
    yield _front_end()
    yield _browser()
    free = shutil.disk_usage(_existing(home)).free
    yield Finding("disk", free > 1e9, f"{_megabytes(free)} free")


def report(settings: Settings) -> bool:
    """Print the findings; True when nothing is wrong."""
    healthy = True
    for finding in examine(settings):
        mark = {True: "ok  ", False: "FAIL", None: "-   "}[finding.ok]
        print(f"{mark} {finding.subject:<12} {finding.text}")
        healthy = healthy and finding.ok is not False
    return healthy


def _database(settings: Settings, home: Home) -> Finding:
    if not settings.database_url:
        if not settings.is_demo:
            return Finding("database", False, "DATABASE_URL is not set")
        return _embedded_postgres(home)
    import psycopg

    where = _place(settings.database_url)
    try:
        with psycopg.connect(settings.database_url.replace("+psycopg", ""), connect_timeout=5) as link:
            version = link.info.server_version
    except psycopg.Error as error:
        return Finding("database", False, f"{where} cannot be reached: {str(error).splitlines()[0]}")
    text = f"PostgreSQL {version // 10000}.{version % 10000} at {where}"
    if version < binaries.OLDEST_POSTGRES * 10000:
        return Finding("database", False, f"{text}; {binaries.OLDEST_POSTGRES} or later is needed")
    return Finding("database", True, text)


def _embedded_postgres(home: Home) -> Finding:
    try:
        programs = binaries.postgres_bin()
        if (home.postgres / "PG_VERSION").exists():
            postgres.must_match(home.postgres, programs)
    except LocalError as error:
        return Finding("database", False, str(error))
    return Finding("database", None, f"embedded PostgreSQL {binaries.postgres_major(programs)}, not running")


def _schema(settings: Settings) -> Finding:
    if not settings.database_url:
        return Finding("schema", None, "unknown while the database does not run")
    from alembic.script import ScriptDirectory
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    from fitmycv_admin.core import db

    newest = ScriptDirectory(str(PROJECT / "alembic")).get_current_head()
    try:
        with db.engine().connect() as link:
            current = link.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except SQLAlchemyError:
        current = None
    finally:
        db.dispose()
    if current == newest:
        return Finding("schema", True, f"at {current}")
    return Finding("schema", False, f"at {current or 'nothing'}, newest is {newest}: run `fitmycv migrate`")


def _valkey(settings: Settings, home: Home) -> Finding:
    if not settings.redis_url:
        if not settings.is_demo:
            return Finding("valkey", False, "REDIS_URL is not set")
        if valkey.running(home.valkey):
            return Finding("valkey", True, "embedded, running")
        return Finding("valkey", None, "embedded, not running")
    import redis

    where = _place(settings.redis_url)
    client = redis.Redis.from_url(settings.redis_url, socket_connect_timeout=5)
    try:
        told: dict[str, Any] = cast("dict[str, Any]", client.info("server"))
        policy = cast("dict[str, Any]", client.info("memory")).get("maxmemory_policy", "?")
    except redis.RedisError as error:
        return Finding("valkey", False, f"{where} cannot be reached: {error}")
    finally:
        client.close()
    name, version = "Valkey", told.get("valkey_version")
    if not version:
        name, version = "Redis", told.get("redis_version", "?")
    text = f"{name} {version} at {where}"
    if policy != "noeviction":
        return Finding("valkey", False, f"{text}; maxmemory-policy is {policy}, the queue needs noeviction")
    return Finding("valkey", True, text)


def _models(settings: Settings) -> Finding:
    if not settings.openai_api_key and not settings.openai_base_url:
        text = "the local engine answers, without AI" if settings.is_demo else "off: OPENAI_API_KEY is not set"
        return Finding("AI", None, text)
    base = (settings.openai_base_url or "https://api.openai.com/v1").rstrip("/")
    name = f"the local engine, without AI, at {_place(base)}" if settings.has_local_engine else _place(base)
    request = urllib.request.Request(f"{base}/models", headers={"Authorization": f"Bearer {settings.openai_api_key}"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            count = len(json.load(answer).get("data", []))
    except urllib.error.HTTPError as error:
        with error:
            return Finding("AI", False, f"{name} answers {error.code} {error.reason}")
    except (OSError, ValueError) as error:
        return Finding("AI", False, f"{name} cannot be reached: {error}")
    return Finding("AI", True, f"{name}, {count} models")


def _bill(settings: Settings) -> Finding:
    """One day of the vendor's bill is asked for: the only way to know that the key may read it."""
    source = wiring.bill_source()
    if source is None:
        return Finding("bill", None, "off: OPENAI_ADMIN_KEY is not set; bills come in as files")
    today = clock.now().date()
    try:
        source.lines(today, today)
    except BooksUnavailable as error:
        return Finding("bill", False, f"{_place(settings.openai_admin_url)} cannot be read: {error}")
    return Finding("bill", True, f"the vendor's bill at {_place(settings.openai_admin_url)}")


def _rates(settings: Settings) -> Finding:
    source = wiring.rate_source()
    if source is None:
        return Finding("rates", None, "off: EXCHANGE_RATES_URL is not set; rates come in by hand or as files")
    try:
        found = exchange_reading.read(source.published(), base=exchange.BASE, quote=exchange.QUOTE)
    except BooksUnavailable as error:
        return Finding("rates", False, f"{source.name} cannot be read: {error}")
    except Invalid:
        return Finding("rates", False, f"{source.name} answers no rates that can be read")
    return Finding("rates", True, f"{len(found)} exchange rates at {source.name}")


def _mail(settings: Settings) -> Finding:
    if settings.resend_api_key:
        return Finding("mail", True, "Resend (the key is used at the first mail)")
    if not settings.smtp_url:
        if settings.is_demo:
            return Finding("mail", None, "the local sink keeps every mail, see /demo/mail")
        return Finding("mail", None, "off: neither SMTP_URL nor RESEND_API_KEY is set")
    where = urlsplit(settings.smtp_url)
    reachable = plan.listens(where.port or 25, where.hostname or "localhost")
    text = f"SMTP at {_place(settings.smtp_url)}"
    return Finding("mail", reachable, text if reachable else f"{text} cannot be reached")


def _channels(settings: Settings) -> Iterator[Finding]:
    """What alerts need besides mail: a bot, and a secret that signs webhooks."""
    if settings.telegram_bot_token:
        where = _place(settings.telegram_api_url)
        yield Finding("telegram", True, f"a bot at {where} (its token is used at the first message)")
    elif settings.is_demo:
        yield Finding("telegram", None, "a stand-in plays it and a receiver of webhooks, see the page of channels")
    else:
        yield Finding("telegram", None, "off: TELEGRAM_BOT_TOKEN is not set")
    if settings.secret:
        yield Finding("webhooks", len(settings.secret) >= 32, "signed with keys from FITMYCV_SECRET (32 signs or more)")
    elif settings.is_demo:
        yield Finding("webhooks", None, "signed with keys from this directory's own")
    else:
        yield Finding("webhooks", None, "off: FITMYCV_SECRET is not set, so they cannot be signed")
    if settings.webhook_inside:
        yield Finding("inside", True, f"webhooks may also go to {', '.join(sorted(settings.webhook_inside))}")


def _front_end() -> Finding:
    if frontend.is_current():
        return Finding("front end", True, "built from these sources")
    return Finding("front end", None, "not built from these sources: `fitmycv build`")


def _browser() -> Finding:
    found = browser.installed()
    return Finding("chromium", True if found else None, str(found) if found else "none; `make test` installs one")


def _existing(home: Home) -> str:
    place = home.path
    while not place.exists():
        place = place.parent
    return str(place)


def _place(url: str) -> str:
    """An address without its user and password."""
    parts = urlsplit(url)
    with contextlib.suppress(ValueError):
        return f"{parts.hostname or '?'}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"
    return parts.hostname or "?"


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f} MB"
