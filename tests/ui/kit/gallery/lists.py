"""A list with its filters, its selection and its side panel."""

import reflex as rx

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit import badge, card, controls, dialog, diff, form, query, table, values
from tests.ui.kit.gallery.around import ops
from tests.ui.kit.gallery.state import EventRow, GalleryState
from tests.ui.kit.gallery.words import STATUS, g

CHOSEN = table.Selection(GalleryState.chosen, GalleryState.choose)
COLUMNS = [
    table.column("event", g("event")),
    table.column("type", g("type"), sort=True),
    table.column("state", g("state")),
    table.column("customer", g("customer")),
    table.column("lag", g("lag"), numeric=True, sort=True),
    table.column("cost", g("cost"), numeric=True),
    table.column("received", g("received"), numeric=True, sort=True),
]


def _event_cells(row: EventRow) -> list[controls.Content]:
    return [
        values.id_chip(row.id),
        query.query_link(row.type, changes={"open": row.id}, look="cell-link"),
        badge.status_pill(row.state, STATUS),
        values.id_chip(row.customer),
        values.duration_ms(row.lag_ms),
        values.money_usd_nano(row.cost_nano),
        values.instant(row.received),
    ]


def _is_open(row: EventRow) -> rx.Var[bool]:
    return GalleryState.opened.id == row.id  # pyright: ignore[reportOptionalMemberAccess]


def _panel() -> rx.Component:
    event = GalleryState.opened
    return dialog.side_panel(
        card.notice(rx.el.b(g("nothing_granted")), " ", g("why"), tone="bad"),
        diff.field_changes(
            (g("balance"), "3", "53"),
            (g("ledger"), "–", "+50"),
            (g("mail"), "–", "1"),
        ),
        rx.el.pre('{\n  "payment_status": "paid",\n  "amount_total": 1499, "currency": "eur"\n}', class_name="code"),
        rx.el.div(
            controls.button(g("replay"), kind="primary"),
            controls.button(g("dry_run")),
            controls.button(g("copy"), kind="quiet"),
            class_name="row row-wrap",
        ),
        title=event.type,
        subtitle=event.id,
        status=badge.status_pill(event.state, STATUS),
    )


def lists() -> rx.Component:
    """A list with its panel."""
    rows = table.data_table(
        "gallery",
        COLUMNS,
        GalleryState.rows,
        _event_cells,
        view=table.ListView.of(GalleryState),
        standard_sort="-received",
        selection=CHOSEN,
        is_open=_is_open,
        retry=GalleryState.load,
        above=table.selection_bar(CHOSEN, controls.button(g("replay"))),
        hints=(controls.hint(t("kit.keys.select"), "x"),),
    )
    return ops(
        card.page(
            card.page_header(
                g("lists"),
                g("lists_answer"),
                badge.pill(g("none_missing"), tone="ok"),
                controls.button(g("check")),
                dialog.confirm(
                    controls.button(g("replay"), kind="primary"),
                    rx.el.p(g("consequence", n=GalleryState.chosen.length())),
                    form.text_field("reason", g("reason")),
                    title=g("confirm_title"),
                    confirm_label=g("replay"),
                    on_confirm=GalleryState.answered,
                    needs="demo",
                ),
            ),
            table.table_tools(
                query.query_search(g("search")),
                query.query_filter(
                    "state",
                    g("state"),
                    [query.option("", g("all"))]
                    + [query.option(word, g(f"status.{word}")) for word in ("done", "failed", "waiting")],
                ),
                table_id="gallery",
                columns=COLUMNS,
                aside=(
                    rx.el.span(g("count", n=2184), class_name="sub"),
                    query.export_link("/export/gallery.csv"),
                ),
            ),
            dialog.beside(rows, _panel(), is_open=GalleryState.opened),
        )
    )
