"""One offer: what it asks for, each thing with the sentence it was read in, and the CVs to compare it with."""

from typing import Any
from uuid import uuid4

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.domain.cvs import matching, offers, queries
from fitmycv_admin.domain.cvs.progress import Scope
from fitmycv_admin.domain.cvs.queries import Choice, MatchRow
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, states
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.portal.addresses import id_at
from fitmycv_admin.ui.portal.cvs.scorecard import match_link
from fitmycv_admin.ui.portal.offers import reading
from fitmycv_admin.ui.portal.tasks import turns
from fitmycv_admin.ui.portal.tasks.price import Priced, price_line
from fitmycv_admin.ui.portal.tasks.watching import Watching, task_list
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission, TaskType


@page_policy(Permission.OWN_DATA)
class OfferPage(Watching, Priced, AppState):
    """One offer, the reading that is on its way, and its scores."""

    shown_id: str = ""
    title: str = ""
    text: str = ""
    is_read: bool = False
    has_failed: bool = False
    is_without_ai: bool = False
    offer: reading.Reading = reading.Reading()
    matches: list[MatchRow] = []  # noqa: RUF012
    cvs: list[Choice] = []  # noqa: RUF012

    def _starts(self) -> TaskType:
        return TaskType.MATCH_SCORE

    def _scope(self) -> Scope:
        return Scope((TaskType.EXTRACT_OFFER,), offer_id=id_at(self.router.url, 1))

    async def _fetch(self) -> None:
        offer_id = id_at(self.router.url, 1)
        if self.shown_id != str(offer_id):
            self.shown_id, self.tasks, self.matches, self.is_read = "", [], [], False
        found = await look(queries.offer, actor(), offer_id)
        self.title, self.text, self.has_failed = found.title, found.text, found.has_failed
        self.is_read, self.is_without_ai = found.document is not None, found.is_without_ai
        self.offer = reading.of(found.document) if found.document else reading.Reading()
        self.matches, self.shown_id = list(found.matches), str(found.id)
        self.cvs = list(await look(queries.cv_choices, actor()))
        await self._read_price()

    @rx.event
    async def read_again(self) -> Any:
        """Ask for a reading that failed once more."""
        await turns.may_start(actor())
        await ask(offers.read_again, actor(), id_at(self.router.url, 1), idempotency_key=f"offer:{uuid4()}")
        self.has_failed = False
        return OfferPage.watch

    @rx.event
    async def compare(self, given: dict[str, Any]) -> Any:
        """Ask for the score of the chosen CV for this offer, and go where it will appear."""
        cv_id, offer_id = id_at(given.get("cv_id") or "", 0), id_at(self.router.url, 1)
        await turns.may_start(actor())
        there = rx.redirect(f"/cvs/{cv_id}/match/{offer_id}")
        return await self._start(matching.request, cv_id, offer_id, idempotency_key=f"match:{uuid4()}", then=there)

    @rx.event
    async def delete(self, given: dict[str, Any]) -> Any:
        """Delete the offer and go back to the list."""
        await ask(offers.delete, actor(), id_at(self.router.url, 1))
        return rx.redirect("/offers")


@page(title="cvs.offer.title", permission=Permission.OWN_DATA, load=OfferPage.load, route="/offers/[offer_id]")
def view() -> rx.Component:
    """What was read at the left, decisions at the right."""
    gone = rx.el.div(states.error_state(t("cvs.error.offer_not_found"), incident=OfferPage.incident), class_name="card")
    return rx.fragment(
        card.page_header(
            rx.cond(OfferPage.title != "", OfferPage.title, t("cvs.offer.title")),
            t("cvs.offer.answer"),
            rx.cond(OfferPage.is_without_ai, badge.no_ai_mark(), rx.fragment()),
            back=(t("cvs.offers.title"), "/offers"),
        ),
        rx.cond(
            (OfferPage.problem != "") & (OfferPage.shown_id == ""),
            gone,
            rx.el.div(_read(), rx.el.div(_compare(), _scores(), _about(), class_name="stack"), class_name="review"),
        ),
    )


def _read() -> rx.Component:
    waiting = rx.el.div(
        rx.cond(
            OfferPage.has_failed & (OfferPage.tasks.length() == 0),
            card.notice(t("cvs.offer.failed"), tone="bad"),
            rx.fragment(),
        ),
        task_list(OfferPage),
        rx.cond(
            OfferPage.has_failed, controls.button(t("cvs.offer.again"), on_click=OfferPage.read_again), rx.fragment()
        ),
        rx.cond(OfferPage.has_failed, rx.fragment(), rx.el.div(*_lines(), class_name="stack", aria_hidden="true")),
        class_name="sheet stack",
    )
    return rx.cond(OfferPage.is_read, reading.sheet(OfferPage.offer, OfferPage.title), waiting)


def _lines() -> list[rx.Component]:
    return [states.skeleton(width=width) for width in ("40%", "72%", "88%", "61%")]


def _choice(choice: Any) -> rx.Component:
    label = rx.cond(choice.detail != "", choice.name + ", " + choice.detail, choice.name)
    value = choice.id.to(str)
    return rx.el.option(label, value=value, key=value)


def _compare() -> rx.Component:
    choose = form.form(
        form.field(
            "cv_id",
            t("cvs.compare.cv"),
            rx.el.select(rx.foreach(OfferPage.cvs, _choice), name="cv_id", id="cv_id", class_name="input"),
        ),
        price_line(OfferPage.price),
        form.submit_row(t("cvs.compare.ask"), disabled=~OfferPage.price.is_allowed),
        on_submit=OfferPage.compare,
    )
    none = rx.el.div(
        rx.el.p(t("cvs.compare.no_cv"), class_name="sub"),
        controls.link_button(t("cvs.import.title"), href="/cvs", kind="primary"),
        class_name="stack",
    )
    ready = rx.cond(OfferPage.cvs.length() > 0, choose, none)
    wait = rx.el.p(t("cvs.compare.wait"), class_name="sub")
    return card.card(rx.cond(OfferPage.is_read, ready, wait), title=t("cvs.compare.title_cv"))


def _score_row(row: Any) -> rx.Component:
    return match_link(row, row.cv_name, "")


def _scores() -> rx.Component:
    rows = rx.el.ul(rx.foreach(OfferPage.matches, _score_row), class_name="rows")
    return rx.cond(
        OfferPage.matches.length() > 0,
        card.card(rows, title=t("cvs.scores.title"), padded=False),
        rx.fragment(),
    )


def _about() -> rx.Component:
    text = rx.el.details(
        rx.el.summary(t("cvs.offer.text"), class_name="link"), rx.el.div(OfferPage.text, class_name="pasted")
    )
    delete = dialog.confirm(
        controls.button(t("cvs.delete.act"), kind="danger"),
        rx.el.p(t("cvs.offer.delete_what", name=OfferPage.title, scores=OfferPage.matches.length())),
        title=t("cvs.offer.delete"),
        confirm_label=t("cvs.delete.act"),
        on_confirm=OfferPage.delete,
    )
    return card.card(rx.el.div(text, delete, class_name="stack"), title=t("cvs.offer.about"))
