"""Two dialogs of the price list: what a name would mean, and what the list says of a model beside its prices."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError, Invalid
from fitmycv_admin.domain.ai_costs import name_test
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, toast, values
from fitmycv_admin.ui.ops.ai_costs import price_lines
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission, ServiceTier, UsageType

_COUNTS = ("prompt", "cached", "completion")


@dataclass(frozen=True)
class TriedName:
    """What a name means; not `is_shown` before one was tried."""

    is_shown: bool = False
    name: str = ""
    model: str = ""
    how: str = ""
    is_active: bool = True
    tier: str = ""
    version: str = ""
    input: int | None = None
    cached_input: int | None = None
    cache_write: int | None = None
    output: int | None = None
    reasoning: int | None = None
    image: int | None = None
    audio: int | None = None
    cost_nano: int | None = None


@page_policy(Permission.PRICES_READ)
class NameState(AppState):
    """The name that is tried, and the model that is described."""

    is_testing: bool = False
    is_describing: bool = False
    tried_name: TriedName = TriedName()
    described: str = ""
    name_errors: dict[str, str] = {}  # noqa: RUF012  (Reflex copies defaults)

    @rx.event
    async def open_test(self) -> None:
        """Open the dialog that tries names."""
        self.is_testing, self.tried_name, self.name_errors = True, TriedName(), {}

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def open_description(self, model: str) -> None:
        """Open the dialog that describes a model."""
        self.is_describing, self.described, self.name_errors = True, model[:200], {}

    @rx.event
    async def close_names(self) -> None:
        """Close both."""
        self.is_testing = self.is_describing = False

    @rx.event
    async def try_name(self, fields: dict[str, Any]) -> None:
        """Say what a name means."""
        self.name_errors = {}
        try:
            counts = {name: _count(fields, f"test_{name}") or 0 for name in _COUNTS}
            found = await look(
                name_test.try_name, actor(), str(fields.get("test_name", "")),
                str(fields.get("test_tier", ServiceTier.STANDARD)), **counts,
            )  # fmt: skip
        except FitMyCvError as error:
            field = error.field if isinstance(error, Invalid) else ""
            self.tried_name = TriedName()
            self.name_errors = {field if not field or field.startswith("test_") else f"test_{field}": error.key}
            return
        self.tried_name = TriedName(
            True, found.name, found.model, found.how, found.is_active, found.tier, str(found.version_id or ""),
            **price_lines.kinds(found.lines), cost_nano=found.cost_nano,
        )  # fmt: skip

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def describe(self, fields: dict[str, Any]) -> Any:
        """Replace names, description and the length of a large context."""
        self.name_errors = {}
        names = tuple(one.strip() for one in str(fields.get("model_aliases", "")).split(",") if one.strip())
        try:
            await ask(
                name_test.describe, actor(), self.described, aliases=names,
                description=str(fields.get("model_description", ""))[:300],
                large_context_from=_count(fields, "model_long"), is_active=bool(fields.get("model_active")),
                reason=str(fields.get("model_reason", "")),
            )  # fmt: skip
        except FitMyCvError as error:
            field = error.field if isinstance(error, Invalid) else ""
            place = {"aliases": "model_aliases", "large_context_from": "model_long", "reason": "model_reason"}
            self.name_errors = {place.get(field, field): error.key}
            return None
        self.is_describing = False
        return toast.done(str(actor().language), "prices.described")


def _count(fields: dict[str, Any], name: str) -> int | None:
    said = "".join(str(fields.get(name, "")).split())
    if not said:
        return None
    if not said.isdecimal():
        raise Invalid("prices.error.tokens", field=name)
    return int(said[:12])


def test_dialog() -> rx.Component:
    """A name, a tier, some tokens; and what the meter would make of them."""
    tiers = [(str(tier), t(f"ai_costs.tier.{tier}")) for tier in ServiceTier]
    errors = NameState.name_errors

    def tokens(name: str, standard: str) -> rx.Component:
        return form.text_field(
            f"test_{name}", t(f"prices.test_{name}"), errors=errors, numeric=True, default_value=standard,
            auto_complete="off",
        )  # fmt: skip

    return dialog.dialog(
        form.form(
            rx.el.p(t("prices.test_why"), class_name="sub"),
            form.form_row(
                form.text_field("test_name", t("ai_costs.model_name"), errors=errors, auto_complete="off"),
                form.select_field("test_tier", t("ai_costs.by.tier"), tiers, errors=errors),
            ),
            form.form_row(tokens("prompt", "1000"), tokens("cached", "0"), tokens("completion", "500")),
            form.submit_row(
                t("prices.test"), controls.button(t("kit.close"), kind="quiet", on_click=NameState.close_names)
            ),
            _answer(),
            on_submit=NameState.try_name,
            errors=errors,
            wide=True,
        ),
        title=t("prices.test_title"),
        open=NameState.is_testing,
        on_close=NameState.close_names,
        wide=True,
    )


def _answer() -> rx.Component:
    one = NameState.tried_name
    lines = [
        (t(f"ai_costs.usage.{kind}"), rx.cond(
            getattr(one, kind).is_none(), rx.el.span("–", class_name="tone-mute"),
            rx.el.span(values.price_usd_nano(getattr(one, kind)), " ",
                       rx.el.span(t("ai_costs.a_million"), class_name="meta")),
        ))
        for kind in map(str, UsageType)
    ]  # fmt: skip
    known = rx.fragment(
        card.facts(
            (t("ai_costs.by.model"), rx.el.span(
                rx.el.span(one.model, class_name="mono"), " ", badge.pill(t_word("prices.how", one.how), tone="info"),
                rx.cond(one.is_active, rx.fragment(), badge.pill(t("prices.state.inactive"))), class_name="row",
            )),
            (t("ai_costs.by.tier"), t_word("ai_costs.tier", one.tier)),
            (t("ai_costs.version"), rx.cond(one.version != "", "#" + one.version, "–")),
            *lines,
            (t("ai_costs.cost"), rx.cond(one.cost_nano.is_none(), t("prices.would_be_unpriced"),
                                         rx.el.b(values.money_usd_nano(one.cost_nano)))),
        ),
    )  # fmt: skip
    unknown = card.notice(t("prices.name_unknown", name=one.name), tone="warn")
    return rx.cond(
        one.is_shown,
        rx.el.div(rx.cond(one.model != "", known, unknown), aria_live="polite"),
        rx.fragment(),
    )


def describe_dialog(opened: Any) -> rx.Component:
    """Other names, a description, from which length a context is large, and whether the model is still used."""
    errors = NameState.name_errors
    return dialog.dialog(
        rx.cond(
            NameState.is_describing & opened,
            form.form(
                form.text_field("model_aliases", t("ai_costs.also_called"), hint=t("ai_costs.aliases_hint"),
                                errors=errors, optional=True, default_value=opened.aliases, auto_complete="off"),
                form.text_field("model_description", t("ai_costs.description"), optional=True, max_length=300,
                                default_value=opened.description),
                form.text_field("model_long", t("prices.long_from"), hint=t("prices.long_hint"), errors=errors,
                                optional=True, numeric=True, auto_complete="off",
                                default_value=rx.cond(opened.long_from > 0, opened.long_from.to(str), "")),
                form.check_field("model_active", t("prices.is_active"), default_checked=opened.is_active),
                form.text_field("model_reason", t("ai_costs.reason"), errors=errors, max_length=300),
                form.submit_row(t("prices.describe_save"),
                                controls.button(t("kit.cancel"), kind="quiet", on_click=NameState.close_names)),
                on_submit=NameState.describe,
                errors=errors,
                key=opened.id,
            ),
            rx.fragment(),
        ),
        title=t("prices.describe_title", model=NameState.described),
        open=NameState.is_describing,
        on_close=NameState.close_names,
    )  # fmt: skip
