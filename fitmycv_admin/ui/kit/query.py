"""Controls that write into the address: filters, search, sort, paging, period, export of what is on screen."""

from collections.abc import Sequence
from typing import Any, Literal

import reflex as rx

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit.controls import Content

Preset = Literal["today", "yesterday", "7d", "30d", "90d", "365d", "month", "last_month", "quarter", "year"]
PRESETS: tuple[Preset, ...] = ("today", "7d", "30d", "month")
"""The named periods; `custom` comes with `from` and `to` (days, both included)."""
ALL_PRESETS: tuple[Preset, ...] = (
    "today", "yesterday", "7d", "30d", "month", "last_month", "quarter", "year", "90d", "365d",
)  # fmt: skip
"""Those of a page whose history is long; what comes after the first five shares a segment."""
SEGMENTS = 5


class _Query(rx.Component):
    library = "$/public/js/query.js"


class QueryLink(_Query):
    """A link to this page with some of its query changed."""

    tag = "QueryLink"
    changes: rx.Var[dict[str, Any]]
    look: rx.Var[str]
    label: rx.Var[str]
    current: rx.Var[str]


class QuerySelect(_Query):
    """A filter: a chip with a native select."""

    tag = "QuerySelect"
    name: rx.Var[str]
    label: rx.Var[str]
    options: rx.Var[list[Any]]
    standard: rx.Var[str]


class QuerySearch(_Query):
    """A search field that waits for the end of the typing."""

    tag = "QuerySearch"
    name: rx.Var[str]
    label: rx.Var[str]


class SortHead(_Query):
    """A table head cell that sorts."""

    tag = "SortHead"
    name: rx.Var[str]
    standard: rx.Var[str]
    column: rx.Var[str]
    look: rx.Var[str]
    descending_first: rx.Var[bool]


class QueryDownload(_Query):
    """A link to a server route with the filters of this page."""

    tag = "QueryDownload"
    href: rx.Var[str]
    look: rx.Var[str]


class PeriodMore(_Query):
    """The segment with the further named periods."""

    tag = "PeriodMore"
    options: rx.Var[list[Any]]


class PeriodCustom(_Query):
    """The segment that asks for two days."""

    tag = "PeriodCustom"
    standard: rx.Var[str]


def option(value: str, label: rx.Var[str] | str) -> dict[str, Any]:
    """One choice of a filter."""
    return {"value": value, "label": label}


def query_filter(
    name: str, label: rx.Var[str] | str, options: rx.Var[Any] | list[dict[str, Any]], *, standard: str = ""
) -> rx.Component:
    """A filter kept in the address; the option whose value is `standard` is the one of a bare address."""
    return QuerySelect.create(name=name, label=label, options=options, standard=standard)


def with_all(label: rx.Var[str] | str, choices: Any) -> rx.Var[Any]:
    """The choices of a filter that come from the server, after the one that filters nothing."""
    words, first = rx.Var.create(choices), rx.Var.create([option("", label)])
    return rx.Var(
        f"[...{first!s},...({words!s}??[])]", _var_type=list,
        _var_data=rx.vars.VarData.merge(first._get_all_var_data(), words._get_all_var_data()),
    )  # fmt: skip


def query_search(label: rx.Var[str] | str, *, name: str = "q") -> rx.Component:
    """A search kept in the address."""
    return QuerySearch.create(name=name, label=label)


def query_link(
    *content: Content, changes: dict[str, Any], look: str = "link", current: str | None = None
) -> rx.Component:
    """A link that changes part of the query; with `current` (the value of a bare address) it knows when it is on."""
    props = {} if current is None else {"current": current}
    return QueryLink.create(*content, changes=changes, look=look, **props)


def query_choice(
    name: str, options: list[tuple[str, Content]], *, standard: str, label: rx.Var[str] | str
) -> rx.Component:
    """A segmented control kept in the address: [(value, label)]."""
    return rx.el.div(
        *[query_link(text, changes={name: value}, look="", current=standard) for value, text in options],
        class_name="seg",
        role="group",
        aria_label=label,
    )


def query_tabs(name: str, options: list[tuple[str, Content]], *, standard: str) -> rx.Component:
    """Tabs kept in the address: [(value, label)]; the page shows what the address says."""
    return rx.el.nav(
        *[query_link(text, changes={name: value}, look="tab", current=standard) for value, text in options],
        class_name="tabs",
    )


def period_picker(*, standard: Preset = "30d", presets: Sequence[Preset] = PRESETS) -> rx.Component:
    """One of the named periods, or two days of one's choice: `?period=…&from=…&to=…`."""
    named = [
        query_link(t(f"kit.period.{name}"), changes={"period": name, "from": "", "to": ""}, look="", current=standard)
        for name in presets[:SEGMENTS]
    ]
    more = [option(name, t(f"kit.period.{name}")) for name in presets[SEGMENTS:]]
    return rx.el.div(
        *named,
        PeriodMore.create(options=more) if more else rx.fragment(),
        PeriodCustom.create(standard=standard),
        class_name="seg",
        role="group",
        aria_label=t("kit.period.label"),
    )


def compare_picker() -> rx.Component:
    """What the figures are compared with: `?compare=previous|year|none`."""
    words = ("previous", "year", "none")
    return query_filter(
        "compare",
        t("kit.compare.label"),
        [option(word, t(f"kit.compare.{word}")) for word in words],
        standard="previous",
    )


def export_link(href: str, *, label: Content | None = None, kind: str = "btn") -> rx.Component:
    """A CSV of the current view: the server's route with the page's filters."""
    return QueryDownload.create(label if label is not None else t("kit.export_csv"), href=href, look=kind)


def export_links(name: str) -> rx.Component:
    """The current view as CSV and as JSON."""
    return rx.el.div(
        export_link(f"/api/exports/{name}.csv"),
        export_link(f"/api/exports/{name}.json", label=t("kit.export_json")),
        class_name="row",
    )
