"""The person's CVs, and the place where a PDF becomes one."""

from dataclasses import replace
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.cvs import imports, queries
from fitmycv_admin.domain.cvs.progress import Scope, TaskRow
from fitmycv_admin.domain.cvs.queries import CvRow
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import badge, card, controls, states, upload, values
from fitmycv_admin.ui.kit.query import query_link
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.portal.cvs.scorecard import score_mark
from fitmycv_admin.ui.portal.tasks.price import Priced, price_line
from fitmycv_admin.ui.portal.tasks.watching import Watching, task_list
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission, TaskState, TaskType

UPLOAD = "/api/cvs/import"
ALREADY = "cvs.error.already_imported"


@page_policy(Permission.OWN_DATA)
class Library(Watching, Priced, AppState):
    """The list, and the imports that are on their way."""

    rows: list[CvRow] = []  # noqa: RUF012
    fields: dict[str, str] = {}  # noqa: RUF012
    known_id: str = ""
    known_name: str = ""

    def _scope(self) -> Scope:
        return Scope((TaskType.IMPORT_PDF,))

    def _starts(self) -> TaskType:
        return TaskType.IMPORT_PDF

    async def _fetch(self) -> None:
        after = self.router.url.query_parameters.get("after", "")
        self.rows = self._shown(await look(queries.cv_rows, actor(), PageRequest(after=after)))
        await self._read_price()
        self.fields = {"shown": self.price.token}

    def _after(self, ended: TaskRow) -> Any:
        is_only_one = sum(task.is_open for task in self.tasks) == 0
        if ended.state == TaskState.COMPLETED and ended.cv_id and is_only_one:
            return rx.redirect(f"/cvs/{ended.cv_id}")
        return None

    @rx.event
    def home(self) -> Any:
        """The start page of the portal is this list, under its own address."""
        return rx.redirect("/cvs", replace=True)

    @rx.event
    def sent(self, answer: dict[str, str]) -> Any:
        """The file was taken: follow its import."""
        self.known_id, self.known_name, self.fields = "", "", {"shown": self.price.token}
        return Library.watch

    @rx.event
    async def refused(self, answer: dict[str, str]) -> None:
        """The file was not taken. One that is in the library already may be sent a second time."""
        is_known = answer.get("key") == ALREADY
        self.known_id = answer.get("cv_id", "") if is_known else ""
        self.known_name = answer.get("name", "") if is_known else ""
        await self._read_price()
        self.fields = {"shown": self.price.token, **({"again": "1"} if is_known else {})}


@page(
    title="cvs.library.title",
    permission=Permission.OWN_DATA,
    load=Library.load,
    nav=Nav("cvs.library.title", icon="file-text"),
    route="/cvs",
)
def view() -> rx.Component:
    """The list, with the import beside it."""
    return rx.fragment(
        card.page_header(t("cvs.library.title"), t("cvs.library.answer")),
        rx.el.div(
            rx.el.div(_list(), class_name="stack"),
            rx.el.div(_import(), class_name="stack review-first"),
            class_name="review",
        ),
    )


home = replace(view, route="/", load=Library.home, nav=None)


def _list() -> rx.Component:
    more = rx.cond(
        Library.next_token != "",
        query_link(t("cvs.library.more"), changes={"after": Library.next_token}, look="btn"),
        rx.fragment(),
    )
    return rx.cond(
        Library.rows.length() > 0,
        rx.fragment(rx.el.ul(rx.foreach(Library.rows, _row), class_name="card rows"), more),
        rx.cond(
            Library.problem != "",
            rx.el.div(
                states.error_state(t("cvs.problem"), incident=Library.incident, retry=Library.load), class_name="card"
            ),
            rx.cond(Library.is_loaded, _empty(), _skeleton()),
        ),
    )


def _empty() -> rx.Component:
    return rx.el.div(
        states.empty_state(t("cvs.library.empty"), t("cvs.library.empty_why")), class_name="card", id="empty"
    )


def _skeleton() -> rx.Component:
    line = rx.el.div(
        states.skeleton(width="42%"),
        states.skeleton(width="64%"),
        class_name="rows-item stack stack-2",
        aria_hidden="true",
    )
    return rx.el.div(line, line, line, class_name="card rows", aria_busy="true")


def _row(row: Any) -> rx.Component:
    url: Any = "/cvs/" + row.id.to(str)
    return rx.el.li(
        rx.el.div(
            controls.link(row.name, href=url, look="rows-link"),
            rx.el.div(
                row.full_name,
                rx.cond((row.full_name != "") & (row.title != ""), " · ", ""),
                row.title,
                class_name="sub clip",
            ),
            rx.el.div(t("cvs.library.changed"), " ", values.instant(row.updated_at), class_name="meta"),
            class_name="rows-text",
        ),
        _score(row),
        class_name="rows-item",
        key=row.id.to(str),
    )


def _score(row: Any) -> rx.Component:
    known = rx.el.div(
        score_mark(row.score), rx.el.div(row.score_offer, class_name="meta clip"), class_name="rows-score"
    )
    pending = badge.pill(t("cvs.score.pending"), tone="info", live=True)
    return rx.cond(row.score_state == "pending", pending, rx.cond(row.score_state == "done", known, rx.fragment()))


def _import() -> rx.Component:
    zone = upload.upload_zone(
        UPLOAD,
        title=t("cvs.import.drop"),
        hint=t("cvs.import.limits"),
        max_bytes=imports.MAX_BYTES,
        fields=Library.fields,
        on_done=Library.sent,
        on_problem=Library.refused,
    )
    content = rx.el.div(
        price_line(Library.price),
        rx.cond(Library.price.is_allowed, zone, rx.fragment()),
        rx.cond(
            Library.known_id != "",
            card.notice(
                t("cvs.import.known", name=Library.known_name),
                actions=(controls.link_button(t("cvs.import.open"), href="/cvs/" + Library.known_id),),
            ),
            rx.fragment(),
        ),
        task_list(Library),
        rx.el.p(t("cvs.import.promise"), class_name="meta"),
        class_name="stack",
    )
    return card.card(content, title=t("cvs.import.title"), id="import")
