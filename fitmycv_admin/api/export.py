"""Streaming of a CSV: who asks, the audit line, and rows that never stand in memory all at once."""

import asyncio
import csv
import io
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


@dataclass(frozen=True, slots=True)
class Export:
    """A list as a file: `rows` gives the head first, then every row that the words of the address ask for."""

    name: str
    permission: Permission
    words: tuple[str, ...]
    rows: Callable[[Session, Actor, Words], Iterator[Cells]]


async def answer(request: Request, export: Export) -> Response:
    """The CSV of the list that the address describes; 401 and 403 as the screens would."""
    token = request.cookies.get(sessions.COOKIE, "")
    by = await ask.identify(sessions.resolve, token) if token else None
    if by is None:
        return JSONResponse({"key": "common.error.forbidden"}, status_code=401)
    words = {name: request.query_params[name][:MAX_TEXT] for name in export.words if request.query_params.get(name)}
    try:
        await ask.ask(_allowed, by, export, words)
        body = _chunks(by, export, words)
        first = await anext(body)
    except FitMyCvError as error:
        return JSONResponse({"key": error.key}, status_code=403 if isinstance(error, Forbidden) else 400)
    headers = {
        "content-disposition": f'attachment; filename="{file_name(export.name, words)}"',
        "cache-control": "no-store",
    }
    return StreamingResponse(_then(first, body), media_type="text/csv; charset=utf-8", headers=headers)


def file_name(name: str, words: Words) -> str:
    """The name of the file tells what it holds: the list and its filters."""
    parts = [name, *(f"{key}-{value}" for key, value in words.items())]
    return re.sub(r"[^\w.+-]+", "-", "_".join(parts))[:120] + ".csv"


def safe(value: object) -> object:
    """A cell that a spreadsheet does not take for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _allowed(session: Session, by: Actor, export: Export, words: Words) -> None:
    by.must(export.permission)
    trail.record(session, by, "export", "list", export.name, after=dict(words))


async def _chunks(by: Actor, export: Export, words: Words) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    async with _running:
        text = _text(by, export, words)
        try:
            while (chunk := await loop.run_in_executor(_pool, next, text, _END)) is not _END:
                yield chunk  # type: ignore[misc]
        finally:
            await loop.run_in_executor(_pool, text.close)


async def _then(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


def _text(by: Actor, export: Export, words: Words) -> Any:
    """The file in pieces, read from one snapshot."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    with db.snapshot(STATEMENT_MS) as session:
        for number, row in enumerate(export.rows(session, by, words), start=1):
            writer.writerow([safe(cell) for cell in row])
            if number % CHUNK_ROWS == 0:
                yield buffer.getvalue().encode()
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue().encode()
