"""Rules about AI spend, their windows and reservations, the notices they give and how these reach somebody."""

from datetime import date

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from fitmycv_admin.models.base import (
    UUID,
    Any,
    Table,
    Xid8,
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
from fitmycv_admin.vocabulary import (
    AlertType,
    BudgetWindow,
    ChannelKind,
    DeliveryKind,
    DeliveryState,
    Enforcement,
    NoticeState,
)


def _nano() -> Any:
    return Field(default=0, sa_type=BigInteger, nullable=False, sa_column_kwargs={"server_default": "0"})


def _rule() -> Any:
    return Field(
        sa_type=BigInteger, sa_column_args=[ForeignKey("openai_alert.id", ondelete="RESTRICT")], nullable=False
    )


class OpenAIAlert(Table, table=True):
    """A rule about AI spend. A budget has a scope, a window, a limit (`threshold_nano`, nano-USD) and steps of it.

    What is None is not narrowed: no feature, no model, no plan (0: people without one), no person. `each_user` counts
    every person apart. `ratio_percent`, `minutes` and `least_calls` belong to the types that need them. A rule that
    was taken away stays for its history.
    """

    __tablename__ = "openai_alert"
    __table_args__ = (
        CheckConstraint(one_of("type", AlertType), name="type"),
        CheckConstraint(one_of("window_kind", BudgetWindow), name="window_kind"),
        CheckConstraint(one_of("enforcement", Enforcement), name="enforcement"),
        CheckConstraint("threshold_nano >= 0", name="threshold_nano"),
        CheckConstraint("(window_kind = 'rolling') = (rolling_days IS NOT NULL)", name="rolling"),
        CheckConstraint("rolling_days BETWEEN 1 AND 366", name="rolling_days"),
        CheckConstraint("(enforcement = 'degrade') = (degrade_model IS NOT NULL)", name="degrade"),
        CheckConstraint("NOT (each_user AND user_id IS NOT NULL)", name="each_user"),
        CheckConstraint("cardinality(steps) BETWEEN 1 AND 10 AND 0 < ALL (steps)", name="steps"),
    )

    id: int | None = line_id()
    type: str = words()
    name: str = words(unique=True)
    description: str | None = words(nullable=True)
    threshold_nano: int = Field(sa_type=BigInteger, nullable=False)
    enabled: bool = Field(default=False, nullable=False)
    feature_key: str | None = words(nullable=True)
    model_id: int | None = Field(
        default=None, sa_type=SmallInteger, sa_column_args=[ForeignKey("openai_pricing.id", ondelete="RESTRICT")]
    )
    plan_id: int | None = Field(default=None, sa_type=SmallInteger)
    user_id: UUID | None = ref("app_user.id", nullable=True, index=False)
    each_user: bool = Field(default=False, nullable=False, sa_column_kwargs={"server_default": "false"})
    window_kind: str = words(BudgetWindow.DAY)
    rolling_days: int | None = Field(default=None, sa_type=SmallInteger)
    steps: list[int] = Field(
        default_factory=lambda: [50, 75, 90, 100],
        sa_type=ARRAY(SmallInteger),
        nullable=False,
        sa_column_kwargs={"server_default": "{50,75,90,100}"},
    )
    enforcement: str = words(Enforcement.NOTIFY)
    degrade_model: str | None = words(nullable=True)
    ratio_percent: int | None = Field(default=None)
    minutes: int | None = Field(default=None)
    least_calls: int | None = Field(default=None)
    snoozed_until: datetime | None = instant(nullable=True)
    version: int = Field(default=1, nullable=False, sa_column_kwargs={"server_default": "1"})
    updated_by: UUID | None = ref("app_user.id", nullable=True, index=False)
    created_at: datetime = instant()
    updated_at: datetime = instant()
    deleted_at: datetime | None = instant(nullable=True)


class BudgetSpending(Table, table=True):
    """What one subject of a budget spent in one window. `subject` is empty, or `user:<seq>` of an each-user rule.

    `spent_nano` is what calls cost, `reserved_nano` what calls under way may still cost, `over_nano` what calls cost
    beyond their reservations. A hard limit lets a reservation in only while spent + reserved + new <= limit; `denied`
    counts those it did not let in, `least_denied_nano` is the smallest of them.
    """

    __tablename__ = "budget_spending"
    __table_args__ = (
        PrimaryKeyConstraint("rule_id", "subject", "starts_at"),
        CheckConstraint("spent_nano >= 0 AND reserved_nano >= 0 AND over_nano >= 0", name="sums"),
        CheckConstraint("starts_at < ends_at", name="window"),
        Index("ix_budget_spending_rule_id_starts_at", "rule_id", text("starts_at DESC")),
    )

    rule_id: int = _rule()
    subject: str = words("")
    starts_at: datetime = at()
    ends_at: datetime = at()
    limit_nano: int = Field(sa_type=BigInteger, nullable=False)
    spent_nano: int = _nano()
    reserved_nano: int = _nano()
    over_nano: int = _nano()
    denied: int = _nano()
    least_denied_nano: int | None = Field(default=None, sa_type=BigInteger)
    updated_at: datetime = instant()


class BudgetReservation(Table, table=True):
    """What one model call under way has reserved in one budget; settled when the call is recorded."""

    __tablename__ = "budget_reservation"
    __table_args__ = (
        PrimaryKeyConstraint("call_key", "rule_id", "subject", "starts_at"),
        ForeignKeyConstraint(
            ["rule_id", "subject", "starts_at"],
            ["budget_spending.rule_id", "budget_spending.subject", "budget_spending.starts_at"],
            ondelete="RESTRICT",
        ),
        CheckConstraint("amount_nano >= 0", name="amount_nano"),
        Index("ix_budget_reservation_made_at", "made_at"),
    )

    call_key: UUID = Field(nullable=False)
    rule_id: int = Field(sa_type=BigInteger, nullable=False)
    subject: str = words("")
    starts_at: datetime = at()
    amount_nano: int = Field(sa_type=BigInteger, nullable=False)
    task_id: UUID | None = Field(default=None)
    made_at: datetime = instant()


class AlertNotice(Table, table=True):
    """One crossing of one step by one subject in one window: there is never a second one.

    `value_nano` and `limit_nano` are nano-USD for budgets; other types keep their figures in `facts`. `drivers` are
    the parts that cost most when it was given.
    """

    __tablename__ = "alert_notice"
    __table_args__ = (
        UniqueConstraint("rule_id", "subject", "window_starts_at", "step"),
        CheckConstraint(one_of("state", NoticeState), name="state"),
        Index("ix_alert_notice_opened_at_id", text("opened_at DESC"), text("id DESC")),
        Index("ix_alert_notice_state_opened_at", "state", text("opened_at DESC")),
    )

    id: UUID = entity_id()
    rule_id: int = _rule()
    type: str = words()
    rule_name: str = words()
    subject: str = words("")
    window_starts_at: datetime = at()
    window_ends_at: datetime = at()
    step: int = Field(sa_type=SmallInteger, nullable=False)
    value_nano: int = _nano()
    limit_nano: int = _nano()
    facts: dict[str, Any] | None = document()
    drivers: dict[str, Any] | None = document()
    state: str = words(NoticeState.OPEN)
    opened_at: datetime = instant()
    acknowledged_at: datetime | None = instant(nullable=True)
    acknowledged_by: UUID | None = ref("app_user.id", nullable=True, index=False)
    snoozed_until: datetime | None = instant(nullable=True)
    resolved_at: datetime | None = instant(nullable=True)


class AlertNoticeEvent(Table, table=True):
    """What happened to a notice: who took it, put it off, wrote something, or that it ended by itself (no actor)."""

    __tablename__ = "alert_notice_event"

    id: int | None = line_id()
    notice_id: UUID = ref("alert_notice.id", ondelete="CASCADE")
    kind: str = words()
    actor_id: UUID | None = ref("app_user.id", nullable=True, index=False)
    comment: str = words("")
    created_at: datetime = instant()


class AlertSeen(Table, table=True):
    """Up to when a member of staff has seen the notices in the application."""

    __tablename__ = "alert_seen"

    user_id: UUID = Field(primary_key=True, foreign_key="app_user.id", ondelete="CASCADE")
    seen_at: datetime = instant()


class AlertChannel(Table, table=True):
    """A way by which notices reach somebody; `target` is an address, a URL or a chat, never a secret."""

    __tablename__ = "alert_channel"
    __table_args__ = (CheckConstraint(one_of("kind", ChannelKind), name="kind"),)

    id: int | None = line_id()
    kind: str = words()
    name: str = words(unique=True)
    target: dict[str, Any] = document(nullable=False)
    enabled: bool = Field(default=True, nullable=False)
    gets_digest: bool = Field(default=False, nullable=False)
    updated_by: UUID | None = ref("app_user.id", nullable=True, index=False)
    created_at: datetime = instant()
    updated_at: datetime = instant()
    deleted_at: datetime | None = instant(nullable=True)


class AlertRoute(Table, table=True):
    """A rule tells this channel. A rule without any tells those inside the application only."""

    __tablename__ = "alert_route"
    __table_args__ = (PrimaryKeyConstraint("rule_id", "channel_id"),)

    rule_id: int = Field(sa_type=BigInteger, sa_column_args=[ForeignKey("openai_alert.id", ondelete="CASCADE")])
    channel_id: int = Field(sa_type=BigInteger, sa_column_args=[ForeignKey("alert_channel.id", ondelete="CASCADE")])


class AlertDelivery(Table, table=True):
    """One message to one channel, kept until it was sent or given up. `once` names it: there is no second one.

    It begins as `held`; then it is let out as `queued`, or told with others by the summary `told_by`.
    """

    __tablename__ = "alert_delivery"
    __table_args__ = (
        CheckConstraint(one_of("kind", DeliveryKind), name="kind"),
        CheckConstraint(one_of("state", DeliveryState), name="state"),
        Index("ix_alert_delivery_due", "next_at", postgresql_where=text("state IN ('queued', 'sending')")),
        Index("ix_alert_delivery_new", "channel_id", postgresql_where=text("state = 'held' AND told_by IS NULL")),
        Index("ix_alert_delivery_channel_id_created_at", "channel_id", text("created_at DESC")),
        Index("ix_alert_delivery_created_at_id", text("created_at DESC"), text("id DESC")),
    )

    id: UUID = entity_id()
    once: str = words(unique=True)
    channel_id: int = Field(
        sa_type=BigInteger, sa_column_args=[ForeignKey("alert_channel.id", ondelete="RESTRICT")], nullable=False
    )
    notice_id: UUID | None = ref("alert_notice.id", nullable=True)
    kind: str = words()
    state: str = words(DeliveryState.HELD)
    told_by: UUID | None = ref("alert_delivery.id", nullable=True)
    body: dict[str, Any] = document(nullable=False)
    attempts: int = Field(default=0, nullable=False)
    next_at: datetime = instant()
    last_error: str = words("")
    created_at: datetime = instant()
    sent_at: datetime | None = instant(nullable=True)


class AlertEvaluation(Table, table=True):
    """When the rules were last looked at: a watch elsewhere raises the alarm when this stands still.

    Calls below the transaction id `looked_below` have been seen; `swept_at` is when all people were counted.
    """

    __tablename__ = "alert_evaluation"
    __table_args__ = (CheckConstraint("one", name="one"),)

    one: bool = Field(default=True, primary_key=True)
    evaluated_at: datetime = instant()
    took_ms: int = Field(default=0, nullable=False)
    rules: int = Field(default=0, nullable=False)
    looked_below: int | None = Field(default=None, sa_type=Xid8)
    swept_at: datetime | None = instant(nullable=True)


class CostDigest(Table, table=True):
    """The report of one week (its first day, in the workspace's zone) as it was sent."""

    __tablename__ = "cost_digest"

    week: date = Field(primary_key=True, sa_type=Date)
    body: dict[str, Any] = document(nullable=False)
    made_at: datetime = instant()
