"""A person's credits: what they have, what their plan still gives, what each use costs, and where all of it went."""

from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.billing import history, wallet
from fitmycv_admin.domain.billing.credits import Wallet
from fitmycv_admin.domain.billing.history import LineRow
from fitmycv_admin.domain.billing.wallet import LotRow, UsageRow
from fitmycv_admin.domain.tasks import receipts
from fitmycv_admin.domain.tasks.receipts import ReceiptCard
from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import card, progress, states, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.portal.credits import lines, purse
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import CreditKind, Permission

OFFER = Offer(
    ("at",),
    "-at",
    {"type": tuple(CreditKind), "period": history.PERIODS, "from": (), "to": (), "task": ()},
    size=30,
)


@page_policy(Permission.OWN_DATA)
class Credits(Listing, AppState):
    """Everything about one person's credits, and the page of their ledger that the address asks for."""

    wallet: Wallet = Wallet(0, 0, 0, 0)
    plan_name: str = ""
    usage: list[UsageRow] = []  # noqa: RUF012  (Reflex copies defaults)
    lots: list[LotRow] = []  # noqa: RUF012
    rows: list[LineRow] = []  # noqa: RUF012
    receipts: list[ReceiptCard] = []  # noqa: RUF012
    is_filtered: bool = False
    task: str = ""

    @rx.event
    async def load(self) -> Any:
        """Read what the address asks for."""
        with self._loading():
            yield
            wanted = self._wanted(OFFER)
            screen = await look(wallet.screen, actor(), wanted.filters, wanted.request)
            task_id = screen.filters.task_id
            paid = await look(receipts.own, actor(), task_id) if task_id else ()
            self.wallet, self.plan_name = screen.wallet, screen.plan_name
            self.usage, self.lots = list(screen.usage), list(screen.lots)
            self.rows = self._shown(screen.lines)
            self.receipts = list(paid)
            self.task, self.is_filtered = wanted.get("task"), bool(wanted.filters)


@page(
    title="wallet.title",
    permission=Permission.OWN_DATA,
    load=Credits.load,
    nav=Nav("wallet.title", icon="coins"),
    route=purse.PAGE,
)
def view() -> rx.Component:
    """The figures, the plan beside the lots, then every line."""
    problem = states.error_state(t("wallet.problem"), incident=Credits.incident, retry=Credits.load)
    gone = (Credits.problem != "") & (Credits.usage.length() == 0)
    return rx.fragment(
        card.page_header(t("wallet.title"), t("wallet.answer")),
        rx.cond(
            gone,
            rx.el.div(problem, class_name="card"),
            rx.el.div(
                _figures(),
                rx.el.div(_usage(), _lots(), class_name="wallet-halves"),
                # Who follows a task's link wants its lines.
                rx.el.div(lines.history_card(Credits), class_name=rx.cond(Credits.task != "", "wallet-first", "")),
                class_name="wallet-page",
            ),
        ),
    )


def _figures() -> rx.Component:
    def figure(key: str, value: Any) -> rx.Component:
        return card.kpi_card(
            t(f"wallet.{key}"),
            values.number(value),
            explanation=t(f"wallet.{key}_why"),
            loading=~Credits.is_loaded,
        )

    debt = rx.cond(Credits.wallet.debt > 0, figure("debt", Credits.wallet.debt), rx.fragment())
    return card.kpis(
        figure("available", Credits.wallet.available),
        figure("balance", Credits.wallet.balance),
        figure("held", Credits.wallet.held),
        debt,
    )


def _usage() -> rx.Component:
    plan = rx.match(
        Credits.plan_name,
        ("", ""),
        ("free", t("wallet.usage.free_plan")),
        t("wallet.usage.plan", plan=Credits.plan_name),
    )
    line = rx.el.div(states.skeleton(width="38%"), states.skeleton(width="24%"), class_name="rows-item stack stack-2")
    return card.card(
        rx.cond(
            Credits.usage.length() > 0,
            rx.el.ul(rx.foreach(Credits.usage, _use), class_name="rows"),
            rx.el.div(*[line] * 9, class_name="rows", aria_busy="true"),
        ),
        title=t("wallet.usage.title"),
        aside=rx.el.span(plan),
        foot=rx.el.p(t("wallet.usage.how"), class_name="meta"),
        padded=False,
        id="usage",
    )


def _use(row: Any) -> rx.Component:
    label: Any = "settings.credits_" + row.feature.to(str) + ".label"
    count = rx.match(
        row.usage_limit,
        (0, rx.el.span(t("wallet.usage.not_in_plan"), class_name="meta")),
        (-1, rx.el.span(t("wallet.usage.unlimited", used=row.used), class_name="meta")),
        _share(row),
    )
    changed = rx.cond(row.is_override, rx.el.div(t("wallet.usage.override"), class_name="meta"), rx.fragment())
    free = rx.cond(row.usage_limit == 0, t("wallet.usage.plan_only"), t("wallet.usage.free"))
    cost = rx.cond(
        row.cost == 0,
        rx.el.span(free, class_name="tone-mute"),
        rx.el.span(t("wallet.usage.cost_n", n=row.cost), class_name="wallet-amount tabular"),
    )
    return rx.el.li(
        rx.el.div(rx.el.b(t_key(label)), count, changed, class_name="rows-text"),
        cost,
        class_name="rows-item",
        key=row.feature.to(str),
        custom_attrs={"data-feature": row.feature.to(str)},
    )


def _share(row: Any) -> rx.Component:
    look = rx.cond(row.used >= row.usage_limit, "wallet-share is-used-up", "wallet-share")
    return rx.el.div(
        rx.el.div(
            rx.el.span(t("wallet.usage.of", used=row.used, limit=row.usage_limit)),
            rx.el.span(t("wallet.usage.resets"), " ", values.date_text(row.resets_at), class_name="meta"),
            class_name="spread",
        ),
        progress.bar(row.used / row.usage_limit, label=t("wallet.usage.bar")),
        class_name=look,
    )


def _lots() -> rx.Component:
    loading = rx.el.div(states.skeleton(width="60%"), states.skeleton(width="40%"), class_name="card-body stack")
    none = rx.cond(Credits.is_loaded, states.empty_state(t("wallet.lots.none")), loading)
    return card.card(
        rx.cond(
            Credits.lots.length() > 0,
            rx.el.ul(rx.foreach(Credits.lots, _lot), class_name="rows"),
            none,
        ),
        title=t("wallet.lots.title"),
        foot=rx.el.p(t("wallet.lots.order"), class_name="meta"),
        padded=False,
        id="lots",
    )


def _lot(lot: Any) -> rx.Component:
    until = rx.cond(
        lot.expires_at,
        rx.fragment(t("wallet.lots.expires"), " ", values.date_text(lot.expires_at)),
        t("wallet.lots.never"),
    )
    held = rx.cond(lot.held > 0, rx.fragment(" · ", t("wallet.lots.held", n=lot.held)), rx.fragment())
    back = rx.cond(lot.came_back, rx.fragment(" · ", t("wallet.lots.came_back")), rx.fragment())
    return rx.el.li(
        rx.el.div(
            rx.el.b(t_word("wallet.kind", lot.kind.to(str))),
            rx.el.div(until, held, back, class_name="meta"),
            class_name="rows-text",
        ),
        rx.el.span(
            t("wallet.lots.left_of", left=lot.remaining, granted=lot.granted), class_name="tabular wallet-amount"
        ),
        class_name="rows-item",
        key=lot.id.to(str),
    )
