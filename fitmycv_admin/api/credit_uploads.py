"""POST /api/credits/batches: takes a CSV of people and credits from staff and answers with the prepared batch."""

from typing import Any
from uuid import UUID

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fitmycv_admin import wiring
from fitmycv_admin.api import uploads
from fitmycv_admin.core import ask
from fitmycv_admin.core.errors import FitMyCvError, Forbidden
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import grants, selections
from fitmycv_admin.domain.settings import lookups
from fitmycv_admin.vocabulary import Permission

PATH = "/api/credits/batches"


async def prepare(request: Request) -> Response:
    """Answer 201 with the id of the batch, or a status with the key of the sentence that says what is wrong."""
    try:
        by = await _person(request)
        form = await uploads.received(request)
        batch_id = await ask.ask(_prepare, by, form)
    except uploads.Refused as refused:
        return uploads.refusal(refused.status, refused.key, **refused.details)
    except FitMyCvError as error:
        status = 403 if isinstance(error, Forbidden) else 400
        return uploads.refusal(status, error.key, params=error.params)
    return JSONResponse({"batch_id": str(batch_id)}, status_code=201)


async def _person(request: Request) -> Actor:
    if request.headers.get("origin") not in wiring.origins():
        raise uploads.Refused(403, "cvs.upload.foreign")
    token = request.cookies.get(sessions.COOKIE, "")
    by = await ask.identify(sessions.resolve, token) if token else None
    if by is None:
        raise uploads.Refused(401, "cvs.upload.signed_out")
    by.must(Permission.CREDITS_GIFT)
    return by


def _prepare(db: Session, by: Actor, form: uploads.Form) -> UUID:
    if len(form.content) > selections.MOST_BYTES:
        raise uploads.Refused(413, "credits.error.csv_too_big")
    given: dict[str, Any] = {name: form.fields.get(name, "") for name in ("reason_code", "note")}
    until = grants.end_of(form.fields.get("expires_at", ""), lookups.zone(db))
    return selections.preview_csv(db, by, _text(form.content), name=form.file_name, expires_at=until, **given)


def _text(content: bytearray) -> str:
    """The file's letters: UTF-8, else the encoding that spreadsheets of Western Europe write."""
    if b"\x00" in content:
        raise uploads.Refused(400, "credits.error.csv_broken")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


ROUTES = [Route(PATH, prepare, methods=["POST"])]
