"""Plans beside features: limits edited in place, what a change would mean, and every version there was."""

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import Conflict, FitMyCvError, Invalid
from fitmycv_admin.domain.billing import plan_impact, plan_matrix
from fitmycv_admin.domain.billing import plans as domain
from fitmycv_admin.domain.billing.plans import Existing, PlanEdit
from fitmycv_admin.ui.copy import t, t_given, t_key
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import card, dialog, query, states, toast
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.billing import plan_lines, plan_preview, plan_versions
from fitmycv_admin.ui.ops.billing.plan_lines import ImpactLine, VersionLine
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

OFFER = Offer((), "", {"plan": ()})
MOST_EDITS = 50


class PlanGrid(rx.Component):
    """The grid; it keeps what is typed until a preview is asked for, and after a conflict too."""

    library = "$/public/js/plans.js"
    tag = "PlanGrid"
    plans: rx.Var[list[dict[str, Any]]]
    features: rx.Var[list[str]]
    editable: rx.Var[bool]
    on_preview: rx.EventHandler[rx.event.passthrough_event_spec(list[dict[str, Any]])]


@page_policy(Permission.PLANS_READ)
class PlanState(Listing, AppState):
    """What the page shows, and the change that is being looked at."""

    plans: list[dict[str, Any]] = []  # noqa: RUF012  (Reflex copies defaults)
    features: list[str] = []  # noqa: RUF012
    opened: str = ""
    versions: list[VersionLine] = []  # noqa: RUF012
    may_write: bool = False
    impacts: list[ImpactLine] = []  # noqa: RUF012
    has_paid: bool = False
    has_free: bool = False
    is_previewing: bool = False
    is_saving: bool = False
    errors: dict[str, str] = {}  # noqa: RUF012
    refused_key: str = ""
    refused_params: dict[str, str] = {}  # noqa: RUF012
    _edits: tuple[PlanEdit, ...] = ()

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            self.refused_key = ""
            await self._read()

    @rx.event
    @policy(Permission.LIMITS_WRITE)
    async def preview(self, edits: list[dict[str, Any]]) -> None:
        """Say whom the typed cells would touch, before anything is stored."""
        self.errors, self.refused_key = {}, ""
        try:
            typed = tuple(plan_lines.edit(one) for one in edits[:MOST_EDITS])
            found = await look(plan_impact.preview, actor(), typed)
        except FitMyCvError as error:
            await self._refuse(error)
            return
        self._edits = typed
        self.impacts = [plan_lines.impact(row) for row in found]
        self.has_free = any(row.is_free for row in found)
        self.has_paid = any(not row.is_free for row in found)
        self.is_previewing = True

    @rx.event
    async def close(self) -> None:
        """Go back to the grid; the cells stay as they were typed."""
        self.is_previewing = False

    @rx.event
    @policy(Permission.LIMITS_WRITE)
    async def save(self, fields: dict[str, Any]) -> AsyncIterator[Any]:
        """Open the new versions."""
        if self.is_saving or not self.is_previewing:
            return
        self.is_saving, self.errors = True, {}
        yield
        move = fields.get("existing") == Existing.MOVE
        try:
            await ask(
                domain.change, actor(), self._edits, existing=Existing.MOVE if move else Existing.KEEP,
                reason=str(fields.get("reason", "")),
            )  # fmt: skip
        except FitMyCvError as error:
            await self._refuse(error)
            return
        finally:
            self.is_saving = False
        self.is_previewing, self._edits = False, ()
        await self._read()
        yield toast.done(str(actor().language), "plans.saved")

    async def _read(self) -> None:
        screen = await look(plan_matrix.screen, actor(), self._wanted(OFFER).get("plan"))
        self.plans = [plan_lines.column(plan) for plan in screen.plans]
        self.features = list(screen.features)
        self.opened = screen.opened.name if screen.opened else ""
        sold = screen.opened.version if screen.opened else 0
        self.versions = [plan_lines.version(row, sold) for row in screen.versions]
        self.may_write = screen.may_write

    async def _refuse(self, error: FitMyCvError) -> None:
        """A reason is asked for in the dialog; anything else is said above the grid, which shows what holds now."""
        if isinstance(error, Invalid) and error.field == "reason":
            self.errors = {"reason": error.key}
            return
        self.is_previewing, self._edits = False, ()
        if isinstance(error, Conflict):
            await self._read()
        self.refused_key = error.key
        self.refused_params = {name: str(value) for name, value in error.params.items()}


@page(
    title="plans.title",
    permission=Permission.PLANS_READ,
    load=PlanState.load,
    nav=Nav("plans.nav.plans", "credits.nav.group", "table-2", "plans.nav.plans_words"),
)
def plans() -> rx.Component:
    """The grid, the opened plan's versions beside it, and the dialog before a change."""
    grid = PlanGrid.create(
        plans=PlanState.plans,
        features=PlanState.features,
        editable=PlanState.may_write,
        on_preview=PlanState.preview,
    )
    nothing = card.card(states.empty_state(t("plans.none"), t("plans.none_why")))
    problem = states.error_state(t_key(PlanState.problem), incident=PlanState.incident, retry=PlanState.load)
    refused = card.notice(t_given(PlanState.refused_key, PlanState.refused_params), tone="warn", role="alert")
    shown = rx.cond(rx.Var.create(PlanState.plans).to(list).length() > 0, grid, rx.cond(PlanState.problem, "", nothing))
    main = dialog.beside(shown, plan_versions.panel(PlanState), is_open=PlanState.opened != "")
    return card.page(
        card.page_header(t("plans.title"), t("plans.answer"), query.export_link("/api/exports/plan-limits.csv")),
        rx.cond(PlanState.refused_key != "", refused, rx.fragment()),
        rx.cond(PlanState.problem != "", card.card(problem), rx.fragment()),
        rx.cond(PlanState.is_loaded, main, states.loading_block()),
        plan_preview.preview_dialog(PlanState),
    )
