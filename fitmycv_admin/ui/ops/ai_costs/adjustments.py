"""Corrections of what past calls cost: calls that wait for a price, the batches with their progress, and the undo."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import reflex as rx

from fitmycv_admin.core import clock
from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError, Invalid
from fitmycv_admin.domain.ai_costs import adjustments as domain
from fitmycv_admin.domain.ai_costs import corrections
from fitmycv_admin.domain.ai_costs.adjustments import BatchRow
from fitmycv_admin.domain.ai_costs.corrections import WaitingRow, Wish
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.periods import start_of
from fitmycv_admin.ui.copy import t, t_key
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import card, controls, query, states, table, ticker, toast
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.ai_costs import adjustment_form, adjustment_table, figures, price_lines
from fitmycv_admin.ui.ops.ai_costs.price_lines import Impact, PartLine
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import AdjustmentKind, AdjustmentState, Permission, ServiceTier

KINDS = (AdjustmentKind.LATE_PRICE, AdjustmentKind.REPRICE)
OFFER = Offer((), "", {"new": tuple(KINDS), "model": (), "tier": tuple(ServiceTier)}, size=25)
HERE = "/ops/ai-costs/adjustments"
TICK_S = 2
STANDARD_DAYS = 30


@dataclass(frozen=True)
class BatchLine:
    """One correction as the list draws it."""

    id: str
    kind: str
    state: str
    reason: str
    model: str
    tier: str
    starts_at: str
    ends_at: str
    done: float
    calls: int
    delta_nano: int
    by: str
    created_at: str
    finished_at: str
    reverts: str
    may_revert: bool


@dataclass(frozen=True)
class WaitingLine:
    """Calls that wait for a price."""

    id: str
    model: str
    tier: str
    calls: int
    first: str
    last: str
    has_price_now: bool
    href: str
    calls_href: str
    price_href: str


@page_policy(Permission.PRICES_READ)
class CorrectionState(Listing, AppState):
    """What the page of corrections shows, and the one that is being written."""

    rows: list[BatchLine] = []  # noqa: RUF012  (Reflex copies defaults)
    waiting: list[WaitingLine] = []  # noqa: RUF012
    models: list[dict[str, str]] = []  # noqa: RUF012
    may_write: bool = False
    zone_name: str = "Europe/Paris"
    kind: str = ""
    model: str = ""
    tier: str = ""
    starts: str = ""
    ends: str = ""
    at_price: str = "valid"
    is_saving: bool = False
    errors: dict[str, str] = {}  # noqa: RUF012
    impact: Impact = Impact()
    newly_priced: int = 0
    is_exact: bool = True
    _previewed: dict[str, str] = {}  # noqa: RUF012

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for; `new` opens the form."""
        with self._loading():
            yield
            await self._read()
            self._prepare()

    @rx.event
    async def tick(self) -> None:
        """Read again while a batch is under way."""
        if self.is_loaded and any(row.state == AdjustmentState.RUNNING for row in self.rows):
            with self._loading():
                await self._read()

    @rx.event
    async def close(self) -> Any:
        """Close the form."""
        self.kind = ""
        return rx.redirect(HERE)

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def choose_price(self, word: str) -> None:
        """At which price: valid, now or typed."""
        if word in corrections.AT_PRICE:
            self.at_price, self.impact, self.errors = word, Impact(), {}

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def save(self, fields: dict[str, Any]) -> AsyncIterator[Any]:
        """Show what the correction would do; the same one sent again starts it."""
        if self.is_saving or not self.kind:
            return
        self.is_saving, self.errors = True, {}
        yield
        try:
            done = await self._previewed_or_started(fields)
        except FitMyCvError as error:
            self.errors = {error.field if isinstance(error, Invalid) else "": error.key}
            return
        finally:
            self.is_saving = False
        if done:
            self.kind = ""
            await self._read()
            yield toast.done(str(actor().language), "prices.correction_started")
            yield rx.redirect(HERE)

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def revert(self, batch_id: int, fields: dict[str, Any]) -> AsyncIterator[Any]:
        """Undo a batch by another one."""
        language = str(actor().language)
        try:
            await ask(domain.revert, actor(), batch_id, reason=str(fields.get("revert_reason", "")))
        except FitMyCvError as error:
            yield toast.refused(language, error.key, **error.params)
            return
        await self._read()
        yield toast.done(language, "prices.correction_undoing")

    async def _previewed_or_started(self, fields: dict[str, Any]) -> bool:
        wish = self._wish(fields)
        given = {name: str(fields.get(name, "")) for name in fields if name != "reason"} | {"at": self.at_price}
        if not self.impact.is_shown or given != self._previewed:
            found = await look(corrections.preview, actor(), wish)
            self._previewed, self.newly_priced, self.is_exact = given, found.newly_priced, found.is_exact
            parts = [
                PartLine(part.feature.key, part.feature.label, figures.label_key(Dimension.FEATURE, part.feature),
                         part.calls, part.before_nano, part.after_nano)
                for part in found.parts
            ]  # fmt: skip
            self.impact = Impact(True, found.calls, 0, found.before_nano, found.after_nano, parts)
            return False
        await ask(corrections.start, actor(), wish, reason=str(fields.get("reason", "")))
        return True

    def _wish(self, fields: dict[str, Any]) -> Wish:
        lines = price_lines.typed(fields) if self.at_price == "typed" else {}
        return Wish(
            self.kind, str(fields.get("model", "")), str(fields.get("tier", "")), self._instant(fields, "starts_at"),
            self._instant(fields, "ends_at"), self.at_price, lines,
        )  # fmt: skip

    def _instant(self, fields: dict[str, Any], name: str) -> datetime | None:
        try:
            local = datetime.fromisoformat(str(fields.get(name, "")))
        except ValueError:
            return None
        return local.replace(tzinfo=ZoneInfo(self.zone_name)).astimezone(UTC)

    def _prepare(self) -> None:
        """The form of the address, with the days that wait for a price or the last thirty."""
        wanted = self._wanted(OFFER)
        self.kind = wanted.get("new") if self.may_write else ""
        self.model, self.tier = wanted.get("model"), wanted.get("tier")
        self.impact, self._previewed, self.errors = Impact(), {}, {}
        row = next((one for one in self.waiting if (one.model, one.tier) == (self.model, self.tier)), None)
        is_late = self.kind == AdjustmentKind.LATE_PRICE
        self.at_price = "now" if is_late and self.model and self.tier else "valid"
        now = clock.now().astimezone(ZoneInfo(self.zone_name))
        first = now.date() - timedelta(days=STANDARD_DAYS)
        if row is not None and is_late:
            first = datetime.fromisoformat(row.first).date()
        starts = start_of(first, self.zone_name).astimezone(ZoneInfo(self.zone_name))
        self.starts, self.ends = starts.strftime("%Y-%m-%dT%H:%M"), now.strftime("%Y-%m-%dT%H:%M")

    async def _read(self) -> None:
        wanted = self._wanted(OFFER)
        screen = await look(corrections.screen, actor(), wanted.request)
        self.rows = [_batch(row) for row in self._shown(screen.batches)]
        self.waiting = [_waiting(row) for row in screen.waiting]
        self.models = [{"value": name, "label": name} for name in screen.models]
        self.may_write, self.zone_name = screen.may_write, screen.zone


