"""Model calls, what they cost, prices and rollups. Costs are integer nano-USD (1e-9 USD)."""

from datetime import date

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.types import Text
from sqlmodel import Field

from fitmycv_admin.models.base import UUID, Any, Table, Xid8, at, datetime, instant, line_id, one_of, ref, words
from fitmycv_admin.vocabulary import CallStatus, UsageType


def _small_id() -> Any:
    return Field(default=None, primary_key=True, sa_type=SmallInteger, sa_column_args=[Identity(always=False)])


def _small_ref(target: str) -> Any:
    return Field(sa_type=SmallInteger, sa_column_args=[ForeignKey(target, ondelete="RESTRICT")], nullable=False)


def _sum() -> Any:
    return Field(default=0, sa_type=BigInteger, nullable=False, sa_column_kwargs={"server_default": "0"})


def _tokens() -> Any:
    return Field(default=0, sa_type=Integer, nullable=False, sa_column_kwargs={"server_default": "0"})


class AiFeature(Table, table=True):
    """What a call was made for, as the fact table knows it: a small number for a call name.

    Pages show the row of the feature mapping that names it: a changed mapping groups the past anew.
    """

    __tablename__ = "ai_feature"

    id: int | None = _small_id()
    key: str = words(unique=True)


class AiTier(Table, table=True):
    """A price tier as the fact table knows it."""

    __tablename__ = "ai_tier"

    id: int | None = _small_id()
    key: str = words(unique=True)


class OpenAIPricing(Table, table=True):
    """A model that can be called; its prices are the lines of the version valid now."""

    __tablename__ = "openai_pricing"

    id: int | None = _small_id()
    model_name: str = words(unique=True)
    aliases: list[str] = Field(
        default_factory=list, sa_type=ARRAY(Text), nullable=False, sa_column_kwargs={"server_default": "{}"}
    )
    description: str | None = words(nullable=True)
    is_active: bool = Field(default=True, nullable=False)
    large_context_from: int | None = Field(default=None, sa_type=Integer)
    created_at: datetime = instant()
    updated_at: datetime = instant()


