"""How the work goes over time: what ends, how long it waits and runs, what fails alike, what is stuck or late."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.tasks import health, screens
from fitmycv_admin.domain.tasks.delays import DelayRow
from fitmycv_admin.domain.tasks.health import HealthScreen
from fitmycv_admin.ui.copy import t, t_given, t_key, t_word
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import card, chart, controls, query, states, table, ticker, values
from fitmycv_admin.ui.kit.chart import Links, Series
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.tasks import parts
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission, TaskType

OFFER = Offer((), "", {"span": tuple(health.SPANS), "type": tuple(str(word) for word in TaskType)})
TICK_S = 15
_ENDS = (("completed", 2), ("failed", 5), ("cancelled", 6))


@dataclass(frozen=True)
class FailureLine:
    """Tasks that failed alike; `href` are its tasks, `hit` the people behind them."""

    id: str
    error_key: str
    error_params: dict[str, Any]
    sample: str
    count: int
    people: int | None
    first: str
    last: str
    href: str
    hit: str


@dataclass(frozen=True)
class StuckLine:
    """Tasks that are stuck for one reason."""

    id: str
    type: str
    reason: str
    count: int
    since: str
    href: str


@dataclass(frozen=True)
class DelayLine:
    """A time during which work waited too long."""

    id: str
    queue: str
    limit_ms: int
    worst_ms: int
    told: int
    started_at: str
    ended_at: str


@page_policy(Permission.TASKS_READ)
class TaskHealthState(Listing, AppState):
    """What the page shows."""

    ended: dict[str, Any] = {}  # noqa: RUF012  (Reflex copies defaults)
    waits: dict[str, Any] = {}  # noqa: RUF012
    runs: dict[str, Any] = {}  # noqa: RUF012
    one_in: int = 1
    failures: list[FailureLine] = []  # noqa: RUF012
    stuck: list[StuckLine] = []  # noqa: RUF012
    delays: list[DelayLine] = []  # noqa: RUF012

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            await self._read()

    @rx.event
    async def tick(self) -> None:
        """Read again while somebody looks."""
        if self.is_loaded and not self.problem:
            with self._loading():
                await self._read()

    async def _read(self) -> None:
        wanted = self._wanted(OFFER)
        span, type_ = wanted.get("span") or health.STANDARD, wanted.get("type")
        screen, late = await look(screens.work, actor(), span, type_)
        self.ended, self.waits, self.runs = _ended(screen, type_), _times(screen, "wait"), _times(screen, "run")
        self.one_in = screen.one_in
        self.failures = _failures(screen, type_)
        self.stuck = [
            StuckLine(
                f"{row.type}-{row.reason}", row.type, row.reason, row.count, row.since.isoformat(),
                parts.address(parts.LIST, {"state": "stuck", "type": row.type}),
            )
            for row in screen.stuck
        ]  # fmt: skip
        self.delays = [_delay(row) for row in late]


def _ended(screen: HealthScreen, type_: str) -> dict[str, Any]:
    if not any(step.completed + step.failed + step.cancelled for step in screen.steps):
        return chart.figure([], [])
    series = [
        Series(f"tasks.state.{word}", [getattr(step, word) for step in screen.steps], is_key=True, color=color)
        for word, color in _ENDS
    ]
    links = Links(
        parts.LIST,
        [
            parts.address("", {"from": step.at.isoformat(), "to": step.until.isoformat(), "type": type_})[1:]
            for step in screen.steps
        ],
        [f"state={word}" for word, _ in _ENDS],
    )
    return chart.figure(_instants(screen), series, links=links)


def _times(screen: HealthScreen, what: str) -> dict[str, Any]:
    halves, most = ([getattr(step, f"{what}_p{part}_ms") for step in screen.steps] for part in (50, 95))
    if all(value is None for value in most):
        return chart.figure([], [])
    series = [
        Series("console.health.p50", halves, is_key=True, color=1),
        Series("console.health.p95", most, is_key=True, color=2),
    ]
    return chart.figure(_instants(screen), series, unit="ms", kind="line")


def _instants(screen: HealthScreen) -> list[str]:
    return [step.at.isoformat() for step in screen.steps]


def _failures(screen: HealthScreen, type_: str) -> list[FailureLine]:
    since, until = screen.since.isoformat(), screen.until.isoformat()
    lines = []
    for number, row in enumerate(screen.failures):
        words = {"error": row.fingerprint, "state": "failed", "type": type_, "from": since, "to": until}
        hit = {"error": row.fingerprint, "kind": "failed", "type": type_, "from": since, "to": until}
        lines.append(
            FailureLine(
                row.fingerprint or f"none-{number}", row.error_key, {"error_id": "…"}, row.sample, row.count,
                row.people, row.first.isoformat(), row.last.isoformat(), parts.address(parts.LIST, words),
                parts.address(f"{parts.LIST}/incidents", hit),
            )
        )  # fmt: skip
    return lines


def _delay(row: DelayRow) -> DelayLine:
    return DelayLine(
        str(row.id), row.queue, row.limit_s * 1000, row.worst_s * 1000, row.told, row.started_at.isoformat(),
        row.ended_at.isoformat() if row.ended_at else "",
    )  # fmt: skip


FAILURES = [
    table.column("error", t("console.column.error"), look="mono clip"),
    table.column("shown", t("console.task.shown"), look="wrap"),
    table.column("count", t("console.health.count"), numeric=True),
    table.column("people", t("console.health.people"), numeric=True),
    table.column("first", t("console.health.first")),
    table.column("last", t("console.health.last")),
    table.column("sample", t("console.task.detail"), look="mono clip"),
]
STUCK = [
    table.column("type", t("console.column.type")),
    table.column("reason", t("console.health.reason"), look="wrap"),
    table.column("count", t("console.health.count"), numeric=True),
    table.column("since", t("console.health.oldest")),
]
DELAYS = [
    table.column("from", t("console.health.from")),
    table.column("to", t("console.health.to")),
    table.column("worst", t("console.health.worst"), numeric=True),
    table.column("limit", t("console.health.limit"), numeric=True),
    table.column("told", t("console.health.told"), numeric=True),
]


def _failure(row: FailureLine) -> list[controls.Content]:
    return [
        controls.link(row.id, href=row.href, look="cell-link"),
        rx.cond(row.error_key != "", t_given(rx.Var.create(row.error_key), rx.Var.create(row.error_params)), "–"),
        controls.link(values.number(row.count), href=row.href, look="link-plain"),
        controls.link(rx.cond(row.people.is_none(), "…", values.number(row.people)), href=row.hit, look="link-plain"),  # type: ignore[union-attr]
        values.instant(row.first),
        values.instant(row.last),
        row.sample,
    ]


def _stuck(row: StuckLine) -> list[controls.Content]:
    return [
        controls.link(t_word("tasks.type", row.type), href=row.href, look="cell-link"),
        t_word("console.stuck", row.reason),
        values.number(row.count),
        values.instant(row.since),
    ]


def _late(row: DelayLine) -> list[controls.Content]:
    ended = values.instant(row.ended_at, relative=False)
    return [
        values.instant(row.started_at, relative=False),
        rx.cond(row.ended_at != "", ended, t("console.health.lasts")),
        values.duration_ms(row.worst_ms),
        values.duration_ms(row.limit_ms),
        values.number(row.told),
    ]


def _tables() -> rx.Component:
    state = TaskHealthState

    def block(name: str, columns: list[Any], rows: Any, cells: Any, **more: Any) -> rx.Component:
        empty = states.empty_state(t(f"console.health.no_{name}"), t(f"console.health.no_{name}_why"))
        return card.card(
            table.data_table(f"tasks-{name}", columns, rx.Var.create(rows), cells, card=False, max_height=False,
                             empty=empty),
            title=t(f"console.health.{name}"), padded=False, **more,
        )  # fmt: skip

    return rx.el.div(
        block("failures", FAILURES, state.failures, _failure),
        rx.el.div(
            block("stuck", STUCK, state.stuck, _stuck, aside=card.explain(t("console.health.stuck_why"))),
            block("delays", DELAYS, state.delays, _late, aside=card.explain(t("console.health.delays_why"))),
            class_name="grid grid-2",
        ),
        class_name=rx.cond(
            rx.Var.create(state.is_loading) & rx.Var.create(state.is_loaded), "stack is-stale", "stack"
        ),
    )


@page(title="console.health.title", permission=Permission.TASKS_READ, load=TaskHealthState.load,
      route="/ops/tasks/health")  # fmt: skip
def health_page() -> rx.Component:
    """Three charts with their tables, then failures by fingerprint, what is stuck and what was late."""
    state = TaskHealthState
    spans = query.query_choice(
        "span", [(name, t(f"console.span.{name}")) for name in health.SPANS], standard=health.STANDARD,
        label=t("kit.period.label"),
    )  # fmt: skip
    trouble = states.error_state(t_key(rx.Var.create(state.problem)), incident=state.incident, retry=state.load)
    nothing = t("console.health.nothing")
    sample = rx.el.p(t("console.health.sample", n=state.one_in), class_name="meta")
    ended = chart.chart_card(t("console.health.ended"), rx.Var.create(state.ended), empty=nothing)
    waits = chart.chart_card(t("console.health.waits"), rx.Var.create(state.waits), empty=nothing)
    runs = chart.chart_card(t("console.health.runs"), rx.Var.create(state.runs), empty=nothing)
    return card.page(
        ticker.ticker(state.tick, seconds=TICK_S),
        card.page_header(t("console.health.title"), t("console.health.answer"), spans),
        parts.tabs("health"),
        table.table_tools(parts.type_filter()),
        rx.cond(state.problem != "", card.card(trouble), rx.fragment()),
        ended,
        waits,
        runs,
        rx.cond(state.one_in > 1, sample, rx.fragment()),
        rx.cond(state.is_loaded, _tables(), states.loading_block()),
    )
