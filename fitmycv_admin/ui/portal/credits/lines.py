"""The history of a person's credits: a line each, what it was for, which credits paid it and what came back."""

from typing import Any

import reflex as rx

from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.kit import card, controls, query, states, values
from fitmycv_admin.ui.portal.tasks.receipt import receipt
from fitmycv_admin.ui.portal.tasks.rows import result_of
from fitmycv_admin.vocabulary import CreditKind

EXPORT = "/api/exports/my-credits.csv"


def history_card(page: Any) -> rx.Component:
    """The list of a State with `rows`, its filters and its neighbours."""
    listed = rx.el.ul(rx.foreach(page.rows, _line), class_name=rx.cond(page.is_loading, "rows is-stale", "rows"))
    problem = states.error_state(t("wallet.problem"), incident=page.incident, retry=page.load)
    return card.card(
        _tools(page),
        rx.cond(
            page.receipts.length() > 0, rx.el.div(receipt(page.receipts), class_name="wallet-tools"), rx.fragment()
        ),
        rx.cond(
            page.problem != "",
            problem,
            rx.cond(page.rows.length() > 0, listed, rx.cond(page.is_loaded, _none(page), _skeleton())),
        ),
        _neighbours(page),
        title=t("wallet.history.title"),
        aside=query.export_link(EXPORT),
        padded=False,
        id="history",
    )


def _tools(page: Any) -> rx.Component:
    kinds = [
        query.option("", t("wallet.filter.any")),
        *(query.option(k.value, t_word("wallet.kind", k.value)) for k in CreditKind),
    ]
    one_task = rx.el.div(
        rx.el.span(t("wallet.history.one_task"), class_name="sub"),
        query.query_link(t("wallet.history.all"), changes={"task": ""}),
        class_name="row",
        role="status",
    )
    return rx.el.div(
        query.query_filter("type", t("wallet.filter.type"), kinds),
        _periods(),
        rx.cond(page.task != "", one_task, rx.fragment()),
        class_name="wallet-tools",
    )


def _periods() -> rx.Component:
    names = [("all", t("wallet.filter.all_time")), ("30d", t("kit.period.30d")), ("month", t("kit.period.month"))]
    links = [
        query.query_link(words, changes={"period": name, "from": "", "to": ""}, look="", current="all")
        for name, words in names
    ]
    return rx.el.div(
        *links,
        query.PeriodCustom.create(standard="all"),
        class_name="seg",
        role="group",
        aria_label=t("wallet.filter.period"),
    )


def _none(page: Any) -> rx.Component:
    everything = query.query_link(
        t("wallet.history.all"), changes={"type": "", "period": "", "from": "", "to": "", "task": ""}, look="btn"
    )
    nothing = states.empty_state(t("wallet.history.empty"), t("wallet.history.empty_why"))
    filtered = states.empty_state(
        t("wallet.history.none"),
        rx.cond(page.task != "", t("wallet.history.no_lines"), t("wallet.history.none_why")),
        everything,
    )
    return rx.cond(page.is_filtered, filtered, nothing)


def _skeleton() -> rx.Component:
    line = rx.el.div(
        states.skeleton(width="42%"), states.skeleton(width="24%"), class_name="rows-item stack stack-2",
        aria_hidden="true",
    )  # fmt: skip
    return rx.el.div(*[line] * 6, class_name="rows", aria_busy="true")


def _neighbours(page: Any) -> rx.Component:
    newer = query.query_link(
        "← ", t("wallet.history.newer"), changes={"before": page.previous_token, "after": ""}, look="btn"
    )
    older = query.query_link(
        t("wallet.history.older"), " →", changes={"after": page.next_token, "before": ""}, look="btn"
    )
    both = rx.el.div(
        rx.cond(page.previous_token != "", newer, rx.fragment()),
        rx.cond(page.next_token != "", older, rx.fragment()),
        class_name="row push",
    )
    has_any = (page.previous_token != "") | (page.next_token != "")
    return rx.cond(has_any, rx.el.div(both, class_name="card-foot"), rx.fragment())


def _line(line: Any) -> rx.Component:
    sign = rx.cond(line.amount > 0, "+", "−")
    look = rx.cond(line.amount > 0, "tabular wallet-amount tone-ok", "tabular wallet-amount")
    magnitude = rx.cond(line.amount > 0, line.amount, -line.amount)
    return rx.el.li(
        rx.el.div(
            rx.el.div(rx.el.b(t_word("wallet.kind", line.kind)), _feature(line), class_name="wallet-what"),
            _about(line),
            _payment(line),
            class_name="rows-text",
        ),
        rx.el.div(
            rx.el.span(sign, values.number(magnitude), class_name=look),
            rx.el.span(t("wallet.history.after", n=line.balance_after), class_name="meta tabular"),
            class_name="wallet-sum",
        ),
        class_name="rows-item wallet-line",
        key=line.id.to(str),
        custom_attrs={"data-line": line.id.to(str), "data-kind": line.kind},
    )


def _feature(line: Any) -> rx.Component:
    label: Any = "settings.credits_" + line.feature + ".label"
    return rx.cond(line.feature != "", rx.fragment(" · ", t_key(label)), rx.fragment())


def _about(line: Any) -> rx.Component:
    """When it was, and the way to what it was for while that exists."""
    result = result_of(line.task_type, line.cv_id, line.offer_id)
    task = rx.cond(result != "", controls.link(line.title, href=result), rx.el.span(line.title))
    cv: Any = "/cvs/" + line.cv_id
    same = result == cv
    gone = rx.cond(line.task_id != "", rx.fragment(" · ", t("wallet.history.task_gone")), rx.fragment())
    return rx.el.div(
        values.instant(line.at),
        rx.cond(line.title != "", rx.fragment(" · ", task), gone),
        rx.cond((line.cv_id != "") & ~same, rx.fragment(" · ", controls.link(line.cv_name, href=cv)), rx.fragment()),
        class_name="meta",
    )


def _payment(line: Any) -> rx.Component:
    """Which credits paid a line, and what came back of it."""
    back = rx.cond(
        line.came_back > 0,
        rx.el.span(t("wallet.history.returned", n=line.came_back), class_name="tone-ok"),
        rx.fragment(),
    )
    return rx.cond(
        line.paid_by.length() > 0,
        rx.el.div(
            t("kit.label", label=t("wallet.history.paid_by")),
            rx.el.ul(rx.foreach(line.paid_by, _part), class_name="wallet-parts"),
            back,
            class_name="meta wallet-paid",
        ),
        rx.fragment(),
    )


def _part(part: Any) -> rx.Component:
    until = rx.cond(
        part.expires_at,
        rx.fragment(" (", t("wallet.history.until"), " ", values.date_text(part.expires_at), ")"),
        rx.fragment(),
    )
    return rx.el.li(t("wallet.history.part", n=part.amount, kind=t_word("wallet.kind", part.kind)), until)
