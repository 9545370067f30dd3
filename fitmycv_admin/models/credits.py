"""Where credits lie and who holds them: lots, reservations, debt, grants to many, differences that were found."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, Text, UniqueConstraint, text
from sqlmodel import Field

from fitmycv_admin.models.base import (
    UUID,
    Any,
    Table,
    at,
    datetime,
    document,
    entity_id,
    instant,
    line_id,
    one_of,
    ref,
    words,
)
from fitmycv_admin.vocabulary import BatchState, CreditKind, Payer, ReservationState


def _line(
    *, nullable: bool = False, unique: bool = False, index: bool = False, primary_key: bool = False
) -> Any:
    key: dict[str, Any] = {"primary_key": True} if primary_key else {"nullable": nullable, "unique": unique}
    key["index"] = index
    if nullable:
        key["default"] = None
    return Field(sa_type=BigInteger, sa_column_args=[ForeignKey("credit_transaction.id", ondelete="RESTRICT")], **key)


def _lot(*, nullable: bool = False, primary_key: bool = False) -> Any:
    key: dict[str, Any] = {"primary_key": True} if primary_key else {"nullable": nullable, "index": True}
    if nullable:
        key["default"] = None
    return Field(sa_type=BigInteger, sa_column_args=[ForeignKey("credit_lot.id", ondelete="RESTRICT")], **key)


class CreditLot(Table, table=True):
    """Credits that came in together. `remaining` counts what was not spent, the `held` ones among them.

    Lots burn by priority (0 given, 1 bought), then earliest expiry, then oldest. `origin_lot_id` names the expired
    lot whose units came back into this one; an act may open several of those.
    """

    __tablename__ = "credit_lot"
    __table_args__ = (
        CheckConstraint(one_of("kind", CreditKind), name="kind"),
        CheckConstraint("granted > 0", name="granted"),
        CheckConstraint("0 <= held AND held <= remaining AND remaining <= granted", name="remaining"),
        Index("ix_credit_lot_burn", "user_id", "priority", "expires_at", "id", postgresql_where=text("remaining > 0")),
        Index("ix_credit_lot_expiry", "expires_at", postgresql_where=text("remaining > 0")),
        Index("uq_credit_lot_line_id", "line_id", unique=True, postgresql_where=text("origin_lot_id IS NULL")),
    )

    id: int | None = line_id()
    user_id: UUID = ref("app_user.id", index=False)
    line_id: int | None = _line(nullable=True, index=True)
    origin_lot_id: int | None = _lot(nullable=True)
    kind: str = words()
    priority: int = Field(sa_type=SmallInteger, nullable=False)
    granted: int = Field(nullable=False)
    remaining: int = Field(nullable=False)
    held: int = Field(default=0, nullable=False, sa_column_kwargs={"server_default": "0"})
    expires_at: datetime | None = instant(nullable=True)
    created_at: datetime = instant()


class LotUse(Table, table=True):
    """How many units of a lot a debit took, and how many of them came back."""

    __tablename__ = "lot_use"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("0 <= returned AND returned <= amount", name="returned"),
    )

    line_id: int = _line(primary_key=True)
    lot_id: int = Field(
        sa_type=BigInteger,
        primary_key=True,
        sa_column_args=[ForeignKey("credit_lot.id", ondelete="RESTRICT")],
        index=True,
    )
    amount: int = Field(nullable=False)
    returned: int = Field(default=0, nullable=False, sa_column_kwargs={"server_default": "0"})


class Reservation(Table, table=True):
    """What one unit of work takes from its person: credits, a unit of the plan's quota, or nothing.

    One row a task and unit; it ends with its task. `cost_version` is the version of the price that was shown.
    """

    __tablename__ = "reservation"
    __table_args__ = (
        UniqueConstraint("task_id", "unit"),
        CheckConstraint(one_of("payer", Payer), name="payer"),
        CheckConstraint(one_of("state", ReservationState), name="state"),
        CheckConstraint("(payer = 'credits') = (amount > 0) AND amount >= 0", name="amount"),
        CheckConstraint("(payer = 'quota') = (counter_id IS NOT NULL)", name="counter"),
        CheckConstraint("(state = 'held') = (settled_at IS NULL)", name="settled"),
        Index("ix_reservation_user_id_created_at", "user_id", "created_at"),
        Index("ix_reservation_held", "user_id", postgresql_where=text("state = 'held'")),
    )

    id: UUID = entity_id()
    task_id: UUID = ref("background_task.id", ondelete="CASCADE", index=False)
    unit: str = words("")
    user_id: UUID = ref("app_user.id", index=False)
    feature_name: str | None = words(nullable=True)
    payer: str = words()
    amount: int = Field(default=0, nullable=False)
    cost_version: int | None = Field(default=None)
    counter_id: int | None = Field(
        default=None,
        sa_type=BigInteger,
        sa_column_args=[ForeignKey("feature_usage_counter.id", ondelete="RESTRICT")],
        index=True,
    )
    line_id: int | None = _line(nullable=True, unique=True)
    state: str = words(ReservationState.HELD)
    created_at: datetime = instant()
    settled_at: datetime | None = instant(nullable=True)


class ReservedLot(Table, table=True):
    """The units of a lot that an open reservation holds; gone when it is settled."""

    __tablename__ = "reserved_lot"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    reservation_id: UUID = Field(primary_key=True, sa_column_args=[ForeignKey("reservation.id", ondelete="CASCADE")])
    lot_id: int = Field(
        sa_type=BigInteger,
        primary_key=True,
        sa_column_args=[ForeignKey("credit_lot.id", ondelete="RESTRICT")],
        index=True,
    )
    amount: int = Field(nullable=False)


class CreditDebt(Table, table=True):
    """What a person owes after disputed funds were withdrawn; the next purchase pays it first."""

    __tablename__ = "credit_debt"
    __table_args__ = (CheckConstraint("amount >= 0", name="amount"),)

    user_id: UUID = Field(primary_key=True, sa_column_args=[ForeignKey("app_user.id", ondelete="RESTRICT")])
    amount: int = Field(nullable=False)
    updated_at: datetime = instant()


class PurchaseReversal(Table, table=True):
    """How much of a purchase was taken back so far, and how much could not be, because it had been spent."""

    __tablename__ = "purchase_reversal"
    __table_args__ = (
        CheckConstraint("paid_cents > 0 AND refunded_cents BETWEEN 0 AND paid_cents", name="cents"),
        CheckConstraint("taken >= 0 AND unrecovered >= 0", name="credits"),
    )

    purchase_line_id: int = _line(primary_key=True)
    paid_cents: int = Field(nullable=False)
    refunded_cents: int = Field(nullable=False)
    taken: int = Field(nullable=False)
    unrecovered: int = Field(nullable=False)
    updated_at: datetime = instant()


class CreditBatch(Table, table=True):
    """A grant to many people: previewed, done row by row, reversible as one."""

    __tablename__ = "credit_batch"
    __table_args__ = (
        CheckConstraint(one_of("state", BatchState), name="state"),
        CheckConstraint(one_of("kind", CreditKind), name="kind"),
        Index("ix_credit_batch_created_at_id", "created_at", "id"),
    )

    id: UUID = entity_id()
    kind: str = words(CreditKind.GIFT)
    state: str = words(BatchState.PREVIEWED)
    reason_code: str = words()
    note: str = words("")
    source: dict[str, Any] = document(nullable=False)
    people: int = Field(nullable=False)
    total: int = Field(nullable=False)
    expires_at: datetime | None = instant(nullable=True)
    task_id: UUID | None = Field(default=None)
    created_by: UUID = ref("app_user.id")
    created_at: datetime = instant()
    finished_at: datetime | None = instant(nullable=True)


class CreditBatchRow(Table, table=True):
    """One person of a grant to many: how much, and what came of it."""

    __tablename__ = "credit_batch_row"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("state IN ('waiting', 'granted', 'refused', 'reversed', 'partly_reversed')", name="state"),
    )

    batch_id: UUID = Field(primary_key=True, sa_column_args=[ForeignKey("credit_batch.id", ondelete="RESTRICT")])
    user_id: UUID = Field(primary_key=True, sa_column_args=[ForeignKey("app_user.id", ondelete="RESTRICT")], index=True)
    amount: int = Field(nullable=False)
    state: str = words("waiting")
    line_id: int | None = _line(nullable=True, unique=True)
    reversal_line_id: int | None = _line(nullable=True, unique=True)
    error_key: str | None = words(nullable=True)


class CreditDifference(Table, table=True):
    """A number of a person's credits that did not agree with the ledger when the nightly check looked."""

    __tablename__ = "credit_difference"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'corrected', 'gone')", name="state"),
        CheckConstraint("expected <> actual", name="differs"),
        Index("uq_credit_difference_open", "user_id", "what", unique=True, postgresql_where=text("state = 'open'")),
    )

    id: int | None = line_id()
    user_id: UUID = ref("app_user.id")
    what: str = words()
    expected: int = Field(nullable=False)
    actual: int = Field(nullable=False)
    state: str = words("open")
    line_id: int | None = _line(nullable=True)
    found_at: datetime = instant()
    seen_at: datetime = instant()
    closed_at: datetime | None = instant(nullable=True)


