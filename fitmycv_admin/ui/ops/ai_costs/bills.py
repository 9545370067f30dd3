"""What the vendor billed against what we counted, day by day, and what explains the difference."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from fitmycv_admin import wiring
from fitmycv_admin.core import clock
from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError, Invalid
from fitmycv_admin.domain.ai_costs import bill_imports as imports
from fitmycv_admin.domain.ai_costs import bill_screens
from fitmycv_admin.domain.ai_costs.bill_screens import BillScreen
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import badge, card, chart, controls, dialog, query, states, table, toast, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.ai_costs import bill_import, bill_lines, bill_panel
from fitmycv_admin.ui.ops.ai_costs.bill_import import Looked
from fitmycv_admin.ui.ops.ai_costs.bill_lines import DayLine, ModelLine, ReadingLine, Totals
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

OFFER = Offer((), "", dict.fromkeys(bill_screens.WORDS, ()) | {"only": bill_screens.ONLY}, size=40)
FILTERS: tuple[query.Preset, ...] = ("7d", "30d", "90d", "month", "last_month")


@page_policy(Permission.COSTS_READ)
class BillState(Listing, AppState):
    """What the page shows, and the file that is being brought in."""

    rows: list[DayLine] = []  # noqa: RUF012  (Reflex copies defaults)
    totals: Totals = Totals()
    figure: dict[str, Any] = {}  # noqa: RUF012
    opened: DayLine | None = None
    models: list[ModelLine] = []  # noqa: RUF012
    readings: list[ReadingLine] = []  # noqa: RUF012
    read_at: str = ""
    read_problem: str = ""
    has_key: bool = False
    may_write: bool = False
    is_importing: bool = False
    is_busy: bool = False
    looked: Looked | None = None
    errors: dict[str, str] = {}  # noqa: RUF012
    _draft: str = ""
    _name: str = ""

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            await self._read()

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def begin(self) -> None:
        """Open the import of a file."""
        self.is_importing, self.errors, self.looked, self._draft = True, {}, None, ""

    @rx.event
    async def close(self) -> None:
        """Close it."""
        self.is_importing, self.looked, self._draft = False, None, ""

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def look_at(self, given: dict[str, Any]) -> Any:
        """Say what a file, or lines that were pasted, would replace; nothing is stored."""
        self.errors, content = {}, str(given.get("content", ""))
        try:
            found = await look(imports.preview, actor(), content)
        except FitMyCvError as error:
            self.looked = None
            return self._refused(error)
        self.looked, self._draft = bill_import.looked(found), content
        self._name = str(given.get("name") or "")[:120]
        return None

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def take(self) -> Any:
        """Store what was looked at."""
        if not self._draft or self.is_busy:
            return None
        self.is_busy, self.errors = True, {}
        try:
            await ask(imports.load, actor(), self._draft, name=self._name)
        except FitMyCvError as error:
            return self._refused(error)
        finally:
            self.is_busy = False
        self.is_importing, self.looked, self._draft = False, None, ""
        await self._read()
        return toast.done(str(actor().language), "cost_books.bill_loaded")

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def fetch(self) -> AsyncIterator[Any]:
        """Ask the vendor's endpoint now."""
        source, language = wiring.bill_source(), str(actor().language)
        if source is None or self.is_busy:
            return
        self.is_busy = True
        yield
        try:
            first, last = imports.span(clock.now())
            reading = await asyncio.to_thread(imports.read, source, first, last)
            await ask(imports.store, actor(), reading)
        except FitMyCvError as error:
            yield toast.refused(language, error.key, **error.params)
            return
        finally:
            self.is_busy = False
        await self._read()
        if reading.problem:
            yield toast.refused(language, "cost_books.error.not_fetched", why=reading.problem[:200])
        else:
            yield toast.done(language, "cost_books.bill_loaded")

    async def _read(self) -> None:
        wanted, by = self._wanted(OFFER), actor()
        self._show(await look(bill_screens.screen, by, dict(wanted.filters), wanted.request))
        self.may_write, self.has_key = by.may(Permission.PRICES_WRITE), wiring.bill_source() is not None

    def _show(self, screen: BillScreen) -> None:
        self.rows = [bill_lines.day(row) for row in self._shown(screen.page)]
        self.totals, self.figure = bill_lines.totals(screen.found), bill_lines.figure(screen.found)
        self.opened = bill_lines.day(screen.opened) if screen.opened else None
        self.models = [bill_lines.model(number, row) for number, row in enumerate(screen.models)]
        self.readings = [bill_lines.reading(row) for row in screen.readings]
        self.read_at = screen.reader.read_at.isoformat() if screen.reader.read_at else ""
        self.read_problem = screen.reader.problem

    def _refused(self, error: FitMyCvError) -> Any:
        self.errors = {error.field if isinstance(error, Invalid) else "": error.key}
        return toast.refused(str(actor().language), error.key, **error.params)


