"""One task as people see it: how far it is, where it stands in the line, how it ended, and what they can do now."""

from typing import Any

import reflex as rx

from fitmycv_admin.ui.copy import t, t_given, t_key, t_word
from fitmycv_admin.ui.kit import badge, card, controls, values
from fitmycv_admin.ui.kit import progress as bars
from fitmycv_admin.ui.kit.controls import Content
from fitmycv_admin.vocabulary import TaskState, TaskType


def moving(task: Any, *, cancel: Any, retry: Any) -> rx.Component:
    """A task on the page that asked for it. `cancel` and `retry` are handlers that take its id."""
    return rx.el.div(
        rx.match(
            task.state,
            (TaskState.RUNNING.value, _with_cancel(task, cancel, _running(task))),
            (TaskState.QUEUED.value, _with_cancel(task, cancel, _waiting(task))),
            (TaskState.FAILED.value, failed(task, retry)),
            (TaskState.CANCELLED.value, _cancelled(task, retry)),
            rx.fragment(),
        ),
        key=task.id.to(str),
        custom_attrs={"data-task-state": task.state},
    )


def _with_cancel(task: Any, cancel: Any, bar: rx.Component) -> rx.Component:
    stop = controls.button(
        t("wallet.task.cancel"),
        kind="quiet",
        on_click=cancel(task.id.to(str)),
        disabled=task.is_cancelling,
        aria_label=t("wallet.task.cancel_what", title=task.title),
    )
    return rx.el.div(rx.el.div(bar, class_name="task-bar"), stop, class_name="task-open")


def _running(task: Any) -> rx.Component:
    step = rx.cond(task.step != "", t_key(task.step), t("cvs.task.running"))
    doing = rx.cond(task.is_cancelling, t("wallet.task.cancelling"), step)
    return bars.progress(
        task.percent / 100, _words(task, doing), detail=t("cvs.task.percent", percent=task.percent), name=task.title
    )


def _waiting(task: Any) -> rx.Component:
    in_line = rx.cond(task.place > 1, t("wallet.task.place", place=task.place), t("wallet.task.next"))
    place = rx.cond(task.place > 0, in_line, t("cvs.task.queued"))
    about = t("wallet.task.expected", time=values.duration_ms(task.expected_s * 1000))
    return bars.progress(0, _words(task, place), detail=rx.cond(task.expected_s > 0, about, ""), name=task.title)


def _words(task: Any, doing: Content) -> rx.Component:
    return rx.el.span(rx.el.b(task.title), " · ", doing)


def failed(task: Any, retry: Any) -> rx.Component:
    """What did not succeed, in a sentence that says what to do."""
    return card.notice(
        rx.el.b(task.title), rx.el.p(why(task)), tone="bad", role="alert", actions=(_again(task, retry),)
    )


def why(task: Any) -> rx.Var[str]:
    """Why a task failed, in a sentence."""
    return rx.cond(task.error_key != "", t_given(task.error_key, task.error_params), t("cvs.task.failed"))


def _cancelled(task: Any, retry: Any) -> rx.Component:
    return card.notice(_words(task, t("wallet.task.cancelled")), tone="warn", actions=(_again(task, retry),))


def _again(task: Any, retry: Any) -> rx.Component:
    act = controls.button(
        t("wallet.task.retry"),
        on_click=retry(task.id.to(str)),
        aria_label=t("wallet.task.retry_what", title=task.title),
    )
    return rx.cond(task.can_retry, act, rx.fragment())


def ended(task: Any, *, retry: Any) -> rx.Component:
    """A line of the list of what was: how it ended, the way to its result and to its receipt."""
    sentence = rx.el.p(why(task), class_name="tone-bad")
    return rx.el.li(
        rx.el.div(
            _title(task),
            rx.el.div(
                t_word("cvs.activity.type", task.type), " · ", values.instant(task.created_at), _receipt(task),
                class_name="meta task-acts",
            ),
            rx.cond(task.state == TaskState.FAILED.value, sentence, rx.fragment()),
            rx.el.div(_again(task, retry), class_name="task-acts"),
            class_name="rows-text",
        ),
        badge.status_pill(task.state, "cvs.state"),
        class_name="rows-item",
        key=task.id.to(str),
        custom_attrs={"data-ended": task.state},
    )  # fmt: skip


def _receipt(task: Any) -> rx.Component:
    href: Any = "/credits?task=" + task.id.to(str)
    way = controls.link(t("wallet.task.receipt"), href=href, aria_label=t("wallet.task.receipt_what", title=task.title))
    return rx.cond(task.has_receipt, rx.fragment(" · ", way), rx.fragment())


def _title(task: Any) -> rx.Component:
    where = result_link(task)
    return rx.cond(where != "", controls.link(task.title, href=where, look="rows-link"), rx.el.b(task.title))


def result_link(task: Any) -> Any:
    """Where the result of a task is, "" when there is none (any more)."""
    cv_id = rx.cond(task.cv_id, task.cv_id.to(str), "")
    offer_id = rx.cond(task.offer_id, task.offer_id.to(str), "")
    return result_of(task.type, cv_id, offer_id)


def result_of(type_: Any, cv_id: Any, offer_id: Any) -> Any:
    """The same from the type of a task and ids as text, "" for what is not there."""
    match: Any = "/cvs/" + cv_id + "/match/" + offer_id
    return rx.match(
        type_,
        (TaskType.MATCH_SCORE.value, rx.cond((cv_id != "") & (offer_id != ""), match, "")),
        (TaskType.EXTRACT_OFFER.value, rx.cond(offer_id != "", "/offers/" + offer_id, "")),
        (TaskType.IMPORT_PDF.value, rx.cond(cv_id != "", "/cvs/" + cv_id, "")),
        "",
    )
