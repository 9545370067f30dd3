"""Streaming of a CSV or JSON file: who asks, the audit line, and rows that never stand in memory all at once."""

import asyncio
import csv
import io
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from fitmycv_admin.core import ask, db
from fitmycv_admin.core.errors import FitMyCvError, Forbidden
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.vocabulary import Permission

Words = Mapping[str, str]
Cells = Sequence[object]
MAX_TEXT = 200
STATEMENT_MS = 60_000
CHUNK_ROWS = 1000
# Exports have threads of their own, so that two long ones take nothing from the screens.
AT_ONCE = 2
_pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="export")
_running = asyncio.Semaphore(AT_ONCE)
_END = object()
_FORMULA = frozenset("=+-@\t\r")


@dataclass(frozen=True, slots=True)
class Export:
    """A list as a file: `rows` gives the head first, then every row that the words of the address ask for."""

    name: str
    permission: Permission
    words: tuple[str, ...]
    rows: Callable[[Session, Actor, Words], Iterator[Cells]]


MEDIA = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


async def answer(request: Request, export: Export, kind: str = "csv") -> Response:
    """The file of the list that the address describes; 401 and 403 as the screens would."""
    token = request.cookies.get(sessions.COOKIE, "")
    by = await ask.identify(sessions.resolve, token) if token else None
    if by is None:
        return JSONResponse({"key": "common.error.forbidden"}, status_code=401)
    words = {name: request.query_params[name][:MAX_TEXT] for name in export.words if request.query_params.get(name)}
    try:
        await ask.ask(_allowed, by, export, words)
        body = _chunks(by, export, words, kind)
        first = await anext(body)
    except FitMyCvError as error:
        return JSONResponse({"key": error.key}, status_code=403 if isinstance(error, Forbidden) else 400)
    headers = {
        "content-disposition": f'attachment; filename="{file_name(export.name, words, kind)}"',
        "cache-control": "no-store",
    }
    return StreamingResponse(_then(first, body), media_type=MEDIA[kind], headers=headers)


def file_name(name: str, words: Words, kind: str = "csv") -> str:
    """The name of the file tells what it holds: the list and its filters."""
    parts = [name, *(f"{key}-{value}" for key, value in words.items())]
    return re.sub(r"[^\w.+-]+", "-", "_".join(parts))[:120] + f".{kind}"


def safe(value: object) -> object:
    """A cell that a spreadsheet does not take for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in _FORMULA else value


def _allowed(session: Session, by: Actor, export: Export, words: Words) -> None:
    by.must(export.permission)
    trail.record(session, by, "export", "list", export.name, after=dict(words))


async def _chunks(by: Actor, export: Export, words: Words, kind: str) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    async with _running:
        text = _csv(by, export, words) if kind == "csv" else _json(by, export, words)
        try:
            while (chunk := await loop.run_in_executor(_pool, next, text, _END)) is not _END:
                yield chunk  # type: ignore[misc]
        finally:
            await loop.run_in_executor(_pool, text.close)


async def _then(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


def _csv(by: Actor, export: Export, words: Words) -> Any:
    """The file in pieces, read from one snapshot."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    with db.snapshot(STATEMENT_MS) as session:
        for number, row in enumerate(export.rows(session, by, words), start=1):
            # As `safe`, without a call for each of millions of cells.
            writer.writerow([f"'{cell}" if isinstance(cell, str) and cell[:1] in _FORMULA else cell for cell in row])
            if number % CHUNK_ROWS == 0:
                yield buffer.getvalue().encode()
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue().encode()


def _json(by: Actor, export: Export, words: Words) -> Any:
    """An array of objects in pieces, one object a line; the names are those of the head."""
    with db.snapshot(STATEMENT_MS) as session:
        rows = export.rows(session, by, words)
        head = [str(cell) for cell in next(rows, ())]
        lines: list[str] = []
        before = "["
        for row in rows:
            lines.append(json.dumps(dict(zip(head, row, strict=True)), ensure_ascii=False, default=str))
            if len(lines) == CHUNK_ROWS:
                yield (before + "\n" + ",\n".join(lines)).encode()
                before, lines = ",", []
        closing = before + "\n" + ",\n".join(lines) if lines else before.rstrip(",")
        yield f"{closing}\n]\n".encode()
