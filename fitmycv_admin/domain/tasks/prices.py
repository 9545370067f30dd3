"""What a screen says before a start: what it takes, or why it cannot be started and what to do about that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import counters, ledger
from fitmycv_admin.domain.tasks import decision
from fitmycv_admin.vocabulary import Payer, Permission, TaskType


@dataclass(frozen=True)
class PriceRow:
    """The verdict about one type of task, flat. `token` goes back with the start, so that this price is taken.

    `left` is how many uses the plan leaves until `until` (-1: without limit), `available` the person's credits.
    """

    type: TaskType
    is_allowed: bool
    token: str = ""
    payer: str = ""
    cost: int = 0
    left: int = 0
    until: datetime | None = None
    available: int = 0
    reason_key: str = ""
    reason_params: Mapping[str, str | int] = field(default_factory=dict)
    act: str = ""
    act_at: datetime | None = None


def price_of(db: Session, by: Actor, type_: TaskType) -> PriceRow:
    """What starting a task of this type would take from the actor now."""
    by.must(Permission.OWN_DATA)
    verdict = decision.may_start(db, by.owner_id, type_)
    available = max(0, ledger.balance_of(db, by.owner_id).available)
    quote = verdict.quote
    if quote is None:
        act = verdict.act
        return PriceRow(
            type_, is_allowed=False, available=available, reason_key=verdict.reason_key,
            reason_params=dict(verdict.params), act=str(act.kind) if act else "", act_at=act.at if act else None,
        )  # fmt: skip
    left = 0
    if quote.payer is Payer.QUOTA:
        is_open = quote.usage_limit == counters.UNLIMITED
        left = counters.UNLIMITED if is_open else quote.usage_limit - quote.used
    return PriceRow(
        type_, is_allowed=True, token=quote.shown.token, payer=str(quote.payer), cost=quote.cost, left=left,
        until=quote.period_end, available=available,
    )  # fmt: skip
