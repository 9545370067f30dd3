"""The signed-out frame: one card in the middle of the page."""

import reflex as rx

from fitmycv_admin.ui.kit.controls import Content
from fitmycv_admin.ui.shell import parts


def guest_frame(
    content: rx.Component, *, environment: rx.Component | None = None, foot: tuple[rx.Component, ...] = ()
) -> rx.Component:
    """Brand and switches above, the page's card in the middle, small links below."""
    return rx.el.div(
        parts.skip_link(),
        rx.el.header(
            parts.brand(environment=environment),
            rx.el.div(parts.language_switch(), parts.theme_switch(), class_name="row push"),
            class_name="guest-top",
        ),
        rx.el.main(content, id="content", class_name="guest-main", tab_index=-1),
        rx.el.footer(*foot, class_name="guest-foot"),
        class_name="guest",
    )


def guest_card(title: Content, answer: Content, *content: rx.Component) -> rx.Component:
    """The card of a signed-out page: title, one sentence, its form."""
    return rx.el.section(
        rx.el.div(rx.el.h1(title, class_name="page-title"), rx.el.p(answer, class_name="sub")),
        *content,
        class_name="card guest-card",
    )
