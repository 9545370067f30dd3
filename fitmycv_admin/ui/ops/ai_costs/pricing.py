"""What each model costs now, what it cost and what it will cost."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import reflex as rx

from fitmycv_admin.core import money
from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError, Invalid
from fitmycv_admin.domain.ai_costs import pricing as domain
from fitmycv_admin.domain.ai_costs import screens
from fitmycv_admin.domain.ai_costs.price_list import PriceRow, VersionRow
from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, states, table, toast, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.ai_costs import price_panel
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission, UsageType

OFFER = Offer((), "", {"model": (), "tier": ()})
HERE = "/ops/ai-costs/pricing"


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One model at one tier; prices are nano-USD per million tokens, None where there is none."""

    id: str
    model: str
    tier: str
    description: str
    aliases: str
    is_active: bool
    is_priced: bool
    input: int | None
    cached_input: int | None
    cache_write: int | None
    output: int | None
    reasoning: int | None
    image: int | None
    audio: int | None
    since: str
    next_at: str
    calls: int
    unpriced: int
    cost_nano: int
    href: str
    calls_href: str


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version of the opened model."""

    id: str
    state: str
    input: int | None
    cached_input: int | None
    cache_write: int | None
    output: int | None
    reasoning: int | None
    image: int | None
    audio: int | None
    starts_at: str
    ends_at: str
    reason: str
    by: str


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
        """Open the next version of the opened model's prices."""
        if self.opened is None or self.is_saving:
            return
        self.is_saving, self.errors = True, {}
        yield
        try:
            await ask(
                domain.change, actor(), self.opened.model, self.opened.tier,
                lines=_typed(fields), effective_at=self._at(fields), reason=str(fields.get("reason", "")),
                confirmed=bool(fields.get("confirmed")),
            )  # fmt: skip
        except FitMyCvError as error:
            self._refused(error)
            return
        finally:
            self.is_saving = False
        self.is_editing = False
        await self._read()
        yield toast.done(str(actor().language), "ai_costs.price_saved")

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
        model, tier = wanted.get("model"), wanted.get("tier") or "standard"
        screen = await look(screens.prices, actor(), model, tier)
        self.rows = [_line(row) for row in screen.prices]
        self.versions = [_version(row) for row in screen.versions]
        self.opened = next((row for row in self.rows if (row.model, row.tier) == (model, tier)), None)
        self.may_write, self.price_zone = screen.may_write, screen.zone

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


def _typed(fields: dict[str, Any]) -> dict[str, int]:
    """Dollars per million tokens as nano-dollars; an empty field is a kind without a price of its own."""
    typed = {str(kind): str(fields.get(str(kind), "")).strip() for kind in UsageType}
    return {kind: money.usd_to_nano(text, field=kind) for kind, text in typed.items() if text}


def _kinds(lines: Mapping[str, int]) -> dict[str, int | None]:
    return {str(kind): lines.get(kind) for kind in UsageType}


def _line(row: PriceRow) -> PriceLine:
    words = {"model": row.model, "tier": row.tier}
    return PriceLine(
        id=f"{row.model}/{row.tier}", model=row.model, tier=row.tier, description=row.description,
        aliases=", ".join(row.aliases), is_active=row.is_active, is_priced=bool(row.lines),
        **_kinds(row.lines),
        since=row.since.isoformat() if row.since else "", next_at=row.next_at.isoformat() if row.next_at else "",
        calls=row.calls, unpriced=row.unpriced, cost_nano=row.cost_nano,
        href=f"{HERE}?{urlencode(words)}", calls_href=f"/ops/ai-costs/calls?{urlencode(words)}",
    )  # fmt: skip


def _version(row: VersionRow) -> VersionLine:
    return VersionLine(
        id=str(row.id), state=row.state, **_kinds(row.lines),
        starts_at=row.starts_at.isoformat() if row.starts_at else "",
        ends_at=row.ends_at.isoformat() if row.ends_at else "", reason=row.reason, by=row.by,
    )  # fmt: skip


COLUMNS = [
    table.column("model", t("ai_costs.by.model")),
    table.column("tier", t("ai_costs.by.tier")),
    table.column("input", t("ai_costs.usage.input"), numeric=True),
    table.column("cached_input", t("ai_costs.usage.cached_input"), numeric=True),
    table.column("output", t("ai_costs.usage.output"), numeric=True),
    table.column("since", t("ai_costs.since"), numeric=True),
    table.column("calls", t("ai_costs.calls_30"), numeric=True),
    table.column("cost", t("ai_costs.cost_30"), numeric=True),
    table.column("state", t("ai_costs.status")),
]


def _cells(row: Any) -> list[controls.Content]:
    planned = badge.pill(t("ai_costs.next_at", at=values.date_text(row.next_at, "day")), tone="info")
    unpriced = badge.pill(t("ai_costs.unpriced_n", n=row.unpriced), tone="warn")
    return [
        controls.link(row.model, href=row.href, look="cell-link mono"),
        t_word("ai_costs.tier", row.tier),
        values.price_usd_nano(row.input),
        values.price_usd_nano(row.cached_input),
        values.price_usd_nano(row.output),
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


@page(
    title="ai_costs.prices_title",
    permission=Permission.PRICES_READ,
    load=PriceState.load,
    nav=Nav("ai_costs.nav.prices", "ai_costs.nav.group", "tags"),
)
def pricing() -> rx.Component:
    """The list, and the opened model beside it with its versions."""
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
            rx.cond(
                PriceState.may_write, controls.button(t("ai_costs.add_model"), on_click=PriceState.add), rx.fragment()
            ),
        ),
        rx.cond((PriceState.problem != "") & ~PriceState.is_loaded, card.card(problem), rx.fragment()),
        dialog.beside(rows, price_panel.panel(PriceState), is_open=PriceState.opened),
        price_panel.change_dialog(PriceState),
        price_panel.add_dialog(PriceState),
    )
