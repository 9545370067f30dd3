"""The frame of the gallery's screens."""

import reflex as rx

from fitmycv_admin.ui.session import AppState
from fitmycv_admin.ui.shell import frame
from fitmycv_admin.ui.shell.navigation import Item
from tests.ui.kit.gallery.state import GalleryState

ENTRIES = (
    Item("/", "gallery.lists", "list", is_exact=True),
    Item("/gallery/figures", "gallery.figures", "chart-column", "gallery.group"),
    Item("/gallery/forms", "gallery.forms", "text-cursor-input", "gallery.group"),
    Item("/gallery/review", "gallery.review", "file-text", "gallery.portal"),
    Item("/gallery/sign-in", "gallery.sign_in", "log-in", "gallery.portal"),
)
PERSON = frame.Person(AppState.user_name, AppState.initials, AppState.allowed, AppState.language, AppState.zone)


def ops(content: rx.Component) -> rx.Component:
    return frame.frame(
        content,
        entries=ENTRIES,
        person=PERSON,
        environment="demo",
        results=GalleryState.found,
        on_search=GalleryState.search,
        home="/",
    )
