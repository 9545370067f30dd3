"""Everyone hit between two instants by work that failed, was cancelled or was slow, and one act to make up for it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import reflex as rx

from fitmycv_admin.core import clock
from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.tasks import filters, incidents, screens
from fitmycv_admin.domain.tasks.incidents import HitRow, MadeUpRow, Wanted
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.guard import policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, query, states, table, toast, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.tasks import parts
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission, TaskType

PAGE = "/ops/tasks/incidents"
SLOW = tuple(str(seconds) for seconds in incidents.SLOW_S)
OFFER = Offer(
    (), "",
    {
        "from": (), "to": (), "kind": incidents.KINDS, "slow": SLOW, "error": (),
        "type": tuple(str(word) for word in TaskType),
    },
)  # fmt: skip
_BACK = timedelta(hours=1)


@dataclass(frozen=True)
class HitLine:
    """One person and how they were hit."""

    id: str
    user: str
    failed: int
    cancelled: int
    slow: int
    first: str
    last: str
    href: str


@dataclass(frozen=True)
class MadeUpLine:
    """Credits that were given for this time before."""

    id: str
    state: str
    people: int
    total: int
    note: str
    created_at: str


@dataclass(frozen=True)
class Totals:
    """What happened in all."""

    people: int = 0
    failed: int = 0
    cancelled: int = 0
    slow: int = 0


class IncidentState(Listing, AppState):
    """What the page shows."""

    totals: Totals = Totals()
    rows: list[HitLine] = []  # noqa: RUF012  (Reflex copies defaults)
    made_up: list[MadeUpLine] = []  # noqa: RUF012
    since: str = ""
    until: str = ""
    since_field: str = ""
    until_field: str = ""
    error: str = ""
    may_write: bool = False

    @rx.event
    @policy(Permission.TASKS_READ)
    async def load(self) -> AsyncIterator[None]:
        """Show whom the address asks for; without instants, the last hour."""
        with self._loading():
            yield
            if not (self._wanted(OFFER).request.after or self._wanted(OFFER).request.before):
                self.since = self.until = ""
            await self._read()

    @rx.event
    @policy(Permission.TASKS_READ)
    async def between(self, given: dict[str, Any]) -> Any:
        """Look between two instants, written in the workspace's zone."""
        zone = await look(screens.zone, actor())
        instants = [_instant(str(given.get(name) or ""), zone) for name in ("from", "to")]
        if None in instants:
            return toast.refused(str(actor().language), "tasks.error.instants")
        first, last = sorted(instant.isoformat() for instant in instants if instant)
        kept = {word: value for word, value in self._wanted(OFFER).filters.items() if word not in ("from", "to")}
        return rx.redirect(parts.address(PAGE, {"from": first, "to": last, **kept}))

    @rx.event
    @policy(Permission.TASKS_WRITE)
    async def make_up(self, given: dict[str, str]) -> Any:
        """Give credits to everyone who is shown."""
        by, language = actor(), str(actor().language)
        amount = given.get("amount", "").strip()
        if not (amount.isascii() and amount.isdecimal() and len(amount) <= 6):
            return toast.refused(language, "tasks.error.amount")
        wanted = self._asked()
        try:
            _, started = await ask(
                incidents.make_up, by, wanted, int(amount), per_task=given.get("per") == "task",
                note=given.get("reason", "")[:500], expected=self.totals.people,
            )  # fmt: skip
        except FitMyCvError as error:
            return toast.refused(language, error.key, **error.params)
        finally:
            await self._read()
        waits = started.approval_id is not None
        return toast.done(language, "console.incident.asked" if waits else "console.incident.begun")

    async def _read(self) -> None:
        wanted = self._asked()
        screen, zone = await look(screens.incident, actor(), wanted, self._wanted(OFFER).request)
        self.totals = Totals(screen.totals.people, screen.totals.failed, screen.totals.cancelled, screen.totals.slow)
        self.rows = [_line(row, wanted) for row in self._shown(screen.page)]
        self.made_up = [_made_up(row) for row in screen.made_up]
        self.since, self.until = wanted.since.isoformat(), wanted.until.isoformat()
        self.since_field, self.until_field = _field(wanted.since, zone), _field(wanted.until, zone)
        self.error = wanted.fingerprint
        self.may_write = actor().may(Permission.TASKS_WRITE)

    def _asked(self) -> Wanted:
        """What the address asks for; a bare one keeps the hour that was shown first."""
        words = self._wanted(OFFER).filters
        if not words.get("from") and self.since and not words.get("to"):
            words = {**words, "from": self.since, "to": self.until}
        return asked(words)


def asked(words: Mapping[str, str]) -> Wanted:
    """The words of an address; without instants, the last hour."""
    until = filters.instant(words.get("to", "")) or clock.now().replace(second=0, microsecond=0) + timedelta(minutes=1)
    since = filters.instant(words.get("from", "")) or until - _BACK
    kind, slow = words.get("kind", ""), words.get("slow", "")
    return Wanted(
        min(since, until), max(since, until), (kind,) if kind else incidents.KINDS,
        int(slow) if slow else incidents.SLOW_STANDARD_S, words.get("type", ""), words.get("error", ""),
    )  # fmt: skip


def _instant(word: str, zone: ZoneInfo) -> datetime | None:
    try:
        return datetime.fromisoformat(word).replace(tzinfo=zone)
    except ValueError:
        return None


