"""One task: how it stands, every start, what its calls cost, why it failed, and what can be done."""

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.tasks import board, console, detail, quarantine
from fitmycv_admin.ui.copy import t, t_given, t_key, t_word
from fitmycv_admin.ui.guard import policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, states, table, ticker, toast, values
from fitmycv_admin.ui.kit.listing import Listing
from fitmycv_admin.ui.ops.tasks import task_lines
from fitmycv_admin.ui.ops.tasks.task_lines import AttemptLine, CallLine, MomentLine, Shown, StepLine
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.portal.addresses import id_at
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

TICK_S = 2
_ID_AT = 2


class TaskPageState(Listing, AppState):
    """One task."""

    task: Shown = Shown()
    moments: list[MomentLine] = []  # noqa: RUF012  (Reflex copies defaults)
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
        return await self._act(board.cancel_for, given.get("reason", ""), "console.act.cancelled")

    @rx.event
    @policy(Permission.TASKS_WRITE)
    async def retry(self, given: dict[str, str]) -> Any:
        """Start it again, for the reason given."""
        return await self._act(board.retry_for, given.get("reason", ""), "console.act.retried")

    @rx.event
    @policy(Permission.TASKS_WRITE)
    async def requeue(self, given: dict[str, str]) -> Any:
        """Put it back in line, for the reason given."""
        return await self._act(console.requeue_for, given.get("reason", ""), "console.act.requeued")

    @rx.event
    @policy(Permission.TASKS_WRITE)
    async def release(self, given: dict[str, str]) -> Any:
        """Start it although it was set aside, for the reason given."""
        return await self._act(quarantine.release, given.get("reason", ""), "console.act.released")

    @rx.event
    @policy(Permission.TASKS_WRITE)
    async def discard(self, given: dict[str, str]) -> Any:
        """Give it up for good, for the reason given."""
        return await self._act(quarantine.discard, given.get("reason", ""), "console.act.discarded")

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
        self.task, self.is_over = task_lines.shown(found), found.finished_at is not None
        self.moments, self.attempts = task_lines.moments(found), task_lines.attempts(found)
        self.steps, self.calls = task_lines.steps(found), task_lines.calls(found)


MOMENTS = [
    table.column("at", t("console.task.at")),
    table.column("what", t("console.moment"), look="wrap"),
    table.column("credits", t("console.moment.credits"), numeric=True),
    table.column("cost", t("console.column.cost"), numeric=True),
]
ATTEMPTS = [
    table.column("attempt", t("console.column.attempt"), numeric=True),
    table.column("at", t("console.task.at")),
    table.column("run", t("console.column.run"), numeric=True),
    table.column("outcome", t("console.task.outcome")),
    table.column("worker", t("console.task.worker"), look="mono clip"),
    table.column("error", t("console.column.error"), look="mono wrap"),
]
STEPS = [
    table.column("step", t("console.task.step"), look="mono"),
    table.column("attempt", t("console.column.attempt"), numeric=True),
    table.column("at", t("console.task.at")),
]
CALLS = [
    table.column("call", t("console.task.call"), look="mono"),
    table.column("model", t("console.task.model"), look="mono"),
    table.column("status", t("console.task.status")),
    table.column("prompt", t("console.task.prompt"), numeric=True),
    table.column("cached", t("console.task.cached"), numeric=True),
    table.column("completion", t("console.task.completion"), numeric=True),
    table.column("duration", t("console.column.run"), numeric=True),
    table.column("cost", t("console.column.cost"), numeric=True),
]


def _attempt(row: AttemptLine) -> list[controls.Content]:
    return [
        values.number(row.attempt),
        values.instant(row.started_at, relative=False, shape="exact"),
        values.duration_ms(row.run_ms),
        t_word("console.outcome", row.outcome),
        row.worker,
        row.error,
    ]


def _step(row: StepLine) -> list[controls.Content]:
    return [row.step, values.number(row.attempt), values.instant(row.at, relative=False, shape="exact")]


def _call(row: CallLine) -> list[controls.Content]:
    unknown = badge.pill(t("console.cost_unknown"), tone="warn", title=t("console.cost_unknown_why"))
    return [
        row.call_name,
        row.model,
        badge.status_pill(rx.Var.create(row.status), "console.call"),
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
        one.unpriced > 0, badge.pill(t("console.task.unpriced", n=one.unpriced), tone="warn"), rx.fragment()
    )
    person = controls.link(one.user, href="/ops/tasks?user=" + one.user_id, look="link")
    feature: rx.Var[str] = rx.Var.create(one.feature)
    return card.card(
        card.facts(
            (t("console.task.id"), values.id_chip(rx.Var.create(one.id))),
            (t("console.column.type"), t_word("tasks.type", one.type)),
            (t("console.task.subject"), rx.cond(one.title != "", one.title, "–")),
            (t("console.column.person"), rx.cond(one.user != "", person, t("console.system"))),
            (t("console.task.feature"), rx.cond(feature != "", rx.el.span(feature, class_name="mono"), "–")),
            (t("console.column.attempt"), t("console.attempt_of", attempt=one.attempt, most=one.max_attempts)),
            (t("console.task.sent"), values.number(one.messages)),
            (t("console.task.worker"), rx.cond(one.worker != "", rx.el.span(one.worker, class_name="mono"), "–")),
            (
                t("console.task.cost"),
                rx.el.span(values.money_usd_nano(one.cost_nano, decimals=6), " ", unpriced, class_name="tabular"),
            ),
        ),
        title=t("console.task.facts"),
    )


