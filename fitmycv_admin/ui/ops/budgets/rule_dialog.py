"""The dialog of a rule: its fields, then what it would have done and the button that saves it."""

from typing import Any

import reflex as rx

from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit import card, controls, dialog, form, table, values
from fitmycv_admin.ui.ops.budgets import rule_fields, words
from fitmycv_admin.ui.ops.budgets.rule_form import CHANNEL, MOST_TEXT
from fitmycv_admin.vocabulary import AlertType, BudgetWindow, Enforcement

Choices = list[tuple[str, controls.Content]]


def rule_dialog(state: Any) -> rx.Component:
    """One dialog with two steps."""
    title = rx.cond(
        state.is_shown, t("budgets.past.title"),
        rx.cond(state.form_rule != "", t("budgets.form.change"), t("budgets.form.new")),
    ).to(str)  # fmt: skip
    return dialog.dialog(
        rx.cond(state.is_shown, _past(state), _fields(state)),
        title=title,
        open=state.is_editing,
        on_close=state.close_form,
        wide=True,
    )


def _fields(state: Any) -> rx.Component:
    draft, errors = state.draft, state.errors
    kind = _word(draft, "type")
    is_money = rx.Var.create([word.value for word in words.MONEY_TYPES]).to(list[str]).contains(kind)
    return form.form(
        form.form_row(
            _text("name", draft, errors, max_length=rule_fields.LONGEST_NAME),
            rx.cond(state.form_rule == "", _kinds(state), rx.fragment()),
        ),
        _text("description", draft, errors, optional=True, max_length=rule_fields.LONGEST_TEXT),
        rx.cond(is_money, _money_fields(state), rx.fragment()),
        _own_fields(kind, draft, errors),
        _channels(state),
        form.check_field("enabled", t("budgets.form.enabled"), default_checked=_word(draft, "enabled") != ""),
        form.submit_row(
            t("budgets.form.next"),
            controls.button(t("kit.cancel"), kind="quiet", on_click=state.close_form),
            busy=state.is_saving,
        ),
        on_submit=state.try_rule,
        errors=errors,
        wide=True,
        key="fields",
    )  # fmt: skip


def _own_fields(kind: Any, draft: Any, errors: Any) -> rx.Component:
    """What the kinds without a limit need."""
    shown = rx.match(
        kind,
        (
            AlertType.ANOMALY.value,
            rx.el.div(
                rx.el.p(t("budgets.form.anomaly_why"), class_name="sub"),
                form.form_row(
                    _text("ratio_percent", draft, errors, numeric=True, unit="%"),
                    _text("least_calls", draft, errors, numeric=True),
                ),
                class_name="stack",
            ),
        ),
        (
            AlertType.NO_DATA.value,
            rx.el.div(
                rx.el.p(t("budgets.form.no_data_why"), class_name="sub"),
                _text("minutes", draft, errors, numeric=True),
                class_name="stack",
            ),
        ),
        (
            AlertType.BILL_DIFFERENCE.value,
            rx.el.div(
                rx.el.p(t("budgets.form.bill_difference_why"), class_name="sub"),
                _text("ratio_percent", draft, errors, numeric=True, unit="%"),
                class_name="stack",
            ),
        ),
        (AlertType.UNPRICED_MODEL.value, rx.el.p(t("budgets.form.unpriced_model_why"), class_name="sub")),
        rx.fragment(),
    )
    return rx.fragment(shown)


def _money_fields(state: Any) -> rx.Component:
    draft, errors = state.draft, state.errors
    who: Choices = [(word, t(f"budgets.who.{word}")) for word in (rule_fields.EVERYBODY, rule_fields.EACH,
                                                                  rule_fields.ONE)]  # fmt: skip
    over: Choices = [(word.value, t(f"budgets.window.{word}")) for word in BudgetWindow]
    acts: Choices = [(word.value, t(f"budgets.act.{word}")) for word in Enforcement]
    return rx.el.div(
        form.form_row(
            _choice("who", who, state),
            rx.cond(_word(draft, "who") == rule_fields.ONE,
                    _text("person", draft, errors, hint=t("budgets.form.person_hint"), auto_complete="off"),
                    rx.fragment()),
        ),
        form.form_row(_select("feature", state.features, draft, errors), _select("model", state.models, draft, errors),
                      _select("plan", state.plans, draft, errors)),
        form.form_row(
            _choice("window", over, state),
            rx.cond(_word(draft, "window") == BudgetWindow.ROLLING.value,
                    _text("rolling_days", draft, errors, numeric=True), rx.fragment()),
        ),
        form.form_row(_text("limit", draft, errors, numeric=True, unit="$"),
                      _text("steps", draft, errors, hint=t("budgets.form.steps_hint"))),
        form.form_row(
            _choice("enforcement", acts, state),
            rx.cond(_word(draft, "enforcement") == Enforcement.DEGRADE.value, _cheaper(state), rx.fragment()),
        ),
        class_name="stack",
    )  # fmt: skip