def _field(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def _line(row: HitRow, wanted: Wanted) -> HitLine:
    words = {
        "user": str(row.user_id), "from": wanted.since.isoformat(), "to": wanted.until.isoformat(),
        "type": wanted.type, "error": wanted.fingerprint,
    }  # fmt: skip
    return HitLine(
        str(row.user_id), row.user, row.failed, row.cancelled, row.slow, row.first.isoformat(), row.last.isoformat(),
        parts.address(parts.LIST, words),
    )  # fmt: skip


def _made_up(row: MadeUpRow) -> MadeUpLine:
    return MadeUpLine(str(row.batch_id), row.state, row.people, row.total, row.note, row.created_at.isoformat())


COLUMNS = [
    table.column("person", t("console.column.person"), look="clip"),
    table.column("failed", t("tasks.state.failed"), numeric=True),
    table.column("cancelled", t("tasks.state.cancelled"), numeric=True),
    table.column("slow", t("console.incident.slow"), numeric=True),
    table.column("first", t("console.health.first")),
    table.column("last", t("console.health.last")),
]


def _cells(row: HitLine) -> list[controls.Content]:
    return [
        controls.link(row.user, href=row.href, look="cell-link"),
        values.number(row.failed),
        values.number(row.cancelled),
        values.number(row.slow),
        values.instant(row.first, relative=False, shape="exact"),
        values.instant(row.last, relative=False, shape="exact"),
    ]


def _instants() -> rx.Component:
    def field(name: str, value: Any) -> rx.Component:
        return form.text_field(name, t(f"console.incident.{name}"), type="datetime-local", default_value=value,
                               key=value)  # fmt: skip

    return card.card(
        form.form(
            form.form_row(field("from", IncidentState.since_field), field("to", IncidentState.until_field)),
            form.submit_row(t("console.incident.look"), rx.el.span(t("console.incident.zone", zone=AppState.zone),
                                                                 class_name="meta")),
            on_submit=IncidentState.between,
        ),
    )  # fmt: skip


def _tools() -> rx.Component:
    kinds = [query.option("", t("console.filter.all"))]
    kinds += [query.option(kind, t(f"console.incident.kind.{kind}")) for kind in incidents.KINDS]
    slow = [query.option(word, t("console.incident.slower", age=values.duration_ms(int(word) * 1000))) for word in SLOW]
    error = rx.Var.create(IncidentState.error)
    chip = rx.el.span(
        t("console.filter.same_error"), " ", rx.el.b(values.id_chip(error)),
        query.query_link(rx.el.span("✕", aria_hidden="true"),
                         rx.el.span(t("console.filter.remove"), class_name="visually-hidden"),
                         changes={"error": ""}, look="link-plain"),
        class_name="chip chip-strong row",
    )  # fmt: skip
    return table.table_tools(
        query.query_filter("kind", t("console.incident.kind"), kinds),
        query.query_filter("slow", t("console.incident.slow"), slow, standard=str(incidents.SLOW_STANDARD_S)),
        parts.type_filter(),
        rx.cond(error != "", chip, rx.fragment()),
        aside=(rx.cond(IncidentState.may_write & (IncidentState.totals.people > 0), _make_up(), rx.fragment()),),
    )


def _make_up() -> rx.Component:
    people = IncidentState.totals.people
    return dialog.confirm(
        controls.button(t("console.incident.make_up", n=people), kind="primary"),
        rx.el.p(t("console.incident.make_up_why", n=people)),
        form.form_row(
            form.text_field("amount", t("console.incident.amount"), numeric=True, default_value="1", max_length=6),
            form.select_field(
                "per", t("console.incident.per"),
                [("person", t("console.incident.per.person")), ("task", t("console.incident.per.task"))],
            ),
        ),
        form.area_field("reason", t("console.incident.note"), max_length=500, rows=3),
        title=t("console.incident.make_up", n=people),
        confirm_label=t("console.incident.give"),
        on_confirm=IncidentState.make_up,
        danger=False,
    )  # fmt: skip


def _before(row: MadeUpLine) -> rx.Component:
    words = t("console.incident.before", people=row.people, total=row.total, note=row.note)
    pill = badge.pill(t_word("console.incident.batch", rx.Var.create(row.state)), tone="info")
    return card.notice(words, " ", rx.el.span(values.instant(row.created_at), class_name="meta"), pill=pill, key=row.id)


def _kpis() -> rx.Component:
    now, loading = IncidentState.totals, ~rx.Var.create(IncidentState.is_loaded)
    return card.kpis(
        card.kpi_card(t("console.incident.people"), values.number(now.people), loading=loading),
        card.kpi_card(t("tasks.state.failed"), values.number(now.failed), loading=loading),
        card.kpi_card(t("tasks.state.cancelled"), values.number(now.cancelled), loading=loading),
        card.kpi_card(t("console.incident.slow"), values.number(now.slow), loading=loading),
    )


@page(title="console.incident.title", permission=Permission.TASKS_READ, load=IncidentState.load, route=PAGE)
def incidents_page() -> rx.Component:
    """Two instants and filters, how many were hit, what was given before, and the people."""
    return card.page(
        card.page_header(t("console.incident.title"), t("console.incident.answer")),
        parts.tabs("incidents"),
        _instants(),
        _tools(),
        _kpis(),
        rx.foreach(IncidentState.made_up, _before),
        table.data_table(
            "tasks-hit", COLUMNS, rx.Var.create(IncidentState.rows), _cells,
            view=table.ListView.of(IncidentState), retry=IncidentState.load,
            empty=states.empty_state(t("console.incident.nobody"), t("console.incident.nobody_why")),
        ),
    )  # fmt: skip
