"""`fitmycv up`: one parent that starts everything in order, restarts what dies, and stops it in order."""

import os
import signal
import time
from collections.abc import Callable
from types import FrameType

from fitmycv_admin.core.config import Settings
from fitmycv_admin.local import frontend, plan, postgres, programs, valkey
from fitmycv_admin.local.home import Home, Run
from fitmycv_admin.local.process import LocalError
from fitmycv_admin.local.programs import Program

READY_WITHIN = 90.0
LOOK_EVERY = 0.2


class Supervisor:
    """Owns every process of one clone for as long as it runs."""

    def __init__(self, home: Home, settings: Settings, workers: int, say: Callable[[str], None] = print) -> None:
        self.home = home
        self.settings = settings
        self.workers = workers
        self.say = say
        self.run = Run(pid=os.getpid())
        self.postgres: postgres.Postgres | None = None
        self.valkey: valkey.Valkey | None = None
        self.stand_ins: list[Program] = []
        self.once: list[Program] = []
        self.background: list[Program] = []
        self.web: list[Program] = []
        self.signals = 0

    def main(self, announce: Callable[[Run], None]) -> None:
        """Run until a signal asks for the end. LocalError when something cannot start; all is stopped then too."""
        self.home.prepare()
        self.home.lock()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        try:
            self._boot()
            if not self.signals:
                announce(self.run)
            while not self.signals:
                self._look()
                time.sleep(LOOK_EVERY)
        finally:
            self._stop()
            self.home.unlock()

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.signals += 1
        if self.signals > 1:  # impatience: no more grace
            for program in (*self.web, *self.background, *self.stand_ins, *self.once):
                programs.kill_group(program.pid)

    def _interrupted(self) -> bool:
        return bool(self.signals)

    def _boot(self) -> None:
        before = self.home.read_run()
        self._stop_orphans(before)
        self.run.ports = dict(before.ports) if before else {}
        off = [] if self.settings.is_demo else plan.missing_in_production(self.settings)
        self.run.port = plan.choose_port(before)
        self.run.address = self.settings.public_url
        if "PUBLIC_URL" not in os.environ:
            self.run.address = f"http://localhost:{self.run.port}"
        self.run.environment = {
            "FITMYCV_HOME": str(self.home.path),
            "FITMYCV_MODE": self.settings.mode,
            "PUBLIC_URL": self.run.address,
        }
        if self.settings.is_demo:
            self._start_servers()
        self.stand_ins = plan.stand_ins(self.home, self.settings, self.run)
        front_end = not frontend.is_current()
        if front_end:
            self.say("Building the front end; the first time takes a minute or two.")
        # demo data goes only into a database that was made here
        demo = self.postgres is not None
        self.once = plan.preparations(self.home, self.run, demo=demo, front_end=front_end)
        self.background = plan.background(self.home, self.run, self.workers)
        self.web = [plan.web(self.home, self.run)]
        serving = [*self.web, *self.stand_ins, *self.background]
        if not front_end and self.postgres and plan.schema_is_current(self.postgres):
            self._start([*serving, *self.once])  # nothing to wait for: the seeds only add what is missing
            programs.run_to_end(self.once, self._interrupted)
        else:
            self._start(self.once)
            programs.run_to_end(self.once, self._interrupted)
            if not self.signals:
                self._start(serving)
        self._wait_ready()
        for sentence in off:
            self.say(sentence)

    def _stop_orphans(self, before: Run | None) -> None:
        """After a supervisor was killed: its programs are stopped here, its servers adopted later."""
        if before is None:
            return
        stopped = [record["name"] for record in before.programs.values() if programs.stop_orphan(record)]
        if stopped:
            self.say(f"An earlier run was killed; stopped what it left: {', '.join(stopped)}.")

    def _start_servers(self) -> None:
        """PostgreSQL and Valkey, each unless an address of a real one is configured."""
        if not self.settings.database_url:
            self.postgres = self._start_postgres()
            self.run.environment["DATABASE_URL"] = self.postgres.url
            self.run.environment["DATABASE_MIGRATE_URL"] = self.postgres.owner_url
        elif orphan := postgres.running(self.home.postgres):
            orphan.stop()
        if not self.settings.redis_url:
            self.valkey = self._start_valkey()
            self.run.environment["REDIS_URL"] = self.valkey.url
        elif stray := valkey.running(self.home.valkey):
            stray.stop()
        self._remember()

    def _start_postgres(self) -> postgres.Postgres:
        adopted = postgres.running(self.home.postgres)
        server = adopted or postgres.start(self.home.postgres, plan.kept_port(self.run, "postgres"))
        self.run.ports["postgres"] = server.port
        return server

    def _start_valkey(self) -> valkey.Valkey:
        adopted = valkey.running(self.home.valkey)
        server = adopted or valkey.start(self.home.valkey, plan.kept_port(self.run, "valkey"))
        self.run.ports["valkey"] = server.port
        return server

    def _start(self, started: list[Program]) -> None:
        for program in started:
            program.start()
            self._remember()

    def _remember(self) -> None:
        everything = (*self.stand_ins, *self.once, *self.background, *self.web)
        self.run.programs = {p.name: p.record() for p in everything if p.pid and not p.ended()}
        self.home.write_run(self.run)

    def _wait_ready(self) -> None:
        """Wait for everything to run and the web server to answer; LocalError when a program keeps failing."""
        end = time.monotonic() + READY_WITHIN
        waiting = [*self.stand_ins, *self.background, *self.web]
        while waiting and not self.signals:
            self._look()
            for program in waiting:
                if program.failures >= 4:
                    raise LocalError(f"{program.name} keeps ending; see {program.log}.\n{program.why()}")
            waiting = [program for program in waiting if not program.is_ready()]
            if waiting and time.monotonic() > end:
                slow = waiting[0]
                raise LocalError(f"{slow.name} is not ready after {READY_WITHIN:.0f} s.\n{slow.why()}")
            time.sleep(0.05)

    def _look(self) -> None:
        """Start again whatever has ended, servers first."""
        if self.postgres and not self.postgres.running():
            self.say("PostgreSQL ended and is started again.")
            self.postgres = postgres.start(self.home.postgres, self.postgres.port)
        if self.valkey and not self.valkey.running():
            self.say("Valkey ended and is started again.")
            self.valkey = valkey.start(self.home.valkey, self.valkey.port)
        again = [p.name for p in (*self.stand_ins, *self.background, *self.web) if p.restart_when_due()]
        if again:
            self.say(f"Started again: {', '.join(again)}.")
            self._remember()

    def _stop(self) -> None:
        """Stop in the reverse order of what needs what: web, workers, stand-ins, Valkey, PostgreSQL."""
        if self.signals:
            self.say("Stopping…")
        programs.stop_together([*self.web, *self.once])
        programs.stop_together(self.background)
        programs.stop_together(self.stand_ins)
        if self.valkey:
            self.valkey.stop()
        if self.postgres:
            self.postgres.stop()
        self.run.programs = {}
        self.run.environment = {}
        self.home.write_run(self.run)
