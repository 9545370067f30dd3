"""The work of now and of before: how many wait, run and fail, and each task in a list."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.tasks import filters, queries
from fitmycv_admin.domain.tasks.queries import BoardScreen, TaskRow
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.guard import policy
from fitmycv_admin.ui.kit import badge, card, controls, query, states, table, ticker, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission, TaskState, TaskType

OFFER = Offer(
    ("created",),
    "-created",
    {
        "type": tuple(str(word) for word in TaskType),
        "state": tuple(str(word) for word in TaskState),
        "age": filters.AGES,
        "user": (),
        "error": (),
    },
)
TICK_S = 3


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Figures:
    """How the work goes now."""

    queued: int = 0
    running: int = 0
    oldest_wait_ms: int = 0
    failed: int = 0
    ended: int = 0
    wait_p95_ms: int | None = None
    workers: int = 0
    missing: tuple[str, ...] = ()


class TaskBoardState(Listing, AppState):
    """What the list shows."""

    rows: list[TaskLine] = []  # noqa: RUF012  (Reflex copies defaults)
    figures: Figures = Figures()
    person: str = ""
    fingerprint: str = ""

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
        screen = await look(queries.board, actor(), filters.asked(words), wanted.request)
        rows = [_line(row) for row in self._shown(screen.page)]
        figures = _figures(screen)
        if rows != self.rows:  # what did not change is not sent
            self.rows = rows
        if figures != self.figures:
            self.figures = figures
        self.person, self.fingerprint = wanted.get("user"), wanted.get("error")


def _line(row: TaskRow) -> TaskLine:
    return TaskLine(
        id=str(row.id), created_at=row.created_at.isoformat(), type=row.type,
        state="cancelling" if row.is_cancelling else row.state, user=row.user, user_id=str(row.user_id or ""),
        attempt=row.attempt, max_attempts=row.max_attempts, percent=row.percent, wait_ms=row.wait_ms,
        run_ms=row.run_ms, calls=row.calls, cost_nano=row.cost_nano, error_key=row.error_key,
        fingerprint=row.fingerprint,
    )  # fmt: skip


def _figures(screen: BoardScreen) -> Figures:
    now = screen.board
    processes = {"worker": now.workers, "dispatcher": now.dispatchers, "scheduler": now.schedulers}
    return Figures(
        now.queued, now.running, now.oldest_wait_ms, now.failed_24h, now.ended_24h, now.wait_p95_ms, now.workers,
        tuple(name for name, count in processes.items() if count == 0),
    )  # fmt: skip


COLUMNS = [
    table.column("created", t("tasks.column.created")),
    table.column("type", t("tasks.column.type")),
    table.column("state", t("tasks.column.state")),
    table.column("person", t("tasks.column.person"), look="clip"),
    table.column("attempt", t("tasks.column.attempt"), numeric=True),
    table.column("wait", t("tasks.column.wait"), numeric=True),
    table.column("run", t("tasks.column.run"), numeric=True),
    table.column("cost", t("tasks.column.cost"), numeric=True),
    table.column("error", t("tasks.column.error"), look="mono clip"),
]


def _cells(row: TaskLine) -> list[controls.Content]:
    person = query.query_link(row.user, changes={"user": row.user_id, "after": "", "before": ""}, look="link-plain")
    unknown = badge.pill(t("tasks.cost_unknown"), tone="warn", title=t("tasks.cost_unknown_why"))
    fingerprint: rx.Var[str] = rx.Var.create(row.fingerprint)
    error = query.query_link(
        fingerprint, changes={"error": row.fingerprint, "after": "", "before": ""}, look="link-plain"
    )
    return [
        controls.link(
            values.instant(row.created_at, relative=False, shape="exact"), href="/ops/tasks/" + row.id, look="cell-link"
        ),
        t_word("tasks.type", row.type),
        badge.status_pill(rx.Var.create(row.state), "tasks.state"),
        rx.cond(row.user != "", person, rx.el.span(t("tasks.system"), class_name="tone-mute")),
        t("tasks.attempt_of", attempt=row.attempt, most=row.max_attempts),
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
        t("tasks.kpi.oldest", age=values.duration_ms(now.oldest_wait_ms)),
        t("tasks.kpi.none_waiting"),
    )
    wait = rx.cond(now.wait_p95_ms.is_none(), "–", values.duration_ms(now.wait_p95_ms))  # type: ignore[union-attr]
    return card.kpis(
        card.kpi_card(t("tasks.kpi.queued"), values.number(now.queued), against=waiting, loading=loading),
        card.kpi_card(
            t("tasks.kpi.running"),
            values.number(now.running),
            against=t("tasks.kpi.workers", n=now.workers),
            loading=loading,
        ),
        card.kpi_card(
            t("tasks.kpi.wait"),
            wait,
            against=t("tasks.kpi.last_hour"),
            explanation=t("tasks.kpi.wait_why"),
            loading=loading,
        ),
        card.kpi_card(
            t("tasks.kpi.failed"),
            values.number(now.failed),
            against=t("tasks.kpi.of_ended", n=now.ended),
            href="/ops/tasks?state=failed",
            loading=loading,
        ),
    )


def _missing(name: rx.Var[str]) -> rx.Component:
    return card.notice(t("tasks.processes.missing", what=t_word("tasks.processes", name)), tone="bad")


def _tools() -> rx.Component:
    types = [query.option("", t("tasks.filter.all"))] + [
        query.option(str(word), t(f"tasks.type.{word}")) for word in TaskType
    ]
    of_state = [query.option("", t("tasks.filter.all"))] + [
        query.option(str(word), t(f"tasks.state.{word}")) for word in TaskState
    ]
    ages = [query.option("", t("tasks.filter.age_any"))] + [
        query.option(age, t(f"tasks.filter.age_{age}")) for age in filters.AGES
    ]
    return table.table_tools(
        query.query_search(t("tasks.filter.search")),
        query.query_filter("state", t("tasks.column.state"), of_state),
        query.query_filter("type", t("tasks.column.type"), types),
        query.query_filter("age", t("tasks.filter.age"), ages),
        _narrowed("user", t("tasks.filter.person"), rx.Var.create(TaskBoardState.person)),
        _narrowed("error", t("tasks.filter.same_error"), rx.Var.create(TaskBoardState.fingerprint)),
        table_id="tasks",
        columns=COLUMNS,
    )


def _narrowed(name: str, label: rx.Var[str], value: rx.Var[str]) -> rx.Component:
    """A filter that came with a link; it can only be taken away."""
    return rx.cond(
        value != "",
        rx.el.span(
            rx.el.span(label, " ", rx.el.b(values.id_chip(value))),
            query.query_link(
                rx.el.span("✕", aria_hidden="true"),
                rx.el.span(t("tasks.filter.remove"), class_name="visually-hidden"),
                changes={name: ""},
                look="link-plain",
            ),
            class_name="chip chip-strong row",
        ),
        rx.fragment(),
    )


@page(
    title="tasks.title",
    permission=Permission.TASKS_READ,
    load=TaskBoardState.load,
    nav=Nav("tasks.title", "tasks.nav.group", "activity"),
    route="/ops/tasks",
)
def board() -> rx.Component:
    """Figures, filters, list; read again every three seconds while the tab is visible."""
    return card.page(
        ticker.ticker(TaskBoardState.tick, seconds=TICK_S),
        card.page_header(t("tasks.title"), t("tasks.answer"), query.export_link("/api/exports/tasks.csv")),
        rx.cond(
            TaskBoardState.is_loaded & (TaskBoardState.problem == ""),
            rx.foreach(TaskBoardState.figures.missing, _missing),
            rx.fragment(),
        ),
        _kpis(),
        _tools(),
        table.data_table(
            "tasks",
            COLUMNS,
            rx.Var.create(TaskBoardState.rows),
            _cells,
            view=table.ListView.of(TaskBoardState),
            retry=TaskBoardState.load,
            empty=states.empty_state(t("tasks.empty"), t("tasks.empty_why")),
        ),
    )