COLUMNS = [
    table.column("day", t("cost_books.day_utc")),
    table.column("billed", t("cost_books.billed"), numeric=True),
    table.column("estimated", t("cost_books.estimated"), numeric=True),
    table.column("difference", t("cost_books.difference"), numeric=True),
    table.column("ratio", t("cost_books.share"), numeric=True),
    table.column("explained", t("cost_books.explained"), numeric=True),
    table.column("rest", t("cost_books.rest"), numeric=True),
    table.column("state", t("cost_books.state")),
]
READINGS = [
    table.column("at", t("cost_books.read_at")),
    table.column("source", t("cost_books.source")),
    table.column("days", t("cost_books.days")),
    table.column("lines", t("cost_books.lines"), numeric=True),
    table.column("total", t("cost_books.billed"), numeric=True),
    table.column("by", t("cost_books.by"), look="clip"),
    table.column("problem", t("cost_books.problem"), look="wrap"),
]


def _cells(row: Any) -> list[controls.Content]:
    return [
        query.query_link(values.date_text(row.day), changes={"day": row.day}, look="cell-link"),
        values.money_usd_nano(row.billed_nano),
        values.money_usd_nano(row.estimated_nano),
        values.money_usd_nano(row.difference_nano),
        rx.cond(row.ratio.is_none(), "–", values.change(row.ratio)),
        values.money_usd_nano(row.explained_nano),
        values.money_usd_nano(row.rest_nano),
        bill_panel.state_pill(row.state),
    ]


def _reading_cells(row: Any) -> list[controls.Content]:
    return [
        values.instant(row.at),
        rx.el.span(
            t_word("cost_books.bill_sources", row.source), " ", rx.el.span(row.file_name, class_name="tone-mute")
        ),
        rx.cond(row.first != "", rx.el.span(values.date_text(row.first), " → ", values.date_text(row.last)), "–"),
        values.number(row.lines),
        values.money_usd_nano(row.total_nano),
        rx.cond(row.by != "", row.by, rx.el.span(t("cost_books.by_itself"), class_name="tone-mute")),
        rx.cond(
            row.problem != "", rx.el.span(badge.pill(t("cost_books.failed"), tone="bad"), " ", row.problem), "–"
        ),
    ]  # fmt: skip


def _kpis() -> rx.Component:
    totals, waiting = rx.Var.create(BillState.totals).to(Totals), ~rx.Var.create(BillState.is_loaded).bool()
    euros = rx.cond(
        totals.missing_rates > 0, t("cost_books.some_in_eur", cents=values.money_cents(totals.euro_cents)),
        t("cost_books.in_eur", cents=values.money_cents(totals.euro_cents)),
    )  # fmt: skip
    return card.kpis(
        card.kpi_card(t("cost_books.billed"), values.money_usd_nano(totals.billed_nano), against=euros,
                      explanation=t("cost_books.billed_how"), loading=waiting),
        card.kpi_card(t("cost_books.estimated"), values.money_usd_nano(totals.estimated_nano),
                      against=t("cost_books.same_days"), explanation=t("cost_books.estimated_how"), loading=waiting),
        card.kpi_card(t("cost_books.difference"),
                      rx.cond(totals.ratio.is_none(), "–", values.change(totals.ratio)),
                      against=t("cost_books.limit", share=values.percent(totals.limit, decimals=1)), loading=waiting),
        card.kpi_card(t("cost_books.days_different"), values.number(totals.different), loading=waiting,
                      against=t("cost_books.without_bill", n=totals.without_bill)),
    )  # fmt: skip


