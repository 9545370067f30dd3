"""One task: how it stands, every start, what its calls cost, why it failed, and what can be done."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.tasks import board, detail
from fitmycv_admin.domain.tasks.detail import TaskCard
from fitmycv_admin.ui.copy import t, t_given, t_key, t_word
from fitmycv_admin.ui.guard import policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, states, table, ticker, toast, values
from fitmycv_admin.ui.kit.listing import Listing
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.portal.addresses import id_at
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

TICK_S = 2
_ID_AT = 2


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One start."""

    attempt: int
    worker: str
    started_at: str
    run_ms: int
    outcome: str
    error: str


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step that is done."""

    step: str
    attempt: int
    at: str


@dataclass(frozen=True, slots=True)
class CallLine:
    """One model call."""

    id: str
    at: str
    call_name: str
    model: str
    status: str
    prompt: int
    cached: int
    completion: int
    duration_ms: int | None
    cost_nano: int | None


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline; `label` is a catalogue key."""

    label: str
    at: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The task as the page draws it."""

    id: str = ""
    type: str = "noop"
    title: str = ""
    state: str = "queued"
    user: str = ""
    user_id: str = ""
    feature: str = ""
    attempt: int = 0
    max_attempts: int = 0
    percent: int = 0
    step_key: str = ""
    worker: str = ""
    messages: int = 0
    error_key: str = ""
    error_params: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    fingerprint: str = ""
    same_error: int = 0
    cost_nano: int = 0
    unpriced: int = 0
    may_cancel: bool = False
    may_retry: bool = False


class TaskPageState(Listing, AppState):
    """One task."""

    task: Shown = Shown()
    moments: list[Moment] = []  # noqa: RUF012  (Reflex copies defaults)
    attempts: list[AttemptLine] = []  # noqa: RUF012
    steps: list[StepLine] = []  # noqa: RUF012
    calls: list[CallLine] = []  # noqa: RUF012
    is_over: bool = False

    @rx.event
    @policy(Permission.TASKS_READ)
    async def load(self) -> AsyncIterator[None]:
        """Show the task of the address."""
        with self._loading():
            yield
            await self._read()

    @rx.event
    @policy(Permission.TASKS_READ)
    async def tick(self) -> None:
        """Read again until it has ended."""
        if self.is_loaded and not self.problem and not self.is_over:
            await self._read()

    @rx.event
    @policy(Permission.TASKS_WRITE)
    async def cancel(self, given: dict[str, str]) -> Any:
        """Cancel it, for the reason given."""
        return await self._act(board.cancel_for, given.get("reason", ""), "tasks.act.cancelled")

    @rx.event
    @policy(Permission.TASKS_WRITE)
    async def retry(self, given: dict[str, str]) -> Any:
        """Start it again, for the reason given."""
        return await self._act(board.retry_for, given.get("reason", ""), "tasks.act.retried")

    async def _act(self, act: Any, reason: str, done: str) -> Any:
        language = str(actor().language)
        if not reason.strip():
            return toast.refused(language, "tasks.error.reason_missing")
        try:
            await ask(act, actor(), id_at(self.router.url, _ID_AT), reason=reason.strip()[:500])
        except FitMyCvError as error:
            return toast.refused(language, error.key, **error.params)
        finally:
            await self._read()
        return toast.done(language, done)

    async def _read(self) -> None:
        found = await look(detail.task, actor(), id_at(self.router.url, _ID_AT))
        self.task, self.is_over = _shown(found), found.finished_at is not None
        self.moments = _moments(found)
        self.attempts = [
            AttemptLine(
                row.attempt, row.worker, row.started_at.isoformat(), row.run_ms, row.outcome or "running", row.error
            )
            for row in found.attempts
        ]
        self.steps = [StepLine(row.step, row.attempt, row.at.isoformat()) for row in found.steps]
        self.calls = [
            CallLine(
                str(row.id), row.at.isoformat(), row.call_name, row.model, row.status, row.prompt_tokens,
                row.cached_tokens, row.completion_tokens, row.duration_ms, row.cost_nano,
            )
            for row in found.calls
        ]  # fmt: skip


def _shown(found: TaskCard) -> Shown:
    return Shown(
        id=str(found.id), type=found.type, title=found.title,
        state="cancelling" if found.is_cancelling else found.state, user=found.user, user_id=str(found.user_id or ""),
        feature=found.feature, attempt=found.attempt, max_attempts=found.max_attempts, percent=found.percent,
        step_key=found.step_key, worker=found.worker, messages=found.dispatch_seq, error_key=found.error_key,
        error_params=found.error_params, error=found.error, fingerprint=found.fingerprint,
        same_error=found.same_error_24h, cost_nano=found.cost_nano, unpriced=found.unpriced,
        may_cancel=found.may_cancel, may_retry=found.may_retry,
    )  # fmt: skip


def _moments(found: TaskCard) -> list[Moment]:
    instants = {
        "tasks.task.created": found.created_at,
        "tasks.task.dispatched": found.dispatched_at,
        "tasks.task.started": found.started_at,
        "tasks.task.finished": found.finished_at,
    }
    known = [Moment(label, at.isoformat()) for label, at in instants.items() if at is not None]
    return sorted(known, key=lambda moment: moment.at)


ATTEMPTS = [
    table.column("attempt", t("tasks.column.attempt"), numeric=True),
    table.column("at", t("tasks.task.at")),
    table.column("run", t("tasks.column.run"), numeric=True),
    table.column("outcome", t("tasks.task.outcome")),
    table.column("worker", t("tasks.task.worker"), look="mono clip"),
    table.column("error", t("tasks.column.error"), look="mono wrap"),
]
STEPS = [
    table.column("step", t("tasks.task.step"), look="mono"),
    table.column("attempt", t("tasks.column.attempt"), numeric=True),
    table.column("at", t("tasks.task.at")),
]
CALLS = [
    table.column("call", t("tasks.task.call"), look="mono"),
    table.column("model", t("tasks.task.model"), look="mono"),
    table.column("status", t("tasks.task.status")),
    table.column("prompt", t("tasks.task.prompt"), numeric=True),
    table.column("cached", t("tasks.task.cached"), numeric=True),
    table.column("completion", t("tasks.task.completion"), numeric=True),
    table.column("duration", t("tasks.column.run"), numeric=True),
    table.column("cost", t("tasks.column.cost"), numeric=True),
]


def _attempt(row: AttemptLine) -> list[controls.Content]:
    return [
        values.number(row.attempt),
        values.instant(row.started_at, relative=False, shape="exact"),
        values.duration_ms(row.run_ms),
        t_word("tasks.outcome", row.outcome),
        row.worker,
        row.error,
    ]


def _step(row: StepLine) -> list[controls.Content]:
    return [row.step, values.number(row.attempt), values.instant(row.at, relative=False, shape="exact")]


def _call(row: CallLine) -> list[controls.Content]:
    unknown = badge.pill(t("tasks.cost_unknown"), tone="warn", title=t("tasks.cost_unknown_why"))
    return [
        row.call_name,
        row.model,
        badge.status_pill(rx.Var.create(row.status), "tasks.call"),
        values.number(row.prompt),
        values.number(row.cached),
        values.number(row.completion),
        values.duration_ms(row.duration_ms),
        rx.cond(row.cost_nano.is_none(), unknown, values.money_usd_nano(row.cost_nano)),  # type: ignore[union-attr]
    ]


def _empty(key: str) -> rx.Component:
    return states.empty_state(t(key))


def _facts() -> rx.Component:
    one = TaskPageState.task
    unpriced = rx.cond(
        one.unpriced > 0, badge.pill(t("tasks.task.unpriced", n=one.unpriced), tone="warn"), rx.fragment()
    )
    person = controls.link(one.user, href="/ops/tasks?user=" + one.user_id, look="link")
    feature: rx.Var[str] = rx.Var.create(one.feature)
    return card.card(
        card.facts(
            (t("tasks.task.id"), values.id_chip(rx.Var.create(one.id))),
            (t("tasks.column.type"), t_word("tasks.type", one.type)),
            (t("tasks.task.subject"), rx.cond(one.title != "", one.title, "–")),
            (t("tasks.column.person"), rx.cond(one.user != "", person, t("tasks.system"))),
            (t("tasks.task.feature"), rx.cond(feature != "", rx.el.span(feature, class_name="mono"), "–")),
            (t("tasks.column.attempt"), t("tasks.attempt_of", attempt=one.attempt, most=one.max_attempts)),
            (t("tasks.task.sent"), values.number(one.messages)),
            (t("tasks.task.worker"), rx.cond(one.worker != "", rx.el.span(one.worker, class_name="mono"), "–")),
            (
                t("tasks.task.cost"),
                rx.el.span(values.money_usd_nano(one.cost_nano, decimals=6), " ", unpriced, class_name="tabular"),
            ),
        ),
        title=t("tasks.task.facts"),
    )


def _moment(moment: Moment) -> rx.Component:
    return rx.fragment(
        rx.el.dt(t_key(rx.Var.create(moment.label))),
        rx.el.dd(values.instant(moment.at, relative=False, shape="exact"), class_name="tabular"),
        key=moment.label,
    )


def _timeline() -> rx.Component:
    return card.card(
        rx.el.dl(rx.foreach(TaskPageState.moments, _moment), class_name="facts"), title=t("tasks.task.timeline")
    )


def _failure() -> rx.Component:
    one = TaskPageState.task
    same = controls.link(
        t("tasks.task.same", n=one.same_error), href="/ops/tasks?error=" + one.fingerprint, look="link"
    )
    shown = card.card(
        card.facts(
            (t("tasks.task.shown"), t_given(rx.Var.create(one.error_key), rx.Var.create(one.error_params))),
            (t("tasks.task.detail"), rx.cond(one.error != "", rx.el.span(one.error, class_name="mono"), "–")),
            (
                t("tasks.task.fingerprint"),
                rx.cond(
                    one.fingerprint != "", rx.el.span(values.id_chip(rx.Var.create(one.fingerprint)), " ", same), "–"
                ),
            ),
        ),
        title=t("tasks.task.error"),
    )
    return rx.cond(one.error_key != "", shown, rx.fragment())


def _act(label: str, why: str, handler: Any, *, danger: bool) -> rx.Component:
    return dialog.confirm(
        controls.button(t(label), kind="danger" if danger else "primary"),
        rx.el.p(t(why)),
        form.area_field("reason", t("tasks.act.reason"), max_length=500, rows=3),
        title=t(label),
        confirm_label=t(label),
        on_confirm=handler,
        danger=danger,
    )


def _actions() -> rx.Component:
    one = TaskPageState.task
    cancel = _act("tasks.act.cancel", "tasks.act.cancel_why", TaskPageState.cancel, danger=True)
    retry = _act("tasks.act.retry", "tasks.act.retry_why", TaskPageState.retry, danger=False)
    return rx.fragment(rx.cond(one.may_cancel, cancel, rx.fragment()), rx.cond(one.may_retry, retry, rx.fragment()))


def _tables() -> rx.Component:
    return rx.fragment(
        card.card(
            table.data_table("task-attempts", ATTEMPTS, rx.Var.create(TaskPageState.attempts), _attempt, key="attempt",
                             empty=_empty("tasks.task.no_attempts"), card=False, max_height=False),
            title=t("tasks.task.attempts"), padded=False,
        ),
        card.card(
            table.data_table("task-calls", CALLS, rx.Var.create(TaskPageState.calls), _call,
                             empty=_empty("tasks.task.no_calls"), card=False, max_height=False),
            title=t("tasks.task.calls"), padded=False,
        ),
        card.card(
            table.data_table("task-steps", STEPS, rx.Var.create(TaskPageState.steps), _step, key="step",
                             empty=_empty("tasks.task.no_steps"), card=False, max_height=False),
            title=t("tasks.task.steps"), padded=False,
        ),
    )  # fmt: skip


def _head() -> rx.Component:
    one = TaskPageState.task
    running = rx.cond(
        one.step_key != "",
        rx.el.span(t_key(rx.Var.create(one.step_key)), " · ", values.percent(one.percent / 100, decimals=0)),
        rx.fragment(),
    )
    return rx.el.div(
        badge.status_pill(rx.Var.create(one.state), "tasks.state"),
        rx.cond(one.state == "running", running, rx.fragment()),
        class_name="row",
        aria_live="polite",
    )


@page(title="tasks.task.title", permission=Permission.TASKS_READ, load=TaskPageState.load, route="/ops/tasks/[task_id]")
def task() -> rx.Component:
    """Facts and timeline, why it failed, then starts, calls and steps; read again until it has ended."""
    trouble = rx.el.div(
        states.error_state(
            t_key(rx.Var.create(TaskPageState.problem)), incident=TaskPageState.incident, retry=TaskPageState.load
        ),
        class_name="card",
    )  # fmt: skip
    body = rx.el.div(
        _head(),
        rx.el.div(_facts(), _timeline(), class_name="grid grid-2"),
        _failure(),
        _tables(),
        class_name="stack",
    )
    return card.page(
        ticker.ticker(TaskPageState.tick, seconds=TICK_S),
        card.page_header(
            rx.cond(TaskPageState.task.id != "", t_word("tasks.type", TaskPageState.task.type), t("tasks.task.title")),
            t("tasks.task.answer"),
            _actions(),
            back=(t("tasks.title"), "/ops/tasks"),
        ),
        rx.cond(
            TaskPageState.problem != "",
            trouble,
            rx.cond(TaskPageState.task.id != "", body, states.loading_block()),
        ),
    )