def _moment(row: MomentLine) -> list[controls.Content]:
    return [
        values.instant(row.at, relative=False, shape="exact"),
        t_given(rx.Var.create(row.label), rx.Var.create(row.params)),
        rx.cond(row.credits.is_none(), "", values.number(row.credits)),  # type: ignore[union-attr]
        rx.cond(row.cost_nano.is_none(), "", values.money_usd_nano(row.cost_nano, decimals=6)),  # type: ignore[union-attr]
    ]


def _timeline() -> rx.Component:
    return card.card(
        table.data_table("task-moments", MOMENTS, rx.Var.create(TaskPageState.moments), _moment,
                         empty=_empty("console.task.no_moments"), card=False, max_height=False),
        title=t("console.task.timeline"), padded=False,
    )  # fmt: skip


def _failure() -> rx.Component:
    one = TaskPageState.task
    same = controls.link(
        t("console.task.same", n=one.same_error), href="/ops/tasks?error=" + one.fingerprint, look="link"
    )
    shown = card.card(
        card.facts(
            (t("console.task.shown"), t_given(rx.Var.create(one.error_key), rx.Var.create(one.error_params))),
            (t("console.task.detail"), rx.cond(one.error != "", rx.el.span(one.error, class_name="mono"), "–")),
            (
                t("console.task.fingerprint"),
                rx.cond(
                    one.fingerprint != "", rx.el.span(values.id_chip(rx.Var.create(one.fingerprint)), " ", same), "–"
                ),
            ),
        ),
        title=t("console.task.error"),
    )
    return rx.cond(one.error_key != "", shown, rx.fragment())


def _act(label: str, why: str, handler: Any, *, danger: bool) -> rx.Component:
    return dialog.confirm(
        controls.button(t(label), kind="danger" if danger else "primary"),
        rx.el.p(t(why)),
        form.area_field("reason", t("console.act.reason"), max_length=500, rows=3),
        title=t(label),
        confirm_label=t(label),
        on_confirm=handler,
        danger=danger,
    )


def _actions() -> rx.Component:
    one, state = TaskPageState.task, TaskPageState
    acts = (
        (one.may_cancel, _act("console.act.cancel", "console.act.cancel_why", state.cancel, danger=True)),
        (one.may_requeue, _act("console.act.requeue", "console.act.requeue_why", state.requeue, danger=False)),
        (one.may_retry, _act("console.act.retry", "console.act.retry_why", state.retry, danger=False)),
        (one.may_release, _act("console.act.discard", "console.act.discard_why", state.discard, danger=True)),
        (one.may_release, _act("console.act.release", "console.act.release_why", state.release, danger=False)),
    )
    return rx.fragment(*[rx.cond(may, act, rx.fragment()) for may, act in acts])


def _tables() -> rx.Component:
    return rx.fragment(
        card.card(
            table.data_table("task-attempts", ATTEMPTS, rx.Var.create(TaskPageState.attempts), _attempt, key="attempt",
                             empty=_empty("console.task.no_attempts"), card=False, max_height=False),
            title=t("console.task.attempts"), padded=False,
        ),
        card.card(
            table.data_table("task-calls", CALLS, rx.Var.create(TaskPageState.calls), _call,
                             empty=_empty("console.task.no_calls"), card=False, max_height=False),
            title=t("console.task.calls"), padded=False,
        ),
        card.card(
            table.data_table("task-steps", STEPS, rx.Var.create(TaskPageState.steps), _step, key="step",
                             empty=_empty("console.task.no_steps"), card=False, max_height=False),
            title=t("console.task.steps"), padded=False,
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


@page(title="console.task.title", permission=Permission.TASKS_READ, load=TaskPageState.load,
      route="/ops/tasks/[task_id]")  # fmt: skip
def task() -> rx.Component:
    """Facts and timeline, why it failed, then starts, calls and steps; read again until it has ended."""
    one = TaskPageState.task
    trouble = rx.el.div(
        states.error_state(
            t_key(rx.Var.create(TaskPageState.problem)), incident=TaskPageState.incident, retry=TaskPageState.load
        ),
        class_name="card",
    )  # fmt: skip
    body = rx.el.div(
        _head(),
        rx.el.div(_facts(), _failure(), class_name="grid grid-2"),
        _timeline(),
        _tables(),
        class_name="stack",
    )
    return card.page(
        ticker.ticker(TaskPageState.tick, seconds=TICK_S),
        card.page_header(
            rx.cond(one.id != "", t_word("tasks.type", one.type), t("console.task.title")),
            t("console.task.answer"),
            _actions(),
            back=(t("console.title"), "/ops/tasks"),
        ),
        rx.cond(
            TaskPageState.problem != "",
            trouble,
            rx.cond(TaskPageState.task.id != "", body, states.loading_block()),
        ),
    )
