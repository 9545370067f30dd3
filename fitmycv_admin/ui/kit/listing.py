"""A list driven by its address: reading the query, and the three things every list shows besides its rows."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import reflex as rx

from fitmycv_admin.core import ids, log
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.core.paging import Page, PageRequest

MAX_TEXT = 200


@dataclass(frozen=True)
class Wanted:
    """What an address asks of a list; every value is one the page declared."""

    request: PageRequest
    sort: str
    is_descending: bool
    search: str
    filters: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """The value of a filter, or an empty text."""
        return self.filters.get(name, "")


@dataclass(frozen=True)
class Offer:
    """What a page lets an address ask: its sorts, the one of a bare address, its filters and their words.

    A filter with no words takes any text of at most 200 characters.
    """

    sorts: tuple[str, ...]
    standard_sort: str
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    size: int = 50

    def read(self, url: str) -> Wanted:
        """Read an address; whatever the page did not declare is dropped, nothing raises."""
        query = {name: value[:MAX_TEXT] for name, value in parse_qsl(urlsplit(url).query, max_num_fields=40)}
        sort = query.get("sort", self.standard_sort)
        if sort.removeprefix("-") not in self.sorts:
            sort = self.standard_sort
        filters = {
            name: query[name]
            for name, words in self.filters.items()
            if query.get(name) and (not words or query[name] in words)
        }
        request = PageRequest(after=query.get("after", ""), before=query.get("before", ""), size=self.size)
        return Wanted(request, sort.removeprefix("-"), sort.startswith("-"), query.get("q", "").strip(), filters)


class Listing(rx.State, mixin=True):
    """What every list page holds besides its rows; `load` belongs to the page, with the page's permission.

    async def load(self):
        with self._loading():
            yield
            self.rows = self._shown(await look(queries.calls, actor(), self._wanted(OFFER)))
    """

    is_loaded: bool = False
    is_loading: bool = False
    problem: str = ""
    incident: str = ""
    next_token: str = ""
    previous_token: str = ""

    def _wanted(self, offer: Offer) -> Wanted:
        return offer.read(str(self.router.url))

    def _shown(self, page: Page) -> list:
        self.next_token, self.previous_token = page.next, page.previous
        return list(page.rows)

    @contextmanager
    def _loading(self) -> Iterator[None]:
        """Keeps what is on screen while it loads, and says what went wrong without losing it."""
        self.is_loading, self.problem, self.incident = True, "", ""
        try:
            yield
        except FitMyCvError as error:
            self.problem = error.key
        except Exception:  # noqa: BLE001 - the edge of every list: the screen stays, the log has the rest
            self.problem, self.incident = "common.error.unexpected", ids.short_code()
            log.get(__name__).exception("list failed", incident=self.incident)
        finally:
            self.is_loaded, self.is_loading = True, False
