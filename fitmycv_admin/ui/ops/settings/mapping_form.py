"""The opened feature beside the mapping, with every name to tick, and the list of what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.domain.settings.mapping import (
    LONGEST_NAME,
    REASON_LENGTH,
    Finding,
    MappingRow,
    MappingScreen,
    Names,
)
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, query

KINDS = ("unmapped", "twice", "dead", "empty")
PARTS = ("calls", "settings", "plan_features")


@dataclass(frozen=True)
class MappingLine:
    """One feature."""

    key: str
    id: str
    name: str
    calls: list[str]
    settings: list[str]
    plan_features: list[str]
    version: int
    recent: int
    wrong: int


@dataclass(frozen=True)
class Choice:
    """A name that the opened feature may hold: whether it does, and which others hold it."""

    name: str
    is_held: bool
    is_dead: bool
    others: str


@dataclass(frozen=True)
class FindingLine:
    """One thing that is wrong."""

    id: str
    kind: str
    what: str
    name: str
    features: str
    first: str


NOTHING = MappingLine("", "", "", [], [], [], 0, 0, 0)


def line(row: MappingRow, findings: Sequence[Finding]) -> MappingLine:
    """A feature, with how much is wrong about it."""
    return MappingLine(
        key=row.key, id=row.key, name=row.display_name, calls=list(row.names.calls), settings=list(row.names.settings),
        plan_features=list(row.names.plan_features), version=row.version, recent=row.recent_calls,
        wrong=sum(row.key in one.features for one in findings),
    )  # fmt: skip


def finding(one: Finding) -> FindingLine:
    """A finding; `first` is a feature that can be opened to put it right."""
    first = one.features[0] if one.features else ""
    return FindingLine(
        f"{one.kind}/{one.what}/{one.name}", one.kind, one.what, one.name, ", ".join(one.features), first
    )


def choices(screen: MappingScreen, held: MappingRow | None) -> tuple[list[Choice], list[Choice], list[Choice]]:
    """Every name that exists or is held, by part: settings, calls, plan features; the held ones first."""
    found = []
    for part in ("settings", "calls", "plan_features"):
        mine = getattr(held.names, part) if held else ()
        known = getattr(screen.known, part)
        names = [*mine, *(name for name in known if name not in mine)]
        found.append([_choice(name, part, mine, known, screen, held) for name in names])
    return found[0], found[1], found[2]


def _choice(
    name: str, part: str, mine: Sequence[str], known: Sequence[str], screen: MappingScreen, held: MappingRow | None
) -> Choice:
    others = [row.key for row in screen.rows if name in getattr(row.names, part) and (not held or row.key != held.key)]
    return Choice(name, name in mine, name not in known, ", ".join(others))


def typed_names(fields: Mapping[str, Any]) -> Names:
    """The ticked names: each box is called `<part>:<name>`."""
    ticked = {part: tuple(name for at, _, name in map(_cut, fields) if at == part) for part in PARTS}
    return Names(ticked["settings"], ticked["calls"], ticked["plan_features"])


def _cut(field: str) -> tuple[str, str, str]:
    return field.partition(":")


def findings_card(state: Any) -> rx.Component:
    """What is wrong, or that nothing is."""
    kinds = query.query_choice(
        "kind", [("", t("plans.all")), *((kind, t(f"plans.mapping.kind.{kind}")) for kind in KINDS)], standard="",
        label=t("plans.mapping.wrong"),
    )  # fmt: skip
    fine = card.notice(t("plans.mapping.all_fine"), tone="ok")
    return rx.cond(
        state.wrong > 0,
        card.card(
            rx.el.ul(rx.foreach(state.findings, _finding), class_name="stack stack-2"),
            title=t("plans.mapping.found_n", n=state.wrong),
            aside=kinds,
        ),
        fine,
    )


def _finding(one: Any) -> rx.Component:
    look = rx.match(one.kind, ("unmapped", "pill pill-warn"), ("twice", "pill pill-bad"), "pill")
    where = rx.cond(
        one.first != "",
        query.query_link(one.features, changes={"feature": one.first}, look="link"),
        rx.el.span(t("plans.mapping.no_feature"), class_name="tone-mute"),
    )
    return rx.el.li(
        rx.el.span(t_word("plans.mapping.kind", one.kind), class_name=look),
        rx.el.span(t_word("plans.mapping.what", one.what), class_name="sub"),
        rx.el.b(one.name, class_name="mono"),
        where,
        class_name="row row-wrap",
        key=one.id,
    )


def panel(state: Any) -> rx.Component:
    """The opened feature: ticked names, and the reason of a change."""
    one = state.opened
    key = form.text_field("key", t("plans.mapping.key"), errors=state.errors, hint=t("plans.mapping.key_hint"),
                          auto_complete="off")  # fmt: skip
    body = form.form(
        rx.cond(state.is_new, key, rx.fragment()),
        form.text_field("display_name", t("plans.mapping.name"), errors=state.errors, default_value=one.name,
                        max_length=LONGEST_NAME, auto_complete="off"),
        _boxes("calls", state.calls, state.errors),
        _boxes("settings", state.settings, state.errors),
        _boxes("plan_features", state.plan_features, state.errors),
        rx.cond(
            state.may_write,
            rx.fragment(
                form.text_field("reason", t("plans.reason"), errors=state.errors, max_length=REASON_LENGTH,
                                auto_complete="off"),
                form.submit_row(t("plans.mapping.save"), busy=state.is_saving),
            ),
            rx.el.p(t("plans.read_only"), class_name="sub"),
        ),
        on_submit=state.save,
        errors=state.errors,
        key=one.key + "/" + one.version.to(str),
    )  # fmt: skip
    return dialog.side_panel(
        body,
        title=rx.cond(state.is_new, t("plans.mapping.add"), one.name).to(str),
        subtitle=one.key,
        closes=("feature",),
        foot=rx.cond(state.is_new, rx.fragment(), _foot(state)),
    )


def _foot(state: Any) -> rx.Component:
    remove = dialog.confirm(
        controls.button(t("plans.mapping.remove"), kind="danger"),
        rx.el.p(t("plans.mapping.remove_why", n=state.opened.recent)),
        form.text_field("remove_reason", t("plans.reason"), max_length=REASON_LENGTH, auto_complete="off"),
        title=t("plans.mapping.remove"),
        confirm_label=t("plans.mapping.remove"),
        needs=state.opened.key,
        on_confirm=state.remove,
    )
    trail = rx.Var.create("/ops/access/audit?target_id=") + state.opened.key
    return rx.el.div(
        controls.link(t("plans.see_trail"), href=trail),
        rx.cond(state.may_write, remove, rx.fragment()),
        class_name="row row-wrap",
    )


def _boxes(part: str, names: Any, errors: Any) -> rx.Component:
    """One list of names to tick."""

    def box(one: Any) -> rx.Component:
        return rx.el.label(
            rx.el.input(type="checkbox", name=f"{part}:" + one.name.to(str), default_checked=one.is_held),
            rx.el.span(
                rx.el.span(one.name, class_name="mono"),
                rx.cond(one.is_dead, rx.fragment(" ", badge.pill(t("plans.mapping.kind.dead"))), rx.fragment()),
                rx.cond(one.others != "", rx.el.span(" ", t("plans.mapping.in", features=one.others),
                                                     class_name="meta"), rx.fragment()),
            ),
            class_name="check",
            key=one.name,
        )  # fmt: skip

    return rx.el.fieldset(
        rx.el.legend(t(f"plans.mapping.{part}"), class_name="field-label", style={"padding": "0 0 5px"}),
        rx.el.div(
            rx.foreach(names, box), class_name="stack stack-1 tick-list", tab_index=0, role="group",
            aria_label=t(f"plans.mapping.{part}"),
        ),
        form.field_error(part, errors),
        class_name="field",
    )  # fmt: skip
