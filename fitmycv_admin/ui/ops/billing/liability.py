"""What is owed to people in credits and euros, until when and since when, and what ran out."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.billing import holdings
from fitmycv_admin.domain.billing import liability as domain
from fitmycv_admin.domain.billing.holdings import LotRow
from fitmycv_admin.domain.billing.liability import Liability, Slice
from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import card, chart, controls, query, states, table, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

OFFER = Offer((), "", {}, size=25)


@dataclass(frozen=True)
class SliceLine:
    """Credits of one span."""

    span: str
    credits: int
    bought: int
    given: int
    unpriced: int
    cents: int


@dataclass(frozen=True)
class MonthLine:
    """One month of what came in and what ran out."""

    month: str
    bought: int
    given: int
    expired: int
    cents: int


@dataclass(frozen=True)
class LotLine:
    """A lot that runs out soon."""

    id: str
    user: str
    href: str
    kind: str
    left: int
    held: int
    expires_at: str


@page_policy(Permission.CREDITS_READ)
class LiabilityState(Listing, AppState):
    """What the page shows; the list is of what runs out within 30 days."""

    rows: list[LotLine] = []  # noqa: RUF012  (Reflex copies defaults)
    total: SliceLine = SliceLine("all", 0, 0, 0, 0, 0)
    by_expiry: list[SliceLine] = []  # noqa: RUF012
    by_age: list[SliceLine] = []  # noqa: RUF012
    months: list[MonthLine] = []  # noqa: RUF012
    people: int = 0
    debt: int = 0
    read_at: str = ""
    expiry_chart: dict[str, Any] = {}  # noqa: RUF012
    month_chart: dict[str, Any] = {}  # noqa: RUF012

    @rx.event
    async def load(self) -> None:
        """Read what is owed now."""
        with self._loading():
            found = await look(domain.liability, actor())
            soon = await look(holdings.expiring, actor(), self._wanted(OFFER).request)
            self.rows = [_lot(row) for row in self._shown(soon)]
            self._show(found)

    def _show(self, found: Liability) -> None:
        self.total = _slice(found.total)
        self.by_expiry = [_slice(one) for one in found.by_expiry]
        self.by_age = [_slice(one) for one in found.by_age]
        self.months = [
            MonthLine(one.month.isoformat(), one.bought, one.given, one.expired, one.cents) for one in found.months
        ]
        self.people, self.debt, self.read_at = found.people, found.debt, found.at.isoformat()
        self.expiry_chart = _by_span(found.by_expiry)
        self.month_chart = _by_month(found)


def _slice(one: Slice) -> SliceLine:
    return SliceLine(one.span, one.credits, one.bought, one.given, one.unpriced, one.cents)


def _lot(row: LotRow) -> LotLine:
    until = row.expires_at.isoformat() if row.expires_at else ""
    href = f"/ops/accounts/users?open={row.user_id}"
    return LotLine(str(row.id), row.user, href, row.kind, row.remaining - row.held, row.held, until)


def _by_span(slices: tuple[Slice, ...]) -> dict[str, Any]:
    if not any(one.credits for one in slices):
        return chart.figure([], [])
    series = [
        chart.Series("credits.owed.bought", [one.bought + one.unpriced for one in slices], is_key=True, color=1),
        chart.Series("credits.owed.given", [one.given for one in slices], is_key=True, color=3),
    ]
    return chart.figure([one.span for one in slices], series, x_key="credits.owed.span", x_words="credits.owed.bars")


def _by_month(found: Liability) -> dict[str, Any]:
    series = [
        chart.Series("credits.owed.bought", [one.bought for one in found.months], is_key=True, color=1),
        chart.Series("credits.owed.given", [one.given for one in found.months], is_key=True, color=3),
        chart.Series("credits.owed.expired", [one.expired for one in found.months], is_key=True, color=2),
    ]
    return chart.figure(
        [one.month.isoformat()[:7] for one in found.months], series, kind="line", x_key="credits.owed.month"
    )


SLICES = [
    table.column("span", t("credits.owed.span")),
    table.column("credits", t("credits.amount"), numeric=True),
    table.column("bought", t("credits.owed.bought"), numeric=True),
    table.column("given", t("credits.owed.given"), numeric=True),
    table.column("unpriced", t("credits.owed.unpriced"), numeric=True),
    table.column("eur", t("credits.owed.eur"), numeric=True),
]
MONTHS = [
    table.column("month", t("credits.owed.month")),
    table.column("bought", t("credits.owed.bought"), numeric=True),
    table.column("given", t("credits.owed.given"), numeric=True),
    table.column("expired", t("credits.owed.expired"), numeric=True),
    table.column("eur", t("credits.owed.expired_eur"), numeric=True),
]
LOTS = [
    table.column("person", t("credits.person"), look="clip"),
    table.column("kind", t("credits.kind")),
    table.column("left", t("credits.owed.runs_out"), numeric=True),
    table.column("held", t("credits.held"), numeric=True),
    table.column("until", t("credits.until"), numeric=True),
]


def _cells_of(prefix: str) -> Any:
    def cells(one: Any) -> list[controls.Content]:
        return [
            t_word(prefix, one.span),
            values.number(one.credits),
            values.number(one.bought),
            values.number(one.given),
            values.number(one.unpriced),
            values.money_cents(one.cents),
        ]

    return cells


def _month_cells(one: Any) -> list[controls.Content]:
    return [
        values.date_text(one.month, "month"),
        values.number(one.bought),
        values.number(one.given),
        values.number(one.expired),
        values.money_cents(one.cents),
    ]


def _lot_cells(row: Any) -> list[controls.Content]:
    return [
        controls.link(row.user, href=row.href, look="cell-link"),
        t_word("credits.kinds", row.kind),
        values.number(row.left),
        values.number(row.held),
        values.instant(row.expires_at, relative=False, shape="date"),
    ]


def _kpis() -> rx.Component:
    one, loading = rx.Var.create(LiabilityState.total), ~rx.Var.create(LiabilityState.is_loaded).bool()
    total = one.to(SliceLine)
    return card.kpis(
        card.kpi_card(t("credits.owed.credits"), values.number(total.credits),
                      against=t("credits.owed.of_people", n=LiabilityState.people), loading=loading),
        card.kpi_card(t("credits.owed.eur"), values.money_cents(total.cents), loading=loading,
                      against=t("credits.owed.of_bought", n=total.bought), explanation=t("credits.owed.how")),
        card.kpi_card(t("credits.owed.given"), values.number(total.given), loading=loading,
                      against=t("credits.owed.given_why")),
        card.kpi_card(t("credits.debt"), values.number(LiabilityState.debt), loading=loading,
                      against=t("credits.owed.debt_why")),
    )  # fmt: skip


def _table(title: str, columns: list[table.Column], rows: Any, cells: Any, key: str) -> rx.Component:
    return card.card(
        table.data_table(f"owed-{key}-{title.rpartition('.')[2]}", columns, rx.Var.create(rows), cells, key=key,
                         card=False, max_height=False),
        title=t(title), padded=False,
    )  # fmt: skip


@page(
    title="credits.owed.title",
    permission=Permission.CREDITS_READ,
    load=LiabilityState.load,
    nav=Nav("credits.owed.nav", "credits.nav.group", "hourglass", "credits.owed.words"),
)
def liability() -> rx.Component:
    """Figures, two charts with their tables, and what runs out within thirty days."""
    trouble = states.error_state(
        t_key(rx.Var.create(LiabilityState.problem)), incident=LiabilityState.incident, retry=LiabilityState.load
    )
    soon = table.data_table(
        "expiring",
        LOTS,
        rx.Var.create(LiabilityState.rows),
        _lot_cells,
        view=table.ListView.of(LiabilityState),
        retry=LiabilityState.load,
        empty=states.empty_state(t("credits.owed.none_soon"), t("credits.owed.none_soon_why")),
        above=rx.el.div(
            rx.el.h2(t("credits.owed.soon")),
            rx.el.div(query.export_link("/api/exports/credits-expiring.csv"), class_name="row push"),
            class_name="card-head",
        ),
        max_height=False,
    )
    return card.page(
        card.page_header(
            t("credits.owed.title"), t("credits.owed.answer"), query.export_link("/api/exports/credits-owed.csv")
        ),
        rx.cond((LiabilityState.problem != "") & ~LiabilityState.is_loaded, card.card(trouble), rx.fragment()),
        _kpis(),
        rx.el.div(
            chart.chart_card(t("credits.owed.by_expiry"), LiabilityState.expiry_chart),
            chart.chart_card(t("credits.owed.by_month"), LiabilityState.month_chart),
            class_name="grid grid-2",
        ),
        rx.el.div(
            _table("credits.owed.by_expiry", SLICES, LiabilityState.by_expiry, _cells_of("credits.owed.spans"), "span"),
            _table("credits.owed.by_age", SLICES, LiabilityState.by_age, _cells_of("credits.owed.ages"), "span"),
            class_name="grid grid-2",
        ),
        _table("credits.owed.by_month", MONTHS, LiabilityState.months, _month_cells, "month"),
        soon,
    )
