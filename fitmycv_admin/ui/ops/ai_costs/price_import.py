"""A price list from outside: paste it, see what it would change, choose rows, apply them as versions."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError, Invalid
from fitmycv_admin.domain.ai_costs import price_import as domain
from fitmycv_admin.domain.ai_costs import price_reading
from fitmycv_admin.domain.ai_costs.price_import import DiffRow, Source
from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import badge, card, controls, form, states, table, toast, values
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission, UsageType

MOST_ROWS = 300


@dataclass(frozen=True)
class LinePair:
    """One kind of token before and after; `is_far` when it looks like another unit."""

    kind: str
    before: int | None
    after: int
    is_changed: bool
    is_far: bool


@dataclass(frozen=True)
class ImportLine:
    """A model at a tier that the file changes."""

    id: str
    model: str
    tier: str
    what: str
    running: int
    is_far: bool
    lines: list[LinePair]


@dataclass(frozen=True)
class SkippedLine:
    """A place of the file that could not be used."""

    id: str
    why: str


@page_policy(Permission.PRICES_WRITE)
class ImportState(AppState):
    """The file that was read, and the rows of it that are chosen."""

    differences: list[ImportLine] = []  # noqa: RUF012  (Reflex copies defaults)
    skipped: list[SkippedLine] = []  # noqa: RUF012
    chosen: list[str] = []  # noqa: RUF012
    same: int = 0
    more: int = 0
    is_read: bool = False
    is_busy: bool = False
    has_far: bool = False
    import_errors: dict[str, str] = {}  # noqa: RUF012
    _content: str = ""

    @rx.event
    async def start(self) -> None:
        """Begin with nothing read."""
        self.differences, self.skipped, self.chosen, self._content = [], [], [], ""
        self.is_read, self.import_errors = False, {}

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def read_list(self, fields: dict[str, Any]) -> AsyncIterator[None]:
        """Show what the pasted list would change."""
        self.is_busy, self.import_errors = True, {}
        yield
        try:
            content = str(fields.get("content", ""))[: price_reading.MOST_BYTES + 1]
            await self._compare(content)
        except FitMyCvError as error:
            self._refuse(error)
        finally:
            self.is_busy = False

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def choose(self, key: str, is_chosen: bool) -> None:
        """Choose a row, or no longer."""
        known = {row.id for row in self.differences}
        self.chosen = sorted(({*self.chosen, key} if is_chosen else {*self.chosen} - {key}) & known)

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def apply(self, fields: dict[str, Any]) -> AsyncIterator[Any]:
        """Open a version for each chosen row."""
        self.is_busy, self.import_errors = True, {}
        yield
        language = str(actor().language)
        rows = {row.id: row for row in self.differences if row.id in self.chosen}
        confirmed = [key for key, row in rows.items() if row.is_far] if fields.get("confirmed") else []
        try:
            count = await ask(
                domain.apply, actor(), self._content, chosen={key: row.running for key, row in rows.items()},
                source=Source(str(fields.get("source", "")).strip(), _day(fields)),
                reason=str(fields.get("import_reason", "")), confirmed=confirmed,
            )  # fmt: skip
            await self._compare(self._content)
        except FitMyCvError as error:
            self._refuse(error)
            return
        finally:
            self.is_busy = False
        yield toast.done(language, "prices.imported", n=count)

    async def _compare(self, content: str) -> None:
        found = await look(domain.difference, actor(), content)
        self._content, self.is_read = content, True
        self.differences = [_line(row) for row in found.rows[:MOST_ROWS]]
        self.skipped = [SkippedLine(where, why) for where, why in found.skipped[:50]]
        self.same, self.more = found.same, max(0, len(found.rows) - MOST_ROWS)
        self.has_far = any(row.is_far for row in self.differences)
        self.chosen = [row.id for row in self.differences if row.what == "changed" and not row.is_far]

    def _refuse(self, error: FitMyCvError) -> None:
        field = error.field if isinstance(error, Invalid) else ""
        names = {"reason": "import_reason", "content": "content", "source": "source", "source_day": "source_day"}
        self.import_errors = {names.get(field, ""): error.key}


def _day(fields: dict[str, Any]) -> date | None:
    said = str(fields.get("source_day", "")).strip()
    try:
        return date.fromisoformat(said) if said else None
    except ValueError as error:
        raise Invalid("prices.error.day", field="source_day") from error


def _line(row: DiffRow) -> ImportLine:
    far = {one.usage_type for one in row.far}
    lines = [
        LinePair(str(kind), row.before.get(kind), row.after[kind], row.before.get(kind) != row.after[kind], kind in far)
        for kind in UsageType
        if kind in row.after
    ]
    return ImportLine(row.key, row.model, row.tier, row.what, row.running, bool(far), lines)


COLUMNS = [
    table.column("model", t("ai_costs.by.model")),
    table.column("tier", t("ai_costs.by.tier")),
    table.column("what", t("ai_costs.status")),
    table.column("lines", t("ai_costs.unit"), look="wrap"),
]


def _cells(row: Any) -> list[controls.Content]:
    def draw(one: Any) -> rx.Component:
        before = rx.fragment(rx.el.s(values.price_usd_nano(one.before), class_name="tone-mute"), " → ")
        return badge.chip(
            t_word("ai_costs.usage", one.kind), " ",
            rx.cond(one.is_changed & ~one.before.is_none(), before, rx.fragment()),
            rx.el.b(values.price_usd_nano(one.after), class_name=rx.cond(one.is_far, "tone-bad", "")),
        )  # fmt: skip

    return [
        rx.el.span(row.model, class_name="mono"),
        t_word("ai_costs.tier", row.tier),
        rx.el.span(
            t_word("prices.what", row.what), " ",
            rx.cond(row.is_far, badge.pill(t("prices.far_short"), tone="bad"), rx.fragment()),
        ),
        rx.el.div(rx.foreach(row.lines, draw), class_name="row row-wrap"),
    ]  # fmt: skip


def _read_form() -> rx.Component:
    errors = ImportState.import_errors
    return card.card(
        form.form(
            form.area_field("content", t("prices.list"), errors=errors, hint=t("prices.list_hint"), rows="8",
                            spell_check=False),
            form.submit_row(t("prices.compare"), busy=ImportState.is_busy),
            on_submit=ImportState.read_list,
            errors=errors,
            wide=True,
        )
    )  # fmt: skip


def _difference() -> rx.Component:
    errors = ImportState.import_errors
    rows = table.data_table(
        "ai-costs-price-import", COLUMNS, ImportState.differences, _cells,
        selection=table.Selection(ImportState.chosen, ImportState.choose),
        empty=states.empty_state(t("prices.no_difference"), t("prices.no_difference_why")),
    )  # fmt: skip

    def draw(one: Any) -> rx.Component:
        return rx.el.li(t("prices.skipped_at", where=one.id), " ", t_key(one.why), key=one.id)

    skipped = card.notice(rx.el.ul(rx.foreach(ImportState.skipped, draw)), tone="warn")
    return rx.fragment(
        rx.el.p(t("prices.same_n", n=ImportState.same), class_name="sub"),
        rx.cond(ImportState.more > 0, card.notice(t("prices.more_n", n=ImportState.more), tone="warn"), rx.fragment()),
        rx.cond(ImportState.skipped.length() > 0, skipped, rx.fragment()),
        rows,
        rx.cond(
            ImportState.differences.length() > 0,
            card.card(
                form.form(
                    form.form_row(
                        form.text_field("source", t("prices.source"), errors=errors, hint=t("prices.source_hint"),
                                        max_length=200),
                        form.text_field("source_day", t("prices.source_day"), errors=errors, optional=True,
                                        type="date"),
                    ),
                    form.text_field("import_reason", t("ai_costs.reason"), errors=errors, max_length=300),
                    rx.cond(
                        ImportState.has_far, form.check_field("confirmed", t("prices.confirm_far")), rx.fragment()
                    ),
                    form.submit_row(t("prices.apply_n", n=ImportState.chosen.length()), busy=ImportState.is_busy,
                                    disabled=ImportState.chosen.length() == 0),
                    on_submit=ImportState.apply,
                    errors=errors,
                    wide=True,
                )
            ),
            rx.fragment(),
        ),
    )  # fmt: skip


@page(title="prices.import_title", permission=Permission.PRICES_WRITE, load=ImportState.start)
def price_import() -> rx.Component:
    """The list, then its difference to the prices of now."""
    return card.page(
        card.page_header(
            t("prices.import_title"), t("prices.import_answer"),
            back=(t("ai_costs.prices_title"), "/ops/ai-costs/pricing"),
        ),
        _read_form(),
        rx.cond(ImportState.is_read, _difference(), rx.fragment()),
    )  # fmt: skip
