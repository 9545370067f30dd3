"""A channel beside the list: its form, how to check its signature, and taking it away."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.domain.budgets.channels import LONGEST_NAME, LONGEST_URL, ChannelCard, ChannelRow
from fitmycv_admin.domain.budgets.deliveries import DeliveryRow
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit import controls, dialog, form

REASON_LENGTH = 300


@dataclass(frozen=True)
class ChannelLine:
    """One channel."""

    id: str
    number: int
    kind: str
    name: str
    shown: str
    enabled: bool
    gets_digest: bool
    rules: int
    state: str
    error: str
    at: str
    waiting: int
    failed: int
    is_ready: bool


@dataclass(frozen=True)
class MessageLine:
    """One message."""

    id: str
    channel: str
    channel_kind: str
    kind: str
    state: str
    about: str
    notice_id: str
    tells: int
    attempts: int
    error: str
    created_at: str
    next_at: str
    sent_at: str


@dataclass(frozen=True)
class Opened:
    """The channel in the form; number 0 is a new one."""

    number: int
    kind: str
    name: str
    leads_to: str
    language: str
    enabled: bool
    gets_digest: bool
    secret: str
    version: str


def line(row: ChannelRow) -> ChannelLine:
    """A channel as the list draws it."""
    return ChannelLine(
        str(row.id), row.id, str(row.kind), row.name, row.shown, row.enabled, row.gets_digest, row.rules,
        str(row.state or ""), row.error, row.at.isoformat() if row.at else "", row.waiting, row.failed, row.is_ready,
    )  # fmt: skip


def message(row: DeliveryRow) -> MessageLine:
    """A message as the list draws it."""
    return MessageLine(
        str(row.id), row.channel, str(row.channel_kind), str(row.kind), str(row.state), row.about,
        str(row.notice_id or ""), row.tells, row.attempts, row.error, row.created_at.isoformat(),
        row.next_at.isoformat() if row.next_at else "", row.sent_at.isoformat() if row.sent_at else "",
    )  # fmt: skip


def opened(card: ChannelCard) -> Opened:
    """A channel in its form."""
    row = card.row
    return Opened(
        row.id, str(row.kind), row.name, card.to, str(row.language), row.enabled, row.gets_digest, card.secret,
        row.updated_at.isoformat(),
    )  # fmt: skip


def fresh(kind: str, language: str, stand_in: str) -> Opened:
    """An empty form; where stand-ins play the outside it says where they listen."""
    to = {"webhook": f"{stand_in}/hook/finance", "telegram": "-1001234567890"}.get(kind, "") if stand_in else ""
    return Opened(0, kind, "", to, language, enabled=True, gets_digest=False, secret="", version="")


def panel(state: Any) -> rx.Component:
    """The form of the opened channel."""
    one, errors = state.opened, state.errors
    to = rx.match(
        one.kind,
        ("mail", form.area_field("to", t("channels.form.to_mail"), errors=errors, rows=3, default_value=one.leads_to,
                                 hint=t("channels.form.to_mail_hint"))),
        ("webhook", _to("webhook", one, errors, type="url", max_length=LONGEST_URL)),
        _to("telegram", one, errors),
    )  # fmt: skip
    body = form.form(
        form.text_field("name", t("channels.form.name"), errors=errors, default_value=one.name,
                        max_length=LONGEST_NAME, auto_complete="off"),
        rx.fragment(to),
        form.select_field(
            "language", t("channels.form.language"),
            [("en", t("channels.language.en")), ("fr", t("channels.language.fr"))], default_value=one.language,
        ),
        form.check_field("enabled", t("channels.form.enabled"), default_checked=one.enabled),
        form.check_field("gets_digest", t("channels.form.digest"), default_checked=one.gets_digest),
        form.submit_row(rx.cond(one.number > 0, t("channels.save"), t("channels.add")), busy=state.is_saving),
        on_submit=state.save,
        errors=errors,
        key=one.kind + "/" + one.number.to(str) + "/" + one.version,
    )  # fmt: skip
    return dialog.side_panel(
        body,
        rx.cond(one.secret != "", _secret(one), rx.fragment()),
        title=rx.cond(one.number > 0, one.name, t("channels.add")).to(str),
        subtitle=t_word("channels.kind", one.kind),
        closes=("open", "add"),
        foot=rx.cond(one.number > 0, _foot(state), rx.fragment()),
    )


def _to(kind: str, one: Any, errors: Any, **props: Any) -> rx.Component:
    return form.text_field(
        "to", t(f"channels.form.to_{kind}"), errors=errors, default_value=one.leads_to, auto_complete="off",
        hint=t(f"channels.form.to_{kind}_hint"), **props,
    )  # fmt: skip


def _secret(one: Any) -> rx.Component:
    return rx.el.details(
        rx.el.summary(t("channels.form.secret")),
        rx.el.p(rx.el.code(one.secret, class_name="mono", style={"overflow-wrap": "anywhere"})),
        rx.el.p(t("channels.form.secret_why"), class_name="sub"),
    )


def _foot(state: Any) -> rx.Component:
    remove = dialog.confirm(
        controls.button(t("channels.remove"), kind="danger"),
        rx.el.p(t("channels.remove_why")),
        form.text_field("remove_reason", t("channels.reason"), max_length=REASON_LENGTH, auto_complete="off"),
        title=t("channels.remove"),
        confirm_label=t("channels.remove"),
        needs=state.opened.name,
        on_confirm=state.remove,
    )
    trail = rx.Var.create("/ops/access/audit?target_type=alert_channel&target_id=") + state.opened.number.to(str)
    return rx.el.div(controls.link(t("channels.see_trail"), href=trail), remove, class_name="row row-wrap")