def _notices() -> rx.Component:
    different = rx.Var.create(BillState.totals).to(Totals).different
    loaded = rx.Var.create(BillState.is_loaded).bool()
    return rx.fragment(
        rx.cond(
            different > 0,
            card.notice(t("cost_books.alarm", n=different), tone="bad",
                        actions=(query.query_link(t("cost_books.show_them"), changes={"only": "different"}),)),
            rx.fragment(),
        ),
        rx.cond(
            BillState.read_problem != "",
            card.notice(t("cost_books.read_broke"), " ", BillState.read_problem, tone="bad"),
            rx.fragment(),
        ),
        rx.cond(loaded & ~BillState.has_key, card.notice(t("cost_books.no_key"), tone="info"), rx.fragment()),
        rx.cond(
            rx.Var.create(BillState.totals).to(Totals).is_demo,
            card.notice(t("cost_books.demo_bill"), tone="warn", pill=badge.simulated_mark()),
            rx.fragment(),
        ),
    )  # fmt: skip


def _actions() -> list[rx.Component]:
    fetch = controls.button(t("cost_books.fetch"), on_click=BillState.fetch, busy=BillState.is_busy)
    acts = rx.fragment(
        rx.cond(BillState.has_key, fetch, rx.fragment()),
        controls.button(t("cost_books.import_file"), kind="primary", on_click=BillState.begin),
    )
    return [query.period_picker(presets=FILTERS), query.export_link("/api/exports/bill-days.csv"),
            rx.cond(BillState.may_write, acts, rx.fragment())]  # fmt: skip


@page(
    title="cost_books.bills_title",
    permission=Permission.COSTS_READ,
    load=BillState.load,
    nav=Nav("cost_books.bills_nav", "ai_costs.nav.group", "receipt-text", "cost_books.bills_words"),
)
def bills() -> rx.Component:
    """How the books stand, each day with the opened one beside it, and what was read when."""
    only = [query.option("", t("cost_books.all_days")), query.option("different", t("cost_books.only_different")),
            query.option("unbilled", t("cost_books.only_unbilled"))]  # fmt: skip
    days = table.data_table(
        "bill-days", COLUMNS, rx.Var.create(BillState.rows), _cells, key="day",
        view=table.ListView.of(BillState), retry=BillState.load,
        empty=states.empty_state(t("cost_books.no_days"), t("cost_books.no_days_why")),
        is_open=lambda row: row.day == BillState.opened.to(DayLine).day,
    )  # fmt: skip
    return card.page(
        card.page_header(t("cost_books.bills_title"), t("cost_books.bills_answer"), *_actions()),
        _notices(),
        _kpis(),
        chart.chart_card(t("cost_books.by_day"), BillState.figure),
        table.table_tools(
            query.query_filter("only", t("cost_books.state"), only), table_id="bill-days", columns=COLUMNS
        ),
        dialog.beside(days, bill_panel.panel(BillState), is_open=BillState.opened),
        card.card(
            table.data_table(
                "readings", READINGS, rx.Var.create(BillState.readings), _reading_cells, card=False, max_height=False,
                empty=states.empty_state(t("cost_books.no_readings"), t("cost_books.no_readings_why")),
            ),
            title=t("cost_books.readings"), padded=False,
        ),
        bill_import.file_dialog(BillState),
    )  # fmt: skip
