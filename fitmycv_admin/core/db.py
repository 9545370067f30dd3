"""The engine and its transactions: the only file that commits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from sqlalchemy import Engine, create_engine, event, text
from sqlmodel import Session

from fitmycv_admin.core.config import settings

SNAPSHOT_MEMORY = "32MB"
"""What one step of a page's query may use before it goes to disk: a year of days by feature is sorted in 10 MB."""

_engine: Engine | None = None
_guard = Lock()


def engine() -> Engine:
    """The pool of this process, made at first use: a forked worker must not inherit connections."""
    global _engine
    with _guard:
        if _engine is None:
            _engine = make_engine(settings().database_url, settings().db_pool_size)
        return _engine


def make_engine(url: str, size: int) -> Engine:
    """A pool of `size` connections without overflow; every connection speaks UTC."""
    if not url:
        raise RuntimeError("DATABASE_URL is not set")
    return create_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_pre_ping=True,
        pool_timeout=10,
        connect_args={"options": "-c timezone=UTC -c lock_timeout=10000", "connect_timeout": 5},
    )


def dispose(*, close: bool = True) -> None:
    """Close the pool; `close=False` after a fork, when the sockets belong to the parent.

    A forked child keeps what the parent's engine had learnt of the server and of our statements.
    """
    global _engine
    with _guard:
        if _engine is not None:
            _engine.dispose(close=close)
        if close:
            _engine = None


@contextmanager
def transaction() -> Iterator[Session]:
    """One transaction: committed at the end, rolled back by any error."""
    with Session(engine(), expire_on_commit=False) as db:
        yield db
        db.commit()


@contextmanager
def snapshot(timeout_ms: int = 2000) -> Iterator[Session]:
    """A consistent read-only view for all tiles of a page; queries have `timeout_ms` each."""
    with (
        engine().connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True) as connection
    ):
        with Session(connection) as db:
            db.execute(
                text("SELECT set_config('statement_timeout', :ms, true), set_config('work_mem', :memory, true)"),
                {"ms": str(int(timeout_ms)), "memory": SNAPSHOT_MEMORY},
            )
            yield db
        connection.rollback()


def on_commit(db: Session, call: Callable[[], object]) -> None:
    """Run `call` after this transaction has committed; never when it rolls back."""

    def run(_session: Session) -> None:
        event.remove(db, "after_rollback", forget)
        call()

    def forget(_session: Session) -> None:
        event.remove(db, "after_commit", run)

    event.listen(db, "after_commit", run, once=True)
    event.listen(db, "after_rollback", forget, once=True)
