"""The sample data of the gallery."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.core.paging import PageRequest, page_of
from fitmycv_admin.ui.guard import policy
from fitmycv_admin.ui.kit import chart, toast
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.session import AppState

ROUTES = ("/", "/gallery/figures", "/gallery/forms", "/gallery/review", "/gallery/sign-in")
OFFER = Offer(("received", "lag", "type"), "-received", {"state": ("done", "failed", "waiting"), "open": ()}, size=8)


@dataclass(frozen=True, slots=True)
class EventRow:
    """One line of the sample list."""

    id: str
    type: str
    state: str
    customer: str
    lag_ms: int
    cost_nano: int
    received: str


TYPES = ("checkout.session.completed", "invoice.payment_failed", "customer.subscription.updated", "charge.refunded")
STATES = ("done", "done", "needs_attention", "failed", "waiting")
EVENTS = [
    EventRow(
        f"evt_1QK{900 - n}h8Eq2Fw7G{n:03d}",
        TYPES[n % 4],
        STATES[n * 7 % 5],
        f"cus_Wd5{n:03d}p7Rk2m1",
        400 + n * 977 % 900_000,
        32_100_000 + n * 13_370_000_000 // 3,
        f"2026-11-22T{9 - n // 12:02d}:{59 - n * 5 % 60:02d}:30+00:00",
    )
    for n in range(40)
]
DAYS = [f"2026-10-{day:02d}" for day in range(24, 32)] + [f"2026-11-{day:02d}" for day in range(1, 23)]
FEATURES = ("CV adaptation", "Optimisation", "PDF import", "Match score", "Offer extraction", "Translation")


def _daily(seed: int) -> list[float]:
    return [
        (12 - seed * 1.6 + (day * (seed + 3) % 7) + day * 0.2) * 1e9 * (0.55 if day % 7 in (5, 6) else 1)
        for day in range(30)
    ]


FIGURE = chart.figure(
    DAYS,
    [chart.Series(name, _daily(index)) for index, name in enumerate(FEATURES)],
    unit="usd_nano",
    limits=[chart.Limit("gallery.limit", 60e9)],
)
LINES = chart.figure(
    DAYS,
    [
        chart.Series("p50", [400 + day * 9 % 70 for day in range(30)]),
        chart.Series("p95", [900 + day * 31 % 400 for day in range(30)]),
    ],
    unit="ms",
    kind="line",
)


class GalleryState(Listing, AppState):
    """What the sample screens show."""

    rows: list[EventRow] = []  # noqa: RUF012  (Reflex copies defaults)
    chosen: list[str] = []  # noqa: RUF012
    figure: dict[str, Any] = {}  # noqa: RUF012
    lines: dict[str, Any] = {}  # noqa: RUF012
    empty: dict[str, Any] = {}  # noqa: RUF012
    errors: dict[str, str] = {}  # noqa: RUF012
    opened: EventRow | None = None
    found: list[dict[str, str]] = []  # noqa: RUF012
    is_open: bool = False

    @rx.event
    @policy(public=True)
    async def load(self) -> None:
        """Everything at once."""
        with self._loading():
            wanted = self._wanted(OFFER)
            rows = [row for row in EVENTS if wanted.get("state") in ("", row.state) and wanted.search in row.type]
            if wanted.sort == "lag":
                rows.sort(key=lambda row: row.lag_ms, reverse=wanted.is_descending)
            start = int(wanted.request.after or 0) if wanted.request.after.isdigit() else 0
            page = page_of(rows[start : start + 9], PageRequest(size=8), lambda row: (row.id,))
            self.rows = self._shown(page)
            self.next_token = str(start + 8) if page.next else ""
            self.previous_token = str(max(0, start - 8)) if start else ""
            self.opened = next((row for row in EVENTS if row.id == wanted.get("open")), None)
        self.figure, self.lines, self.empty = FIGURE, LINES, chart.figure(DAYS, [chart.Series("none", [0] * 30)])
        self.allowed = list(ROUTES)
        self.user_name, self.initials = "Léa Martin", "LM"

    @rx.event
    @policy(public=True)
    async def choose(self, row_id: str, is_chosen: bool) -> None:
        """Tick a row."""
        self.chosen = [*self.chosen, row_id] if is_chosen else [one for one in self.chosen if one != row_id]

    @rx.event
    @policy(public=True)
    async def save(self, fields: dict[str, str]) -> Any:
        """Refuse an empty name, thank for the rest."""
        self.errors = {} if fields.get("name") else {"name": "common.error.invalid", "": "common.error.conflict"}
        return None if self.errors else toast.done(self.language or "en", "kit.copied")

    @rx.event
    @policy(public=True)
    async def answered(self, fields: dict[str, str]) -> Any:
        """A confirmation came back."""
        return toast.refused(self.language or "en", "common.error.forbidden")

    @rx.event
    @policy(public=True)
    async def show_dialog(self, is_open: bool) -> None:
        """Open or close the dialog."""
        self.is_open = is_open

    @rx.event
    @policy(public=True)
    async def search(self, words: str) -> None:
        """Records for the palette."""
        self.found = [
            {"href": f"/?open={row.id}", "label": row.id, "hint": row.type} for row in EVENTS if words in row.type
        ][:5]
