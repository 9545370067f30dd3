"""The words of the ledger: what goes into a line, what a person holds, and why something is refused."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.models.billing import TOTALS
from fitmycv_admin.vocabulary import CreditKind

GIVEN = (CreditKind.GIFT, CreditKind.WELCOME, CreditKind.PROMO, CreditKind.REFERRAL)
"""Kinds that burn first and run out; what was bought or put right does neither."""

OPENING = (*GIVEN, CreditKind.PURCHASE, CreditKind.ADJUSTMENT)
"""Kinds that a grant may have."""

RETURNABLE = (CreditKind.USAGE, CreditKind.CLAWBACK)
"""Kinds of debit that may be given back."""

TOTAL_OF = {kind: f"total_{name}" for name, kind in TOTALS.items()}
"""The column of a balance that adds up the lines of a kind."""


class NotEnough(FitMyCvError):
    """Fewer credits can be spent than are needed."""

    key = "credits.error.not_enough"

    def __init__(self, available: int, needed: int) -> None:
        self.available = available
        self.needed = needed
        super().__init__(available=available, needed=needed)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a line of the ledger says. `amount` is in credits and positive: the act gives it its sign."""

    kind: CreditKind
    amount: int
    source: str
    feature: str | None = None
    task_id: UUID | None = None
    unit: str = ""
    cause: str = ""
    cv_file_id: UUID | None = None
    payment_intent: str | None = None
    invoice: str | None = None
    related: int | None = None
    batch_id: UUID | None = None
    request_key: str | None = None
    actor_id: UUID | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise ValueError(f"a line of {self.amount} credits")


@dataclass(frozen=True)
class Wallet:
    """A person's credits. `available` is what can be spent now: negative after disputed funds were withdrawn."""

    balance: int
    held: int
    available: int
    debt: int


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line of the ledger as it stands; `amount` has its sign, `balance_after` is the balance it left."""

    id: int
    user_id: UUID
    kind: CreditKind
    amount: int
    balance_after: int
    source: str
    feature: str | None
    task_id: UUID | None
    unit: str
    cause: str
    cv_file_id: UUID | None
    payment_intent: str | None
    invoice: str | None
    related: int | None
    batch_id: UUID | None
    request_key: str | None
    actor_id: UUID | None
    reason: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class UseRow:
    """What a debit took from one lot, and how much of it came back."""

    lot_id: int
    lot_kind: CreditKind
    lot_expires_at: datetime | None
    amount: int
    returned: int
