"""POST /api/cvs/import: takes one PDF from a signed-in person, refuses what cannot be read, starts the import.

The file stays in memory and is counted while it arrives; nothing is stored before it was found readable.
"""

import asyncio
from typing import Any
from uuid import UUID

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fitmycv_admin import wiring
from fitmycv_admin.core import ask
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing.reservations import Shown
from fitmycv_admin.domain.cvs import imports
from fitmycv_admin.domain.cvs.errors import AlreadyImported
from fitmycv_admin.integrations import pdf_probe
from fitmycv_admin.vocabulary import Permission

PATH = "/api/cvs/import"
SLOWEST_S = 30.0
PER_MINUTE = 10
_MAX_FIELD = 1000
# Parsing of strangers' files at one time; each has a process, memory and time of its own.
_probes = asyncio.Semaphore(3)


class Refused(Exception):
    """The request ends here: the HTTP status, the catalogue key of the sentence, and its parameters."""

    def __init__(self, status: int, key: str, **details: Any) -> None:
        self.status, self.key, self.details = status, key, details
        super().__init__(key)


async def import_pdf(request: Request) -> Response:
    """Answer 202 with the id of the task, or a status with the key of the sentence that says what to do."""
    try:
        by = await _person(request)
        form = await received(request)
        return JSONResponse({"task_id": str(await _start(by, form))}, status_code=202)
    except Refused as refused:
        return refusal(refused.status, refused.key, **refused.details)
    except AlreadyImported as known:
        return refusal(409, known.key, params=known.params, cv_id=str(known.cv_id))
    except FitMyCvError as error:
        status = 401 if isinstance(error, sessions.SessionEnded) else 400
        return refusal(status, error.key, params=error.params)


async def _person(request: Request) -> Actor:
    if request.headers.get("origin") not in wiring.origins():
        raise Refused(403, "cvs.upload.foreign")
    token = request.cookies.get(sessions.COOKIE, "")
    by = await ask.identify(sessions.resolve, token) if token else None
    if by is None or not by.may(Permission.OWN_DATA):
        raise Refused(401, "cvs.upload.signed_out")
    if not await asyncio.to_thread(wiring.rate_limits().take, "cv_import", str(by.user_id)):
        raise Refused(429, "cvs.upload.too_many", params={"max": PER_MINUTE})
    if not await asyncio.to_thread(wiring.rate_limits().allows, "task_stop", str(by.user_id)):
        raise Refused(429, "wallet.error.turns")
    return by


class Form:
    """A multipart form that arrives piece by piece: one file, counted, and a few short fields."""

    def __init__(self, boundary: bytes) -> None:
        self.content = bytearray()
        self.file_name = ""
        self.fields: dict[str, str] = {}
        self._header = (bytearray(), bytearray())
        self._name, self._value = "", bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begin,
                "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                "on_header_end": self._header_end,
                "on_part_data": self._part_data,
                "on_part_end": self._part_end,
            },
        )

    def write(self, data: bytes) -> None:
        """Take the next piece; raises Refused when the file is larger than 10 MB."""
        self._parser.write(data)

    def _part_begin(self) -> None:
        self._name, self._value = "", bytearray()

    def _header_end(self) -> None:
        field, value = (bytes(part) for part in self._header)
        self._header = (bytearray(), bytearray())
        if field.lower() == b"content-disposition":
            _, options = parse_options_header(value)
            self._name = options.get(b"name", b"").decode("utf-8", "replace")
            if self._name == "file":
                self.file_name = options.get(b"filename", b"").decode("utf-8", "replace")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == "file":
            if len(self.content) + end - start > imports.MAX_BYTES:
                raise Refused(413, pdf_probe.KEYS[pdf_probe.Refusal.TOO_BIG])
            self.content += data[start:end]
        elif len(self._value) + end - start <= _MAX_FIELD:
            self._value += data[start:end]

    def _part_end(self) -> None:
        if self._name and self._name != "file" and len(self.fields) < 10:
            self.fields[self._name] = self._value.decode("utf-8", "replace")


async def received(request: Request) -> Form:
    """The multipart form of a request, as it arrives. Raises Refused."""
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 0 < len(boundary) <= 70:
        raise Refused(400, "cvs.upload.broken")
    form = Form(boundary)
    try:
        async with asyncio.timeout(SLOWEST_S):
            async for piece in request.stream():
                form.write(piece)
    except TimeoutError as late:
        raise Refused(408, "cvs.upload.too_slow") from late
    except (FormParserError, ClientDisconnect) as broken:
        raise Refused(400, "cvs.upload.broken") from broken
    return form


async def _start(by: Actor, form: Form) -> UUID:
    key = form.fields.get("key", "")
    if not 8 <= len(key) <= 100 or not form.file_name:
        raise Refused(400, "cvs.upload.broken")
    content = bytes(form.content)
    form.content.clear()
    async with _probes:
        found = await asyncio.to_thread(pdf_probe.probe, content)
    if found.key:
        raise Refused(413 if found.reason is pdf_probe.Refusal.TOO_BIG else 400, found.key)
    return await ask.ask(
        imports.request, by, content,
        file_name=form.file_name, pages=found.pages, idempotency_key=f"import:{key}",
        again=form.fields.get("again") == "1", shown=Shown.read(form.fields.get("shown", "")),
    )  # fmt: skip


def refusal(status: int, key: str, **details: Any) -> Response:
    """The answer to a request that ends here: a status and the key of the sentence that says why."""
    # Close: what remains of a body that nobody reads must not be taken for the next request.
    return JSONResponse({"key": key, **details}, status_code=status, headers={"connection": "close"})


ROUTES = [Route(PATH, import_pdf, methods=["POST"])]
