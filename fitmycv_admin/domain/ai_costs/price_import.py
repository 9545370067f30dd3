"""A price list from outside as a difference: what is new, what changes, what stays, and the rows one chose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import Conflict, Invalid
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import catalogue, price_reading, price_safety, pricing
from fitmycv_admin.domain.ai_costs.price_reading import Entry
from fitmycv_admin.domain.ai_costs.price_safety import FarLine
from fitmycv_admin.vocabulary import Permission

LONGEST_SOURCE = 200


@dataclass(frozen=True, slots=True)
class DiffRow:
    """A model at a tier. `what` is new_model, new_price, changed or same; `running` is the version that it was compared
    with (0: none). Lines are nano-USD per million tokens by usage type."""

    key: str
    model: str
    tier: str
    what: str
    before: Mapping[str, int]
    after: Mapping[str, int]
    running: int
    far: tuple[FarLine, ...]
    is_named: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """A file against the prices of now; `skipped` says where the file could not be used, and why (a key)."""

    rows: tuple[DiffRow, ...]
    skipped: tuple[tuple[str, str], ...]
    same: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where a list came from, and of which day it is."""

    name: str
    day: date | None = None

    def said(self) -> str:
        """As a version keeps it."""
        return f"{self.name}, {self.day.isoformat()}" if self.day else self.name


def difference(db: Session, by: Actor, content: str) -> Difference:
    """What a file would change; nothing is stored. Those that change first. Raises Invalid when it is no price list.

    A name finds its model as the meter does; kinds of token that the file does not name stay as they are.
    """
    by.must(Permission.PRICES_READ)
    found = price_reading.read(content)
    # A model that the file names twice, by its name and by another one: what it says by name counts.
    read = sorted((_row(db, entry) for entry in found.entries), key=lambda row: row.is_named)
    rows = list({row.key: row for row in read}.values())
    order = ("changed", "new_price", "new_model", "same")
    kept = [row for row in rows if row.what != "same"]
    kept.sort(key=lambda row: (order.index(row.what), row.model, row.tier))
    return Difference(tuple(kept), found.skipped, len(rows) - len(kept))


def apply(
    db: Session, by: Actor, content: str, *, chosen: Mapping[str, int], source: Source, reason: str,
    confirmed: Sequence[str] = (),
) -> int:  # fmt: skip
    """Open a version for each chosen row, all or none, valid from now; returns how many.

    `chosen` maps a row's key to the running version that the person saw: Conflict when it changed since. Rows far from
    what is known need their key in `confirmed`. Audited one by one, with the source. Raises Invalid with the field.
    """
    by.must(Permission.PRICES_WRITE)
    if not source.name.strip() or len(source.name) > LONGEST_SOURCE:
        raise Invalid("prices.error.source", field="source")
    if not chosen:
        raise Invalid("prices.error.nothing_chosen", field="chosen")
    rows = {row.key: row for row in difference(db, by, content).rows}
    for key, seen in chosen.items():
        row = rows.get(key)
        if row is None or row.running != seen:
            raise Conflict("prices.error.changed_meanwhile")
    for row in (rows[key] for key in sorted(chosen)):
        if row.what == "new_model" and catalogue.find_model(db, row.model) is None:
            pricing.add_model(db, by, row.model, reason=reason)
        version = pricing.change(
            db, by, row.model, row.tier, lines=row.after, reason=reason, confirmed=row.key in confirmed
        )
        db.execute(
            text("UPDATE price_version SET source = :source WHERE id = :id"), {"source": source.said(), "id": version}
        )
    return len(chosen)


def _row(db: Session, entry: Entry) -> DiffRow:
    match = catalogue.find_model(db, entry.model)
    # A family is not the model: its own list price makes it a model of its own.
    if match is not None and match.how == "family":
        match = None
    price = pricing.price_of(db, match.name, entry.tier, clock.now()) if match else None
    name = match.name if match else entry.model
    before = dict(price.lines) if price else {}
    after = before | dict(entry.lines)
    what = "new_model" if match is None else "new_price" if price is None else "same" if after == before else "changed"
    far = price_safety.far_lines(before or None, after, name)
    running = price.version_id if price else 0
    return DiffRow(f"{name}/{entry.tier}", name, entry.tier, what, before, after, running, far, name == entry.model)
