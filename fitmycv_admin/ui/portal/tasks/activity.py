"""Everything a person asked for lately: how far it is, how it ended, and the way to what came of it."""

from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.cvs import progress
from fitmycv_admin.domain.cvs.progress import Scope, TaskRow
from fitmycv_admin.ui.copy import t, t_given, t_word
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import badge, card, controls, states, values
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.portal.tasks.watching import Watching, task_list
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission, TaskState, TaskType


@page_policy(Permission.OWN_DATA)
class Activity(Watching, AppState):
    """The last tasks, and those that move now."""

    rows: list[TaskRow] = []  # noqa: RUF012

    def _scope(self) -> Scope:
        return Scope()

    async def _fetch(self) -> None:
        self.rows = [row for row in await look(progress.recent, actor()) if not row.is_open]


@page(
    title="cvs.activity.title",
    permission=Permission.OWN_DATA,
    load=Activity.load,
    nav=Nav("cvs.activity.title", icon="activity"),
    route="/activity",
)
def view() -> rx.Component:
    """What moves now, then what has ended."""
    empty = states.empty_state(
        t("cvs.activity.empty"),
        t("cvs.activity.empty_why"),
        controls.link_button(t("cvs.import.title"), href="/cvs", kind="primary"),
    )
    problem = states.error_state(t("cvs.problem"), incident=Activity.incident, retry=Activity.load)
    loading = rx.el.div(states.skeleton(width="50%"), states.skeleton(width="30%"), class_name="card-body stack")
    return rx.fragment(
        card.page_header(t("cvs.activity.title"), t("cvs.activity.answer")),
        task_list(Activity.tasks),
        rx.cond(
            Activity.rows.length() > 0,
            rx.el.ul(rx.foreach(Activity.rows, _row), class_name="card rows"),
            rx.el.div(
                rx.cond(Activity.problem != "", problem, rx.cond(Activity.is_loaded, empty, loading)), class_name="card"
            ),
        ),
    )


def _row(task: Any) -> rx.Component:
    failed: Any = task.state == TaskState.FAILED.value
    sentence = rx.cond(task.error_key != "", t_given(task.error_key, task.error_params), t("cvs.task.failed"))
    return rx.el.li(
        rx.el.div(
            _link(task),
            rx.el.div(
                t_word("cvs.activity.type", task.type), " · ", values.instant(task.created_at), class_name="meta"
            ),
            rx.cond(failed, rx.el.p(sentence, class_name="tone-bad"), rx.fragment()),
            class_name="rows-text",
        ),
        badge.status_pill(task.state, "cvs.state"),
        class_name="rows-item",
        key=task.id.to(str),
    )


def _link(task: Any) -> rx.Component:
    cv_id = rx.cond(task.cv_id, task.cv_id.to(str), "")
    offer_id = rx.cond(task.offer_id, task.offer_id.to(str), "")
    match: Any = "/cvs/" + cv_id + "/match/" + offer_id
    where: Any = rx.match(
        task.type,
        (TaskType.MATCH_SCORE.value, rx.cond((cv_id != "") & (offer_id != ""), match, "")),
        (TaskType.EXTRACT_OFFER.value, rx.cond(offer_id != "", "/offers/" + offer_id, "")),
        (TaskType.IMPORT_PDF.value, rx.cond(cv_id != "", "/cvs/" + cv_id, "")),
        "",
    )
    return rx.cond(where != "", controls.link(task.title, href=where, look="rows-link"), rx.el.b(task.title))
