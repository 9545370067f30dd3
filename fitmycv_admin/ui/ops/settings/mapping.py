"""Features joined with their settings, model calls and plan features, and what is wrong with the mapping."""

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import Conflict, FitMyCvError, Invalid
from fitmycv_admin.domain.settings import mapping as domain
from fitmycv_admin.ui.copy import t, t_given, t_key
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, query, states, table, toast, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.settings import mapping_form
from fitmycv_admin.ui.ops.settings.mapping_form import Choice, FindingLine, MappingLine
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

NEW = "new"
OFFER = Offer((), "", {"feature": (), "kind": ("unmapped", "twice", "dead", "empty")})
HERE = "/ops/settings/mapping"


@page_policy(Permission.SETTINGS_READ)
class MappingState(Listing, AppState):
    """What the page shows, and the feature that is being edited."""

    rows: list[MappingLine] = []  # noqa: RUF012  (Reflex copies defaults)
    findings: list[FindingLine] = []  # noqa: RUF012
    wrong: int = 0
    opened: MappingLine | None = None
    is_new: bool = False
    settings: list[Choice] = []  # noqa: RUF012
    calls: list[Choice] = []  # noqa: RUF012
    plan_features: list[Choice] = []  # noqa: RUF012
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
    @policy(Permission.SETTINGS_WRITE)
    async def save(self, fields: dict[str, Any]) -> AsyncIterator[Any]:
        """Store the opened feature, or add one."""
        if self.is_saving or self.opened is None:
            return
        self.is_saving, self.errors, self.refused_key = True, {}, ""
        yield
        key = str(fields.get("key", "")).strip() if self.is_new else self.opened.key
        try:
            await ask(
                domain.save, actor(), key, expected_version=self.opened.version,
                display_name=str(fields.get("display_name", "")), names=mapping_form.typed_names(fields),
                reason=str(fields.get("reason", "")),
            )  # fmt: skip
        except FitMyCvError as error:
            await self._refuse(error)
            return
        finally:
            self.is_saving = False
        language = str(actor().language)
        if self.is_new:
            yield rx.redirect(f"{HERE}?feature={key}")
        else:
            await self._read()
        yield toast.done(language, "plans.mapping_saved")

    @rx.event
    @policy(Permission.SETTINGS_WRITE)
    async def remove(self, fields: dict[str, Any]) -> AsyncIterator[Any]:
        """Forget the opened feature."""
        language = str(actor().language)
        if self.opened is None:
            return
        try:
            await ask(
                domain.remove, actor(), self.opened.key, expected_version=self.opened.version,
                reason=str(fields.get("remove_reason", "")),
            )  # fmt: skip
        except FitMyCvError as error:
            yield toast.refused(language, error.key, **error.params)
            return
        yield rx.redirect(HERE)
        yield toast.done(language, "plans.mapping_removed")

    async def _read(self) -> None:
        wanted = self._wanted(OFFER)
        screen = await look(domain.screen, actor())
        self.rows = [mapping_form.line(row, screen.findings) for row in screen.rows]
        kind = wanted.get("kind")
        self.wrong = len(screen.findings)
        self.findings = [mapping_form.finding(one) for one in screen.findings if not kind or one.kind == kind]
        self.is_new = wanted.get("feature") == NEW and screen.may_write
        self.opened = (
            mapping_form.NOTHING
            if self.is_new
            else next((row for row in self.rows if row.key == wanted.get("feature")), None)
        )
        held = next((row for row in screen.rows if self.opened and row.key == self.opened.key), None)
        self.settings, self.calls, self.plan_features = mapping_form.choices(screen, held)
        self.may_write = screen.may_write

    async def _refuse(self, error: FitMyCvError) -> None:
        if isinstance(error, Invalid):
            self.errors = {error.field: error.key}
            return
        if isinstance(error, Conflict):
            await self._read()
        self.refused_key = error.key
        self.refused_params = {name: str(value) for name, value in error.params.items()}


COLUMNS = [
    table.column("feature", t("plans.mapping.feature"), look="wrap"),
    table.column("calls", t("plans.mapping.calls"), look="wrap"),
    table.column("settings", t("plans.mapping.settings"), look="wrap"),
    table.column("plan_features", t("plans.mapping.plan_features"), look="wrap"),
    table.column("recent", t("plans.mapping.recent"), numeric=True),
    table.column("wrong", t("plans.mapping.wrong")),
]


def _cells(row: Any) -> list[controls.Content]:
    wrong = badge.pill(t("plans.mapping.wrong_n", n=row.wrong), tone="warn")
    return [
        rx.el.div(
            query.query_link(row.name, changes={"feature": row.key}, look="cell-link"),
            rx.el.div(row.key, class_name="meta mono"),
        ),
        _names(row.calls),
        _names(row.settings),
        _names(row.plan_features),
        values.number(row.recent),
        rx.cond(row.wrong > 0, wrong, badge.pill(t("plans.mapping.fine"), tone="ok")),
    ]


def _names(names: Any) -> rx.Component:
    return rx.cond(
        names.length() > 0,
        rx.el.span(rx.foreach(names, _name), class_name="row row-wrap", style={"gap": "4px"}),
        rx.el.span("–", class_name="tone-mute"),
    )


def _name(name: Any) -> rx.Component:
    return rx.el.span(name, class_name="chip mono", key=name)


@page(
    title="plans.mapping.title",
    permission=Permission.SETTINGS_READ,
    load=MappingState.load,
    nav=Nav("plans.nav.mapping", "credits.nav.group", "waypoints", "plans.nav.mapping_words"),
)
def mapping() -> rx.Component:
    """What is wrong first, then every feature, and the opened one beside."""
    rows = table.data_table(
        "feature-mapping",
        COLUMNS,
        MappingState.rows,
        _cells,
        view=table.ListView.of(MappingState),
        is_open=lambda row: MappingState.opened.key == row.key,
        retry=MappingState.load,
        empty=states.empty_state(t("plans.mapping.none"), t("plans.mapping.none_why")),
    )
    refused = card.notice(t_given(MappingState.refused_key, MappingState.refused_params), tone="warn", role="alert")
    add = controls.link_button(t("plans.mapping.add"), href=f"{HERE}?feature={NEW}")
    problem = states.error_state(t_key(MappingState.problem), incident=MappingState.incident, retry=MappingState.load)
    return card.page(
        card.page_header(
            t("plans.mapping.title"), t("plans.mapping.answer"), rx.cond(MappingState.may_write, add, ""),
            query.export_link("/api/exports/feature-mapping.csv"),
        ),
        rx.cond(MappingState.refused_key != "", refused, rx.fragment()),
        rx.cond((MappingState.problem != "") & ~MappingState.is_loaded, card.card(problem), rx.fragment()),
        rx.cond(MappingState.is_loaded, mapping_form.findings_card(MappingState), rx.fragment()),
        dialog.beside(rows, mapping_form.panel(MappingState), is_open=MappingState.opened),
    )  # fmt: skip
