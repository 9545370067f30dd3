"""What a dollar was worth in euros, day by day: where each rate comes from, and bringing new ones in."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin import wiring
from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError, Invalid
from fitmycv_admin.domain.ai_costs import exchange as domain
from fitmycv_admin.domain.ai_costs import exchange_changes as changes
from fitmycv_admin.domain.ai_costs.exchange import RateRow, Standing
from fitmycv_admin.domain.ports import BooksUnavailable
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, query, states, table, toast, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.ai_costs import exchange_import
from fitmycv_admin.ui.ops.ai_costs.exchange_import import Looked
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

OFFER = Offer((), "", {"source": domain.SOURCES}, size=50)


@dataclass(frozen=True)
class RateLine:
    """One day's rate as the screen holds it."""

    day: str
    rate: float
    source: str
    by: str
    set_at: str


@page_policy(Permission.COSTS_READ)
class ExchangeState(Listing, AppState):
    """What the page shows, and the rate or file that is being brought in."""

    rows: list[RateLine] = []  # noqa: RUF012  (Reflex copies defaults)
    today: str = ""
    rate: float = 0
    rate_day: str = ""
    rate_source: str = ""
    missing: int = 0
    spark: str = ""
    fetched_at: str = ""
    publisher: str = ""
    may_write: bool = False
    is_setting: bool = False
    is_importing: bool = False
    is_busy: bool = False
    is_far: bool = False
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
    async def begin(self, what: str) -> None:
        """Open the form of one rate, or the import of a file."""
        self.is_setting, self.is_importing = what == "set", what == "import"
        self.errors, self.is_far, self.looked, self._draft = {}, False, None, ""

    @rx.event
    async def close(self) -> None:
        """Close both."""
        self.is_setting = self.is_importing = False
        self.looked, self._draft = None, ""

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def save(self, fields: dict[str, Any]) -> Any:
        """Store the rate of one day."""
        self.errors = {}
        try:
            await ask(
                changes.set_rate, actor(), str(fields.get("day", "")), str(fields.get("rate", "")),
                reason=str(fields.get("reason", ""))[:500], confirmed=bool(fields.get("confirmed")),
            )  # fmt: skip
        except FitMyCvError as error:
            return self._refused(error)
        self.is_setting = False
        await self._read()
        return toast.done(str(actor().language), "cost_books.rate_saved")

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def remove(self, day: str, fields: dict[str, str]) -> Any:
        """Take the rate of one day away."""
        language = str(actor().language)
        try:
            await ask(changes.remove, actor(), day, reason=fields.get("remove_reason", "")[:500])
        except FitMyCvError as error:
            return toast.refused(language, error.key, **error.params)
        await self._read()
        return toast.done(language, "cost_books.rate_removed")

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def look_at(self, given: dict[str, Any]) -> Any:
        """Say what a file, or lines that were pasted, would change; nothing is stored."""
        self.errors, content = {}, str(given.get("content", ""))
        try:
            found = await look(changes.preview, actor(), content)
        except FitMyCvError as error:
            self.looked = None
            return self._refused(error)
        self.looked = exchange_import.looked(found)
        self._draft, self._name, self.is_far = content, str(given.get("name") or "")[:120], found.far > 0
        return None

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def take(self, fields: dict[str, Any]) -> Any:
        """Store what was looked at."""
        if not self._draft or self.is_busy:
            return None
        self.is_busy, self.errors = True, {}
        try:
            done = await ask(
                changes.load, actor(), self._draft, name=self._name, confirmed=bool(fields.get("confirmed"))
            )
        except FitMyCvError as error:
            return self._refused(error)
        finally:
            self.is_busy = False
        self.is_importing, self.looked, self._draft = False, None, ""
        await self._read()
        return toast.done(str(actor().language), "cost_books.rates_loaded", n=done)

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def fetch(self) -> AsyncIterator[Any]:
        """Read the configured address now."""
        source, language = wiring.rate_source(), str(actor().language)
        if source is None or self.is_busy:
            return
        self.is_busy = True
        yield
        try:
            published = await asyncio.to_thread(source.published)
            done = await ask(changes.take, actor(), published, name=source.name)
        except BooksUnavailable as error:
            yield toast.refused(language, "cost_books.error.not_fetched", why=str(error)[:200])
            return
        except FitMyCvError as error:
            yield toast.refused(language, error.key, **error.params)
            return
        finally:
            self.is_busy = False
        await self._read()
        yield toast.done(language, "cost_books.rates_loaded", n=done)

    async def _read(self) -> None:
        wanted, by = self._wanted(OFFER), actor()
        found = await look(domain.rates, by, wanted.request, source=wanted.get("source"))
        self.rows = [_line(row) for row in self._shown(found)]
        self._stand(await look(domain.standing, by))
        self.may_write = by.may(Permission.PRICES_WRITE)
        source = wiring.rate_source()
        self.publisher = source.name if source else ""

    def _stand(self, found: Standing) -> None:
        rate = found.rate
        self.today, self.missing = found.today.isoformat(), found.missing
        self.rate = float(rate.rate) if rate else 0
        self.rate_day, self.rate_source = (rate.day.isoformat(), rate.source) if rate else ("", "")
        self.spark = card.spark_points([units / domain.RATE_UNIT for units in found.series if units is not None])
        self.fetched_at = found.fetched_at.isoformat() if found.fetched_at else ""

    def _refused(self, error: FitMyCvError) -> Any:
        self.errors = {error.field if isinstance(error, Invalid) else "": error.key}
        self.is_far = self.is_far or error.key == "cost_books.error.far"
        return toast.refused(str(actor().language), error.key, **error.params)


