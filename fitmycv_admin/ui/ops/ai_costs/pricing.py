"""What each model costs now, what it cost and what it will cost."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError, Invalid
from fitmycv_admin.domain.ai_costs import price_preview, screens
from fitmycv_admin.domain.ai_costs import pricing as domain
from fitmycv_admin.domain.ai_costs.price_list import State
from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, query, states, table, toast, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.ai_costs import price_lines, price_names, price_panel
from fitmycv_admin.ui.ops.ai_costs.price_lines import Impact, PriceLine, VersionLine
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission, ServiceTier

WORDS = ("model", "tier", "at", "state")
OFFER = Offer((), "", {"model": (), "tier": tuple(ServiceTier), "at": tuple(ServiceTier), "state": tuple(State)})


@page_policy(Permission.PRICES_READ)
class PriceState(Listing, AppState):
    """What the price page shows, and the change that is being written."""

    rows: list[PriceLine] = []  # noqa: RUF012  (Reflex copies defaults)
    versions: list[VersionLine] = []  # noqa: RUF012
    opened: PriceLine | None = None
    may_write: bool = False
    price_zone: str = "Europe/Paris"
    is_editing: bool = False
    is_adding: bool = False
    is_saving: bool = False
    is_far: bool = False
    is_planned: bool = False
    errors: dict[str, str] = {}  # noqa: RUF012
    impact: Impact = Impact()
    unpriced: int = 0
    _previewed: dict[str, str] = {}  # noqa: RUF012

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            await self._read()

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def edit(self) -> None:
        """Open the dialog of a change."""
        self.is_editing, self.is_far, self.is_planned, self.errors = True, False, False, {}
        self.impact, self._previewed = Impact(), {}

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def add(self) -> None:
        """Open the dialog of a new model."""
        self.is_adding, self.errors = True, {}

    @rx.event
    async def close(self) -> None:
        """Close the dialogs."""
        self.is_editing = self.is_adding = False

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def plan(self, is_planned: bool) -> None:
        """Now, or at an instant."""
        self.is_planned = is_planned

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def save(self, fields: dict[str, Any]) -> AsyncIterator[Any]:
        """Show what these prices would have meant; the same prices sent again open the next version."""
        if self.opened is None or self.is_saving:
            return
        self.is_saving, self.errors = True, {}
        yield
        try:
            done = await self._previewed_or_saved(self.opened, fields)
        except FitMyCvError as error:
            self._refused(error)
            return
        finally:
            self.is_saving = False
        if done:
            self.is_editing = False
            await self._read()
            yield toast.done(str(actor().language), "ai_costs.price_saved")

    async def _previewed_or_saved(self, one: PriceLine, fields: dict[str, Any]) -> bool:
        lines = price_lines.typed(fields)
        given = {kind: str(nano) for kind, nano in lines.items()}
        if not self.impact.is_shown or given != self._previewed:
            found = await look(price_preview.preview, actor(), one.model, one.tier, lines)
            self.impact, self._previewed = price_lines.impact(found), given
            self.is_far = bool(found.far)
            return False
        await ask(
            domain.change, actor(), one.model, one.tier, lines=lines, effective_at=self._at(fields),
            reason=str(fields.get("reason", "")), confirmed=bool(fields.get("confirmed")),
        )  # fmt: skip
        return True

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def add_model(self, fields: dict[str, Any]) -> AsyncIterator[Any]:
        """Put a model on the list."""
        aliases = tuple(one.strip() for one in str(fields.get("aliases", "")).split(",") if one.strip())
        self.errors = {}
        try:
            await ask(
                domain.add_model, actor(), str(fields.get("name", "")), aliases=aliases,
                description=str(fields.get("description", ""))[:300], reason=str(fields.get("add_reason", "")),
            )  # fmt: skip
        except FitMyCvError as error:
            self._refused(error, prefix="add_")
            return
        self.is_adding = False
        await self._read()
        yield toast.done(str(actor().language), "ai_costs.model_added")

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def cancel(self, version_id: int, fields: dict[str, Any]) -> AsyncIterator[Any]:
        """Take back a planned change."""
        language = str(actor().language)
        try:
            await ask(domain.cancel, actor(), version_id, reason=str(fields.get("cancel_reason", "")))
        except FitMyCvError as error:
            yield toast.refused(language, error.key, **error.params)
            return
        await self._read()
        yield toast.done(language, "ai_costs.price_cancelled")

    async def _read(self) -> None:
        wanted = self._wanted(OFFER)
        model, tier = wanted.get("model"), wanted.get("tier") or ServiceTier.STANDARD
        screen = await look(
            screens.prices, actor(), model, tier, search=wanted.search, narrowed=wanted.get("at"),
            state=wanted.get("state"),
        )  # fmt: skip
        self.rows = [price_lines.line(row) for row in screen.prices]
        self.versions = [price_lines.version(row) for row in screen.versions]
        self.opened = price_lines.line(screen.opened) if screen.opened else None
        self.unpriced, self.may_write, self.price_zone = screen.unpriced, screen.may_write, screen.zone

    def _at(self, fields: dict[str, Any]) -> datetime | None:
        """The instant that was typed as a local time of the workspace; None means now."""
        if not self.is_planned:
            return None
        try:
            local = datetime.fromisoformat(str(fields.get("effective_at", "")))
        except ValueError as error:
            raise Invalid("ai_costs.error.instant_missing", field="effective_at") from error
        return local.replace(tzinfo=ZoneInfo(self.price_zone)).astimezone(UTC)

    def _refused(self, error: FitMyCvError, prefix: str = "") -> None:
        field = error.field if isinstance(error, Invalid) else ""
        field = prefix + field if field == "reason" else field
        self.is_far = self.is_far or error.key == "ai_costs.error.price_far"
        self.errors = {field: error.key}


COLUMNS = [
    table.column("model", t("ai_costs.by.model")),
    table.column("tier", t("ai_costs.by.tier")),
    table.column("input", t("ai_costs.usage.input"), numeric=True),
    table.column("cached_input", t("ai_costs.usage.cached_input"), numeric=True),
    table.column("output", t("ai_costs.usage.output"), numeric=True),
    table.column("others", t("prices.other_kinds"), numeric=True),
    table.column("since", t("ai_costs.since"), numeric=True),
    table.column("calls", t("ai_costs.calls_30"), numeric=True),
    table.column("cost", t("ai_costs.cost_30"), numeric=True),
    table.column("state", t("ai_costs.status")),
]


def _others(row: Any) -> rx.Component:
    """The kinds of token that few models have a price for, on one line each."""
    kinds = ("cache_write", "reasoning", "image", "audio")
    lines = [
        rx.cond(
            getattr(row, kind).is_none(),
            rx.fragment(),
            rx.el.div(
                rx.el.span(t(f"ai_costs.usage.{kind}"), " ", class_name="meta"),
                values.price_usd_nano(getattr(row, kind)),
            ),
        )
        for kind in kinds
    ]
    return rx.fragment(*lines)


def _cells(row: Any) -> list[controls.Content]:
    planned = badge.pill(t("ai_costs.next_at", at=values.date_text(row.next_at, "day")), tone="info")
    unpriced = badge.pill(t("ai_costs.unpriced_n", n=row.unpriced), tone="warn")
    return [
        controls.link(row.model, href=row.href, look="cell-link mono"),
        t_word("ai_costs.tier", row.tier),
        values.price_usd_nano(row.input),
        values.price_usd_nano(row.cached_input),
        values.price_usd_nano(row.output),
        _others(row),
        rx.cond(row.since != "", values.instant(row.since, relative=False, shape="date"), "–"),
        values.number(row.calls),
        values.money_usd_nano(row.cost_nano),
        rx.el.span(
            rx.cond(row.is_priced, badge.pill(t("ai_costs.priced"), tone="ok"),
                    rx.cond(row.unpriced > 0, unpriced, badge.pill(t("ai_costs.no_price")))),
            rx.cond(row.next_at != "", planned, rx.fragment()),
            class_name="row",
        ),
    ]  # fmt: skip


def _unpriced() -> rx.Component:
    return card.notice(
        t("prices.unpriced_banner", n=PriceState.unpriced),
        tone="warn",
        pill=badge.pill(t("ai_costs.unpriced_pill"), tone="warn"),
        actions=(controls.link_button(t("prices.late_price"), href="/ops/ai-costs/adjustments"),),
    )


@page(
    title="ai_costs.prices_title",
    permission=Permission.PRICES_READ,
    load=PriceState.load,
    nav=Nav("ai_costs.nav.prices", "ai_costs.nav.group", "tags"),
)
def pricing() -> rx.Component:
    """The list, and the opened model beside it with its versions."""
    every = query.option("", t("ai_costs.all"))
    tiers = [query.option(tier, t(f"ai_costs.tier.{tier}")) for tier in ServiceTier]
    words = [query.option(word, t(f"prices.state.{word}")) for word in State]
    tools = table.table_tools(
        query.query_search(t("prices.search")),
        query.query_filter("at", t("ai_costs.by.tier"), [every, *tiers]),
        query.query_filter("state", t("ai_costs.status"), [every, *words]),
        table_id="ai-costs-prices",
        columns=COLUMNS,
    )
    rows = table.data_table(
        "ai-costs-prices",
        COLUMNS,
        PriceState.rows,
        _cells,
        view=table.ListView.of(PriceState),
        is_open=lambda row: PriceState.opened.id == row.id,
        retry=PriceState.load,
        empty=states.empty_state(t("ai_costs.no_models"), t("ai_costs.no_models_why")),
        summary=t("ai_costs.unit"),
    )
    problem = states.error_state(t_key(PriceState.problem), incident=PriceState.incident, retry=PriceState.load)
    return card.page(
        card.page_header(
            t("ai_costs.prices_title"),
            t("ai_costs.prices_answer"),
            query.export_link("/api/exports/ai-prices.csv"),
            controls.button(t("prices.test"), on_click=price_names.NameState.open_test),
            rx.cond(
                PriceState.may_write,
                controls.link_button(t("prices.import"), href="/ops/ai-costs/price-import"),
                rx.fragment(),
            ),
            rx.cond(
                PriceState.may_write, controls.button(t("ai_costs.add_model"), on_click=PriceState.add), rx.fragment()
            ),
        ),
        tools,
        rx.cond((PriceState.problem != "") & ~PriceState.is_loaded, card.card(problem), rx.fragment()),
        rx.cond(PriceState.unpriced > 0, _unpriced(), rx.fragment()),
        dialog.beside(rows, price_panel.panel(PriceState), is_open=PriceState.opened),
        price_panel.change_dialog(PriceState),
        price_panel.add_dialog(PriceState),
        price_names.test_dialog(),
        price_names.describe_dialog(PriceState.opened),
    )
