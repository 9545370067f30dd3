"""The palette's search for records: what was typed goes to the domain, links come back."""

import reflex as rx

from fitmycv_admin.copy import text
from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.insights import search
from fitmycv_admin.domain.insights.search import FoundRow
from fitmycv_admin.ui.guard import policy
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

LONGEST = 100


class SearchState(AppState):
    """What the last search found; pages themselves are found in the browser."""

    found: list[dict[str, str]] = []  # noqa: RUF012  (Reflex copies defaults)

    @rx.event
    @policy(Permission.OVERVIEW_READ)
    async def search(self, words: str) -> None:
        """Look for people, tasks and models."""
        typed = words.strip()[:LONGEST]
        rows = await look(search.records, actor(), typed) if len(typed) > 1 else ()
        self.found = [_entry(row, str(actor().language)) for row in rows]


def _entry(row: FoundRow, lang: str) -> dict[str, str]:
    if row.kind == "task":
        label, hint = text(lang, f"tasks.type.{row.label}"), text(lang, f"tasks.state.{row.detail}")
        return {"href": f"/ops/tasks/{row.id}", "label": label, "hint": hint}
    if row.kind == "model":
        href = f"/ops/ai-costs/pricing?model={row.label}&tier={row.detail}"
        return {"href": href, "label": row.label, "hint": text(lang, f"ai_costs.tier.{row.detail}")}
    return {"href": f"/ops/accounts/users?open={row.id}", "label": row.label, "hint": row.detail}
