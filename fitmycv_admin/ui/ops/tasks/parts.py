"""What the pages about tasks share: the tabs between them, the words of an address, the select of a type."""

from collections.abc import Mapping
from urllib.parse import urlencode

import reflex as rx

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit import controls, query
from fitmycv_admin.vocabulary import TaskType

LIST = "/ops/tasks"
_TABS = (
    ("list", LIST), ("health", f"{LIST}/health"), ("control", f"{LIST}/control"), ("incidents", f"{LIST}/incidents"),
)  # fmt: skip


def tabs(current: str) -> rx.Component:
    """The pages about tasks."""
    return rx.el.nav(
        *[
            controls.link(
                t(f"console.tab.{name}"), href=href, look="tab",
                custom_attrs={"aria-current": "page"} if name == current else {},
            )
            for name, href in _TABS
        ],
        class_name="tabs",
        aria_label=t("console.tab"),
    )  # fmt: skip


def type_filter() -> rx.Component:
    """The type of task, kept in the address."""
    types = [query.option("", t("console.filter.all"))]
    types += [query.option(str(word), t(f"tasks.type.{word}")) for word in TaskType]
    return query.query_filter("type", t("console.column.type"), types)


def address(page: str, words: Mapping[str, str]) -> str:
    """An address with those of the words that are not empty."""
    given = {name: value for name, value in words.items() if value}
    return f"{page}?{urlencode(given)}" if given else page
