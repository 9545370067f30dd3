"""One CV as paper, with what can be decided about it beside."""

from typing import Any
from uuid import uuid4

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.domain.cvs import library, matching, queries
from fitmycv_admin.domain.cvs.progress import Scope
from fitmycv_admin.domain.cvs.queries import Choice, MatchRow
from fitmycv_admin.domain.tasks import receipts
from fitmycv_admin.domain.tasks.receipts import ReceiptCard
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, states, values
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.portal.addresses import id_at
from fitmycv_admin.ui.portal.cvs import paper
from fitmycv_admin.ui.portal.cvs.scorecard import match_link
from fitmycv_admin.ui.portal.tasks import turns
from fitmycv_admin.ui.portal.tasks.price import Priced, price_line
from fitmycv_admin.ui.portal.tasks.receipt import receipt
from fitmycv_admin.ui.portal.tasks.watching import Watching, task_list
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission, TaskType


@page_policy(Permission.OWN_DATA)
class CvPage(Watching, Priced, AppState):
    """One CV with its scores and the offers it can be compared with."""

    shown_id: str = ""
    name: str = ""
    source_file: str = ""
    version: int = 1
    created_at: str = ""
    is_without_ai: bool = False
    content: paper.Paper = paper.Paper()
    matches: list[MatchRow] = []  # noqa: RUF012
    offers: list[Choice] = []  # noqa: RUF012
    errors: dict[str, str] = {}  # noqa: RUF012
    receipts: list[ReceiptCard] = []  # noqa: RUF012

    def _starts(self) -> TaskType:
        return TaskType.MATCH_SCORE

    def _scope(self) -> Scope:
        return Scope((TaskType.MATCH_SCORE,), cv_id=id_at(self.router.url, 1))

    async def _fetch(self) -> None:
        cv_id = id_at(self.router.url, 1)
        if self.shown_id != str(cv_id):
            self.shown_id, self.content, self.tasks, self.matches = "", paper.Paper(), [], []
        cv = await look(queries.cv, actor(), cv_id)
        self.shown_id, self.name, self.source_file, self.version = str(cv.id), cv.name, cv.source_file, cv.version
        self.created_at, self.is_without_ai = cv.created_at.isoformat(), cv.is_without_ai
        self.content, self.matches, self.errors = paper.of(cv.document), list(cv.matches), {}
        self.offers = list(await look(queries.offer_choices, actor()))
        self.receipts = list(await look(receipts.latest, actor(), TaskType.IMPORT_PDF, cv_id))
        await self._read_price()

    @rx.event
    async def compare(self, given: dict[str, Any]) -> Any:
        """Ask for the score of this CV for the chosen offer, and go where it will appear."""
        cv_id, offer_id = id_at(self.router.url, 1), id_at(given.get("offer_id") or "", 0)
        await turns.may_start(actor())
        there = rx.redirect(f"/cvs/{cv_id}/match/{offer_id}")
        return await self._start(matching.request, cv_id, offer_id, idempotency_key=f"match:{uuid4()}", then=there)

    @rx.event
    async def rename(self, given: dict[str, Any]) -> None:
        """Give the CV another name, or say under the field why not."""
        self.errors = {}
        try:
            await ask(library.rename, actor(), id_at(self.router.url, 1), name=str(given.get("name") or ""))
        except Invalid as wrong:
            self.errors = {wrong.field: wrong.key}
            return
        await self._fetch()

    @rx.event
    async def delete(self, given: dict[str, Any]) -> Any:
        """Delete the CV and go back to the library."""
        await ask(library.delete, actor(), id_at(self.router.url, 1))
        return rx.redirect("/cvs")


@page(title="cvs.detail.title", permission=Permission.OWN_DATA, load=CvPage.load, route="/cvs/[cv_id]")
def view() -> rx.Component:
    """Paper at the left, decisions at the right."""
    gone = rx.el.div(states.error_state(t("cvs.error.cv_not_found"), incident=CvPage.incident), class_name="card")
    return rx.fragment(
        card.page_header(
            rx.cond(CvPage.name != "", CvPage.name, t("cvs.detail.title")),
            t("cvs.detail.answer"),
            rx.cond(CvPage.is_without_ai, badge.no_ai_mark(), rx.fragment()),
            back=(t("cvs.library.title"), "/cvs"),
        ),
        rx.cond(
            (CvPage.problem != "") & (CvPage.shown_id == ""),
            gone,
            rx.el.div(_paper(), rx.el.div(_compare(), _scores(), _about(), class_name="stack"), class_name="review"),
        ),
    )


def _paper() -> rx.Component:
    loading = rx.el.div(
        states.skeleton(width="38%", look="skeleton-figure"),
        *[states.skeleton(width=w) for w in ("64%", "90%", "82%", "55%")],
        class_name="sheet stack",
        aria_busy="true",
    )
    return rx.cond(CvPage.shown_id != "", paper.sheet(CvPage.content), loading)


def _choice(choice: Any) -> rx.Component:
    label = rx.cond(choice.detail != "", choice.name + ", " + choice.detail, choice.name)
    value = choice.id.to(str)
    return rx.el.option(label, value=value, key=value)


def _compare() -> rx.Component:
    choose = form.form(
        form.field(
            "offer_id",
            t("cvs.compare.offer"),
            rx.el.select(rx.foreach(CvPage.offers, _choice), name="offer_id", id="offer_id", class_name="input"),
        ),
        price_line(CvPage.price),
        form.submit_row(
            t("cvs.compare.ask"),
            controls.link(t("cvs.compare.add"), href="/offers"),
            disabled=~CvPage.price.is_allowed,
        ),
        on_submit=CvPage.compare,
    )
    none = rx.el.div(
        rx.el.p(t("cvs.compare.none"), class_name="sub"),
        controls.link_button(t("cvs.compare.add"), href="/offers", kind="primary"),
        class_name="stack",
    )
    ways = rx.cond(CvPage.offers.length() > 0, choose, none)
    return card.card(rx.el.div(ways, task_list(CvPage), class_name="stack"), title=t("cvs.compare.title"))


def _score_row(row: Any) -> rx.Component:
    return match_link(row, row.offer_title, row.company)


def _scores() -> rx.Component:
    return rx.cond(
        CvPage.matches.length() > 0,
        card.card(
            rx.el.ul(rx.foreach(CvPage.matches, _score_row), class_name="rows"),
            title=t("cvs.scores.title"),
            padded=False,
        ),
        rx.fragment(),
    )


def _about() -> rx.Component:
    facts = card.facts(
        (t("cvs.about.source"), CvPage.source_file),
        (t("cvs.about.added"), values.instant(CvPage.created_at, relative=False, shape="date")),
        (t("cvs.about.version"), values.number(CvPage.version)),
    )
    rename = rx.el.details(
        rx.el.summary(t("cvs.rename.title"), class_name="link"),
        form.form(
            form.text_field(
                "name", t("cvs.rename.label"), errors=CvPage.errors, default_value=CvPage.name, key=CvPage.name
            ),
            form.submit_row(t("cvs.rename.save"), kind="plain"),
            on_submit=CvPage.rename,
        ),
        class_name="stack",
    )
    delete = dialog.confirm(
        controls.button(t("cvs.delete.act"), kind="danger"),
        rx.el.p(t("cvs.delete.what", name=CvPage.name, scores=CvPage.matches.length())),
        title=t("cvs.delete.title"),
        confirm_label=t("cvs.delete.act"),
        on_confirm=CvPage.delete,
    )
    content = rx.el.div(facts, receipt(CvPage.receipts), rename, delete, class_name="stack")
    return card.card(content, title=t("cvs.about.title"))
