"""Exceptions to the plan: who has one, why, until when, and giving or ending one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError, Invalid, NotFound
from fitmycv_admin.domain.billing import override_list, overrides
from fitmycv_admin.domain.billing.override_list import STATES, OverrideRow
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import card, controls, dialog, form, query, states, table, toast, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.billing import override_form
from fitmycv_admin.ui.ops.billing.plan_words import feature_filter, feature_text, limit_text
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission, PlanFeature

OFFER = Offer((), "", {"state": STATES, "feature": tuple(PlanFeature), "user": ()})
LOOKS = {"running": "pill pill-ok", "soon": "pill pill-warn", "over": "pill"}


@dataclass(frozen=True)
class OverrideLine:
    """One exception."""

    id: str
    user_id: str
    email: str
    feature: str
    limit: int
    plan: str
    plan_limit: int
    used: int
    state: str
    reason: str
    by: str
    ends_at: str


@page_policy(Permission.PLANS_READ)
class OverrideState(Listing, AppState):
    """What the list shows, and the exception that is being given."""

    rows: list[OverrideLine] = []  # noqa: RUF012  (Reflex copies defaults)
    person: str = ""
    person_id: str = ""
    wanted_feature: str = ""
    may_write: bool = False
    is_adding: bool = False
    is_saving: bool = False
    errors: dict[str, str] = {}  # noqa: RUF012

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            await self._read()

    @rx.event
    @policy(Permission.LIMITS_WRITE)
    async def add(self) -> None:
        """Open the dialog of a new exception."""
        self.is_adding, self.errors = True, {}

    @rx.event
    async def close(self) -> None:
        """Close the dialog."""
        self.is_adding = False

    @rx.event
    @policy(Permission.LIMITS_WRITE)
    async def grant(self, fields: dict[str, Any]) -> AsyncIterator[Any]:
        """Give an exception."""
        if self.is_saving:
            return
        self.is_saving, self.errors = True, {}
        yield
        try:
            person = await _person(str(fields.get("person", "")))
            await ask(
                overrides.grant, actor(), person, str(fields.get("feature", "")),
                usage_limit=override_form.typed_limit(fields), ends_at=self._end(fields),
                reason=str(fields.get("reason", "")),
            )  # fmt: skip
        except FitMyCvError as error:
            self.errors = {error.field if isinstance(error, Invalid) else "": error.key}
            return
        finally:
            self.is_saving = False
        self.is_adding = False
        await self._read()
        yield toast.done(str(actor().language), "plans.granted")

    @rx.event
    @policy(Permission.LIMITS_WRITE)
    async def end(self, override_id: str, fields: dict[str, Any]) -> AsyncIterator[Any]:
        """End an exception."""
        language = str(actor().language)
        try:
            await ask(overrides.end, actor(), _id(override_id), reason=str(fields.get("end_reason", "")))
        except FitMyCvError as error:
            yield toast.refused(language, error.key, **error.params)
            return
        await self._read()
        yield toast.done(language, "plans.ended")

    async def _read(self) -> None:
        wanted = self._wanted(OFFER)
        screen = await look(override_list.screen, actor(), dict(wanted.filters), wanted.request)
        self.rows = [_line(row) for row in self._shown(screen.page)]
        self.person = screen.person.email if screen.person else ""
        self.person_id = str(screen.person.id) if screen.person else ""
        self.wanted_feature = wanted.get("feature")
        self.may_write = screen.may_write

    def _end(self, fields: dict[str, Any]) -> datetime:
        """The instant that was typed as a local time of the workspace."""
        try:
            local = datetime.fromisoformat(str(fields.get("ends_at", "")))
        except ValueError as error:
            raise Invalid("plans.error.end_missing", field="ends_at") from error
        return local.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)


async def _person(typed: str) -> UUID:
    try:
        return (await look(override_list.person, actor(), typed)).id
    except NotFound as error:
        raise Invalid("plans.error.person", field="person") from error


def _id(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError as error:
        raise NotFound from error


def _line(row: OverrideRow) -> OverrideLine:
    return OverrideLine(
        id=str(row.id), user_id=str(row.user_id), email=row.email, feature=row.feature, limit=row.usage_limit,
        plan=row.plan_name, plan_limit=row.plan_limit, used=row.used, state=row.state, reason=row.reason, by=row.by,
        ends_at=(row.ended_at or row.ends_at).isoformat(),
    )  # fmt: skip


COLUMNS = [
    table.column("person", t("plans.person"), look="clip"),
    table.column("feature", t("plans.feature"), look="clip"),
    table.column("limit", t("plans.exception"), numeric=True),
    table.column("plan", t("plans.instead_of")),
    table.column("used", t("plans.used"), numeric=True),
    table.column("state", t("plans.state")),
    table.column("until", t("plans.until")),
    table.column("reason", t("plans.reason"), look="wrap"),
    table.column("act", t("plans.act")),
]


def _cells(row: Any) -> list[controls.Content]:
    end = dialog.confirm(
        controls.button(t("plans.end"), kind="danger"),
        rx.el.p(t("plans.end_why")),
        form.text_field("end_reason", t("plans.reason"), max_length=overrides.REASON_LENGTH, auto_complete="off"),
        title=t("plans.end_title"),
        confirm_label=t("plans.end"),
        on_confirm=lambda fields: OverrideState.end(row.id, fields),
    )
    word = rx.match(
        row.state,
        ("running", t("plans.override_state.running")),
        ("soon", t("plans.override_state.soon")),
        t("plans.override_state.over"),
    )
    return [
        query.query_link(row.email, changes={"user": row.user_id, "state": "all"}, look="cell-link"),
        feature_text(row.feature),
        rx.el.b(limit_text(row.limit)),
        rx.el.span(row.plan, " · ", limit_text(row.plan_limit), class_name="tone-mute"),
        values.number(row.used),
        rx.el.span(word, class_name=rx.match(row.state, *LOOKS.items(), "pill")),
        values.instant(row.ends_at, relative=False, shape="minute"),
        rx.el.span(row.reason, rx.el.span(" — ", row.by, class_name="tone-mute")),
        rx.cond((row.state != "over") & OverrideState.may_write, end, rx.el.span("–", class_name="tone-mute")),
    ]


def _tools() -> rx.Component:
    states_of = [query.option(word, t(f"plans.override_state.{word}")) for word in STATES]
    who = rx.el.span(
        rx.el.span(t("plans.person"), " ", rx.el.b(OverrideState.person)),
        query.query_link(
            rx.el.span("✕", aria_hidden="true"),
            rx.el.span(t("plans.everybody"), class_name="visually-hidden"),
            changes={"user": ""},
            look="link-plain",
        ),
        class_name="chip chip-strong row",
    )
    return table.table_tools(
        query.query_filter("state", t("plans.state"), states_of, standard="running"),
        feature_filter(),
        rx.cond(OverrideState.person != "", who, rx.fragment()),
        table_id="limit-overrides",
        columns=COLUMNS,
        aside=(query.export_link("/api/exports/limit-overrides.csv", kind="btn btn-quiet"),),
    )


@page(
    title="plans.overrides_title",
    permission=Permission.PLANS_READ,
    load=OverrideState.load,
    nav=Nav("plans.nav.overrides", "credits.nav.group", "user-cog", "plans.nav.overrides_words"),
)
def limit_overrides() -> rx.Component:
    """The list, its filters and the dialog of a new exception."""
    rows = table.data_table(
        "limit-overrides",
        COLUMNS,
        OverrideState.rows,
        _cells,
        view=table.ListView.of(OverrideState),
        empty=states.empty_state(t("plans.no_overrides"), t("plans.no_overrides_why")),
        retry=OverrideState.load,
    )
    give = controls.button(t("plans.give_exception"), kind="primary", on_click=OverrideState.add)
    return card.page(
        card.page_header(
            t("plans.overrides_title"), t("plans.overrides_answer"), rx.cond(OverrideState.may_write, give, "")
        ),
        _tools(),
        rows,
        override_form.grant_dialog(OverrideState),
    )
