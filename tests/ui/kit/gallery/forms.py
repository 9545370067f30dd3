"""Forms, dialogs, menus, tabs, uploads, progress."""

import reflex as rx

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, progress, states, tabs, upload, values
from tests.ui.kit.gallery.around import ops
from tests.ui.kit.gallery.state import GalleryState
from tests.ui.kit.gallery.words import g


def forms() -> rx.Component:
    """Forms, dialogs, tabs, uploads."""
    errors = GalleryState.errors
    fields = form.form(
        form.text_field("name", g("name"), errors=errors, hint=g("name_hint")),
        form.form_row(
            form.text_field("price", g("price"), unit="€", numeric=True, default_value="9,99"),
            form.select_field("plan", g("plan"), [("free", "Free"), ("pro", "Pro")]),
        ),
        form.area_field("note", g("reason"), optional=True),
        form.check_field("sure", g("sure")),
        form.submit_row(g("save"), controls.button(t("kit.cancel"), kind="quiet")),
        on_submit=GalleryState.save,
        errors=errors,
    )
    acts = rx.el.div(
        controls.button(g("check"), on_click=GalleryState.show_dialog(True), id="check",
                        aria_expanded=rx.cond(GalleryState.is_open, "true", "false")),
        controls.button(g("replay"), kind="danger"),
        controls.button(g("check"), disabled=True),
        controls.button(g("check"), busy=True),
        controls.menu("⋯", controls.menu_item(g("check")), controls.menu_line(),
                      controls.menu_item(g("replay"), danger=True), align="left"),
        dialog.popup(controls.button(g("keys")), rx.el.p(g("why")), title=g("keys"),
                     look="drawer"),
        class_name="row row-wrap",
    )  # fmt: skip
    return ops(
        card.page(
            card.page_header(g("forms"), g("forms_answer"), back=(g("lists"), "/")),
            rx.el.div(
                card.card(fields, title=g("plan")),
                rx.el.div(
                    card.card(upload.upload_zone("/upload", title=g("drop"), hint=g("drop_hint"))),
                    card.card(
                        progress.progress(0.42, g("reading"), detail="42 %"),
                        rx.el.hr(),
                        progress.steps(
                            (g("step_read"), "done"), (g("step_find"), "now"),
                            (g("step_check"), "todo"),
                        ),
                        title=g("reading"),
                    ),
                    card.card(acts, title=g("acts")),
                    class_name="stack",
                ),
                class_name="grid grid-2",
            ),
            rx.el.div(
                card.card(
                    tabs.tabs(
                        (g("did"), rx.el.p(g("why"))),
                        (g("payload"), rx.el.pre('{"a": 1}', class_name="code")),
                        (g("attempts"), card.facts((g("state"), badge.simulated_mark()),
                                                               (g("lag"), values.duration_ms(4200)))),
                    ),
                    title=g("event"),
                ),
                card.card(states.empty_state(g("nothing"), g("nothing_why"),
                                             controls.button(g("check"), kind="primary"))),
                class_name="grid grid-2",
            ),
            dialog.dialog(
                rx.el.p(g("why")), controls.button(t("kit.close"), on_click=GalleryState.show_dialog(False)),
                title=g("check"), open=GalleryState.is_open, on_close=GalleryState.show_dialog(False),
            ),
        )
    )  # fmt: skip
