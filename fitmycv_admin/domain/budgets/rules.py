"""The rules about AI spend: made, changed, switched and taken away by staff, each with its line in the audit trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.budgets.forecast import Forecast
from fitmycv_admin.domain.budgets.subjects import Draft
from fitmycv_admin.vocabulary import AlertType, Enforcement

GATED_PERCENT = 150
"""A limit that becomes larger than this share of what it was needs a second person."""
UNDO_SECONDS = 10


class NeedsSecondPerson(FitMyCvError):
    """The change was asked for instead of made: somebody else approves it. The transaction must commit."""

    key = "budget_rules.error.second_person"


@dataclass(frozen=True, slots=True)
class RuleFilters:
    """Which rules are listed: a type, an enforcement, on or off, a feature, and words of the name."""

    type: AlertType | None = None
    enforcement: Enforcement | None = None
    enabled: bool | None = None
    feature_key: str = ""
    search: str = ""


@dataclass(frozen=True, slots=True)
class Spent:
    """What one subject spent in one window, in nano-USD; `email` names the person of a rule for each person.

    `over_nano` is what calls cost beyond their reservations, `denied` how many calls were refused or degraded.
    """

    subject: str
    email: str
    starts_at: datetime
    ends_at: datetime
    limit_nano: int
    spent_nano: int
    reserved_nano: int = 0
    over_nano: int = 0
    denied: int = 0

    @property
    def percent(self) -> int:
        """Of the limit, rounded down; 0 without a limit."""
        return self.spent_nano * 100 // self.limit_nano if self.limit_nano else 0


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One line of the list. `now` is its current window (the subject that is nearest to its limit), None for a rule
    that is no budget; `resets_at` its end; `subjects` how many have spent in it; `open` counts open notices and
    `failing` messages that could not be sent."""

    id: int
    version: int
    says: Draft
    feature: str
    model: str
    plan: str
    email: str
    now: Spent | None
    resets_at: datetime | None
    forecast: Forecast | None
    subjects: int
    open: int
    failing: int
    snoozed_until: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class RuleCard:
    """One rule: its line, the subjects nearest to their limit now, its past windows and its history."""

    row: RuleRow
    now: tuple[Spent, ...]
    past: tuple[Spent, ...]
    changes: tuple["Change", ...]
    is_removed: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a rule's history."""

    at: datetime
    by: str
    action: str
    before: dict[str, object]
    after: dict[str, object]
    reason: str


@dataclass(frozen=True, slots=True)
class Undo:
    """What a bulk change was before; good for UNDO_SECONDS. `asked` counts the rules that wait for a second person."""

    before: tuple[tuple[int, int, int, bool], ...]
    """Rule, its version after the change, its limit and whether it was on before."""
    made_at: datetime
    asked: int = 0


def rules(db: Session, by: Actor, filters: RuleFilters, request: PageRequest) -> Page[RuleRow]:
    """The rules that match, by name. Needs budgets.read."""
    raise NotImplementedError


def rule(db: Session, by: Actor, rule_id: int) -> RuleCard:
    """One rule with its windows and history. Raises NotFound."""
    raise NotImplementedError


def create(db: Session, by: Actor, says: Draft, *, reason: str = "") -> int:
    """Make a rule; returns its id. Raises Invalid with the field."""
    raise NotImplementedError


def change(db: Session, by: Actor, rule_id: int, says: Draft, *, version: int, reason: str = "") -> int | None:
    """Change a rule; returns its new version, None when it waits for a second person.

    Raises Conflict when somebody else changed it since `version`, Invalid with the field, NotFound.
    """
    raise NotImplementedError


def remove(db: Session, by: Actor, rule_id: int, *, version: int, reason: str = "") -> None:
    """Take a rule away; its notices and history stay. Raises Conflict, NotFound."""
    raise NotImplementedError


def set_enabled(db: Session, by: Actor, rule_ids: Sequence[int], *, enabled: bool, reason: str = "") -> Undo:
    """Switch rules on or off."""
    raise NotImplementedError


def scale(db: Session, by: Actor, rule_ids: Sequence[int], *, percent: int, reason: str = "") -> Undo:
    """Set limits to `percent` of what they are (110: a tenth more). Beyond GATED_PERCENT a second person decides."""
    raise NotImplementedError


def undo(db: Session, by: Actor, undo: Undo) -> int:
    """Take a bulk change back; returns how many rules. Raises Conflict when one changed since or it is too late."""
    raise NotImplementedError


def snooze(db: Session, by: Actor, rule_id: int, *, until: datetime | None) -> None:
    """Say nothing of a rule until then; None ends it. Raises NotFound."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Choices:
    """What a form offers: (value, label) pairs."""

    features: tuple[tuple[str, str], ...]
    models: tuple[tuple[int, str], ...]
    plans: tuple[tuple[int, str], ...]
    channels: tuple[tuple[int, str], ...]


def choices(db: Session, by: Actor) -> Choices:
    """What the form of a rule offers."""
    raise NotImplementedError


def person_of(db: Session, by: Actor, email: str) -> UUID | None:
    """The person with an address, for the form of a rule; None for nobody."""
    raise NotImplementedError
