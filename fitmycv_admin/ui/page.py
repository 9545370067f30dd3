"""A page is data until the app registers it; its route is its path in the tree."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import reflex as rx

from fitmycv_admin.vocabulary import Permission

Area = Literal["ops", "portal", "guest"]


NAVIGATION: set[str] = set()
"""The catalogue keys of every Nav; they stand on the pages of others too."""


@dataclass(frozen=True)
class Nav:
    """Where a page stands in the sidebar or top bar: catalogue keys of its group and label, and an icon name.

    `words` is the catalogue key of further words by which the palette finds it.
    """

    label: str
    group: str = ""
    icon: str = ""
    words: str = ""


@dataclass(frozen=True)
class Page:
    """One screen. `permission` None means: open to visitors."""

    view: Callable[[], rx.Component]
    route: str
    area: Area
    title: str
    permission: Permission | None
    load: Any = None
    nav: Nav | None = None

    def __call__(self) -> rx.Component:
        """The page's own content, without its frame."""
        return self.view()


def page(
    *,
    title: str,
    permission: Permission | None,
    load: Any = None,
    nav: Nav | None = None,
    route: str = "",
    guest: bool = False,
) -> Callable[[Callable[[], rx.Component]], Page]:
    """Make a view function a Page.

    `title` and the texts of `nav` are catalogue keys. The route follows the module:
    `ui/ops/ai_costs/pricing.py` is `/ops/ai-costs/pricing`; `route` overrides it for home and dynamic pages.
    `guest` pages have the signed-out frame.
    """

    if nav is not None:
        NAVIGATION.update(filter(None, (nav.label, nav.group, nav.words)))

    def register(view: Callable[[], rx.Component]) -> Page:
        area, _, path = view.__module__.partition(".ui.")[2].partition(".")
        if area not in ("ops", "portal"):
            raise ValueError(f"{view.__module__} is in no area")
        derived = "/" + path.replace(".", "/").replace("_", "-")
        where: Area = "guest" if guest else area
        return Page(
            view, route or ("/ops" + derived if area == "ops" else derived), where, title, permission, load, nav
        )

    return register


def allowed(pages: tuple[Page, ...], permissions: frozenset[Permission]) -> list[str]:
    """The routes of those pages that these permissions open."""
    return [page.route for page in pages if page.permission is None or page.permission in permissions]
