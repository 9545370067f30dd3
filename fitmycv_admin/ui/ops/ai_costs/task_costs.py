"""What each task cost: its calls phase by phase, beside the credits it took."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.ai_costs import asked, screens
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.task_costs import Phase, TaskCost
from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, query, states, table, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.ai_costs import figures, filters
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Payer, Permission, TaskState, TaskType

OFFER = Offer((), "", dict.fromkeys(asked.TASK_WORDS, ()))


@dataclass(frozen=True)
class TaskLine:
    """One task; numbers and instants stay raw."""

    id: str
    at: str
    type: str
    state: str
    user: str
    user_id: str
    calls: int
    unpriced: int
    tokens: int
    cost_nano: int
    payer: str
    credits: int
    held: int
    run_ms: int | None


@dataclass(frozen=True)
class PhaseLine:
    """One phase of the opened task."""

    id: str
    feature: str
    feature_key: str
    call_name: str
    step: str
    model: str
    calls: int
    failed: int
    unpriced: int
    tokens_in: int
    cached: int
    tokens_out: int
    cost_nano: int
    duration_ms: int


@page_policy(Permission.COSTS_READ)
class TaskCostsState(Listing, AppState):
    """What the list shows."""

    rows: list[TaskLine] = []  # noqa: RUF012  (Reflex copies defaults)
    phases: list[PhaseLine] = []  # noqa: RUF012
    opened: TaskLine | None = None
    user: str = ""

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            wanted = self._wanted(OFFER)
            screen = await look(screens.tasks, actor(), dict(wanted.filters), wanted.request)
            self.rows = [_line(row) for row in self._shown(screen.page)]
            self.opened = _line(screen.opened) if screen.opened else None
            self.phases = [_phase(phase, number) for number, phase in enumerate(screen.phases)]
            self.user = screen.user


def _line(row: TaskCost) -> TaskLine:
    return TaskLine(
        id=str(row.id), at=row.at.isoformat(), type=row.type, state=row.state, user=row.email,
        user_id=str(row.user_id or asked.SYSTEM), calls=row.calls, unpriced=row.unpriced, tokens=row.tokens,
        cost_nano=row.cost_nano, payer=row.payer, credits=row.credits, held=row.held, run_ms=row.run_ms,
    )  # fmt: skip


def _phase(phase: Phase, number: int) -> PhaseLine:
    return PhaseLine(
        id=str(number), feature=phase.feature.label, feature_key=figures.label_key(Dimension.FEATURE, phase.feature),
        call_name=phase.call_name, step=phase.step, model=phase.model, calls=phase.calls, failed=phase.failed,
        unpriced=phase.unpriced, tokens_in=phase.prompt_tokens, cached=phase.cached_tokens,
        tokens_out=phase.completion_tokens, cost_nano=phase.cost_nano, duration_ms=phase.duration_ms,
    )  # fmt: skip


COLUMNS = [
    table.column("at", t("ai_costs.asked_at")),
    table.column("type", t("ai_costs.task_type")),
    table.column("user", t("ai_costs.user"), look="clip"),
    table.column("calls", t("ai_costs.calls"), numeric=True),
    table.column("tokens", t("ai_costs.tokens"), numeric=True),
    table.column("cost", t("ai_costs.cost"), numeric=True),
    table.column("credits", t("ai_costs.took"), numeric=True),
    table.column("run", t("ai_costs.duration"), numeric=True),
    table.column("state", t("ai_costs.status")),
]


def _cost(row: Any) -> rx.Component:
    """The sum of what is known, and how many calls have no price."""
    missing = badge.pill(t("ai_costs.n_unpriced", n=row.unpriced), tone="warn", title=t("ai_costs.unpriced_why"))
    return rx.el.span(values.money_usd_nano(row.cost_nano), rx.cond(row.unpriced > 0, missing, rx.fragment()))


def _took(row: Any) -> rx.Component:
    """What it took from its person."""
    held, taken = t("ai_costs.credits_held", n=row.held), t("ai_costs.n_credits", n=row.credits)
    shown = rx.match(
        row.payer,
        (str(Payer.CREDITS), rx.el.span(rx.cond(row.held > 0, held, taken))),
        (str(Payer.QUOTA), rx.el.span(t("ai_costs.payer.quota"))),
        (str(Payer.NONE), rx.el.span(t("ai_costs.payer.none"))),
        rx.el.span("–"),
    )
    return rx.el.span(shown)


def _cells(row: Any) -> list[controls.Content]:
    person = query.query_link(row.user, changes={"user": row.user_id}, look="link-plain")
    return [
        query.query_link(values.instant(row.at, relative=False, shape="minute"),
                         changes={"open": "", "task": row.id}, look="cell-link"),
        t_word("tasks.type", row.type),
        rx.cond(row.user != "", person, rx.el.span(t("ai_costs.system"), class_name="tone-mute")),
        values.number(row.calls),
        values.compact(row.tokens),
        _cost(row),
        _took(row),
        values.duration_ms(row.run_ms),
        badge.status_pill(rx.Var.create(row.state), "tasks.state"),
    ]  # fmt: skip


PHASES = [
    table.column("phase", t("ai_costs.phase"), look="wrap"),
    table.column("cost", t("ai_costs.cost"), numeric=True),
    table.column("in", t("ai_costs.prompt"), numeric=True),
    table.column("cached", t("ai_costs.cached_tokens"), numeric=True),
    table.column("out", t("ai_costs.completion"), numeric=True),
]


def _phase_cells(phase: Any) -> list[controls.Content]:
    failed = badge.pill(t("ai_costs.n_failed", n=phase.failed), tone="bad")
    return [
        rx.el.span(
            rx.el.span(rx.cond(phase.feature_key != "", t_key(phase.feature_key), phase.feature)),
            rx.cond(phase.calls > 1, rx.el.span(" ×", phase.calls, " ", class_name="tone-mute"), rx.fragment()),
            rx.cond(phase.failed > 0, rx.fragment(" ", failed), rx.fragment()),
            rx.el.div(phase.model, " · ", values.duration_ms(phase.duration_ms), class_name="meta"),
            title=phase.call_name,
        ),
        _cost(phase),
        values.number(phase.tokens_in),
        values.number(phase.cached),
        values.number(phase.tokens_out),
    ]


def _panel() -> rx.Component:
    one: Any = TaskCostsState.opened.to(TaskLine)
    none = states.empty_state(t("ai_costs.no_task_calls"), t("ai_costs.no_task_calls_why"))
    return dialog.side_panel(
        card.facts(
            (t("ai_costs.cost"), values.money_usd_nano(one.cost_nano, decimals=9)),
            (t("ai_costs.took"), _took(one)),
            (t("ai_costs.calls"), values.number(one.calls)),
            (t("ai_costs.tokens"), values.number(one.tokens)),
            (t("ai_costs.duration"), values.duration_ms(one.run_ms)),
            (t("ai_costs.asked_at"), values.instant(one.at, relative=False, shape="exact")),
            (t("ai_costs.user"), rx.cond(one.user != "", one.user, t("ai_costs.system"))),
        ),
        table.data_table("ai-costs-phases", PHASES, TaskCostsState.phases, _phase_cells, card=False, max_height=False,
                         empty=none),
        rx.el.div(
            controls.link(t("ai_costs.task_calls"), href=f"{figures.CALLS}?task=" + one.id),
            controls.link(t("ai_costs.task_open"), href="/ops/tasks/" + one.id),
            class_name="row row-wrap",
        ),
        title=t_word("tasks.type", one.type),
        subtitle=one.id,
        status=badge.status_pill(rx.Var.create(one.state), "tasks.state"),
        closes=("task",),
    )  # fmt: skip


def _is_open(row: Any) -> rx.Var[bool]:
    return rx.Var.create(TaskCostsState.opened).to(TaskLine).id == row.id


def _tools() -> rx.Component:
    every = query.option("", t("ai_costs.all"))
    types = [every, *(query.option(str(one), t(f"tasks.type.{one}")) for one in TaskType if one is not TaskType.NOOP)]
    found = [every, *(query.option(str(one), t(f"tasks.state.{one}")) for one in TaskState)]
    payers = [every, *(query.option(str(one), t(f"ai_costs.payer.{one}")) for one in Payer)]
    return table.table_tools(
        query.query_filter("type", t("ai_costs.task_type"), types),
        query.query_filter("state", t("ai_costs.status"), found),
        query.query_filter("payer", t("ai_costs.took"), payers),
        filters.narrowed("user", TaskCostsState.user),
        table_id="ai-costs-tasks",
        columns=COLUMNS,
    )


@page(
    title="ai_costs.tasks_title",
    permission=Permission.COSTS_READ,
    load=TaskCostsState.load,
    nav=Nav("ai_costs.nav.task_costs", "ai_costs.nav.group", "receipt-text", "ai_costs.nav.task_costs_words"),
)
def task_costs() -> rx.Component:
    """The tasks, and the opened one with its phases beside them."""
    rows = table.data_table(
        "ai-costs-tasks",
        COLUMNS,
        TaskCostsState.rows,
        _cells,
        view=table.ListView.of(TaskCostsState),
        is_open=_is_open,
        retry=TaskCostsState.load,
        empty=states.empty_state(t("ai_costs.no_tasks"), t("ai_costs.no_tasks_why")),
    )
    return card.page(
        card.page_header(
            t("ai_costs.tasks_title"),
            t("ai_costs.tasks_answer"),
            query.period_picker(presets=query.ALL_PRESETS),
            query.export_links("ai-costs-tasks"),
        ),
        _tools(),
        dialog.beside(rows, _panel(), is_open=TaskCostsState.opened),
    )
