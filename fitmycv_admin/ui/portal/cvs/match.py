"""How well one CV answers one offer: the score, its evidence in the paper, and what is missing."""

from typing import Any
from uuid import UUID, uuid4

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.cvs import matching, queries
from fitmycv_admin.domain.cvs.progress import Scope
from fitmycv_admin.domain.tasks import receipts
from fitmycv_admin.domain.tasks.receipts import ReceiptCard
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import badge, card, controls, states, values
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.portal.addresses import id_at
from fitmycv_admin.ui.portal.cvs import paper, scorecard
from fitmycv_admin.ui.portal.tasks import turns
from fitmycv_admin.ui.portal.tasks.price import Priced, price_line
from fitmycv_admin.ui.portal.tasks.receipt import receipt
from fitmycv_admin.ui.portal.tasks.watching import Watching, task_list
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission, TaskType


@page_policy(Permission.OWN_DATA)
class MatchPage(Watching, Priced, AppState):
    """The latest score of a CV for an offer, and the one on its way."""

    shown: str = ""
    cv_url: str = "/cvs"
    offer_url: str = "/offers"
    cv_name: str = ""
    offer_title: str = ""
    company: str = ""
    has_score: bool = False
    is_stale: bool = False
    is_without_ai: bool = False
    scored_at: str = ""
    previous: int = -1
    is_ready: bool = False
    receipts: list[ReceiptCard] = []  # noqa: RUF012
    score: scorecard.Scorecard = scorecard.Scorecard()
    content: paper.Paper = paper.Paper()

    def _pair(self) -> tuple[UUID, UUID]:
        return id_at(self.router.url, 1), id_at(self.router.url, 3)

    def _starts(self) -> TaskType:
        return TaskType.MATCH_SCORE

    def _scope(self) -> Scope:
        cv_id, offer_id = self._pair()
        return Scope((TaskType.MATCH_SCORE,), cv_id=cv_id, offer_id=offer_id)

    async def _fetch(self) -> None:
        cv_id, offer_id = self._pair()
        if self.shown != f"{cv_id}/{offer_id}":
            self.shown, self.has_score, self.tasks = "", False, []
        found = await look(queries.match, actor(), cv_id, offer_id)
        self.cv_url, self.offer_url = f"/cvs/{cv_id}", f"/offers/{offer_id}"
        self.cv_name, self.offer_title, self.company = found.cv.name, found.offer.title, found.offer.company
        self.content, self.is_ready = paper.of(found.document), found.offer.is_read
        self.previous = -1 if found.previous is None else found.previous
        self.has_score = found.score is not None
        if found.score is not None and found.latest is not None:
            self.score = scorecard.of(found.score)
            self.is_stale, self.is_without_ai = found.latest.is_stale, found.latest.is_without_ai
            self.scored_at = found.latest.created_at.isoformat()
        self.shown = f"{cv_id}/{offer_id}"
        self.receipts = list(await look(receipts.latest, actor(), TaskType.MATCH_SCORE, cv_id, offer_id=offer_id))
        await self._read_price()

    @rx.event
    async def request(self) -> Any:
        """Ask for the score, again or for the first time."""
        await turns.may_start(actor())
        key = f"match:{uuid4()}"
        return await self._start(matching.request, *self._pair(), idempotency_key=key, then=MatchPage.watch)


@page(
    title="cvs.match.title", permission=Permission.OWN_DATA, load=MatchPage.load, route="/cvs/[cv_id]/match/[offer_id]"
)
def view() -> rx.Component:
    """Paper at the left, the score and its reasons at the right."""
    gone = rx.el.div(states.error_state(t("cvs.match.gone"), incident=MatchPage.incident), class_name="card")
    return rx.fragment(
        card.page_header(
            rx.cond(MatchPage.offer_title != "", t("cvs.match.for", offer=MatchPage.offer_title), t("cvs.match.title")),
            t("cvs.match.answer"),
            controls.link(t("cvs.match.see_offer"), href=MatchPage.offer_url),
            back=(rx.cond(MatchPage.cv_name != "", MatchPage.cv_name, t("cvs.library.title")), MatchPage.cv_url),
        ),
        rx.cond(
            (MatchPage.problem != "") & (MatchPage.shown == ""),
            gone,
            rx.el.div(
                rx.cond(MatchPage.shown != "", paper.sheet(MatchPage.content), _paper_skeleton()),
                rx.el.div(
                    _score(), _missing(), rx.foreach(MatchPage.score.parts, _part), class_name="stack review-first"
                ),
                class_name="review",
            ),
        ),
    )


def _paper_skeleton() -> rx.Component:
    lines = [states.skeleton(width=width) for width in ("40%", "64%", "90%", "82%", "55%")]
    return rx.el.div(*lines, class_name="sheet stack", aria_busy="true")


def _score() -> rx.Component:
    stale = rx.cond(MatchPage.is_stale, card.notice(t("cvs.score.stale_why"), tone="warn"), rx.fragment())
    known = rx.el.div(
        scorecard.ring(MatchPage.score, MatchPage.previous),
        stale,
        rx.el.div(
            rx.el.span(t("cvs.score.at"), " ", values.instant(MatchPage.scored_at), class_name="meta"),
            rx.cond(MatchPage.is_without_ai, badge.no_ai_mark(), rx.fragment()),
            class_name="spread",
        ),
        price_line(MatchPage.price),
        controls.button(
            t("cvs.score.again"),
            on_click=MatchPage.request,
            busy=MatchPage.is_busy,
            disabled=~MatchPage.price.is_allowed,
        ),
        receipt(MatchPage.receipts),
        class_name="stack",
    )
    none = rx.el.div(
        rx.el.p(rx.cond(MatchPage.is_ready, t("cvs.score.none"), t("cvs.error.not_read_yet")), class_name="sub"),
        price_line(MatchPage.price),
        controls.button(
            t("cvs.score.ask"),
            kind="primary",
            on_click=MatchPage.request,
            busy=MatchPage.is_busy,
            disabled=~(MatchPage.is_ready & MatchPage.price.is_allowed),
        ),
        class_name="stack",
    )
    loading = rx.el.div(
        states.skeleton(look="skeleton-figure"), states.skeleton(), states.skeleton(), class_name="stack"
    )
    return card.card(
        rx.el.div(
            rx.cond(MatchPage.shown == "", loading, rx.cond(MatchPage.has_score, known, none)),
            task_list(MatchPage),
            class_name="stack",
        ),
        title=t("cvs.score.title"),
        aside=_how(),
        id="score",
    )


def _how() -> rx.Component:
    return card.explain(t("cvs.score.formula"))


def _missing() -> rx.Component:
    return rx.cond(
        MatchPage.has_score,
        card.card(scorecard.missing_list(MatchPage.score), title=t("cvs.missing.title"), id="missing"),
        rx.fragment(),
    )


def _part(part: Any) -> rx.Component:
    return rx.cond(MatchPage.has_score, scorecard.part_details(part), rx.fragment())
