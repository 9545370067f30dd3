"""An application of its own that shows the gallery, without accounts or database."""

import reflex as rx

from fitmycv_admin.ui import theme
from fitmycv_admin.ui.kit import toast
from tests.ui.kit.gallery import figures, forms, lists, portal
from tests.ui.kit.gallery.state import ROUTES, GalleryState
from tests.ui.kit.gallery.words import g

SCREENS = (lists.lists, figures.figures, forms.forms, portal.review, portal.sign_in)

app = rx.App(
    stylesheets=theme.STYLESHEETS,
    head_components=theme.head(),
    html_lang="en",
    toaster=toast.toaster(),
    reset_style=False,
)
for _route, _screen in zip(ROUTES, SCREENS, strict=True):
    app.add_page(_screen, route=_route, title=g("lists"), on_load=GalleryState.load)