def _line(row: RateRow) -> RateLine:
    return RateLine(row.day.isoformat(), float(row.rate), row.source, row.by, row.set_at.isoformat())


COLUMNS = [
    table.column("day", t("cost_books.day")),
    table.column("rate", t("cost_books.rate"), numeric=True),
    table.column("source", t("cost_books.source")),
    table.column("by", t("cost_books.by"), look="clip"),
    table.column("at", t("cost_books.set_at"), numeric=True),
    table.column("act", rx.el.span(t("cost_books.remove"), class_name="visually-hidden")),
]


def source_pill(source: Any) -> rx.Component:
    """Where a rate comes from; one of the demo looks like a warning."""
    look_of = rx.match(source, ("demo", "pill pill-warn"), ("hand", "pill pill-info"), "pill")
    return rx.el.span(t_word("cost_books.sources", source), class_name=look_of)


def _cells(row: Any) -> list[controls.Content]:
    act = dialog.confirm(
        controls.button(t("cost_books.remove"), kind="quiet"),
        rx.el.p(t("cost_books.remove_why")),
        form.text_field("remove_reason", t("cost_books.reason"), max_length=500, auto_complete="off"),
        title=t("cost_books.remove_title", day=values.date_text(row.day)),
        confirm_label=t("cost_books.remove"),
        on_confirm=lambda fields: ExchangeState.remove(row.day, fields),  # pyright: ignore[reportCallIssue]
    )
    return [
        values.date_text(row.day), values.number(row.rate, decimals=5), source_pill(row.source),
        rx.cond(row.by != "", row.by, rx.el.span("–", class_name="tone-mute")),
        values.instant(row.set_at, relative=False),
        rx.cond(ExchangeState.may_write, act, rx.fragment()),
    ]  # fmt: skip


def _kpis() -> rx.Component:
    loading = ~rx.Var.create(ExchangeState.is_loaded).bool()
    has_rate = ExchangeState.rate_day != ""
    return card.kpis(
        card.kpi_card(
            t("cost_books.one_dollar"),
            rx.cond(has_rate, values.number(ExchangeState.rate, decimals=5), "–"), unit="€",
            against=rx.cond(has_rate, t("cost_books.of_day", day=values.date_text(ExchangeState.rate_day)),
                            t("cost_books.no_rate")),
            spark=ExchangeState.spark, loading=loading, explanation=t("cost_books.rate_how"),
        ),
        card.kpi_card(t("cost_books.missing"), values.number(ExchangeState.missing), loading=loading,
                      against=t("cost_books.missing_why"), explanation=t("cost_books.missing_how")),
        card.kpi_card(
            t("cost_books.fetched"),
            rx.cond(ExchangeState.fetched_at != "", values.instant(ExchangeState.fetched_at), t("cost_books.never")),
            against=rx.cond(ExchangeState.publisher != "", ExchangeState.publisher, t("cost_books.no_publisher")),
            loading=loading,
        ),
    )  # fmt: skip


def _notices() -> rx.Component:
    loaded = rx.Var.create(ExchangeState.is_loaded).bool()
    carried = (ExchangeState.rate_day != "") & (ExchangeState.rate_day != ExchangeState.today)
    return rx.fragment(
        rx.cond(
            ExchangeState.rate_source == "demo",
            card.notice(t("cost_books.demo_rates"), tone="warn", pill=badge.simulated_mark()),
            rx.fragment(),
        ),
        rx.cond(
            loaded & (ExchangeState.rate_day == ""),
            card.notice(t("cost_books.no_rate_why"), tone="warn"),
            rx.fragment(),
        ),
        rx.cond(
            carried,
            card.notice(t("cost_books.carried", day=values.date_text(ExchangeState.rate_day)), tone="info"),
            rx.fragment(),
        ),
    )


def _actions() -> list[rx.Component]:
    fetch = controls.button(t("cost_books.fetch"), on_click=ExchangeState.fetch, busy=ExchangeState.is_busy)
    acts = rx.fragment(
        rx.cond(ExchangeState.publisher != "", fetch, rx.fragment()),
        controls.button(t("cost_books.import_file"), on_click=ExchangeState.begin("import")),  # pyright: ignore[reportCallIssue]
        controls.button(t("cost_books.set_rate"), kind="primary", on_click=ExchangeState.begin("set")),  # pyright: ignore[reportCallIssue]
    )
    return [query.export_link("/api/exports/exchange-rates.csv"), rx.cond(ExchangeState.may_write, acts, rx.fragment())]


@page(
    title="cost_books.exchange_title",
    permission=Permission.COSTS_READ,
    load=ExchangeState.load,
    nav=Nav("cost_books.exchange_nav", "ai_costs.nav.group", "coins", "cost_books.exchange_words"),
)
def exchange() -> rx.Component:
    """How the rates stand, every stored one, and the two ways to bring one in."""
    of_source = [query.option("", t("cost_books.all"))] + [
        query.option(word, t(f"cost_books.sources.{word}")) for word in domain.SOURCES
    ]
    return card.page(
        card.page_header(t("cost_books.exchange_title"), t("cost_books.exchange_answer"), *_actions()),
        _notices(),
        _kpis(),
        table.table_tools(
            query.query_filter("source", t("cost_books.source"), of_source), table_id="exchange", columns=COLUMNS
        ),
        table.data_table(
            "exchange", COLUMNS, rx.Var.create(ExchangeState.rows), _cells, key="day",
            view=table.ListView.of(ExchangeState), retry=ExchangeState.load,
            empty=states.empty_state(t("cost_books.no_rates"), t("cost_books.no_rates_why")),
        ),
        exchange_import.rate_dialog(ExchangeState),
        exchange_import.file_dialog(ExchangeState),
    )  # fmt: skip
