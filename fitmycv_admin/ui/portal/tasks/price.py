"""What a start takes, said before it: the price with what is left, or why not and what to do about it."""

from collections.abc import Callable
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.domain.billing.reservations import Shown
from fitmycv_admin.domain.tasks import prices
from fitmycv_admin.domain.tasks.decision import Act, Refused
from fitmycv_admin.domain.tasks.prices import PriceRow
from fitmycv_admin.ui import errors
from fitmycv_admin.ui.copy import t, t_given
from fitmycv_admin.ui.kit import card, controls, values
from fitmycv_admin.ui.session import actor
from fitmycv_admin.vocabulary import Payer, TaskType

UNKNOWN = PriceRow(TaskType.NOOP, is_allowed=False)
"""Before it was read: nothing is said and nothing can be started."""


class Priced(rx.State, mixin=True):
    """A page that starts one type of task: it shows the price and starts at the price it showed."""

    price: PriceRow = UNKNOWN

    def _starts(self) -> TaskType:
        return TaskType.NOOP

    async def _read_price(self) -> None:
        """What it would take now."""
        self.price = await look(prices.price_of, actor(), self._starts())

    async def _start(self, use_case: Callable[..., Any], *subject: Any, then: Any, **details: Any) -> Any:
        """Run a use case that starts a task at the price that was shown, then go on; a refusal shows the new price."""
        details["shown"] = Shown.read(self.price.token)
        try:
            await ask(use_case, actor(), *subject, **details)
        except Refused as refused:
            return await self._refused(refused)
        return then

    async def _refused(self, why: Refused) -> Any:
        """Show what holds now, and say why nothing was started."""
        await self._read_price()
        return errors.shown(why)


def price_line(price: Any) -> rx.Component:
    """One line above the act: what it takes; or the sentence that says why it cannot be started."""
    taken = rx.match(
        price.payer,
        (Payer.CREDITS.value, t("entitlement.price.credits", cost=price.cost, available=price.available)),
        (
            Payer.QUOTA.value,
            rx.cond(price.left < 0, t("entitlement.price.included"), t("entitlement.price.quota", left=price.left)),
        ),
        t("entitlement.price.free"),
    )
    line = rx.el.p(taken, class_name="meta", custom_attrs={"data-price": price.token})
    return rx.cond(price.is_allowed, line, rx.cond(price.reason_key != "", _refusal(price), rx.fragment()))


def _refusal(price: Any) -> rx.Component:
    act = rx.match(
        price.act,
        (Act.BUY.value, controls.link_button(t("entitlement.act.buy"), href="/credits")),
        (Act.UPGRADE.value, controls.link_button(t("entitlement.act.upgrade"), href="/credits")),
        (Act.VERIFY_EMAIL.value, controls.link_button(t("entitlement.act.verify"), href="/check-mail?why=verify")),
        rx.fragment(),
    )
    when = rx.cond(
        price.act_at,
        rx.el.p(t("entitlement.act.from"), " ", values.instant(price.act_at, relative=False), class_name="meta"),
        rx.fragment(),
    )
    return card.notice(
        rx.el.div(rx.el.p(t_given(price.reason_key, price.reason_params)), when, act, class_name="stack stack-2"),
        tone="warn",
        custom_attrs={"data-refused": price.reason_key},
    )
