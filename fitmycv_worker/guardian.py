"""Watches over one attempt from a thread of its own: its lease, its time limit and the wish to cancel it."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from types import FrameType

from sqlalchemy.exc import SQLAlchemyError

from fitmycv_admin.core import db, log
from fitmycv_admin.core.config import settings
from fitmycv_admin.domain.tasks import attempts
from fitmycv_admin.domain.tasks.attempts import Claim, LostLease

LOOK_S = 0.5
GRACE_S = 1.0
"""Between the interruption and the end of the process."""
LOST_EXIT = 75
STUCK_EXIT = 76

_log = log.get("worker")


class Why(StrEnum):
    """Why an attempt is interrupted."""

    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"


class Interrupted(BaseException):
    """Raised in the middle of the work, also out of a call that waits; nothing but the runner catches it."""

    def __init__(self, why: Why) -> None:
        self.why = why
        super().__init__(why)


class Guardian:
    """Keeps the lease while the work runs; ends the process when the lease is lost or the work does not stop."""

    def __init__(self, held: Claim, limit_s: float, settle: Callable[[Why], None]) -> None:
        self._held = held
        self._ends = time.monotonic() + limit_s
        self._settle = settle
        self._armed = False
        self._why: Why | None = None
        self._done = threading.Event()
        self._kept = time.monotonic()

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Keep the lease for as long as this block runs."""
        signal.signal(signal.SIGUSR1, self._raise_in_the_work)
        thread = threading.Thread(target=self._watch, name="guardian", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._done.set()

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[None]:
        """The part that may be interrupted anywhere: the work, but not the transaction that ends it."""
        self._armed = True
        try:
            yield
        finally:
            self._armed = False

    def _raise_in_the_work(self, _number: int, _frame: FrameType | None) -> None:
        if self._armed and self._why is not None:
            self._armed = False
            raise Interrupted(self._why)

    def _watch(self) -> None:
        renewed = time.monotonic()
        while not self._done.wait(min(LOOK_S, settings().lease_renew_seconds)):
            now = time.monotonic()
            with contextlib.suppress(SQLAlchemyError):
                renew = now - renewed >= settings().lease_renew_seconds
                wished = self._look(renew=renew)
                renewed = now if renew else renewed
                if wished:
                    self._interrupt(Why.CANCELLED)
            if now > self._ends:
                self._interrupt(Why.TIMED_OUT)
            if now - self._kept > settings().lease_seconds:
                _log.error("lease ran out without an answer of the database", task=str(self._held.task_id))
                os._exit(LOST_EXIT)

    def _look(self, *, renew: bool) -> bool:
        """Whether somebody wants this attempt cancelled; ends the process when it is no longer ours."""
        try:
            with db.transaction() as session:
                wished = (attempts.renew if renew else attempts.cancel_requested)(session, self._held)
        except LostLease:
            if self._done.is_set():
                return False
            _log.warning("lost the lease", task=str(self._held.task_id), attempt=self._held.attempt)
            os._exit(LOST_EXIT)
        if renew:
            self._kept = time.monotonic()
        return wished

    def _interrupt(self, why: Why) -> None:
        """Stop the work; when it does not stop, write how it ended and end the process."""
        if self._why is not None:
            return
        self._why = why
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        if self._done.wait(GRACE_S) or not self._armed:
            return
        _log.warning("the work does not stop", task=str(self._held.task_id), why=why)
        self._settle(why)
        os._exit(STUCK_EXIT)
