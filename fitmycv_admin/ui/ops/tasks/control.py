"""What ops decide about the work: pause, drain, how many at once; the processes that do it; what was set aside."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.tasks import control, flow, quarantine, screens
from fitmycv_admin.domain.tasks.control import Rule, RuleRow
from fitmycv_admin.domain.tasks.heartbeats import ProcessRow
from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.guard import policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, states, table, ticker, toast, values
from fitmycv_admin.ui.kit.listing import Listing
from fitmycv_admin.ui.ops.tasks import parts
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

TICK_S = 5


@dataclass(frozen=True)
class RuleLine:
    """A type with its rule; "" and None: no limit."""

    id: str
    state: str
    is_paused: bool
    is_draining: bool
    at_once: int | None
    at_once_per_person: int | None
    waiting: int
    running: int
    reason: str
    version: int
    changed_by: str
    changed_at: str


@dataclass(frozen=True)
class ProcessLine:
    """A process and what it does."""

    id: str
    kind: str
    state: str
    version: str
    host: str
    pid: int
    started_at: str
    seen_at: str
    task_id: str
    task_type: str
    task_since: str


@dataclass(frozen=True)
class AsideLine:
    """A task that was set aside."""

    id: str
    type: str
    user: str
    created_at: str
    attempt: int


class TaskControlState(Listing, AppState):
    """What the page shows."""

    rules: list[RuleLine] = []  # noqa: RUF012  (Reflex copies defaults)
    processes: list[ProcessLine] = []  # noqa: RUF012
    aside: list[AsideLine] = []  # noqa: RUF012
    versions: list[str] = []  # noqa: RUF012
    may_write: bool = False

    @rx.event
    @policy(Permission.TASKS_READ)
    async def load(self) -> AsyncIterator[None]:
        """Show what holds now."""
        with self._loading():
            yield
            await self._read()

    @rx.event
    @policy(Permission.TASKS_READ)
    async def tick(self) -> None:
        """Read again while somebody looks."""
        if self.is_loaded and not self.problem:
            await self._read()

    @rx.event
    @policy(Permission.TASKS_WRITE)
    async def change(self, given: dict[str, str]) -> Any:
        """Set the rule of a type as the form says."""
        numbers = {name: given.get(name, "").strip() for name in ("at_once", "at_once_per_person")}
        if not all(value == "" or (value.isascii() and value.isdecimal()) for value in numbers.values()):
            return toast.refused(str(actor().language), "tasks.error.at_once", most=control.MOST_AT_ONCE)
        limits = {name: int(value[:9]) if value else None for name, value in numbers.items()}
        rule = Rule(is_paused="is_paused" in given, is_draining="is_draining" in given, **limits)
        version = given.get("version", "")
        return await self._act(
            "console.control.changed", control.change, given.get("type", ""), rule,
            expected_version=int(version) if version.isdecimal() else -1, reason=given.get("reason", "")[:500],
        )  # fmt: skip

    @rx.event
    @policy(Permission.TASKS_WRITE)
    async def release(self, given: dict[str, str]) -> Any:
        """Start a task that was set aside."""
        return await self._decide(quarantine.release, given, "console.act.released")

    @rx.event
    @policy(Permission.TASKS_WRITE)
    async def discard(self, given: dict[str, str]) -> Any:
        """Give a task that was set aside up for good."""
        return await self._decide(quarantine.discard, given, "console.act.discarded")

    async def _decide(self, act: Any, given: dict[str, str], done: str) -> Any:
        reason = given.get("reason", "").strip()[:500]
        if not reason:
            return toast.refused(str(actor().language), "tasks.error.reason_missing")
        try:
            task_id = UUID(given.get("task", ""))
        except ValueError:
            return toast.refused(str(actor().language), "common.error.not_found")
        return await self._act(done, act, task_id, reason=reason)

    async def _act(self, done: str, act: Any, *subject: Any, **details: Any) -> Any:
        language = str(actor().language)
        try:
            await ask(act, actor(), *subject, **details)
        except FitMyCvError as error:
            return toast.refused(language, error.key, **error.params)
        finally:
            await self._read()
        return toast.done(language, done)

    async def _read(self) -> None:
        screen, aside = await look(screens.rules, actor())
        self.rules = [_rule(row) for row in screen.rules]
        self.processes = [_process(row) for row in screen.processes]
        self.aside = [
            AsideLine(str(row.id), row.type, row.user, row.created_at.isoformat(), row.attempt) for row in aside
        ]
        self.versions = sorted({row.version for row in screen.processes if row.version and not row.is_gone})
        self.may_write = actor().may(Permission.TASKS_WRITE)


def _rule(row: RuleRow) -> RuleLine:
    rule = row.rule
    state = "paused" if rule.is_paused else "draining" if rule.is_draining else "open"
    return RuleLine(
        row.type, state, rule.is_paused, rule.is_draining, rule.at_once, rule.at_once_per_person, row.waiting,
        row.running, row.reason, row.version, row.changed_by, row.changed_at.isoformat() if row.changed_at else "",
    )  # fmt: skip


def _process(row: ProcessRow) -> ProcessLine:
    return ProcessLine(
        row.name, row.kind, "lost" if row.is_gone else "healthy", row.version, row.host, row.pid,
        row.started_at.isoformat(), row.seen_at.isoformat(), str(row.task_id or ""), row.task_type,
        row.task_since.isoformat() if row.task_since else "",
    )  # fmt: skip


RULES = [
    table.column("type", t("console.column.type")),
    table.column("state", t("console.column.state")),
    table.column("waiting", t("console.kpi.queued"), numeric=True),
    table.column("running", t("console.kpi.running"), numeric=True),
    table.column("at_once", t("console.control.at_once"), numeric=True),
    table.column("person", t("console.control.at_once_per_person"), numeric=True),
    table.column("why", t("console.control.why"), look="wrap"),
    table.column("act", rx.el.span(t("console.control.change"), class_name="visually-hidden")),
]
PROCESSES = [
    table.column("kind", t("console.control.process")),
    table.column("state", t("console.column.state")),
    table.column("task", t("console.control.task")),
    table.column("host", t("console.control.host"), look="mono clip"),
    table.column("pid", t("console.control.pid"), numeric=True),
    table.column("version", t("console.control.version"), look="mono"),
    table.column("started", t("console.control.started")),
    table.column("seen", t("console.control.seen")),
]
ASIDE = [
    table.column("created", t("console.column.created")),
    table.column("type", t("console.column.type")),
    table.column("person", t("console.column.person"), look="clip"),
    table.column("attempt", t("console.control.starts"), numeric=True),
    table.column("act", rx.el.span(t("console.control.decide"), class_name="visually-hidden")),
]


def _type_name(name: rx.Var[str]) -> rx.Var[Any]:
    return rx.cond(name == flow.EVERYTHING, t("console.control.everything"), t_word("tasks.type", name))


def _limit(value: Any) -> rx.Var[Any]:
    return rx.cond(value.is_none(), t("console.control.no_limit"), values.number(value))


def _number_field(name: str, value: Any) -> rx.Component:
    return form.text_field(
        name, t(f"console.control.{name}"), hint=t("console.control.limit_hint"), numeric=True, optional=True,
        default_value=rx.cond(value.is_none(), "", value.to(str)), input_mode="numeric", max_length=4,
    )  # fmt: skip


def _change(row: RuleLine) -> rx.Component:
    return dialog.confirm(
        controls.button(t("console.control.change"), kind="quiet"),
        form.hidden_field("type", rx.Var.create(row.id)),
        form.hidden_field("version", rx.Var.create(row.version).to(str)),
        form.check_field("is_paused", t("console.control.is_paused"), default_checked=row.is_paused),
        form.check_field("is_draining", t("console.control.is_draining"), default_checked=row.is_draining),
        form.form_row(
            _number_field("at_once", row.at_once), _number_field("at_once_per_person", row.at_once_per_person)
        ),
        form.area_field("reason", t("console.act.reason"), max_length=500, rows=2),
        title=_type_name(rx.Var.create(row.id)),
        confirm_label=t("console.control.save"),
        on_confirm=TaskControlState.change,
        danger=False,
    )


def _rule_cells(row: RuleLine) -> list[controls.Content]:
    changed = rx.el.span(
        row.reason, " ", rx.el.span(values.instant(row.changed_at), " · ", row.changed_by, class_name="meta")
    )
    pill = rx.match(
        row.state,
        ("paused", badge.pill(t("console.control.state.paused"), tone="warn")),
        ("draining", badge.pill(t("console.control.state.draining"), tone="warn")),
        badge.pill(t("console.control.state.open"), tone="ok"),
    )
    return [
        rx.el.b(_type_name(rx.Var.create(row.id))),
        pill,
        values.number(row.waiting),
        values.number(row.running),
        _limit(row.at_once),
        _limit(row.at_once_per_person),
        rx.cond(row.changed_at != "", changed, "–"),
        rx.cond(TaskControlState.may_write, _change(row), rx.fragment()),
    ]


def _process_cells(row: ProcessLine) -> list[controls.Content]:
    held = rx.el.span(
        controls.link(t_word("tasks.type", row.task_type), href="/ops/tasks/" + row.task_id, look="link"),
        rx.el.span(" ", values.instant(row.task_since), class_name="meta"),
    )
    healthy = badge.pill(t("console.control.state.healthy"), tone="ok")
    return [
        rx.el.span(row.kind, class_name="mono"),
        rx.cond(row.state == "lost", badge.pill(t("console.control.state.lost"), tone="bad"), healthy),
        rx.cond(row.task_id != "", held, rx.el.span(t("console.control.idle"), class_name="tone-mute")),
        row.host,
        row.pid.to_string(),  # type: ignore[attr-defined]
        rx.cond(row.version != "", row.version, "–"),
        values.instant(row.started_at),
        values.instant(row.seen_at),
    ]


def _decision(row: AsideLine, act: str, handler: Any, *, danger: bool) -> rx.Component:
    return dialog.confirm(
        controls.button(t(f"console.act.{act}"), kind="danger" if danger else "plain"),
        rx.el.p(t(f"console.act.{act}_why")),
        form.hidden_field("task", rx.Var.create(row.id)),
        form.area_field("reason", t("console.act.reason"), max_length=500, rows=3),
        title=t(f"console.act.{act}"),
        confirm_label=t(f"console.act.{act}"),
        on_confirm=handler,
        danger=danger,
    )


def _aside_cells(row: AsideLine) -> list[controls.Content]:
    acts = rx.el.span(
        _decision(row, "release", TaskControlState.release, danger=False),
        _decision(row, "discard", TaskControlState.discard, danger=True),
        class_name="row",
    )
    created = values.instant(row.created_at, relative=False, shape="exact")
    return [
        controls.link(created, href="/ops/tasks/" + row.id, look="cell-link"),
        t_word("tasks.type", row.type),
        rx.cond(row.user != "", row.user, t("console.system")),
        values.number(row.attempt),
        rx.cond(TaskControlState.may_write, acts, rx.fragment()),
    ]


def _tables() -> rx.Component:
    state = TaskControlState

    def block(name: str, columns: list[Any], rows: Any, cells: Any) -> rx.Component:
        empty = states.empty_state(t(f"console.control.no_{name}"), t(f"console.control.no_{name}_why"))
        return card.card(
            table.data_table(f"tasks-{name}", columns, rx.Var.create(rows), cells, card=False, max_height=False,
                             empty=empty),
            title=t(f"console.control.{name}"), aside=card.explain(t(f"console.control.{name}_why")), padded=False,
        )  # fmt: skip

    mixed = card.notice(t("console.control.mixed", n=state.versions.length()), tone="warn")  # type: ignore[attr-defined]
    return rx.el.div(
        block("rules", RULES, state.rules, _rule_cells),
        rx.cond(state.versions.length() > 1, mixed, rx.fragment()),  # type: ignore[attr-defined]
        block("processes", PROCESSES, state.processes, _process_cells),
        block("aside", ASIDE, state.aside, _aside_cells),
        class_name="stack",
    )


@page(title="console.control.title", permission=Permission.TASKS_READ, load=TaskControlState.load,
      route="/ops/tasks/control")  # fmt: skip
def control_page() -> rx.Component:
    """Rules by type, processes, quarantine; read again every five seconds while the tab is visible."""
    state = TaskControlState
    trouble = states.error_state(t_key(rx.Var.create(state.problem)), incident=state.incident, retry=state.load)
    return card.page(
        ticker.ticker(state.tick, seconds=TICK_S),
        card.page_header(t("console.control.title"), t("console.control.answer")),
        parts.tabs("control"),
        rx.cond(state.problem != "", card.card(trouble), rx.fragment()),
        rx.cond(state.is_loaded, _tables(), states.loading_block()),
    )
