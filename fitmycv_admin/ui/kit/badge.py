"""Pills and chips: one colour for each word of a status, never a colour alone."""

from typing import Any, Literal

import reflex as rx

from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit.controls import Content

Tone = Literal["ok", "warn", "bad", "info", "mute"]

TONES: dict[Tone, tuple[str, ...]] = {
    "ok": (
        "active",
        "applied",
        "completed",
        "credited",
        "delivered",
        "done",
        "enabled",
        "granted",
        "healthy",
        "paid",
        "priced",
        "sent",
        "succeeded",
        "success",
        "verified",
        "ok",
        "opened",
        "resolved",
        "reviewed",
        "current",
    ),
    "info": (
        "dispatched",
        "claimed",
        "in_progress",
        "new",
        "open",
        "pending",
        "processing",
        "queued",
        "received",
        "running",
        "scheduled",
        "sending",
        "submitted",
        "trialing",
        "waiting",
        "future",
    ),
    "warn": (
        "aborted",
        "cancelling",
        "disputed",
        "expiring",
        "held",
        "incomplete",
        "invalid",
        "needs_attention",
        "no_answer",
        "parked",
        "past_due",
        "paused",
        "retrying",
        "snoozed",
        "stuck",
        "suspended",
        "truncated",
        "unpriced",
        "unverified",
        "warning",
    ),
    "bad": (
        "blocked",
        "bounced",
        "canceled_unpaid",
        "dead",
        "error",
        "exceeded",
        "failed",
        "lost",
        "quarantined",
        "refused",
        "rejected",
        "revoked",
        "timed_out",
        "unpaid",
    ),
}


def pill(*content: Content, tone: Tone = "mute", live: bool = False, **props: Any) -> rx.Component:
    """A dot and a word."""
    look = f"pill{'' if tone == 'mute' else ' pill-' + tone}{' pill-live' if live else ''}"
    return rx.el.span(*content, class_name=look, **props)


def status_pill(status: Any, words: str) -> rx.Component:
    """The pill of a status word; `words` is the catalogue prefix of its names, `"tasks.state"` for instance."""
    word = rx.Var.create(status).to(str).lower()
    look = rx.match(word, *[(name, f"pill pill-{tone}") for tone, names in TONES.items() for name in names], "pill")
    return rx.el.span(t_word(words, word), class_name=look)


def chip(*content: Content, strong: bool = False, **props: Any) -> rx.Component:
    """A small fact in an outline."""
    return rx.el.span(*content, class_name="chip chip-strong" if strong else "chip", **props)


def no_ai_mark() -> rx.Component:
    """Says that what is shown was computed by the local engine, without a model."""
    return chip(t("kit.mark.without_ai"), title=t("kit.mark.without_ai_why"))


def simulated_mark() -> rx.Component:
    """Says that a stand-in answered instead of the outside service."""
    return pill(t("kit.mark.simulated"), tone="warn", title=t("kit.mark.simulated_why"))


def swatch(number: rx.Var[int] | int) -> rx.Component:
    """The square of a chart series, 1 to 8, before its name in a table."""
    return rx.el.i(class_name=rx.Var.create("swatch s") + rx.Var.create(number).to(str), aria_hidden="true")