def _kinds(state: Any) -> rx.Component:
    return _choice("type", [(word.value, t(f"budgets.type.{word}")) for word in rule_fields.KINDS], state)


def _cheaper(state: Any) -> rx.Component:
    """The model that takes over, by its name."""
    return form.field(
        "degrade_model",
        t("budgets.form.degrade_model"),
        rx.el.select(
            rx.foreach(state.models, _model_option),
            name="degrade_model", id="degrade_model", class_name="input",
            default_value=_word(state.draft, "degrade_model"), required=True,
        ),
        errors=state.errors,
    )  # fmt: skip


def _model_option(one: Any) -> rx.Component:
    label = rx.cond(one["value"] != "", one["label"], "–")
    return rx.el.option(label, value=rx.cond(one["value"] != "", one["label"], ""), key=one["value"])


def _channels(state: Any) -> rx.Component:
    def box(one: Any) -> rx.Component:
        name = rx.Var.create(CHANNEL) + one.id
        return rx.el.label(
            rx.el.input(type="checkbox", name=name, id=name, default_checked=one.is_on), rx.el.span(one.name),
            class_name="check", key=one.id,
        )  # fmt: skip

    ways = rx.cond(
        state.channels.length() > 0,
        rx.el.div(rx.foreach(state.channels, box), class_name="stack stack-2"),
        rx.el.p(t("budgets.form.no_channels"), " ",
                controls.link(t("budgets.form.channels_link"), href="/ops/budgets/channels"), class_name="sub"),
    )  # fmt: skip
    return rx.el.fieldset(
        rx.el.legend(t("budgets.form.channels"), class_name="field-label"),
        ways,
        rx.el.p(t("budgets.form.channels_hint"), class_name="field-hint"),
        class_name="field",
    )


def _past(state: Any) -> rx.Component:
    past = state.trial
    told = rx.fragment(
        rx.el.p(rx.el.b(t("budgets.past.told", days=past.days, n=past.notices, windows=past.windows))),
        rx.cond(past.is_hard, rx.el.p(t("budgets.past.blocked", n=past.blocked)), rx.fragment()),
        rx.cond(past.lines.length() > 0, _lines(past.lines), rx.fragment()),
    )
    return form.form(
        rx.cond(state.trial_known, told, rx.el.p(t("budgets.past.unknown"))),
        form.text_field("reason", t("budgets.form.reason"), optional=True, errors=state.errors, max_length=MOST_TEXT,
                        hint=t("budgets.form.reason_hint"), auto_complete="off"),
        form.submit_row(
            t("budgets.form.save"),
            controls.button(t("budgets.form.back"), on_click=state.back),
            controls.button(t("kit.cancel"), kind="quiet", on_click=state.close_form),
            busy=state.is_saving,
        ),
        on_submit=state.save_rule,
        errors=state.errors,
        wide=True,
        key="past",
    )  # fmt: skip


PAST = [
    table.column("from", t("budgets.past.window")),
    table.column("who", t("budgets.subject"), look="clip"),
    table.column("spent", t("budgets.spent"), numeric=True),
    table.column("steps", t("budgets.steps")),
]


def _lines(lines: Any) -> rx.Component:
    def cells(row: Any) -> list[controls.Content]:
        return [
            values.instant(row.starts_at, relative=False, shape="minute"),
            rx.cond(row.who != "", row.who, t("budgets.scope.everybody")),
            values.money_usd_nano(row.spent_nano),
            words.steps(row.steps),
        ]

    return card.card(
        table.data_table("budget-past", PAST, lines, cells, card=False, max_height=False),
        title=t("budgets.past.windows"), padded=False,
    )  # fmt: skip


def _word(draft: Any, name: str) -> rx.Var[str]:
    return draft.get(name, "").to(str)


def _text(name: str, draft: Any, errors: Any, **props: Any) -> rx.Component:
    return form.text_field(name, t_word("budgets.form", name), errors=errors, default_value=_word(draft, name), **props)


def _select(name: str, options: Any, draft: Any, errors: Any) -> rx.Component:
    return form.select_field(
        name, t_word("budgets.form", name), options, errors=errors, default_value=_word(draft, name), optional=True
    )


def _choice(name: str, options: Choices, state: Any) -> rx.Component:
    """A choice that decides which other fields there are."""
    return form.select_field(
        name, t_word("budgets.form", name), options, errors=state.errors,
        value=_word(state.draft, name), on_change=lambda value: state.jot(name, value),
    )  # fmt: skip