class PriceVersion(Table, table=True):
    """The prices of one model and tier over a time; two versions never overlap.

    `source` says where prices that were imported came from, and of which day they are.
    """

    __tablename__ = "price_version"
    __table_args__ = (
        ExcludeConstraint(
            (func.int4range(text("model_id"), text("model_id"), text("'[]'")), "&&"),
            (func.int4range(text("tier_id"), text("tier_id"), text("'[]'")), "&&"),
            ("valid", "&&"),
            name="ex_price_version_valid",
            using="gist",
        ),
        CheckConstraint("NOT isempty(valid)", name="valid"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Integer, sa_column_args=[Identity(always=True)])
    model_id: int = _small_ref("openai_pricing.id")
    tier_id: int = _small_ref("ai_tier.id")
    valid: Range[datetime] = Field(sa_type=TSTZRANGE, nullable=False)
    reason: str = words()
    source: str = words("")
    created_by: UUID | None = ref("app_user.id", nullable=True)
    created_at: datetime = instant()


class PriceLine(Table, table=True):
    """The price of one kind of token in one version, in nano-USD per million tokens."""

    __tablename__ = "price_line"
    __table_args__ = (
        PrimaryKeyConstraint("version_id", "usage_type"),
        CheckConstraint(one_of("usage_type", UsageType), name="usage_type"),
        CheckConstraint("nano_per_mtoken >= 0", name="nano_per_mtoken"),
    )

    version_id: int = Field(sa_type=Integer, sa_column_args=[ForeignKey("price_version.id", ondelete="CASCADE")])
    usage_type: str = words()
    nano_per_mtoken: int = Field(sa_type=BigInteger, nullable=False)


class OpenAICall(Table, table=True):
    """One call of a model, in monthly partitions; never updated.

    `cost_nano` null means: its model had no price (then it has no version either), or nobody answered.
    """

    __tablename__ = "openai_call"
    __table_args__ = (
        PrimaryKeyConstraint("created_at", "id"),
        CheckConstraint(one_of("status", CallStatus), name="status"),
        CheckConstraint("cached_tokens + cache_write_tokens <= prompt_tokens", name="cached"),
        CheckConstraint("reasoning_tokens <= completion_tokens", name="reasoning"),
        CheckConstraint("prompt_tokens >= 0 AND cached_tokens >= 0 AND completion_tokens >= 0", name="tokens"),
        CheckConstraint("cost_nano >= 0", name="cost_nano"),
        Index(
            "ix_openai_call_created_at",
            "created_at",
            postgresql_using="brin",
            postgresql_with={"pages_per_range": 32},
        ),
        Index("ix_openai_call_user_seq_created_at", "user_seq", text("created_at DESC")),
        Index("ix_openai_call_feature_id_created_at", "feature_id", text("created_at DESC")),
        Index("ix_openai_call_model_id_created_at", "model_id", text("created_at DESC")),
        Index("ix_openai_call_task_id", "task_id"),
        Index("ix_openai_call_xid", "xid"),
        # Few calls have no cost: the bill, the list of unpriced calls and late prices look for them.
        Index("ix_openai_call_no_cost", text("created_at DESC"), postgresql_where=text("cost_nano IS NULL")),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )

    id: int | None = Field(default=None, sa_type=BigInteger, sa_column_args=[Identity(always=True)], nullable=False)
    created_at: datetime = at()
    user_seq: int | None = Field(default=None, sa_type=Integer)
    feature_id: int = Field(sa_type=SmallInteger, nullable=False)
    model_id: int = Field(sa_type=SmallInteger, nullable=False)
    tier_id: int = Field(sa_type=SmallInteger, nullable=False)
    plan_id: int | None = Field(default=None, sa_type=SmallInteger)
    call_name: str = words()
    model_requested: str = words()
    model_served: str = words()
    status: str = words(CallStatus.OK)
    task_id: UUID | None = Field(default=None)
    step: str = words("")
    attempt: int = Field(default=0, sa_type=SmallInteger, nullable=False)
    prompt_tokens: int = _tokens()
    cached_tokens: int = _tokens()
    cache_write_tokens: int = _tokens()
    completion_tokens: int = _tokens()
    reasoning_tokens: int = _tokens()
    image_tokens: int = _tokens()
    audio_tokens: int = _tokens()
    total_tokens: int = Field(
        default=None,
        sa_type=Integer,
        sa_column_args=[Computed("prompt_tokens + completion_tokens", persisted=True)],
    )
    price_version_id: int | None = Field(default=None, sa_type=Integer)
    cost_nano: int | None = Field(default=None, sa_type=BigInteger)
    duration_ms: int | None = Field(default=None, sa_type=Integer)
    request_id: str | None = words(nullable=True)
    xid: int = Field(
        default=None,
        sa_type=Xid8,
        nullable=False,
        sa_column_kwargs={"server_default": text("pg_current_xact_id()")},
    )


class _Sums(Table):
    calls: int = _sum()
    unpriced: int = _sum()
    prompt_tokens: int = _sum()
    cached_tokens: int = _sum()
    completion_tokens: int = _sum()
    cost_nano: int = _sum()


class _Detailed(_Sums):
    cache_write_tokens: int = _sum()
    reasoning_tokens: int = _sum()
    image_tokens: int = _sum()
    audio_tokens: int = _sum()


class RollHour(_Detailed, table=True):
    """Calls of one hour (UTC) by feature, model, tier and plan (0: none)."""

    __tablename__ = "roll_hour"
    __table_args__ = (PrimaryKeyConstraint("hour", "feature_id", "model_id", "tier_id", "plan_id"),)

    hour: datetime = at()
    feature_id: int = Field(sa_type=SmallInteger)
    model_id: int = Field(sa_type=SmallInteger)
    tier_id: int = Field(sa_type=SmallInteger)
    plan_id: int = Field(sa_type=SmallInteger)


class RollDay(_Detailed, table=True):
    """Calls of one day in the workspace's zone by feature, model, tier and plan (0: none)."""

    __tablename__ = "roll_day"
    __table_args__ = (PrimaryKeyConstraint("day", "feature_id", "model_id", "tier_id", "plan_id"),)

    day: date = Field(sa_type=Date)
    feature_id: int = Field(sa_type=SmallInteger)
    model_id: int = Field(sa_type=SmallInteger)
    tier_id: int = Field(sa_type=SmallInteger)
    plan_id: int = Field(sa_type=SmallInteger)


class RollUserDay(_Sums, table=True):
    """Calls of one person (0: system) under one plan (0: none), at one tier, on one day of the workspace's zone."""

    __tablename__ = "roll_user_day"
    __table_args__ = (
        PrimaryKeyConstraint("day", "user_seq", "plan_id", "tier_id"),
        Index("ix_roll_user_day_user_seq_day", "user_seq", "day"),
    )

    day: date = Field(sa_type=Date)
    user_seq: int = Field(sa_type=Integer)
    plan_id: int = Field(sa_type=SmallInteger)
    tier_id: int = Field(sa_type=SmallInteger)


class RollUserMonth(_Sums, table=True):
    """Calls of one person (0: system) under one plan (0: none), at one tier, in one month of the workspace's zone.

    `month` is its first day.
    """

    __tablename__ = "roll_user_month"
    __table_args__ = (
        PrimaryKeyConstraint("month", "user_seq", "plan_id", "tier_id"),
        Index("ix_roll_user_month_month_cost_nano", "month", text("cost_nano DESC")),
    )

    month: date = Field(sa_type=Date)
    user_seq: int = Field(sa_type=Integer)
    plan_id: int = Field(sa_type=SmallInteger)
    tier_id: int = Field(sa_type=SmallInteger)


class FoldMark(Table, table=True):
    """How far calls have been folded into rollups: everything below this transaction id.

    `folded_calls` counts them: with the calls not folded yet it is the number that changes at every new call.
    Calls before `kept_from` (the first instant of a month, UTC) were forgotten: the rollups are all that is known of
    them, and counting anew leaves them alone.
    """

    __tablename__ = "fold_mark"
    __table_args__ = (CheckConstraint("one", name="one"),)

    one: bool = Field(default=True, primary_key=True)
    folded_below: int = Field(sa_type=Xid8, nullable=False)
    folded_calls: int = _sum()
    zone: str = words("Europe/Paris")
    folded_at: datetime = instant()
    kept_from: datetime | None = instant(nullable=True)


class OpenAIUsage(Table, table=True):
    """Usage by person, feature, model and day; filled by the fold."""

    __tablename__ = "openai_usage"
    # The day first: what a fold writes then lies together.
    __table_args__ = (UniqueConstraint("date", "user_id", "feature_name", "model"),)

    id: int | None = line_id()
    user_id: UUID = ref("app_user.id", index=False)
    feature_name: str = words()
    model: str = words()
    day: date = Field(sa_type=Date, nullable=False, sa_column_kwargs={"name": "date"})
    prompt_tokens: int = _sum()
    cached_tokens: int = _sum()
    completion_tokens: int = _sum()
    estimated_cost_nano: int = _sum()
    calls_count: int = _sum()


class ModelBreaker(Table, table=True):
    """Whether the models answer: failures in a row of all processes, and until when nothing is sent to them."""

    __tablename__ = "model_breaker"
    __table_args__ = (CheckConstraint("failures >= 0", name="failures"),)

    name: str = Field(primary_key=True, sa_type=Text)
    failures: int = Field(default=0, nullable=False)
    open_until: datetime | None = instant(nullable=True)
    opened_at: datetime | None = instant(nullable=True)
    last_error: str = words("")
    changed_at: datetime = instant()
