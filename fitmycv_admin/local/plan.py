"""What runs on one machine: which programs, in which order, and which stand-ins replace what has no key."""

import http.client
import os
import re
import shutil
import socket
import sys
from pathlib import Path

from fitmycv_admin.core.config import LOCAL_ENGINE_KEY, Settings
from fitmycv_admin.local import channel_stand_in, process
from fitmycv_admin.local.home import PROJECT, Home, Run
from fitmycv_admin.local.postgres import DATABASE, Postgres
from fitmycv_admin.local.process import LocalError
from fitmycv_admin.local.programs import Program

DEFAULT_PORT = 8400
OWN_COMMAND = [sys.executable, "-m", "fitmycv_admin.cli"]


def choose_port(run: Run | None) -> int:
    """The port of the web server: PORT, else the last one, else 8400, else the next that is free."""
    named = os.environ.get("PORT")
    if named:
        if not process.port_is_free(int(named)):
            raise LocalError(f"Port {named} is taken. Choose another: PORT=8500 make run")
        return int(named)
    wanted = [run.port] if run and run.port else []
    for port in [*wanted, *range(DEFAULT_PORT, DEFAULT_PORT + 100)]:
        if process.port_is_free(port):
            return port
    return process.free_port()


def kept_port(run: Run | None, name: str) -> int:
    """The port a part had last time if it is still free, so that addresses stay the same."""
    port = run.ports.get(name, 0) if run else 0
    return port if port and process.port_is_free(port) else process.free_port()


def stand_ins(home: Home, settings: Settings, run: Run) -> list[Program]:
    """The local engine, the mail sink and the stand-in for channels; none in production.

    Each unless its real counterpart is configured; of a Telegram bot of one's own only webhooks are left to play.

    Adds to `run` the ports they listen on and the addresses that the other programs need.
    """
    if not settings.is_demo:
        return []
    found: list[Program] = []
    if not settings.openai_api_key and not settings.openai_base_url:
        port = run.ports["engine"] = kept_port(run, "engine")
        run.environment["OPENAI_API_KEY"] = LOCAL_ENGINE_KEY
        run.environment["OPENAI_BASE_URL"] = f"http://127.0.0.1:{port}/v1"
        command = [sys.executable, "-m", "fitmycv_worker.offline", "--port", str(port)]
        found.append(Program("engine", command, home.log("engine"), ready=lambda: listens(port)))
    if not settings.smtp_url and not settings.resend_api_key:
        sink = run.ports["mail"] = kept_port(run, "mail")
        run.environment["SMTP_URL"] = f"smtp://127.0.0.1:{sink}"
        command = [sys.executable, "-m", "fitmycv_admin.local.mail_sink"]
        command += ["--port", str(sink), "--home", str(home.path)]
        found.append(Program("mail sink", command, home.log("mail"), ready=lambda: listens(sink)))
    found.append(_channels(home, settings, run))
    return found


def _channels(home: Home, settings: Settings, run: Run) -> Program:
    port = run.ports["channels"] = kept_port(run, "channels")
    url = f"http://127.0.0.1:{port}"
    inside = {*settings.webhook_inside, f"127.0.0.1:{port}"}
    run.environment |= {"STAND_IN_CHANNELS_URL": url, "WEBHOOK_INSIDE": ",".join(sorted(inside))}
    if not settings.telegram_bot_token:
        run.environment |= {"TELEGRAM_BOT_TOKEN": channel_stand_in.TOKEN, "TELEGRAM_API_URL": url}
    command = [sys.executable, "-m", "fitmycv_admin.local.channel_stand_in", "--port", str(port)]
    return Program("channels", command, home.log("channels"), ready=lambda: listens(port))


def preparations(home: Home, run: Run, *, demo: bool, front_end: bool) -> list[Program]:
    """What must be done once before the programs start: the schema and its seeds, and the front end."""
    prepare = [*OWN_COMMAND, "prepare", *(["--demo"] if demo else [])]
    found = [Program("migrate and seed", prepare, home.log("prepare"), dict(run.environment))]
    if front_end:
        found.append(Program("front end", [*OWN_COMMAND, "build"], home.log("build")))
    return found


def schema_is_current(server: Postgres) -> bool:
    """True when the embedded database is at the newest migration, found without loading the models."""
    files = [path.read_text(encoding="utf-8") for path in (PROJECT / "alembic" / "versions").glob("*.py")]
    made = {found for text in files for found in re.findall(r"^revision\b[^=]*= [\"'](\w+)", text, re.MULTILINE)}
    replaced = {
        found for text in files for found in re.findall(r"^down_revision\b[^=]*= [\"'](\w+)", text, re.MULTILINE)
    }
    with server.connect(DATABASE) as connection:
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return False
        return {row[0] for row in connection.execute("SELECT version_num FROM alembic_version")} == made - replaced


def background(home: Home, run: Run, workers: int) -> list[Program]:
    """The dispatcher, the scheduler and the workers; on a busy machine the screens come first."""
    polite = ["nice", "-n", "5"] if shutil.which("nice") else []

    def program(name: str, module: str, *arguments: str) -> Program:
        command = [*polite, sys.executable, "-m", f"fitmycv_worker.{module}", *arguments]
        return Program(name, command, home.log(name.replace(" ", "-")), _served(run), grace=3.0)

    return [
        program("dispatcher", "dispatcher"),
        program("scheduler", "scheduler"),
        *(program(f"worker {number}", "worker") for number in range(1, workers + 1)),
        program("mail worker", "worker", "--queue", "emails"),
    ]


def web(home: Home, run: Run) -> Program:
    """The web server."""
    port = run.port
    command = [*OWN_COMMAND, "web"]
    return Program("web", command, home.log("web"), {**_served(run), "PORT": str(port)}, ready=lambda: answers(port))


def _served(run: Run) -> dict[str, str]:
    """The environment of programs that serve people: without the address that may change the schema."""
    return {**run.environment, "DATABASE_MIGRATE_URL": ""}


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """True when something takes connections on the port."""
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True


def answers(port: int) -> bool:
    """True when a web server on the port answers its health check."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        link.request("GET", "/health/live")
        return link.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def missing_in_production(settings: Settings) -> list[str]:
    """What is off for want of configuration, one sentence each; LocalError when nothing can run at all."""
    for name, value in (("DATABASE_URL", settings.database_url), ("REDIS_URL", settings.redis_url)):
        if not value:
            raise LocalError(f"FITMYCV_MODE=production needs {name}: nothing is embedded in production.")
    off = []
    if not settings.openai_api_key and not settings.openai_base_url:
        off.append("AI features are off: OPENAI_API_KEY is not set.")
    if not settings.smtp_url and not settings.resend_api_key:
        off.append("No mail is sent: neither SMTP_URL nor RESEND_API_KEY is set.")
    return off


def data_size(path: Path) -> int:
    """Bytes under a directory; for `doctor`."""
    return sum(item.stat().st_size for item in path.rglob("*") if item.is_file()) if path.exists() else 0
