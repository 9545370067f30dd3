"""The credits that every page of the portal shows: the number in the top bar, and what should be known now."""

from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.domain.billing import notices
from fitmycv_admin.domain.billing.notices import BannerRow, Notice
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import card, controls, values
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

PAGE = notices.PAGE


@page_policy(Permission.OWN_DATA)
class Purse(AppState):
    """Read when a page opens and again whenever a task has ended."""

    is_known: bool = False
    available: int = 0
    debt: int = 0
    banners: list[BannerRow] = []  # noqa: RUF012  (Reflex copies defaults)

    @rx.event
    async def refresh(self) -> None:
        """Read the credits and the notices again."""
        await self._read()

    @rx.event
    async def hide(self, kind: str, occasion: str) -> None:
        """Close a notice on every device, until there is another occasion."""
        await ask(notices.hide, actor(), kind, occasion)
        await self._read()

    async def _read(self) -> None:
        seen = await look(notices.glance, actor())
        self.is_known, self.available, self.debt = True, seen.wallet.available, seen.wallet.debt
        self.banners = list(seen.notices)


def chip() -> rx.Component:
    """The credits that can be used now, as the way to their page."""
    return rx.cond(
        Purse.is_known,
        controls.link(
            t("wallet.chip", n=Purse.available),
            href=PAGE,
            look=rx.cond(Purse.available < 0, "chip chip-strong tone-bad", "chip chip-strong"),
            aria_label=t("wallet.chip_label", n=Purse.available),
            id="credits-left",
        ),
        rx.fragment(),
    )


def banner(*, is_own_page: bool = False) -> rx.Component:
    """What somebody should know about their credits, on every page: a debt first, else what they did not close."""
    owed = card.notice(
        rx.el.b(t("wallet.debt_title", n=Purse.debt)),
        " ",
        t("wallet.debt_what"),
        tone="bad",
        actions=_ways(is_own_page=is_own_page),
    )

    def one(row: Any) -> rx.Component:
        return _notice(row, is_own_page=is_own_page)

    return rx.el.div(
        rx.cond(Purse.debt > 0, owed, rx.fragment()),
        rx.foreach(Purse.banners, one),
        class_name="wallet-notices",
    )


def _ways(*, is_own_page: bool) -> tuple[rx.Component, ...]:
    return () if is_own_page else (controls.link_button(t("wallet.notice.see"), href=PAGE),)


def _notice(row: Any, *, is_own_page: bool) -> rx.Component:
    low = rx.fragment(rx.el.b(t("wallet.notice.low", n=row.credits)), " ", t("wallet.notice.low_what"))
    expiring = rx.fragment(
        rx.el.b(t("wallet.notice.expiring", n=row.credits), " ", values.date_text(row.at), "."),
        " ",
        t("wallet.notice.expiring_what"),
    )
    acts = (
        *_ways(is_own_page=is_own_page),
        controls.button(t("wallet.notice.hide"), kind="quiet", on_click=Purse.hide(row.kind.to(str), row.occasion)),
    )
    shown = rx.match(
        row.kind.to(str),
        (Notice.LOW.value, card.notice(low, tone="info", actions=acts, key=row.occasion)),
        (Notice.EXPIRING_7.value, card.notice(expiring, tone="warn", actions=acts, key=row.occasion)),
        card.notice(expiring, tone="info", actions=acts, key=row.occasion),
    )
    return rx.fragment(shown)
