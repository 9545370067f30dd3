"""What stands beside the calls: corrections of their cost, distributions, checks, exchange rates and bills."""

from datetime import date
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
    text,
)  # fmt: skip
from sqlmodel import Field

from fitmycv_admin.models.base import UUID, Any, Table, at, datetime, document, instant, line_id, one_of, ref, words
from fitmycv_admin.vocabulary import AdjustmentKind, AdjustmentState, Measure


def _count() -> Any:
    return Field(default=0, sa_type=BigInteger, nullable=False, sa_column_kwargs={"server_default": "0"})


class AdjustmentBatch(Table, table=True):
    """One correction of the cost of past calls; what a batch did is undone by another one.

    `lines` are the prices it used (nano-USD per million tokens by usage type); none: the version valid at each call.
    `model_id` and `tier_id` None mean all. `done_to` is how far it came: the calls before that instant are done.
    """

    __tablename__ = "adjustment_batch"
    __table_args__ = (
        CheckConstraint(one_of("kind", AdjustmentKind), name="kind"),
        CheckConstraint(one_of("state", AdjustmentState), name="state"),
        CheckConstraint("starts_at < ends_at", name="span"),
        CheckConstraint("(kind = 'revert') = (reverts_id IS NOT NULL)", name="reverts"),
        UniqueConstraint("reverts_id"),
    )

    id: int | None = line_id()
    kind: str = words()
    state: str = words(AdjustmentState.RUNNING)
    reason: str = words()
    model_id: int | None = Field(
        default=None, sa_type=SmallInteger, sa_column_args=[ForeignKey("openai_pricing.id", ondelete="RESTRICT")]
    )
    tier_id: int | None = Field(
        default=None, sa_type=SmallInteger, sa_column_args=[ForeignKey("ai_tier.id", ondelete="RESTRICT")]
    )
    starts_at: datetime = at()
    ends_at: datetime = at()
    lines: dict[str, Any] | None = document()
    reverts_id: int | None = Field(
        default=None, sa_type=BigInteger, sa_column_args=[ForeignKey("adjustment_batch.id", ondelete="RESTRICT")]
    )
    done_to: datetime | None = instant(nullable=True)
    calls: int = _count()
    delta_nano: int = _count()
    requested_by: UUID | None = ref("app_user.id", nullable=True, index=False)
    created_at: datetime = instant()
    finished_at: datetime | None = instant(nullable=True)


class CostAdjustment(Table, table=True):
    """What a batch added to the cost of one call; lines are only added.

    `priced` is 1 when the call had no price before, -1 when it has none again. What a call costs is its own cost and
    all of these.
    """

    __tablename__ = "cost_adjustment"
    __table_args__ = (
        PrimaryKeyConstraint("call_created_at", "call_id", "batch_id"),
        CheckConstraint("priced BETWEEN -1 AND 1", name="priced"),
        Index("ix_cost_adjustment_batch_id_call_created_at_call_id", "batch_id", "call_created_at", "call_id"),
    )

    batch_id: int = Field(
        sa_type=BigInteger, sa_column_args=[ForeignKey("adjustment_batch.id", ondelete="RESTRICT")], nullable=False
    )
    call_created_at: datetime = at()
    call_id: int = Field(sa_type=BigInteger, nullable=False)
    delta_nano: int = Field(sa_type=BigInteger, nullable=False)
    priced: int = Field(default=0, sa_type=SmallInteger, nullable=False, sa_column_kwargs={"server_default": "0"})


class RollHistogram(Table, table=True):
    """How many calls of a feature on a day of the workspace's zone fell into a bucket.

    Bucket n holds values from 1.05^n up to 1.05^(n+1); -1 holds zero.
    """

    __tablename__ = "roll_histogram"
    __table_args__ = (
        PrimaryKeyConstraint("day", "feature_id", "measure", "bucket"),
        CheckConstraint(one_of("measure", Measure), name="measure"),
    )

    day: date = Field(sa_type=Date)
    feature_id: int = Field(sa_type=SmallInteger)
    measure: str = words()
    bucket: int = Field(sa_type=SmallInteger)
    calls: int = _count()


class CallOutlier(Table, table=True):
    """The dearest calls of a feature on a day; the fold keeps fifty of each."""

    __tablename__ = "call_outlier"
    __table_args__ = (
        PrimaryKeyConstraint("day", "feature_id", "call_created_at", "call_id"),
        Index("ix_call_outlier_day_cost_nano", "day", text("cost_nano DESC")),
    )

    day: date = Field(sa_type=Date)
    feature_id: int = Field(sa_type=SmallInteger)
    call_created_at: datetime = at()
    call_id: int = Field(sa_type=BigInteger)
    cost_nano: int = Field(sa_type=BigInteger, nullable=False)
    duration_ms: int | None = Field(default=None, sa_type=Integer)


class RollupCheck(Table, table=True):
    """What a comparison of a day's rollups with its calls found; nothing wrong is drift 0."""

    __tablename__ = "rollup_check"
    __table_args__ = (Index("ix_rollup_check_day_id", "day", "id"),)

    id: int | None = line_id()
    day: date = Field(sa_type=Date, nullable=False)
    checked_at: datetime = instant()
    drift_nano: int = _count()
    drift_calls: int = _count()
    repaired_at: datetime | None = instant(nullable=True)


class ExchangeRate(Table, table=True):
    """What one unit of `base` was worth in `quote` on a day; a day without a row uses the last one before it."""

    __tablename__ = "exchange_rate"
    __table_args__ = (PrimaryKeyConstraint("day", "base", "quote"), CheckConstraint("rate > 0", name="rate"))

    day: date = Field(sa_type=Date)
    base: str = words()
    quote: str = words()
    rate: Decimal = Field(sa_type=Numeric(18, 8), nullable=False)
    source: str = words()
    set_by: UUID | None = ref("app_user.id", nullable=True, index=False)
    set_at: datetime = instant()


class BillImport(Table, table=True):
    """One reading of the vendor's bill, from its endpoint or a file; `problem` says why one failed."""

    __tablename__ = "bill_import"

    id: int | None = line_id()
    source: str = words()
    file_name: str = words("")
    first_day: date | None = Field(default=None, sa_type=Date)
    last_day: date | None = Field(default=None, sa_type=Date)
    lines: int = Field(default=0, nullable=False)
    total_nano: int = _count()
    problem: str = words("")
    imported_by: UUID | None = ref("app_user.id", nullable=True, index=False)
    imported_at: datetime = instant()


class BilledDay(Table, table=True):
    """What the vendor billed for one day (UTC) and one line of its bill; a later import replaces it."""

    __tablename__ = "billed_day"
    __table_args__ = (
        PrimaryKeyConstraint("day", "line_item"),
        ForeignKeyConstraint(["import_id"], ["bill_import.id"], ondelete="RESTRICT"),
    )

    day: date = Field(sa_type=Date)
    line_item: str = words()
    amount_nano: int = Field(sa_type=BigInteger, nullable=False)
    import_id: int = Field(sa_type=BigInteger, nullable=False)
