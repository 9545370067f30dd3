"""The credits of one person of the demo: lines, the lots they open and the lots they burn, as the ledger does it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fitmycv_admin.domain.billing.credits import GIVEN
from fitmycv_admin.domain.billing.lots import AFTER_EXPIRY
from fitmycv_admin.domain.billing.periods import Period
from fitmycv_admin.local.demo.people import Person
from fitmycv_admin.vocabulary import CreditKind

_TICK = timedelta(milliseconds=1)
_SWEPT = timedelta(minutes=4)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True, eq=False)
class Lot:
    """Credits that came in together, before they have a number."""

    line: "Line"
    kind: CreditKind
    granted: int
    remaining: int
    expires_at: datetime | None
    origin: "Lot | None" = None
    held: int = 0

    @property
    def priority(self) -> int:
        """Given ones burn first."""
        return 0 if self.kind in GIVEN else 1

    @property
    def free(self) -> int:
        """What nobody holds."""
        return self.remaining - self.held

    def burns(self) -> tuple[int, datetime]:
        """Its place in the order lots burn; those that were made first come first."""
        return self.priority, self.expires_at or _NEVER


@dataclass(slots=True, eq=False)
class Take:
    """What a debit took from a lot, and what came back."""

    lot: Lot
    amount: int
    returned: int = 0


@dataclass(slots=True, eq=False)
class Line:
    """One line of the ledger before it has a number."""

    person: Person
    at: datetime
    kind: CreditKind
    amount: int
    balance_after: int
    source: str = ""
    feature: str | None = None
    task_id: UUID | None = None
    payment: str | None = None
    price: int = 0
    related: "Line | None" = None
    cause: str = ""
    request_key: str | None = None
    batch: UUID | None = None
    actor: UUID | None = None
    reason: str | None = None
    takes: list[Take] = field(default_factory=list)


@dataclass(slots=True)
class Purse:
    """The credits of one person, and what they used of their plan."""

    person: Person
    lines: list[Line] = field(default_factory=list)
    lots: list[Lot] = field(default_factory=list)
    used: Counter[tuple[Period, str]] = field(default_factory=Counter)
    debt: int = 0

    @property
    def balance(self) -> int:
        """What is left; negative when a dispute took what had been spent."""
        return self.lines[-1].balance_after if self.lines else 0

    @property
    def held(self) -> int:
        """What open holds keep."""
        return sum(lot.held for lot in self.lots)

    def grant(
        self, at: datetime, kind: CreditKind, amount: int, *, expires_at: datetime | None = None, **more: Any
    ) -> Line:
        """Credits come in; given ones run out after a year unless something else is said."""
        line = self._line(at, kind, amount, **more)
        if expires_at is None and kind in GIVEN:
            expires_at = line.at + timedelta(days=365)
        self.lots.append(Lot(line, kind, amount, amount, expires_at))
        return line

    def spend(self, at: datetime, kind: CreditKind, amount: int, **more: Any) -> Line:
        """Credits go, from the lots in their order; what they cannot pay is owed."""
        line = self._line(at, kind, -amount, **more)
        for lot in sorted(self.lots, key=Lot.burns):
            part = min(amount, lot.free)
            if part:
                lot.remaining -= part
                line.takes.append(Take(lot, part))
            amount -= part
        self.debt += amount
        return line

    def give_back(self, at: datetime, debit: Line, *, cause: str, **more: Any) -> Line:
        """A debit comes back into its lots; into a new one where the lot has run out."""
        line = self._line(
            at, CreditKind.RETURN, -debit.amount, related=debit, cause=cause, feature=debit.feature,
            task_id=debit.task_id, **more,
        )  # fmt: skip
        for take in debit.takes:
            take.returned, lot = take.amount, take.lot
            if lot.expires_at and lot.expires_at <= line.at:
                self.lots.append(Lot(line, lot.kind, take.amount, take.amount, line.at + AFTER_EXPIRY, origin=lot))
            else:
                lot.remaining += take.amount
        return line

    def reverse(self, at: datetime, purchase: Line, **more: Any) -> Line | None:
        """What is left of a purchase and not held is taken back; None when nothing is."""
        lot = next(lot for lot in self.lots if lot.line is purchase)
        amount = lot.free
        if not amount:
            return None
        lot.remaining -= amount
        line = self._line(at, CreditKind.PURCHASE_REVERSAL, -amount, related=purchase, **more)
        line.takes.append(Take(lot, amount))
        return line

    def hold(self, amount: int) -> list[tuple[Lot, int]]:
        """Set credits aside for work that has not ended."""
        kept = []
        for lot in sorted(self.lots, key=Lot.burns):
            part = min(amount, lot.free)
            if part:
                lot.held += part
                kept.append((lot, part))
            amount -= part
        assert amount == 0
        return kept

    def pass_time(self, until: datetime) -> None:
        """End what has run out by then."""
        over = [lot for lot in self.lots if lot.expires_at and lot.expires_at + _SWEPT <= until and lot.free]
        for lot in sorted(over, key=Lot.burns):
            assert lot.expires_at is not None
            line = self._line(lot.expires_at + _SWEPT, CreditKind.EXPIRY, -lot.free, source="expiry")
            line.takes.append(Take(lot, lot.free))
            lot.remaining = lot.held

    def total(self, kind: CreditKind) -> int:
        """The sum of the lines of a kind, without its sign."""
        return abs(sum(line.amount for line in self.lines if line.kind == kind))

    def _line(self, at: datetime, kind: CreditKind, amount: int, **more: Any) -> Line:
        at = max(at, self.lines[-1].at + _TICK) if self.lines else at
        line = Line(self.person, at, kind, amount, self.balance + amount, **more)
        self.lines.append(line)
        return line
