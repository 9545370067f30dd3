"""The work of now and of before: how many wait, run and fail, and each task in a list."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.tasks import filters, screens
from fitmycv_admin.domain.tasks.delays import DelayRow
from fitmycv_admin.domain.tasks.queries import BoardScreen, TaskRow
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.guard import policy
from fitmycv_admin.ui.kit import badge, card, controls, query, states, table, ticker, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.tasks import parts, selection
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission, TaskType

OFFER = Offer(
    ("created",),
    "-created",
    {
        "type": tuple(str(word) for word in TaskType),
        "state": filters.STATES,
        "age": filters.AGES,
        **dict.fromkeys(("user", "error", "payload", "from", "to", "sweep"), ()),
    },
)
TICK_S = 3


@dataclass(frozen=True)
class TaskLine:
    """One line; numbers and instants stay raw."""

    id: str
    created_at: str
    type: str
    state: str
    user: str
    user_id: str
    attempt: int
    max_attempts: int
    percent: int
    wait_ms: int
    run_ms: int | None
    calls: int
    cost_nano: int | None
    error_key: str
    fingerprint: str
    stuck: str


@dataclass(frozen=True)
class Figures:
    """How the work goes now."""

    queued: int = 0
    running: int = 0
    oldest_wait_ms: int = 0
    failed: int = 0
    ended: int = 0
    wait_p95_ms: int | None = None
    workers: int = 0
    quarantined: int = 0
    stuck: int = 0
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class LateLine:
    """A delay that lasts."""

    id: str
    worst_ms: int
    limit_ms: int
    started_at: str
    told: int


class TaskBoardState(Listing, AppState):
    """What the list shows."""

    rows: list[TaskLine] = []  # noqa: RUF012  (Reflex copies defaults)
    figures: Figures = Figures()
    late: list[LateLine] = []  # noqa: RUF012
    sweeps: list[selection.SweepLine] = []  # noqa: RUF012
    narrowed: dict[str, str] = {}  # noqa: RUF012
    may_write: bool = False

    @rx.event
    @policy(Permission.TASKS_READ)
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            await self._read()

    @rx.event
    @policy(Permission.TASKS_READ)
    async def tick(self) -> None:
        """Read again while somebody looks."""
        if self.is_loaded and not self.problem:
            await self._read()

    async def _read(self) -> None:
        wanted = self._wanted(OFFER)
        words = {**wanted.filters, "q": wanted.search}
        screen = await look(screens.tasks, actor(), filters.asked(words), wanted.request)
        rows = [_line(row) for row in self._shown(screen.board.page)]
        figures = _figures(screen.board)
        if rows != self.rows:  # what did not change is not sent
            self.rows = rows
        if figures != self.figures:
            self.figures = figures
        self.late = [_late_line(row) for row in screen.late]
        self.sweeps = [selection.line(row) for row in screen.sweeps]
        self.narrowed = {word: wanted.get(word) for word in ("user", "error", "from", "to", "sweep")}
        self.may_write = actor().may(Permission.TASKS_WRITE)


def _late_line(row: DelayRow) -> LateLine:
    return LateLine(str(row.id), row.worst_s * 1000, row.limit_s * 1000, row.started_at.isoformat(), row.told)


def _line(row: TaskRow) -> TaskLine:
    return TaskLine(
        id=str(row.id), created_at=row.created_at.isoformat(), type=row.type,
        state=_state(row), stuck=row.stuck, user=row.user, user_id=str(row.user_id or ""),
        attempt=row.attempt, max_attempts=row.max_attempts, percent=row.percent, wait_ms=row.wait_ms,
        run_ms=row.run_ms, calls=row.calls, cost_nano=row.cost_nano, error_key=row.error_key,
        fingerprint=row.fingerprint,
    )  # fmt: skip


def _state(row: TaskRow) -> str:
    if row.is_quarantined:
        return "quarantined"
    return "cancelling" if row.is_cancelling else row.state


def _figures(screen: BoardScreen) -> Figures:
    now = screen.board
    processes = {"worker": now.workers, "dispatcher": now.dispatchers, "scheduler": now.schedulers}
    return Figures(
        now.queued, now.running, now.oldest_wait_ms, now.failed_24h, now.ended_24h, now.wait_p95_ms, now.workers,
        now.quarantined, now.stuck, tuple(name for name, count in processes.items() if count == 0),
    )  # fmt: skip


COLUMNS = [
    table.column("created", t("console.column.created")),
    table.column("type", t("console.column.type")),
    table.column("state", t("console.column.state")),
    table.column("person", t("console.column.person"), look="clip"),
    table.column("attempt", t("console.column.attempt"), numeric=True),
    table.column("wait", t("console.column.wait"), numeric=True),
    table.column("run", t("console.column.run"), numeric=True),
    table.column("cost", t("console.column.cost"), numeric=True),
    table.column("error", t("console.column.error"), look="mono clip"),
]


def _cells(row: TaskLine) -> list[controls.Content]:
    person = query.query_link(row.user, changes={"user": row.user_id, "after": "", "before": ""}, look="link-plain")
    unknown = badge.pill(t("console.cost_unknown"), tone="warn", title=t("console.cost_unknown_why"))
    fingerprint: rx.Var[str] = rx.Var.create(row.fingerprint)
    error = query.query_link(
        fingerprint, changes={"error": row.fingerprint, "after": "", "before": ""}, look="link-plain"
    )
    return [
        controls.link(
            values.instant(row.created_at, relative=False, shape="exact"), href="/ops/tasks/" + row.id, look="cell-link"
        ),
        t_word("tasks.type", row.type),
        rx.el.span(
            badge.status_pill(rx.Var.create(row.state), "tasks.state"),
            rx.cond(row.stuck != "", badge.pill(t_word("console.stuck.short", row.stuck), tone="warn"), rx.fragment()),
            class_name="row",
        ),
        rx.cond(row.user != "", person, rx.el.span(t("console.system"), class_name="tone-mute")),
        t("console.attempt_of", attempt=row.attempt, most=row.max_attempts),
        values.duration_ms(row.wait_ms),
        rx.cond(row.run_ms.is_none(), "–", values.duration_ms(row.run_ms)),  # type: ignore[union-attr]
        rx.cond(
            row.cost_nano.is_none(),  # type: ignore[union-attr]
            unknown,
            rx.cond(row.calls > 0, values.money_usd_nano(row.cost_nano), "–"),
        ),
        rx.cond(row.fingerprint != "", error, "–"),
    ]


def _kpis() -> rx.Component:
    now = TaskBoardState.figures
    loading = ~rx.Var.create(TaskBoardState.is_loaded)
    waiting = rx.cond(
        now.queued > 0,
        t("console.kpi.oldest", age=values.duration_ms(now.oldest_wait_ms)),
        t("console.kpi.none_waiting"),
    )
    wait = rx.cond(now.wait_p95_ms.is_none(), "–", values.duration_ms(now.wait_p95_ms))  # type: ignore[union-attr]
    return card.kpis(
        card.kpi_card(t("console.kpi.queued"), values.number(now.queued), against=waiting, loading=loading),
        card.kpi_card(
            t("console.kpi.running"),
            values.number(now.running),
            against=t("console.kpi.workers", n=now.workers),
            loading=loading,
        ),
        card.kpi_card(
            t("console.kpi.wait"),
            wait,
            against=t("console.kpi.last_hour"),
            explanation=t("console.kpi.wait_why"),
            loading=loading,
        ),
        card.kpi_card(
            t("console.kpi.failed"),
            values.number(now.failed),
            against=t("console.kpi.of_ended", n=now.ended),
            href="/ops/tasks?state=failed",
            loading=loading,
        ),
    )


def _missing(name: rx.Var[str]) -> rx.Component:
    return card.notice(t("console.processes.missing", what=t_word("console.processes", name)), tone="bad")


def _late(row: LateLine) -> rx.Component:
    words = t("console.late", age=values.duration_ms(row.worst_ms), limit=values.duration_ms(row.limit_ms), n=row.told)
    show = controls.link_button(t("console.late.show"), href="/ops/tasks?state=queued")
    return card.notice(words, tone="bad", actions=(show,), key=row.id)


def _notices() -> rx.Component:
    """What is in the way of the work now, each with the way to its rows."""
    now = TaskBoardState.figures
    stuck = controls.link_button(t("console.notice.show"), href="/ops/tasks?state=stuck")
    aside = controls.link_button(t("console.notice.decide"), href="/ops/tasks/control")
    shown = rx.fragment(
        rx.foreach(now.missing, _missing),
        rx.foreach(TaskBoardState.late, _late),
        rx.cond(
            now.stuck > 0, card.notice(t("console.notice.stuck", n=now.stuck), tone="warn", actions=(stuck,)),
            rx.fragment(),
        ),
        rx.cond(
            now.quarantined > 0,
            card.notice(t("console.notice.quarantined", n=now.quarantined), tone="warn", actions=(aside,)),
            rx.fragment(),
        ),
    )  # fmt: skip
    return rx.cond(TaskBoardState.is_loaded & (TaskBoardState.problem == ""), shown, rx.fragment())


def _tools() -> rx.Component:
    of_state = [query.option("", t("console.filter.all"))] + [
        query.option(word, t(f"tasks.state.{word}")) for word in filters.STATES
    ]
    ages = [query.option("", t("console.filter.age_any"))] + [
        query.option(age, t(f"console.filter.age_{age}")) for age in filters.AGES
    ]
    given = rx.Var.create(TaskBoardState.narrowed).to(dict[str, str])
    chips = {"user": "person", "error": "same_error", "from": "from", "to": "to", "sweep": "sweep"}
    return table.table_tools(
        query.query_search(t("console.filter.search")),
        query.query_filter("state", t("console.column.state"), of_state),
        parts.type_filter(),
        query.query_filter("age", t("console.filter.age"), ages),
        query.query_search(t("console.filter.payload"), name="payload"),
        *[_narrowed(word, t(f"console.filter.{label}"), given.get(word, "").to(str)) for word, label in chips.items()],
        table_id="tasks",
        columns=COLUMNS,
        aside=(rx.cond(TaskBoardState.may_write, selection.menu(), rx.fragment()),),
    )


def _narrowed(name: str, label: rx.Var[str], value: rx.Var[str]) -> rx.Component:
    """A filter that came with a link; it can only be taken away."""
    shown = values.instant(value, relative=False) if name in ("from", "to") else values.id_chip(value)
    return rx.cond(
        value != "",
        rx.el.span(
            rx.el.span(label, " ", rx.el.b(shown)),
            query.query_link(
                rx.el.span("✕", aria_hidden="true"),
                rx.el.span(t("console.filter.remove"), class_name="visually-hidden"),
                changes={name: ""},
                look="link-plain",
            ),
            class_name="chip chip-strong row",
        ),
        rx.fragment(),
    )


@page(
    title="console.title",
    permission=Permission.TASKS_READ,
    load=TaskBoardState.load,
    nav=Nav("console.title", "console.nav.group", "activity"),
    route="/ops/tasks",
)
def board() -> rx.Component:
    """Figures, filters, list; read again every three seconds while the tab is visible."""
    return card.page(
        ticker.ticker(TaskBoardState.tick, seconds=TICK_S),
        card.page_header(t("console.title"), t("console.answer"), query.export_link("/api/exports/tasks.csv")),
        parts.tabs("list"),
        _notices(),
        _kpis(),
        _tools(),
        table.data_table(
            "tasks",
            COLUMNS,
            rx.Var.create(TaskBoardState.rows),
            _cells,
            view=table.ListView.of(TaskBoardState),
            retry=TaskBoardState.load,
            empty=states.empty_state(t("console.empty"), t("console.empty_why")),
        ),
        selection.history(rx.Var.create(TaskBoardState.sweeps)),
        selection.confirmation(),
    )
