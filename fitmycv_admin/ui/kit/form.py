"""Labelled fields with their errors, submit rows, and forms that the browser itself posts."""

from typing import Any

import reflex as rx
from reflex_components_core.el.elements.base import BaseHTML

from fitmycv_admin.ui.copy import t, t_key
from fitmycv_admin.ui.kit.controls import Content, button

Errors = rx.Var[dict[str, str]] | dict[str, str]
"""Catalogue keys by field name, as the handler left them; `""` is the error of the whole form."""


class NativeForm(BaseHTML):
    """A `<form>` that really posts, for signing in and out: the answer is a whole new page."""

    tag = "form"
    action: rx.Var[str]
    method: rx.Var[str]
    enc_type: rx.Var[str]
    no_validate: rx.Var[bool]


def form(
    *content: rx.Component, on_submit: Any, errors: Errors | None = None, wide: bool = False, **props: Any
) -> rx.Component:
    """A form sent to a handler as a dict of its fields; messages are ours, not the browser's."""
    return rx.el.form(
        form_error(errors) if errors is not None else rx.fragment(),
        *content,
        on_submit=on_submit,
        no_validate=True,
        class_name="form form-wide" if wide else "form",
        **props,
    )


def native_form(*content: rx.Component, action: str, errors: Errors | None = None, **props: Any) -> rx.Component:
    """A form posted by the browser to one of our own routes."""
    return NativeForm.create(
        form_error(errors) if errors is not None else rx.fragment(),
        *content,
        action=action,
        method="post",
        class_name="form",
        **props,
    )


def form_row(*fields: rx.Component) -> rx.Component:
    """Fields side by side, under each other when it is narrow."""
    return rx.el.div(*fields, class_name="form-row")


def form_error(errors: Errors) -> rx.Component:
    """What is wrong with the form as a whole."""
    message = _message(errors, "")
    return rx.cond(message != "", rx.el.p(t_key(message), class_name="form-error", role="alert"), rx.fragment())


def text_field(
    name: str,
    label: Content,
    *,
    errors: Errors | None = None,
    hint: Content | None = None,
    optional: bool = False,
    unit: Content | None = None,
    numeric: bool = False,
    **props: Any,
) -> rx.Component:
    """One line of text; `type`, `default_value`, `auto_complete`, `max_length`… go to the input."""
    given: dict[str, Any] = {"type": "text"} | ({"input_mode": "decimal"} if numeric else {}) | props
    look = "input num" if numeric else "input"
    control = rx.el.input(**_control(name, errors, hint, given | {"class_name": look}, optional=optional))
    if unit is not None:
        control = rx.el.div(rx.el.span(unit, class_name="input-unit"), control, class_name="input-group")
    return field(name, label, control, errors=errors, hint=hint, optional=optional)


def area_field(
    name: str,
    label: Content,
    *,
    errors: Errors | None = None,
    hint: Content | None = None,
    optional: bool = False,
    **props: Any,
) -> rx.Component:
    """Several lines of text."""
    control = rx.el.textarea(**_control(name, errors, hint, props, optional=optional))
    return field(name, label, control, errors=errors, hint=hint, optional=optional)


def select_field(
    name: str,
    label: Content,
    options: list[tuple[str, Content]] | Any,
    *,
    errors: Errors | None = None,
    hint: Content | None = None,
    optional: bool = False,
    **props: Any,
) -> rx.Component:
    """A choice among few: [(value, label)], or a Var of items with `value` and `label`."""
    items = (
        rx.foreach(options, _option)
        if isinstance(options, rx.Var)
        else [rx.el.option(text, value=value) for value, text in options]
    )
    control = rx.el.select(
        items if isinstance(items, rx.Component) else rx.fragment(*items),
        **_control(name, errors, hint, props, optional=optional),
    )
    return field(name, label, control, errors=errors, hint=hint, optional=optional)


def check_field(name: str, label: Content, **props: Any) -> rx.Component:
    """A box to tick, with its sentence."""
    return rx.el.label(rx.el.input(type="checkbox", name=name, id=name, **props), rx.el.span(label), class_name="check")


def hidden_field(name: str, value: rx.Var[Any] | str) -> rx.Component:
    """A value that goes with the form."""
    return rx.el.input(type="hidden", name=name, value=value, read_only=True)


def field(
    name: str,
    label: Content,
    control: rx.Component,
    *,
    errors: Errors | None = None,
    hint: Content | None = None,
    optional: bool = False,
) -> rx.Component:
    """A label, a control, its hint and its error."""
    extra = rx.el.span(" ", t("kit.form.optional"), class_name="field-optional") if optional else ""
    return rx.el.div(
        rx.el.label(label, extra, html_for=name, class_name="field-label"),
        control,
        rx.el.p(hint, class_name="field-hint", id=f"{name}-hint") if hint is not None else rx.fragment(),
        field_error(name, errors) if errors is not None else rx.fragment(),
        class_name="field",
    )


def field_error(name: str, errors: Errors) -> rx.Component:
    """What is wrong with one field, said aloud by screen readers."""
    message = _message(errors, name)
    return rx.cond(
        message != "",
        rx.el.p(t_key(message), class_name="field-error", id=f"{name}-error", role="alert"),
        rx.fragment(),
    )


def submit_row(
    label: Content,
    *others: rx.Component,
    busy: rx.Var[bool] | bool = False,
    disabled: rx.Var[bool] | bool = False,
    large: bool = False,
    kind: Any = "primary",
) -> rx.Component:
    """The button that sends the form, and what else can be done instead."""
    return rx.el.div(
        button(
            label, type="submit", kind=kind, busy=busy, disabled=disabled, look="btn-large btn-block" if large else ""
        ),
        *others,
        class_name="form-actions",
    )


def _option(item: Any) -> rx.Component:
    return rx.el.option(item["label"].to(str), value=item["value"].to(str), key=item["value"].to(str))


def _control(
    name: str, errors: Errors | None, hint: Content | None, props: dict[str, Any], *, optional: bool
) -> dict[str, Any]:
    """What every control of a field has; the caller's props win."""
    common = {"name": name, "id": name, "required": not optional, "class_name": "input"}
    return common | _described(name, errors, hint) | props


def _message(errors: Errors, name: str) -> rx.Var[str]:
    return rx.Var.create(errors).to(dict[str, str]).get(name, "").to(str)


def _described(name: str, errors: Errors | None, hint: Content | None) -> dict[str, Any]:
    hinted = f"{name}-hint" if hint is not None else ""
    if errors is None:
        return {"aria_describedby": hinted} if hinted else {}
    is_wrong = _message(errors, name) != ""
    return {
        "aria_invalid": rx.cond(is_wrong, "true", "false"),
        "aria_describedby": rx.cond(is_wrong, f"{name}-error {hinted}".strip(), hinted),
    }
