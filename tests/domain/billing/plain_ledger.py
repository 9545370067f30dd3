"""The ledger as a child would write it: lists and loops, no database. The real one must say the same at every step."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

GIVEN = ("gift", "welcome", "promo", "referral")
AFTER_EXPIRY = timedelta(days=30)
_NEVER = datetime(9999, 1, 1)


class TooFew(Exception):
    """Credits are missing."""


@dataclass(eq=False)
class Lot:
    """Credits that came in together."""

    kind: str
    priority: int
    remaining: int
    expires: datetime | None
    held: int = 0

    @property
    def free(self) -> int:
        """Units that nobody holds."""
        return self.remaining - self.held

    def over(self, now: datetime) -> bool:
        return self.expires is not None and self.expires <= now


@dataclass(eq=False)
class Use:
    """What a debit took from a lot."""

    lot: Lot
    amount: int
    returned: int = 0


@dataclass(eq=False)
class Line:
    """One line."""

    kind: str
    amount: int
    uses: list[Use] = field(default_factory=list)
    causes: set[str] = field(default_factory=set)


@dataclass(eq=False)
class Task:
    """A task with what it holds."""

    amount: int
    state: str
    kept: list[tuple[Lot, int]]
    line: Line | None = None


@dataclass(eq=False)
class Purchase:
    """A purchase with what was taken back of it."""

    line: Line
    lot: Lot | None
    paid: int
    refunded: int = 0
    taken: int = 0
    disputed: Line | None = None
    won: bool = False


@dataclass(eq=False)
class Plain:
    """One person's credits."""

    now: datetime
    lines: list[Line] = field(default_factory=list)
    lots: list[Lot] = field(default_factory=list)
    keys: dict[str, Line] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    bought: dict[str, Purchase] = field(default_factory=dict)
    debt: int = 0

    @property
    def balance(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def held(self) -> int:
        return sum(lot.held for lot in self.lots)

    def order(self) -> list[Lot]:
        """As lots burn; sorting keeps the oldest first."""
        return sorted(self.lots, key=lambda lot: (lot.priority, (lot.expires or _NEVER).replace(tzinfo=None)))

    def write(self, kind: str, amount: int) -> Line:
        self.lines.append(Line(kind, amount))
        return self.lines[-1]

    def burn(self, line: Line, amount: int, order: list[Lot]) -> int:
        for lot in order:
            part = min(amount, lot.free)
            if part > 0:
                lot.remaining -= part
                line.uses.append(Use(lot, part))
                amount -= part
        return amount

    def grant(self, key: str, kind: str, amount: int) -> None:
        if key in self.keys:
            return
        self.keys[key] = self.write(kind, amount)
        given = kind in GIVEN
        self.lots.append(Lot(kind, 0 if given else 1, amount, _year_after(self.now) if given else None))

    def buy(self, payment: str, amount: int, paid: int) -> None:
        if payment in self.bought:
            return
        line = self.write("purchase", amount)
        pays = min(self.debt, amount)
        self.debt -= pays
        lot = Lot("purchase", 1, amount - pays, None) if amount > pays else None
        self.lots += [lot] if lot else []
        self.bought[payment] = Purchase(line, lot, paid)

    def debit(self, key: str, amount: int) -> None:
        if key in self.keys:
            return
        if self.balance - self.held < amount:
            raise TooFew
        self.keys[key] = self.write("usage", -amount)
        self.burn(self.keys[key], amount, self.order())

    def hold(self, task: str, amount: int) -> None:
        if self.balance - self.held < amount:
            raise TooFew
        kept = []
        left = amount
        for lot in self.order():
            part = min(left, lot.free)
            if part > 0:
                lot.held += part
                kept.append((lot, part))
                left -= part
        self.tasks[task] = Task(amount, "held", kept)

    def post(self, name: str) -> None:
        task = self.tasks[name]
        if task.state != "held":
            return
        task.state, task.line = "captured", self.write("usage", -task.amount)
        for lot, part in task.kept:
            lot.held -= part
            lot.remaining -= part
            task.line.uses.append(Use(lot, part))

    def void(self, name: str) -> None:
        task = self.tasks[name]
        if task.state == "captured":
            self.return_task(name, "task")
        if task.state != "held":
            return
        task.state = "released"
        for lot, part in sorted(task.kept, key=lambda kept: self.lots.index(kept[0])):
            lot.held -= part
            if lot.over(self.now):
                lot.remaining -= part
                self.reopen(lot, part)

    def reopen(self, lot: Lot, amount: int) -> None:
        self.lots.append(Lot(lot.kind, lot.priority, amount, self.now + AFTER_EXPIRY))

    def return_task(self, name: str, cause: str) -> None:
        task = self.tasks[name]
        if task.state == "captured" and task.line is not None:
            task.state = "returned"
            self.give_back(task.line, None, cause)

    def give_back(self, line: Line, amount: int | None, cause: str) -> None:
        left = sum(use.amount - use.returned for use in line.uses)
        back = left if amount is None else min(amount, left)
        if back == 0 or cause in line.causes:
            return
        line.causes.add(cause)
        self.write("return", back)
        self.put_back(line, back)

    def put_back(self, line: Line, amount: int) -> None:
        burnt = self.order()
        reopened = []
        for use in sorted(line.uses, key=lambda use: burnt.index(use.lot), reverse=True):
            part = min(amount, use.amount - use.returned)
            if part > 0:
                use.returned += part
                amount -= part
                if use.lot.over(self.now):
                    reopened.append((use.lot, part))
                else:
                    use.lot.remaining += part
        for lot, part in sorted(reopened, key=lambda entry: self.lots.index(entry[0])):
            self.reopen(lot, part)

    def refund(self, payment: str, refunded: int) -> None:
        bought = self.bought[payment]
        bought.refunded = max(bought.refunded, refunded)
        granted = bought.line.amount
        gone = -bought.disputed.amount if bought.disputed and not bought.won else 0
        due = min(granted * bought.refunded // bought.paid - bought.taken, granted - bought.taken - gone)
        amount = min(due, bought.lot.free if bought.lot else 0)
        if amount > 0 and bought.lot:
            bought.taken += amount
            bought.lot.remaining -= amount
            self.write("purchase_reversal", -amount)

    def charge_back(self, payment: str) -> None:
        bought = self.bought[payment]
        amount = bought.line.amount - bought.taken
        if bought.disputed or amount <= 0:
            return
        bought.disputed = self.write("chargeback", -amount)
        first = [bought.lot] if bought.lot else []
        self.debt += self.burn(bought.disputed, amount, first + [lot for lot in self.order() if lot not in first])

    def win(self, payment: str) -> None:
        bought = self.bought[payment]
        lost = bought.disputed
        if lost is None or bought.won:
            return
        bought.won = True
        self.write("chargeback_reversal", -lost.amount)
        in_lots = sum(use.amount for use in lost.uses)
        owed = -lost.amount - in_lots
        pays = min(self.debt, owed)
        self.debt -= pays
        self.put_back(lost, in_lots)
        if owed > pays:
            self.lots.append(Lot("chargeback_reversal", 1, owed - pays, None))

    def expire(self) -> None:
        over = [lot for lot in self.lots if lot.over(self.now) and lot.free > 0]
        for lot in sorted(over, key=lambda lot: lot.expires or self.now):
            self.write("expiry", -lot.free).uses.append(Use(lot, lot.free))
            lot.remaining -= lot.free


def _year_after(at: datetime) -> datetime:
    return at.replace(year=at.year + 1, day=28 if (at.month, at.day) == (2, 29) else at.day)
