"""Channels: by which ways alerts reach somebody, and what became of each message."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import Conflict, FitMyCvError, Invalid
from fitmycv_admin.domain.budgets import channels as domain
from fitmycv_admin.domain.budgets import deliveries, outbox
from fitmycv_admin.domain.budgets.channels import Draft
from fitmycv_admin.ui.copy import t, t_given, t_word
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, query, states, table, toast, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.budgets import channel_panel
from fitmycv_admin.ui.ops.budgets.channel_panel import ChannelLine, MessageLine, Opened
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import ChannelKind, DeliveryKind, DeliveryState, Language, Permission

HERE = "/ops/budgets/channels"
OFFER = Offer(
    (), "",
    {
        "channel": (), "what": tuple(DeliveryKind), "state": tuple(DeliveryState), "open": (),
        "add": tuple(domain.KINDS),
    },
)  # fmt: skip


@page_policy(Permission.BUDGETS_READ)
class ChannelsState(Listing, AppState):
    """What the page shows, and the channel that is being made or changed."""

    channels: list[ChannelLine] = []  # noqa: RUF012  (Reflex copies defaults)
    choices: list[dict[str, str]] = []  # noqa: RUF012
    messages: list[MessageLine] = []  # noqa: RUF012
    opened: Opened | None = None
    digest_at: str = ""
    digest_week: str = ""
    digest_cost: int = 0
    digest_channels: int = 0
    stand_in: str = ""
    may_write: bool = False
    is_saving: bool = False
    errors: dict[str, str] = {}  # noqa: RUF012
    refused_key: str = ""
    refused_params: dict[str, str] = {}  # noqa: RUF012

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            self.errors, self.refused_key = {}, ""
            await self._read()

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def save(self, fields: dict[str, Any]) -> AsyncIterator[Any]:
        """Store the opened channel, or add one."""
        opened = self.opened
        if self.is_saving or opened is None:
            return
        self.is_saving, self.errors, self.refused_key = True, {}, ""
        yield
        language, made = str(actor().language), 0
        try:
            if opened.number:
                at = datetime.fromisoformat(opened.version)
                await ask(domain.change, actor(), opened.number, _draft(opened, fields), expected=at)
            else:
                made = await ask(domain.create, actor(), _draft(opened, fields))
        except FitMyCvError as error:
            await self._refuse(error)
            return
        finally:
            self.is_saving = False
        if opened.number:
            await self._read()
            yield toast.done(language, "channels.saved")
        else:
            yield rx.redirect(f"{HERE}?open={made}")
            yield toast.done(language, "channels.created")

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def switch(self, number: int, enabled: bool) -> AsyncIterator[Any]:
        """Turn a channel on or off."""
        word = "channels.switched_on" if enabled else "channels.switched_off"
        async for event in self._do(ask(domain.set_enabled, actor(), number, enabled=enabled), word):
            yield event

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def send_test(self, number: int) -> AsyncIterator[Any]:
        """Have a test message sent."""
        async for event in self._do(ask(outbox.test, actor(), number), "channels.test_sent"):
            yield event

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def retry(self, delivery_id: str) -> AsyncIterator[Any]:
        """Send again what was given up."""
        async for event in self._do(ask(outbox.retry, actor(), _uuid(delivery_id)), "channels.log.retried"):
            yield event

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def remove(self, fields: dict[str, Any]) -> AsyncIterator[Any]:
        """Take the opened channel away."""
        opened, language = self.opened, str(actor().language)
        if opened is None or not opened.number:
            return
        try:
            await ask(domain.remove, actor(), opened.number, reason=str(fields.get("remove_reason", ""))[:300])
        except FitMyCvError as error:
            yield toast.refused(language, error.key, **error.params)
            return
        yield rx.redirect(HERE)
        yield toast.done(language, "channels.removed")

    async def _do(self, act: Any, done: str) -> AsyncIterator[Any]:
        """One act and what became of it; the rows are read again either way."""
        language = str(actor().language)
        try:
            await act
        except FitMyCvError as error:
            yield toast.refused(language, error.key, **error.params)
        else:
            yield toast.done(language, done)
        await self._read()

    async def _read(self) -> None:
        wanted = self._wanted(OFFER)
        number = wanted.get("open")
        opened = int(number) if number.isascii() and number.isdecimal() and len(number) < 18 else None
        screen = await look(deliveries.screen, actor(), deliveries.asked(wanted.filters), wanted.request, opened=opened)
        self.channels = [channel_panel.line(row) for row in screen.channels]
        self.choices = [query.option(str(row.id), row.name) for row in screen.channels]
        self.messages = [channel_panel.message(row) for row in self._shown(screen.page)]
        self.may_write, self.stand_in = screen.may_write, screen.stand_in
        self.digest_at, self.digest_channels = screen.digest.next_at.isoformat(), screen.digest.channels
        self.digest_week = screen.digest.last_week.isoformat() if screen.digest.last_week else ""
        self.digest_cost = screen.digest.last_cost_nano or 0
        self.opened = channel_panel.opened(screen.opened) if screen.opened else None
        if wanted.get("add") and screen.may_write:
            self.opened = channel_panel.fresh(wanted.get("add"), actor().language, screen.stand_in)

    async def _refuse(self, error: FitMyCvError) -> None:
        if isinstance(error, Invalid):
            self.errors = {error.field: error.key}
            return
        if isinstance(error, Conflict):
            await self._read()
        self.refused_key = error.key
        self.refused_params = {name: str(value) for name, value in error.params.items()}


def _draft(opened: Opened, fields: dict[str, Any]) -> Draft:
    language = str(fields.get("language", ""))
    return Draft(
        kind=ChannelKind(opened.kind),
        name=str(fields.get("name", "")),
        to=str(fields.get("to", ""))[: domain.LONGEST_URL + 1],
        language=Language(language) if language in list(Language) else Language.EN,
        enabled="enabled" in fields,
        gets_digest="gets_digest" in fields,
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


COLUMNS = [
    table.column("name", t("channels.col.name"), look="wrap"),
    table.column("to", t("channels.col.to"), look="wrap"),
    table.column("rules", t("channels.col.rules"), numeric=True),
    table.column("last", t("channels.col.last"), look="wrap"),
    table.column("acts", t("channels.col.state")),
]
LOG_COLUMNS = [
    table.column("at", t("channels.log.col.at")),
    table.column("channel", t("channels.log.col.channel"), look="wrap"),
    table.column("what", t("channels.log.col.kind"), look="wrap"),
    table.column("about", t("channels.log.col.about"), look="wrap"),
    table.column("state", t("channels.log.col.state"), look="wrap"),
    table.column("attempts", t("channels.log.col.attempts"), numeric=True),
    table.column("sent", t("channels.log.col.sent")),
]


def _cells(row: Any) -> list[controls.Content]:
    name = rx.cond(
        ChannelsState.may_write,
        query.query_link(row.name, changes={"open": row.number, "add": ""}, look="cell-link"),
        rx.el.b(row.name),
    )
    facts = rx.el.div(
        t_word("channels.kind", row.kind),
        rx.cond(row.gets_digest, rx.fragment(" · ", t("channels.digest_mark")), ""),
        class_name="meta",
    )
    ready = rx.cond(
        row.is_ready, rx.fragment(), rx.el.div(t_word("channels.not_ready", row.kind), class_name="tone-bad")
    )
    return [
        rx.el.div(name, facts),
        rx.el.div(rx.el.span(row.shown, class_name="mono"), ready),
        values.number(row.rules),
        _last(row),
        _acts(row),
    ]


def _last(row: Any) -> rx.Component:
    counts = rx.el.div(
        rx.cond(row.waiting > 0, badge.pill(t("channels.waiting_n", n=row.waiting), tone="warn"), rx.fragment()),
        rx.cond(row.failed > 0, badge.pill(t("channels.failed_n", n=row.failed), tone="bad"), rx.fragment()),
        class_name="row row-wrap",
    )
    told = rx.el.div(
        badge.status_pill(row.state, "channels.state"), " ", values.instant(row.at),
        rx.cond(row.error != "", rx.el.div(row.error, class_name="sub"), rx.fragment()),
    )  # fmt: skip
    return rx.el.div(
        rx.cond(row.state != "", told, rx.el.span(t("channels.never"), class_name="tone-mute")), counts
    )  # fmt: skip


def _acts(row: Any) -> rx.Component:
    state = rx.cond(row.enabled, badge.pill(t("channels.on"), tone="ok"), badge.pill(t("channels.off")))
    test = controls.button(t("channels.test"), on_click=ChannelsState.send_test(row.number))
    switch = controls.button(
        rx.cond(row.enabled, t("channels.switch_off"), t("channels.switch_on")),
        kind="quiet",
        on_click=ChannelsState.switch(row.number, ~row.enabled),
    )
    return rx.el.div(state, rx.cond(ChannelsState.may_write, rx.fragment(test, switch), ""), class_name="row")


def _log_cells(row: Any) -> list[controls.Content]:
    about = rx.cond(
        row.notice_id != "",
        controls.link(row.about, href=rx.Var.create("/ops/alerts/alert?id=") + row.notice_id),
        rx.el.span("–", class_name="tone-mute"),
    )
    tells = rx.cond(row.tells > 0, rx.el.div(t("channels.log.told", n=row.tells), class_name="meta"), rx.fragment())
    again = rx.el.div(t("channels.log.next"), " ", values.instant(row.next_at, shape="time"), class_name="meta")
    retry = controls.button(t("channels.log.retry"), on_click=ChannelsState.retry(row.id))
    return [
        values.instant(row.created_at, relative=False),
        rx.el.div(row.channel, rx.el.div(t_word("channels.kind", row.channel_kind), class_name="meta")),
        rx.el.div(t_word("channels.delivery", row.kind), tells),
        about,
        rx.el.div(
            badge.status_pill(row.state, "channels.state"),
            rx.cond(row.error != "", rx.el.div(row.error, class_name="sub"), rx.fragment()),
            rx.cond((row.state == "queued") & (row.attempts > 0), again, rx.fragment()),
            rx.cond(ChannelsState.may_write & (row.state == "failed"), retry, rx.fragment()),
        ),
        values.number(row.attempts),
        values.instant(row.sent_at, relative=False),
    ]


def _log() -> rx.Component:
    def choices(words: Any, prefix: str) -> list[dict[str, Any]]:
        every = [query.option("", t("channels.log.all"))]
        return every + [query.option(str(word), t(f"channels.{prefix}.{word}")) for word in words]

    tools = table.table_tools(
        query.query_filter(
            "channel", t("channels.log.channel"), query.with_all(t("channels.log.all"), ChannelsState.choices)
        ),
        query.query_filter("what", t("channels.log.kind"), choices(DeliveryKind, "delivery")),
        query.query_filter("state", t("channels.log.state"), choices(DeliveryState, "state")),
        table_id="alert-deliveries",
        columns=LOG_COLUMNS,
        aside=(query.export_links("alert-deliveries"),),
    )
    return rx.el.section(
        rx.el.h2(t("channels.log.title")),
        rx.el.p(t("channels.log.answer"), class_name="sub"),
        tools,
        table.data_table(
            "alert-deliveries", LOG_COLUMNS, ChannelsState.messages, _log_cells,
            view=table.ListView.of(ChannelsState), retry=ChannelsState.load,
            empty=states.empty_state(t("channels.log.none"), t("channels.log.none_why")),
        ),
        class_name="stack",
    )  # fmt: skip


def _digest() -> rx.Component:
    last = rx.el.span(
        t("channels.digest.last"), " ", values.date_text(ChannelsState.digest_week), ", ",
        values.money_usd_nano(ChannelsState.digest_cost),
    )  # fmt: skip
    return card.card(
        rx.el.p(
            t("channels.digest.next"), " ", values.instant(ChannelsState.digest_at, relative=False), ". ",
            t("channels.digest.to", n=ChannelsState.digest_channels), ". ",
            rx.cond(ChannelsState.digest_week != "", last, t("channels.digest.none")),
        ),
        title=t("channels.digest.title"),
    )  # fmt: skip


def _add() -> rx.Component:
    ways = [
        controls.menu_link(t(f"channels.kind.{kind}"), href=f"{HERE}?add={kind}") for kind in domain.KINDS
    ]  # fmt: skip
    return controls.menu(t("channels.add"), *ways, look="btn btn-primary")


def _notices() -> rx.Component:
    played = card.notice(
        t("channels.stand_in"),
        tone="warn",
        pill=badge.simulated_mark(),
        actions=(controls.file_link(t("channels.stand_in_open"), href=ChannelsState.stand_in, target="_blank"),),
    )
    refused = card.notice(
        t_given(ChannelsState.refused_key, ChannelsState.refused_params), tone="warn", role="alert"
    )  # fmt: skip
    return rx.fragment(
        rx.cond(ChannelsState.stand_in != "", played, rx.fragment()),
        rx.cond(ChannelsState.refused_key != "", refused, rx.fragment()),
        rx.el.p(t("channels.in_app"), class_name="sub"),
    )


@page(
    title="channels.title",
    permission=Permission.BUDGETS_READ,
    load=ChannelsState.load,
    nav=Nav("channels.nav", "budgets.nav.group", "send", "channels.nav_words"),
)
def channels() -> rx.Component:
    """The channels with the opened one beside, the weekly digest, and every message."""
    rows = table.data_table(
        "alert-channels", COLUMNS, ChannelsState.channels, _cells,
        view=table.ListView(
            ChannelsState.is_loaded, ChannelsState.is_loading, ChannelsState.problem, ChannelsState.incident,
            rx.Var.create(""), rx.Var.create(""),
        ),
        is_open=lambda row: ChannelsState.opened.number == row.number,
        retry=ChannelsState.load,
        empty=states.empty_state(t("channels.none"), t("channels.none_why")),
    )  # fmt: skip
    return card.page(
        card.page_header(
            t("channels.title"), t("channels.answer"), rx.cond(ChannelsState.may_write, _add(), rx.fragment())
        ),
        _notices(),
        dialog.beside(rows, channel_panel.panel(ChannelsState), is_open=ChannelsState.opened),
        _digest(),
        _log(),
    )
