"""The person's job offers, and the place where the text of a new one is pasted."""

from typing import Any
from uuid import uuid4

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.billing.reservations import Shown
from fitmycv_admin.domain.cvs import offers, queries
from fitmycv_admin.domain.cvs.progress import Scope
from fitmycv_admin.domain.cvs.queries import OfferRow
from fitmycv_admin.domain.tasks.decision import Refused
from fitmycv_admin.ui.copy import t, t_given
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import badge, card, controls, form, states, values
from fitmycv_admin.ui.kit.query import query_link
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.portal.cvs.scorecard import score_mark
from fitmycv_admin.ui.portal.tasks import turns
from fitmycv_admin.ui.portal.tasks.price import Priced, price_line
from fitmycv_admin.ui.portal.tasks.watching import Watching, task_list
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission, TaskType


@page_policy(Permission.OWN_DATA)
class Offers(Watching, Priced, AppState):
    """The list, and the readings that are on their way."""

    rows: list[OfferRow] = []  # noqa: RUF012
    error: str = ""
    error_params: dict[str, str | int] = {}  # noqa: RUF012

    def _starts(self) -> TaskType:
        return TaskType.EXTRACT_OFFER

    def _scope(self) -> Scope:
        return Scope((TaskType.EXTRACT_OFFER,))

    async def _fetch(self) -> None:
        after = self.router.url.query_parameters.get("after", "")
        self.rows = self._shown(await look(queries.offer_rows, actor(), PageRequest(after=after)))
        self.error = ""
        await self._read_price()

    @rx.event
    async def add(self, given: dict[str, Any]) -> Any:
        """Keep the pasted text and go to its page; or say under the field why not."""
        self.error, self.error_params = "", {}
        await turns.may_start(actor())
        text, key = str(given.get("text") or ""), f"offer:{uuid4()}"
        try:
            added = await ask(
                offers.add_text, actor(), text, idempotency_key=key, shown=Shown.read(self.price.token)
            )
        except Refused as refused:
            return await self._refused(refused)
        except Invalid as wrong:
            self.error, self.error_params = wrong.key, dict(wrong.params)
            return rx.set_focus("text")
        return rx.redirect(f"/offers/{added.offer_id}")


@page(
    title="cvs.offers.title",
    permission=Permission.OWN_DATA,
    load=Offers.load,
    nav=Nav("cvs.offers.title", icon="briefcase"),
    route="/offers",
)
def view() -> rx.Component:
    """The list, with the new offer beside it."""
    return rx.fragment(
        card.page_header(t("cvs.offers.title"), t("cvs.offers.answer")),
        rx.el.div(
            rx.el.div(_list(), class_name="stack"),
            rx.el.div(_add(), class_name="stack review-first"),
            class_name="review",
        ),
    )


def _list() -> rx.Component:
    more = rx.cond(
        Offers.next_token != "",
        query_link(t("cvs.library.more"), changes={"after": Offers.next_token}, look="btn"),
        rx.fragment(),
    )
    empty = states.empty_state(t("cvs.offers.empty"), t("cvs.offers.empty_why"))
    problem = states.error_state(t("cvs.problem"), incident=Offers.incident, retry=Offers.load)
    return rx.cond(
        Offers.rows.length() > 0,
        rx.fragment(rx.el.ul(rx.foreach(Offers.rows, _row), class_name="card rows"), more),
        rx.cond(
            Offers.problem != "",
            rx.el.div(problem, class_name="card"),
            rx.cond(Offers.is_loaded, rx.el.div(empty, class_name="card", id="empty"), _skeleton()),
        ),
    )


def _skeleton() -> rx.Component:
    line = rx.el.div(
        states.skeleton(width="48%"),
        states.skeleton(width="30%"),
        class_name="rows-item stack stack-2",
        aria_hidden="true",
    )
    return rx.el.div(line, line, line, class_name="card rows", aria_busy="true")


def _row(row: Any) -> rx.Component:
    url: Any = "/offers/" + row.id.to(str)
    reading = badge.pill(t("cvs.offers.reading"), tone="info", live=True)
    failed = badge.pill(t("cvs.offers.failed"), tone="bad")
    scored = rx.Var(f"({row.best_score!s}) !== null").to(bool)
    score = rx.cond(scored, score_mark(row.best_score), rx.fragment())
    return rx.el.li(
        rx.el.div(
            controls.link(row.title, href=url, look="rows-link"),
            rx.el.div(
                row.company,
                rx.cond((row.company != "") & (row.place != ""), " · ", ""),
                row.place,
                class_name="sub clip",
            ),
            rx.el.div(t("cvs.offers.added"), " ", values.instant(row.created_at), class_name="meta"),
            class_name="rows-text",
        ),
        rx.cond(row.is_read, score, rx.cond(row.has_failed, failed, reading)),
        class_name="rows-item",
        key=row.id.to(str),
    )


def _add() -> rx.Component:
    wrong = rx.cond(
        Offers.error != "",
        rx.el.p(t_given(Offers.error, Offers.error_params), class_name="field-error", id="text-error", role="alert"),
        rx.fragment(),
    )
    field = rx.el.div(
        rx.el.label(t("cvs.offers.text"), html_for="text", class_name="field-label"),
        rx.el.textarea(
            name="text",
            id="text",
            class_name="input tall",
            max_length=offers.TEXT_MAX * 2,
            placeholder=t("cvs.offers.paste"),
            aria_invalid=rx.cond(Offers.error != "", "true", "false"),
            aria_describedby="text-hint text-error",
        ),
        wrong,
        rx.el.p(
            t("cvs.offers.hint", min=offers.TEXT_MIN, max=offers.TEXT_MAX), class_name="field-hint", id="text-hint"
        ),
        class_name="field",
    )
    content = rx.el.div(
        form.form(
            field,
            price_line(Offers.price),
            form.submit_row(t("cvs.offers.add"), disabled=~Offers.price.is_allowed),
            on_submit=Offers.add,
        ),
        task_list(Offers),
        class_name="stack",
    )
    return card.card(content, title=t("cvs.offers.new"), id="new-offer")
