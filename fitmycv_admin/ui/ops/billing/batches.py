"""Credits for many people: what was given, to how many, how far it is; and preparing the next one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError, Invalid
from fitmycv_admin.domain.billing import batch_list, grants, selections
from fitmycv_admin.domain.billing.batch_list import BatchRow
from fitmycv_admin.domain.billing.selections import Selection
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import badge, card, controls, query, states, table, ticker, toast, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.billing import batch_form
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import BatchState, Permission

OFFER = Offer((), "", {"state": tuple(str(word) for word in BatchState)}, size=25)
HERE = "/ops/billing/batches"
TICK_S = 3


@dataclass(frozen=True)
class BatchLine:
    """One batch as the screen holds it; `share` of its rows is done, between 0 and 1."""

    id: str
    href: str
    created_at: str
    by: str
    state: str
    source: str
    source_detail: str
    reason: str
    note: str
    people: int
    total: int
    done: int
    refused: int
    share: float
    given: int
    taken: int


@page_policy(Permission.CREDITS_READ)
class BatchesState(Listing, AppState):
    """What the list shows, and the batch that is being prepared."""

    rows: list[BatchLine] = []  # noqa: RUF012  (Reflex copies defaults)
    plans: list[dict[str, str]] = []  # noqa: RUF012
    may_prepare: bool = False
    is_preparing: bool = False
    is_busy: bool = False
    by_file: bool = False
    errors: dict[str, str] = {}  # noqa: RUF012
    draft: dict[str, str] = {}  # noqa: RUF012

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            await self._read()

    @rx.event
    async def tick(self) -> None:
        """Read again while one of them runs."""
        if self.is_loaded and not self.problem and any(row.state in ("running", "reversed") for row in self.rows):
            await self._read()

    @rx.event
    @policy(Permission.CREDITS_GIFT)
    async def prepare(self) -> None:
        """Open the form."""
        self.is_preparing, self.errors = True, {}
        self.draft = {"reason_code": grants.GIVE_REASONS[0], "note": "", "expires_at": ""}

    @rx.event
    async def close(self) -> None:
        """Close the form."""
        self.is_preparing = False

    @rx.event
    @policy(Permission.CREDITS_GIFT)
    async def choose(self, by_file: bool) -> None:
        """People by what is known of them, or by a file."""
        self.by_file = by_file

    @rx.event
    @policy(Permission.CREDITS_GIFT)
    async def jot(self, name: str, value: str) -> None:
        """Keep what was typed, which goes along with a file."""
        if name in ("reason_code", "note", "expires_at"):
            self.draft = {**self.draft, name: value[:500]}

    @rx.event
    @policy(Permission.CREDITS_GIFT)
    async def save(self, fields: dict[str, Any]) -> Any:
        """Prepare a batch for the people that fit the form, and show it."""
        if self.is_busy:
            return None
        self.is_busy, self.errors = True, {}
        try:
            batch = await ask(
                selections.preview_people, actor(), _selection(fields, self.zone),
                amount=_amount(fields), reason_code=str(fields.get("reason_code", "")),
                note=str(fields.get("note", "")),
                expires_at=grants.end_of(str(fields.get("expires_at") or ""), ZoneInfo(self.zone)),
            )  # fmt: skip
        except FitMyCvError as error:
            self.errors = {error.field if isinstance(error, Invalid) else "": error.key}
            return toast.refused(str(actor().language), error.key, **error.params)
        finally:
            self.is_busy = False
        self.is_preparing = False
        return rx.redirect(f"{HERE}/{batch}")

    @rx.event
    @policy(Permission.CREDITS_GIFT)
    async def uploaded(self, answer: dict[str, str]) -> Any:
        """A file made a batch: show it."""
        self.is_preparing = False
        return rx.redirect(f"{HERE}/{answer.get('batch_id', '')}")

    async def _read(self) -> None:
        wanted = self._wanted(OFFER)
        found = await look(batch_list.batches, actor(), wanted.request, state=wanted.get("state"))
        rows = [line(row) for row in self._shown(found)]
        if rows != self.rows:
            self.rows = rows
        plans = await look(selections.plans, actor())
        self.plans = [{"value": str(one.id), "label": one.name} for one in plans]
        self.may_prepare = actor().may(Permission.CREDITS_GIFT)


def line(row: BatchRow) -> BatchLine:
    """The row in the shape the screen draws."""
    done = row.granted + row.reversed + row.partly_reversed
    whole = row.waiting + done
    if row.state == BatchState.REVERSED:
        done = row.reversed + row.partly_reversed
        whole = row.granted + done
    source = row.source
    detail = source.get("name") or source.get("plan") or source.get("language") or ""
    return BatchLine(
        id=str(row.id), href=f"{HERE}/{row.id}", created_at=row.created_at.isoformat(), by=row.by, state=row.state,
        source=str(source.get("kind", "")), source_detail=str(detail), reason=row.reason_code, note=row.note,
        people=row.people, total=row.total, done=done, refused=row.refused, share=done / whole if whole else 0.0,
        given=row.given_credits, taken=row.taken_credits,
    )  # fmt: skip


def _selection(fields: dict[str, Any], zone: str) -> Selection:
    until = _day(fields, "joined_until", zone)
    return Selection(
        plan=str(fields.get("plan") or ""),
        language=str(fields.get("language") or ""),
        since=_day(fields, "joined_since", zone),
        until=until + timedelta(days=1) if until else None,
        is_verified=bool(fields.get("verified")),
        has_bought=bool(fields.get("bought")),
    )


def _day(fields: dict[str, Any], name: str, zone: str) -> datetime | None:
    given = str(fields.get(name) or "")
    try:
        return datetime.combine(date.fromisoformat(given), time(), ZoneInfo(zone)).astimezone(UTC) if given else None
    except ValueError as error:
        raise Invalid("common.error.invalid", field=name) from error


def _amount(fields: dict[str, Any]) -> int:
    typed = "".join(str(fields.get("amount") or "").split())
    if not typed.isdecimal() or len(typed) > 9:
        raise Invalid("credits.error.amount", field="amount")
    return int(typed)


COLUMNS = [
    table.column("created", t("credits.when")),
    table.column("note", t("credits.note"), look="clip"),
    table.column("source", t("credits.batches.source"), look="clip"),
    table.column("people", t("credits.batches.people"), numeric=True),
    table.column("total", t("credits.amount"), numeric=True),
    table.column("progress", t("credits.batches.progress"), numeric=True),
    table.column("refused", t("credits.batches.refused"), numeric=True),
    table.column("by", t("credits.actor"), look="clip"),
    table.column("state", t("approvals.state")),
]


def state_pill(state: Any) -> rx.Component:
    """Where a batch is."""
    return badge.status_pill(state, "credits.batches.states")


def _cells(row: Any) -> list[controls.Content]:
    return [
        controls.link(values.instant(row.created_at, relative=False, shape="minute"), href=row.href, look="cell-link"),
        row.note,
        rx.el.span(
            rx.cond(row.source != "", t_word("credits.batches.sources", row.source), "–"), " ",
            rx.el.span(row.source_detail, class_name="tone-mute"),
        ),
        values.number(row.people),
        values.number(row.total),
        values.percent(row.share, decimals=0),
        values.number(row.refused),
        row.by,
        state_pill(row.state),
    ]  # fmt: skip


@page(
    title="credits.batches.title",
    permission=Permission.CREDITS_READ,
    load=BatchesState.load,
    nav=Nav("credits.batches.nav", "credits.nav.group", "gift", "credits.batches.words"),
)
def batches() -> rx.Component:
    """The list, and the form of the next one."""
    of_state = [query.option("", t("credits.all"))] + [
        query.option(str(word), t(f"credits.batches.states.{word}")) for word in BatchState
    ]
    prepare = controls.button(t("credits.batches.prepare"), kind="primary", on_click=BatchesState.prepare)
    return card.page(
        ticker.ticker(BatchesState.tick, seconds=TICK_S),
        card.page_header(
            t("credits.batches.title"),
            t("credits.batches.answer"),
            rx.cond(BatchesState.may_prepare, prepare, rx.fragment()),
        ),
        table.table_tools(
            query.query_filter("state", t("approvals.state"), of_state), table_id="batches", columns=COLUMNS
        ),
        table.data_table(
            "batches",
            COLUMNS,
            rx.Var.create(BatchesState.rows),
            _cells,
            view=table.ListView.of(BatchesState),
            retry=BatchesState.load,
            empty=states.empty_state(t("credits.batches.empty"), t("credits.batches.empty_why")),
        ),
        batch_form.form_dialog(BatchesState),
    )
