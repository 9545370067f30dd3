"""`python -m fitmycv_worker.dispatcher`: sends what is due to the queue, and sends again what got lost."""

import time
from collections.abc import Iterable
from uuid import UUID

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from fitmycv_admin import wiring
from fitmycv_admin.core import db, log
from fitmycv_admin.core.config import settings
from fitmycv_admin.domain.budgets import outbox as notices
from fitmycv_admin.domain.budgets import storm, watch
from fitmycv_admin.domain.emails import outbox
from fitmycv_admin.domain.ports import QueueUnavailable
from fitmycv_admin.domain.tasks import board, dispatch, heartbeats, registry
from fitmycv_admin.domain.tasks.dispatch import Due
from fitmycv_worker import process

RUN_TASK = "fitmycv_worker.job.run"
DELIVER = "fitmycv_worker.jobs.emails.deliver"
TELL = "fitmycv_worker.jobs.alerts.deliver"
POLL_S = 1.0
PER_WORKER = 2
"""Messages in line for each worker: enough to keep it busy, few enough to choose the next one fairly."""
_PAUSE_S = 0.02
_MAIL_AGAIN_S = 15
_MAIL_TIMEOUT_S = 60
_WATCH_S = 5.0
_BACKSTOP_S = 60

_log = log.get("dispatcher")


def name_of(due: Due) -> str:
    """The message's name: a lost one is sent again under another."""
    return f"task_{due.task_id.hex}_{due.seq}"


class Dispatcher:
    """One dispatcher; several may run at once."""

    def __init__(self) -> None:
        self._queue = wiring.queue()
        self._missing: dict[str, float] = {}
        self._workers = 1
        self._pulse = process.Pulse("dispatcher")
        self._next_care = 0.0
        self._next_watch = 0.0
        self._watch = watch.Watch()

    def run(self) -> None:
        """Work until SIGTERM. A server that went away is waited for."""
        asked = process.stop_signal()
        while not asked.is_set():
            try:
                with psycopg.connect(_raw_url(), autocommit=True, connect_timeout=5) as ear:
                    ear.execute(f"LISTEN {board.CHANNEL}")
                    while not asked.is_set():
                        began = time.monotonic()
                        self.round()
                        _wait(ear, began)
            except (psycopg.Error, SQLAlchemyError, QueueUnavailable) as error:
                _log.warning("waiting for a server", error=type(error).__name__)
                asked.wait(0.3)
        self._pulse.end()

    def round(self) -> None:
        """Send what is due now; about once a second also look after the rest."""
        if time.monotonic() >= self._next_care:
            self._next_care = time.monotonic() + POLL_S
            self._care()
        self._send_tasks()

    def _care(self) -> None:
        self._pulse.beat()
        with db.transaction() as session:
            self._workers = max(1, heartbeats.alive(session, f"worker.{registry.TASKS}"))
        self._send_again_what_got_lost()
        self._send_mail()
        self._tell_channels()

    def _send_tasks(self) -> None:
        slots = PER_WORKER * self._workers - len(self._queue.waiting(registry.TASKS))
        if slots <= 0:
            return
        with db.transaction() as session:
            for due in dispatch.take(session, registry.TASKS, slots):
                self._queue.wake(
                    registry.TASKS, name_of(due), RUN_TASK, str(due.task_id), due.attempt, timeout_s=_longest()
                )

    def _send_again_what_got_lost(self) -> None:
        waiting = self._queue.waiting(registry.TASKS)
        with db.transaction() as session:
            unclaimed = {name_of(due): due for due in dispatch.sent(session, registry.TASKS)}
        now = time.monotonic()
        self._missing = {name: self._missing.get(name, now) for name in unclaimed if name not in waiting}
        late = [unclaimed[name] for name, since in self._missing.items() if now - since > settings().redispatch_seconds]
        if late:
            with db.transaction() as session:
                changed = dispatch.resend(session, late)
            _log.info("sent again", tasks=changed)

    def _send_mail(self) -> None:
        with db.transaction() as session:
            due = outbox.due(session)
        if not due:
            return
        self._wake("mail", DELIVER, due)

    def _tell_channels(self) -> None:
        """Judge new notices, send what is due, and see that the rules are looked at."""
        if time.monotonic() >= self._next_watch:
            self._next_watch = time.monotonic() + _WATCH_S
            with db.transaction() as session:
                self._watch.look(session)
        with db.transaction() as session:
            storm.judge(session)
        with db.transaction() as session:
            due = notices.due(session)
        if due:
            self._wake("notice", TELL, due)

    def _wake(self, kind: str, job: str, due: Iterable[UUID]) -> None:
        in_line = {name.split("_")[1] for name in self._queue.waiting(registry.EMAILS)}
        moment = int(time.time() // _MAIL_AGAIN_S)
        for row_id in due:
            if row_id.hex not in in_line:
                name = f"{kind}_{row_id.hex}_{moment}"
                self._queue.wake(registry.EMAILS, name, job, str(row_id), timeout_s=_MAIL_TIMEOUT_S)


def _wait(ear: psycopg.Connection, last_round: float) -> None:
    """Until something is said on the channel, a second at most; many words close together are heard as one."""
    for _ in ear.notifies(timeout=POLL_S, stop_after=1):
        pass
    time.sleep(max(0.0, last_round + _PAUSE_S - time.monotonic()))
    for _ in ear.notifies(timeout=0):
        pass


def _longest() -> int:
    """The queue's own limit, beyond the one that workers keep."""
    return max(kind.time_limit_s for kind in registry.KINDS.values()) + _BACKSTOP_S


def _raw_url() -> str:
    return settings().database_url.replace("postgresql+psycopg://", "postgresql://")


def main() -> None:
    """Start."""
    process.prepare()
    Dispatcher().run()


if __name__ == "__main__":
    main()
