"""The portal's review screen and the signed-out frame."""

import reflex as rx

from fitmycv_admin.ui.kit import badge, card, controls, diff, form, progress, values
from fitmycv_admin.ui.shell import frame, guest
from tests.ui.kit.gallery.around import ENTRIES, PERSON
from tests.ui.kit.gallery.words import g


def review() -> rx.Component:
    """The portal: paper on the left, decisions on the right."""
    before, after = g("change_before"), g("change_after")
    sheet = rx.el.article(
        rx.el.div("Claire Dupond", class_name="sheet-name"),
        rx.el.div("Lyon · claire.dupond@exemple.fr", class_name="soft"),
        rx.el.h2(g("experience")),
        rx.el.div(rx.el.b("GRDF"), values.date_text("2020-03-01", "month"), class_name="spread"),
        rx.el.ul(
            rx.el.li(diff.diff(before, after, inline=True, is_current=True)),
            rx.el.li(g("kept")),
        ),
        rx.el.h2(g("skills")),
        rx.el.div(
            badge.chip("Power BI", strong=True),
            badge.chip("SQL", strong=True),
            badge.chip("Jira"),
            class_name="row row-wrap",
        ),
        class_name="sheet",
    )
    decision = card.card(
        diff.diff(before, after),
        rx.el.p(rx.el.b(g("why_label")), " ", g("why_change"), class_name="soft"),
        rx.el.div("35 000 ← ", after, class_name="quote"),
        rx.el.div(
            controls.button(g("accept"), rx.el.kbd("A"), kind="primary"),
            controls.button(g("refuse"), rx.el.kbd("R")),
            controls.button(g("next"), rx.el.kbd("↓"), kind="quiet", look="push"),
            class_name="row row-wrap",
        ),
        title=g("change_of", n=2, total=7),
        aside=badge.pill(g("verified"), tone="ok"),
        foot=rx.el.span(g("safe", n=3), class_name="sub"),
    )
    score = card.card(
        progress.score_ring(78, g("match"), g("match_detail", n=14)),
        progress.score_bars(
            progress.score_bar(g("technical"), 82),
            progress.score_bar(g("experience"), 85),
            progress.score_bar(g("languages"), 66),
        ),
    )
    content = rx.el.div(
        rx.el.div(card.page_header(g("adapted"), g("adapted_answer"),
                                   controls.button(g("export"))), sheet, class_name="stack"),
        rx.el.div(score, decision, class_name="stack"),
        class_name="review",
    )  # fmt: skip
    return frame.portal_frame(
        content, entries=ENTRIES, person=PERSON,
        marks=(badge.no_ai_mark(), badge.chip(g("credits", n=12))),
    )  # fmt: skip


def sign_in() -> rx.Component:
    """The signed-out frame."""
    return guest.guest_frame(
        guest.guest_card(
            g("sign_in"),
            g("sign_in_answer"),
            form.native_form(
                form.text_field("email", g("email"), type="email", auto_complete="username"),
                form.text_field("password", g("password"), type="password", auto_complete="current-password"),
                form.submit_row(g("sign_in"), large=True),
                action="/auth/sign-in",
            ),
            controls.link(g("forgotten"), href="/gallery/forms"),
        ),
        environment="demo",
    )
