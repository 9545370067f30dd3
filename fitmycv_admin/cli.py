"""The command `fitmycv`: everything on one machine, or one process at a time."""

import argparse
import code
import os
import subprocess
import sys
from collections.abc import Callable
from typing import NoReturn

from fitmycv_admin.core.config import settings
from fitmycv_admin.local.home import Home, Run
from fitmycv_admin.local.process import LocalError

Command = Callable[[argparse.Namespace], int]
WORKER_PROGRAMS = ("worker", "dispatcher", "scheduler")


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; what a person can put right is one sentence, not a traceback."""
    chosen = _parser().parse_args(arguments)
    run: Command = chosen.run
    try:
        return run(chosen)
    except LocalError as error:
        print(f"fitmycv: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fitmycv", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    def verb(name: str, run: Command, help_text: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=help_text, description=help_text)
        added.set_defaults(run=run, name=name)
        return added

    up = verb("up", _up, "start everything on this machine and stop it with Ctrl-C")
    up.add_argument("--workers", type=int, default=int(os.environ.get("FITMYCV_WORKERS", "2")))
    verb("web", _web, "the web server")
    for name in WORKER_PROGRAMS:
        program = verb(name, _worker_program, f"the {name}")
        if name == "worker":
            program.add_argument("--queue", choices=("tasks", "emails"), default="tasks", help="what it works on")
    verb("migrate", _migrate, "bring the database to the newest schema")
    verb("seed", _seed, "insert the seeds that are missing")
    prepare = verb("prepare", _prepare, "migrate and seed, then load the demo data if asked")
    prepare.add_argument("--demo", action="store_true")
    verb("doctor", _doctor, "what is configured, reachable and at which version")
    verb("check", _check, "test the invariants of the data")
    build = verb("build", _build, "export the front end if its sources changed")
    build.add_argument("--force", action="store_true")
    user = verb("user", _user, "make a member of staff, set a role, or set a new password")
    user.add_argument("email")
    user.add_argument("--role", help="user, viewer, support, ops, finance or admin")
    user.add_argument("--name", default="")
    user.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    verb("shell", _shell, "a Python prompt with the settings and a database")
    aside = verb("with", _with, "run another command with the addresses of this clone's services")
    aside.add_argument("command", nargs=argparse.REMAINDER)
    verb("browser", _browser, "find or install the Chromium of the browser tests, and print where it is")
    return parser


def _up(chosen: argparse.Namespace) -> int:
    from fitmycv_admin.local.supervisor import Supervisor

    now = settings()

    def announce(run: Run) -> None:
        say(f"\nFitMyCV runs at {run.address}")
        if now.is_demo and not now.database_url:
            _print_accounts(Home(now.home))
        say(f"Logs are in {now.home / 'logs'}. Ctrl-C stops everything.\n")

    Supervisor(Home(now.home), now, chosen.workers, say).main(announce)
    return 0


def say(text: str) -> None:
    """One line to the terminal, at once."""
    print(text, flush=True)


def _print_accounts(home: Home) -> None:
    lines = home.demo_accounts()
    if lines:
        say("Demo accounts:")
        for line in lines:
            say(f"  {line}")


def _web(_chosen: argparse.Namespace) -> int:
    from fitmycv_admin.local import attach, frontend

    now = attach.required(settings())
    if not (frontend.OUTPUT / "index.html").exists():
        raise LocalError("The front end is not built: run `fitmycv build` first.")
    from fitmycv_admin import serve

    serve.main(now.port)
    return 0


def _worker_program(chosen: argparse.Namespace) -> NoReturn:
    from fitmycv_admin.local import attach

    attach.required(settings())
    queue = ["--queue", chosen.queue] if chosen.name == "worker" else []
    os.execv(sys.executable, [sys.executable, "-m", f"fitmycv_worker.{chosen.name}", *queue])


def _migrate(_chosen: argparse.Namespace) -> int:
    from fitmycv_admin.local import attach

    with attach.for_a_while(settings()):
        from fitmycv_admin.local import data

        data.migrate()
    return 0


def _seed(_chosen: argparse.Namespace) -> int:
    from fitmycv_admin.local import attach

    with attach.for_a_while(settings()):
        from fitmycv_admin.core import db
        from fitmycv_admin.local import data

        data.seed()
        db.dispose()
    return 0


def _prepare(chosen: argparse.Namespace) -> int:
    from fitmycv_admin.local import data

    data.migrate()
    data.seed()
    if chosen.demo and data.load_demo():
        Home(settings().home).write_demo_accounts(data.demo_accounts())
        say("demo data loaded")
    return 0


def _doctor(_chosen: argparse.Namespace) -> int:
    from fitmycv_admin.local import attach, doctor

    return 0 if doctor.report(attach.to_running(settings())) else 1


def _check(_chosen: argparse.Namespace) -> int:
    from fitmycv_admin.local import attach

    with attach.for_a_while(settings()):
        from fitmycv_admin.core import db
        from fitmycv_admin.local import checks

        healthy = checks.report()
        db.dispose()
    return 0 if healthy else 1


def _build(chosen: argparse.Namespace) -> int:
    from fitmycv_admin.local import frontend

    built = frontend.build(force=chosen.force)
    say("The front end is built." if built else "The front end is up to date.")
    return 0


def _user(chosen: argparse.Namespace) -> int:
    from fitmycv_admin.local import attach

    with attach.for_a_while(settings()):
        from fitmycv_admin.core import db
        from fitmycv_admin.local import accounts

        say(accounts.set_up(chosen.email, chosen.role, chosen.name, from_stdin=chosen.password_stdin))
        db.dispose()
    return 0


def _shell(_chosen: argparse.Namespace) -> int:
    from fitmycv_admin.local import attach

    with attach.for_a_while(settings(), with_valkey=True):
        import fitmycv_admin.models as models
        from fitmycv_admin.core import db

        names: dict[str, object] = {"db": db, "models": models, "settings": settings()}
        with db.transaction() as session:
            names["session"] = session
            code.interact(banner=f"Ready: {', '.join(names)}. The session commits at the end.", local=names)
        db.dispose()
    return 0


def _with(chosen: argparse.Namespace) -> int:
    from fitmycv_admin.local import attach

    if not chosen.command:
        raise LocalError("Which command? For example: fitmycv with psql")
    with attach.for_a_while(settings(), with_valkey=True):
        return subprocess.run(chosen.command, check=False).returncode


def _browser(_chosen: argparse.Namespace) -> int:
    from fitmycv_admin.local import browser

    say(str(browser.require()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
