"""Serves the prebuilt application: granian processes that share Valkey and Postgres, and hold nothing themselves."""

import os
from pathlib import Path

from granian.constants import Interfaces
from granian.server import Server

from fitmycv_admin.core.config import settings

BUILD = Path(__file__).parent.parent / ".web" / "build" / "client"


def main(port: int | None = None, *, host: str = "127.0.0.1", workers: int = 1) -> None:
    """Serve until a signal comes. Reflex's own start would compile and build again, so its flags are set here."""
    if not (BUILD / "index.html").exists():
        raise SystemExit("The front end is not built: run `fitmycv build` first.")
    os.environ.update(
        REFLEX_SKIP_COMPILE="true",
        __REFLEX_SKIP_COMPILE="true",
        __REFLEX_MOUNT_FRONTEND_COMPILED_APP="true",
        REFLEX_ENV_MODE="prod",
        REFLEX_REDIS_URL=settings().redis_on(1),
        REFLEX_TELEMETRY_ENABLED="false",
    )
    Server(
        "fitmycv_admin.fitmycv_admin:app",
        address=host,
        port=port or settings().port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=workers,
        log_access=False,
        websockets=True,
        workers_kill_timeout=10,
        respawn_failed_workers=True,
    ).serve()
