"""Whether this process lives, and whether what it needs answers."""

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from fitmycv_admin import wiring
from fitmycv_admin.core import db


async def _live(_request: Request) -> JSONResponse:
    return JSONResponse({"live": True})


async def _ready(_request: Request) -> JSONResponse:
    found = {
        "database": await run_in_threadpool(_database),
        "valkey": await run_in_threadpool(wiring.rate_limits().is_shared),
    }
    return JSONResponse(found, 200 if all(found.values()) else 503, headers={"cache-control": "no-store"})


def _database() -> bool:
    try:
        with db.snapshot() as session:
            return session.execute(text("SELECT 1")).scalar_one() == 1
    except SQLAlchemyError:
        return False


ROUTES: list[Route] = [
    Route("/health/live", _live, methods=["GET"]),
    Route("/health/ready", _ready, methods=["GET"]),
]
