"""What the database does for a reading: the statements it makes, their plans, and what is wrong with these."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import event
from sqlmodel import Session

from fitmycv_admin.core import db
from fitmycv_admin.core.db import snapshot

# Reading so few rows of a partition one after the other is what any index would cost.
FEW_ROWS = 500
# A page of a list has fifty rows, and one more to know whether there is a next page; several indexes may be merged.
PAGE_ROWS = 400


@dataclass(frozen=True, slots=True)
class Statement:
    """One query as it went to the database."""

    sql: str
    values: Any


def statements(read: Callable[[Session], object]) -> list[Statement]:
    """Every query that a reading makes, in order."""
    found: list[Statement] = []

    def remember(_connection: Any, _cursor: Any, sql: str, values: Any, _context: Any, _many: bool) -> None:
        if sql.lstrip().upper().startswith(("SELECT", "WITH")) and "set_config" not in sql:
            found.append(Statement(sql, values))

    with snapshot() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", remember)
        read(session)
        event.remove(connection, "before_cursor_execute", remember)
    return found


def plan(connection: psycopg.Connection, statement: Statement) -> dict[str, Any]:
    """What the database did for it: it is run once more."""
    sql = "EXPLAIN (ANALYZE, BUFFERS OFF, FORMAT JSON) " + statement.sql
    row = connection.execute(sql, statement.values).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0][0]["Plan"]


def problems(connection: psycopg.Connection, asked: list[Statement], *, is_page: bool = False) -> list[str]:
    """What must not be in the plans of a reading; `is_page`: of a list whose every filter has an index."""
    wrong, looked_at = [], 0
    for statement in asked:
        for node in _nodes(plan(connection, statement)):
            table, rows = node.get("Relation Name", ""), _rows(node)
            if table.startswith("openai_call"):
                looked_at += rows
                if node["Node Type"] == "Seq Scan" and rows > FEW_ROWS:
                    wrong.append(f"{table} is read from end to end, {rows} rows")
            if node.get("Sort Space Type") == "Disk":
                wrong.append(f"a sort of {node['Sort Space Used']} kB on disk")
            if node.get("Disk Usage"):
                wrong.append(f"{node['Node Type']} spills {node['Disk Usage']} kB to disk")
    if is_page and looked_at > PAGE_ROWS:
        wrong.append(f"{looked_at} calls were looked at for one page")
    return wrong


@contextmanager
def without(owner_url: str, *changes: str) -> Iterator[psycopg.Connection]:
    """The database after some statements of its owner, for this connection alone and only until the block ends."""
    options = f"-c timezone=UTC -c jit=off -c work_mem={db.SNAPSHOT_MEMORY}"
    with psycopg.connect(owner_url.replace("+psycopg", ""), options=options) as connection:
        for change in changes:
            connection.execute(change)  # type: ignore[arg-type]
        yield connection
        connection.rollback()


def _rows(node: dict[str, Any]) -> int:
    """The rows a scan looked at, those included that it threw away."""
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return round((node["Actual Rows"] + removed) * node["Actual Loops"])


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)