def _batch(row: BatchRow) -> BatchLine:
    return BatchLine(
        id=str(row.id), kind=str(row.kind), state=str(row.state), reason=row.reason, model=row.model, tier=row.tier,
        starts_at=row.starts_at.isoformat(), ends_at=row.ends_at.isoformat(), done=row.done, calls=row.calls,
        delta_nano=row.delta_nano, by=row.by, created_at=row.created_at.isoformat(),
        finished_at=row.finished_at.isoformat() if row.finished_at else "",
        reverts=str(row.reverts_id or ""), may_revert=row.may_revert,
    )  # fmt: skip


def _waiting(row: WaitingRow) -> WaitingLine:
    words = {"model": row.model, "tier": row.tier}
    days = {"period": "custom", "from": row.first.isoformat(), "to": row.last.isoformat(), "unpriced": "1"}
    return WaitingLine(
        id=f"{row.model}/{row.tier}", model=row.model, tier=row.tier, calls=row.calls, first=row.first.isoformat(),
        last=row.last.isoformat(), has_price_now=row.has_price_now,
        href=f"{HERE}?{urlencode({'new': str(AdjustmentKind.LATE_PRICE), **words})}",
        calls_href=f"/ops/ai-costs/calls?{urlencode(words | days)}",
        price_href=f"{price_lines.HERE}?{urlencode(words)}",
    )  # fmt: skip


@page(
    title="prices.corrections_title",
    permission=Permission.PRICES_READ,
    load=CorrectionState.load,
    nav=Nav("prices.nav.corrections", "ai_costs.nav.group", "history"),
)
def adjustments() -> rx.Component:
    """Calls that wait for a price, then every correction."""
    state = CorrectionState
    problem = states.error_state(t_key(state.problem), incident=state.incident, retry=state.load)
    rows = table.data_table(
        "ai-costs-corrections",
        adjustment_table.COLUMNS,
        state.rows,
        lambda row: adjustment_table.cells(row, state),
        view=table.ListView.of(state),
        retry=state.load,
        empty=states.empty_state(t("prices.no_corrections"), t("prices.no_corrections_why")),
        summary=t("prices.corrections_summary"),
    )
    begin = controls.link_button(t("prices.reprice"), href=f"{HERE}?new={AdjustmentKind.REPRICE}")
    return card.page(
        ticker.ticker(state.tick, seconds=TICK_S),
        card.page_header(
            t("prices.corrections_title"), t("prices.corrections_answer"),
            query.export_link("/api/exports/ai-corrections.csv"),
            rx.cond(state.may_write, begin, rx.fragment()),
        ),
        rx.cond((state.problem != "") & ~state.is_loaded, card.card(problem), rx.fragment()),
        adjustment_table.waiting(state),
        rows,
        adjustment_form.form_dialog(state),
    )  # fmt: skip
