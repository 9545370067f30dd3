"""Acts on the filtered tasks: what they would be about is shown first; what came of them stays to be seen."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.tasks import console, filters, screens
from fitmycv_admin.domain.tasks.console import Preview, SweepRow
from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.guard import policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, progress, query, states, toast, values
from fitmycv_admin.ui.kit.listing import Offer
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

ACTS = tuple(console.FITTING)
OFFER = Offer((), "", {word: () for word in filters.WORDS if word != "q"})


@dataclass(frozen=True)
class ShareLine:
    """How many of the tasks one person or type has."""

    name: str
    count: int


@dataclass(frozen=True)
class Shown:
    """What an act would be about."""

    act: str = "cancel"
    matching: int = 0
    fitting: int = 0
    people: int = 0
    is_cut: bool = False
    whose: tuple[ShareLine, ...] = ()
    types: tuple[ShareLine, ...] = ()


@dataclass(frozen=True)
class SweepLine:
    """One act on many and how far it is; `share` goes from 0 to 1."""

    id: str
    act: str
    reason: str
    by: str
    tasks: int
    done: int
    refused: int
    share: float
    created_at: str
    is_over: bool
    refusals: tuple[ShareLine, ...]


class SelectionState(AppState):
    """The act that is being decided about."""

    is_open: bool = False
    is_busy: bool = False
    shown: Shown = Shown()
    errors: dict[str, str] = {}  # noqa: RUF012  (Reflex copies defaults)

    @rx.event
    @policy(Permission.TASKS_WRITE)
    async def preview(self, act: str) -> Any:
        """Show what an act on the filtered tasks would be about."""
        try:
            found = await look(console.preview, actor(), act, self._asked())
        except FitMyCvError as error:
            return toast.refused(str(actor().language), error.key, **error.params)
        self.shown, self.errors, self.is_open = _shown(found), {}, True
        return None

    @rx.event
    @policy(Permission.TASKS_WRITE)
    def close(self) -> None:
        """Do nothing after all."""
        self.is_open = False

    @rx.event
    @policy(Permission.TASKS_WRITE)
    async def confirm(self, given: dict[str, Any]) -> Any:
        """Begin the act that was shown, and do its first tasks at once; the others follow by themselves."""
        reason = str(given.get("reason") or "").strip()[:500]
        if not reason:
            self.errors = {"reason": "tasks.error.reason_missing"}
            return None
        by, language, act = actor(), str(actor().language), self.shown.act
        try:
            sweep_id = await ask(
                console.start, by, act, self._asked(), reason=reason, expected=self.shown.fitting
            )
            await ask(screens.first_chunk, by, sweep_id)
        except FitMyCvError as error:
            self.is_open = False
            return toast.refused(language, error.key, **error.params)
        self.is_open = False
        return toast.done(language, f"console.sweep.begun.{act}", n=self.shown.fitting)

    def _asked(self) -> filters.Filters:
        wanted = OFFER.read(str(self.router.url))
        return filters.asked({**wanted.filters, "q": wanted.search})


def _shown(found: Preview) -> Shown:
    return Shown(
        found.act, found.matching, found.fitting, found.people, found.is_cut,
        tuple(ShareLine(one.name, one.count) for one in found.whose),
        tuple(ShareLine(one.name, one.count) for one in found.types),
    )  # fmt: skip


def line(row: SweepRow) -> SweepLine:
    """One act on many as the list draws it."""
    return SweepLine(
        str(row.id), row.act, row.reason, row.by, row.tasks, row.done, row.refused,
        (row.done + row.refused) / row.tasks if row.tasks else 1.0, row.created_at.isoformat(),
        row.finished_at is not None, tuple(ShareLine(one.name, one.count) for one in row.refusals),
    )  # fmt: skip


def menu() -> rx.Component:
    """What can be done with all that the filters select."""
    return controls.menu(
        t("console.sweep.menu"),
        *[
            controls.menu_item(t(f"console.sweep.{act}"), on_click=SelectionState.preview(act), danger=act == "cancel")
            for act in ACTS
        ],
        label=t("console.sweep.menu"),
    )


def _share(one: Any, label: Any) -> rx.Component:
    return rx.fragment(rx.el.dt(label), rx.el.dd(values.number(one.count), class_name="tabular"), key=one.name)


def _whose(one: ShareLine) -> rx.Component:
    return _share(one, rx.cond(one.name != "", one.name, t("console.system")))


def _type(one: ShareLine) -> rx.Component:
    return _share(one, t_word("tasks.type", rx.Var.create(one.name)))


def confirmation() -> rx.Component:
    """How many and whose, why, and the answer."""
    state, shown = SelectionState, SelectionState.shown
    many = t("console.sweep.about", fitting=shown.fitting, matching=shown.matching, people=shown.people)
    body = form.form(
        rx.el.p(rx.el.b(many)),
        rx.cond(shown.is_cut, card.notice(t("console.sweep.cut", most=console.MOST), tone="warn"), rx.fragment()),
        rx.el.p(t_word("console.sweep.why", shown.act)),
        rx.el.dl(rx.foreach(shown.types, _type), class_name="facts"),
        rx.el.h3(t("console.sweep.whose"), class_name="field-label"),
        rx.el.dl(rx.foreach(shown.whose, _whose), class_name="facts"),
        form.area_field("reason", t("console.act.reason"), errors=state.errors, max_length=500, rows=3),
        form.submit_row(
            t_word("console.sweep.do", shown.act, n=shown.fitting),
            controls.button(t("kit.cancel"), on_click=state.close),
            kind="danger-solid",
        ),
        on_submit=state.confirm,
    )
    nothing = states.empty_state(
        t("console.sweep.nothing"), t("console.sweep.nothing_why"),
        controls.button(t("kit.close"), on_click=state.close),
    )
    return dialog.dialog(
        rx.cond(shown.fitting > 0, body, nothing), title=t_word("console.sweep", shown.act), open=state.is_open,
        on_close=state.close,
    )  # fmt: skip


def _refusal(one: ShareLine) -> rx.Component:
    return rx.el.li(values.number(one.count), " × ", t_key(rx.Var.create(one.name)), key=one.name)


def _sweep(row: SweepLine) -> rx.Component:
    over = rx.cond(
        row.is_over,
        badge.pill(t("console.sweep.over"), tone="ok"),
        badge.pill(t("console.sweep.runs"), tone="info", live=True),
    )
    words = t("console.sweep.result", done=row.done, refused=row.refused, tasks=row.tasks)
    return rx.el.div(
        rx.el.div(
            over,
            rx.el.b(t_word("console.sweep", row.act)),
            query.query_link(
                words, changes={"sweep": row.id, "state": "", "type": "", "age": "", "user": "", "error": "",
                                "payload": "", "from": "", "to": "", "q": ""},
                look="link",
            ),
            rx.el.span(values.instant(row.created_at), " · ", row.by, class_name="meta"),
            class_name="row row-wrap",
        ),
        rx.cond(row.is_over, rx.fragment(), progress.bar(row.share, label=words)),
        rx.el.p(t("console.sweep.reason", reason=row.reason), class_name="meta"),
        rx.cond(
            row.refused > 0,
            rx.el.ul(rx.foreach(row.refusals, _refusal), class_name="meta"),
            rx.fragment(),
        ),
        class_name="stack stack-2",
        key=row.id,
    )  # fmt: skip


def history(rows: rx.Var[Any]) -> rx.Component:
    """The newest acts on many and what came of each."""
    count = rows.to(list).length()
    body = rx.el.div(rx.foreach(rows, _sweep), class_name="stack")
    return rx.cond(count > 0, card.card(body, title=t("console.sweep.history")), rx.fragment())
