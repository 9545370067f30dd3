"""The map of the exports: one line for each subject; each list is `/api/exports/<name>.csv` and `.json`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fitmycv_admin.api import (
    access_exports,
    budget_exports,
    channel_exports,
    cost_book_exports,
    cost_exports,
    credit_exports,
    export,
    plan_exports,
    price_exports,
    task_exports,
    wallet_exports,
)

EXPORTS: dict[str, export.Export] = {
    one.name: one
    for one in (
        *access_exports.EXPORTS,
        *budget_exports.EXPORTS,
        *cost_book_exports.EXPORTS,
        *channel_exports.EXPORTS,
        *cost_exports.EXPORTS,
        *credit_exports.EXPORTS,
        *plan_exports.EXPORTS,
        *price_exports.EXPORTS,
        *task_exports.EXPORTS,
        *wallet_exports.EXPORTS,
    )
}


async def _download(request: Request) -> Response:
    found = EXPORTS.get(request.path_params["name"])
    kind = request.path_params["kind"]
    return await export.answer(request, found, kind) if found and kind in export.MEDIA else Response(status_code=404)


ROUTES = (Route("/api/exports/{name}.{kind}", _download, methods=["GET"]),)