class LimitOverride(Table, table=True):
    """An exception to the plan for one person and feature, for a reason and until an instant."""

    __tablename__ = "limit_override"
    __table_args__ = (
        CheckConstraint("usage_limit >= -1", name="usage_limit"),
        CheckConstraint("valid_from < ends_at", name="period"),
        Index("ix_limit_override_user_id_feature_name", "user_id", "feature_name", "ends_at"),
        Index(
            "uq_limit_override_open", "user_id", "feature_name", unique=True, postgresql_where=text("ended_at IS NULL")
        ),
    )

    id: UUID = entity_id()
    user_id: UUID = ref("app_user.id", index=False)
    feature_name: str = words()
    is_enabled: bool = Field(nullable=False)
    usage_limit: int = Field(nullable=False)
    reason: str = words()
    created_by: UUID = ref("app_user.id")
    valid_from: datetime = instant()
    ends_at: datetime = at()
    ended_at: datetime | None = instant(nullable=True)


class WelcomeCheck(Table, table=True):
    """Hashes of a device or address that got welcome credits, kept for 13 months."""

    __tablename__ = "welcome_check"

    hash: str = Field(primary_key=True, sa_type=Text)
    kind: str = words()
    created_at: datetime = instant(index=True)


class CreditNotice(Table, table=True):
    """A notice about credits that was sent: each once for its occasion."""

    __tablename__ = "credit_notice"
    __table_args__ = (UniqueConstraint("user_id", "kind", "occasion"),)

    id: int | None = line_id()
    user_id: UUID = ref("app_user.id", index=False)
    kind: str = words()
    occasion: str = words()
    created_at: datetime = instant()
