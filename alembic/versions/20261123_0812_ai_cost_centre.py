"""AI costs: corrections, distributions, budgets with their notices and channels, exchange rates, bills."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "6b643a7d990e"
down_revision = "f102c29a90b6"
branch_labels = None
depends_on = None


SAMPLED = (
    "finished_at IS NOT NULL AND CAST(date_part('microseconds', started_at AT TIME ZONE 'UTC') AS bigint) % 8 = 0"
)
FAILURES = "status = 'failed' AND finished_at IS NOT NULL"

# Runs as the owner, since the application's role may not drop tables. Returns true when there was such a partition.
FORGET = """
CREATE FUNCTION openai_call_forget(month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    part text := 'openai_call_' || to_char(date_trunc('month', month), 'YYYY_MM');
BEGIN
    IF date_trunc('month', month) > date_trunc('month', now()) - interval '3 months' THEN
        RAISE EXCEPTION '% is too young to be forgotten', part USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF to_regclass(part) IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('ALTER TABLE openai_call DETACH PARTITION %I', part);
    EXECUTE format('DROP TABLE %I', part);
    RETURN true;
END $$
"""

# Named here as they were on this day: a migration does not change when the product does.
_WORDS = {
    ("openai_alert", "type"): (
        "user_daily", "user_monthly", "global_daily", "global_monthly", "feature_daily", "budget", "anomaly",
        "no_data", "unpriced_model", "bill_difference", "evaluator_stopped",
    ),
    ("price_line", "usage_type"): (
        "input", "cached_input", "cache_write", "output", "reasoning", "image", "audio",
    ),
}  # fmt: skip
_EARLIER_WORDS = {
    ("openai_alert", "type"): ("user_daily", "user_monthly", "global_daily", "global_monthly", "feature_daily"),
    ("price_line", "usage_type"): ("input", "cached_input", "cache_write", "output"),
}
_RULES = {
    "window_kind": "window_kind IN ('hour', 'day', 'week', 'month', 'billing_period', 'rolling')",
    "enforcement": "enforcement IN ('notify', 'deny', 'degrade')",
    "rolling": "(window_kind = 'rolling') = (rolling_days IS NOT NULL)",
    "rolling_days": "rolling_days BETWEEN 1 AND 366",
    "degrade": "(enforcement = 'degrade') = (degrade_model IS NOT NULL)",
    "each_user": "NOT (each_user AND user_id IS NOT NULL)",
    "steps": "cardinality(steps) BETWEEN 1 AND 10 AND 0 < ALL (steps)",
}
_ROLLUPS = ("roll_hour", "roll_day", "roll_user_day", "roll_user_month", "openai_usage")


def _replace_words(words: dict[tuple[str, str], tuple[str, ...]]) -> None:
    for (table, column), allowed in words.items():
        name = op.f(f"ck_{table}_{column}")
        op.drop_constraint(name, table, type_="check")
        op.create_check_constraint(name, table, f"{column} IN ({', '.join(map(repr, allowed))})")


def _count_anew() -> None:
    """The rollups learned new sums: the next fold counts every call again."""
    for table in _ROLLUPS:
        op.execute(f"DELETE FROM {table}")
    op.execute("UPDATE fold_mark SET folded_below = '0', folded_calls = 0")


def _first_rows() -> None:
    op.execute("INSERT INTO ai_tier (key) VALUES ('large_context') ON CONFLICT DO NOTHING")
    op.execute("UPDATE openai_alert SET window_kind = 'month' WHERE type IN ('user_monthly', 'global_monthly')")
    op.execute("UPDATE openai_alert SET each_user = true WHERE type IN ('user_daily', 'user_monthly')")


def upgrade() -> None:
    op.create_table(
        "alert_evaluation",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.CheckConstraint("one", name=op.f("ck_alert_evaluation_one")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_alert_evaluation")),
    )
    op.create_table(
        "call_outlier",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("feature_id", sa.SmallInteger(), nullable=False),
        sa.Column("call_created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call_id", sa.BigInteger(), nullable=False),
        sa.Column("cost_nano", sa.BigInteger(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("day", "feature_id", "call_created_at", "call_id", name=op.f("pk_call_outlier")),
    )
    op.create_index(
        "ix_call_outlier_day_cost_nano", "call_outlier", ["day", sa.literal_column("cost_nano DESC")], unique=False
    )
    op.create_table(
        "cost_digest",
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("week", name=op.f("pk_cost_digest")),
    )
    op.create_table(
        "roll_histogram",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("feature_id", sa.SmallInteger(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("calls", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("measure IN ('duration', 'cost')", name=op.f("ck_roll_histogram_measure")),
        sa.PrimaryKeyConstraint("day", "feature_id", "measure", "bucket", name=op.f("pk_roll_histogram")),
    )
    op.create_table(
        "rollup_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("drift_nano", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("drift_calls", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("repaired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollup_check")),
    )
    op.create_index("ix_rollup_check_day_id", "rollup_check", ["day", "id"], unique=False)
    op.create_table(
        "adjustment_batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("model_id", sa.SmallInteger(), nullable=True),
        sa.Column("tier_id", sa.SmallInteger(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lines", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("reverts_id", sa.BigInteger(), nullable=True),
        sa.Column("done_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calls", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("delta_nano", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'revert') = (reverts_id IS NOT NULL)", name=op.f("ck_adjustment_batch_reverts")),
        sa.CheckConstraint("kind IN ('reprice', 'late_price', 'revert')", name=op.f("ck_adjustment_batch_kind")),
        sa.CheckConstraint(
            "state IN ('running', 'done', 'reverted', 'stopped')", name=op.f("ck_adjustment_batch_state")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_adjustment_batch_span")),
        sa.ForeignKeyConstraint(
            ["model_id"], ["openai_pricing.id"], name=op.f("fk_adjustment_batch_model_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["app_user.id"], name=op.f("fk_adjustment_batch_requested_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["reverts_id"], ["adjustment_batch.id"], name=op.f("fk_adjustment_batch_reverts_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["tier_id"], ["ai_tier.id"], name=op.f("fk_adjustment_batch_tier_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment_batch")),
        sa.UniqueConstraint("reverts_id", name=op.f("uq_adjustment_batch_reverts_id")),
    )
    op.create_table(
        "alert_channel",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("target", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("gets_digest", sa.Boolean(), nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('mail', 'webhook', 'telegram', 'in_app')", name=op.f("ck_alert_channel_kind")),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["app_user.id"], name=op.f("fk_alert_channel_updated_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_channel")),
        sa.UniqueConstraint("name", name=op.f("uq_alert_channel_name")),
    )
    op.create_table(
        "alert_seen",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_alert_seen_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_alert_seen")),
    )
    op.create_table(
        "bill_import",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), server_default="", nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("total_nano", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("imported_by", sa.Uuid(), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["imported_by"], ["app_user.id"], name=op.f("fk_bill_import_imported_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill_import")),
    )
    op.create_table(
        "exchange_rate",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=18, scale=8), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("rate > 0", name=op.f("ck_exchange_rate_rate")),
        sa.ForeignKeyConstraint(["set_by"], ["app_user.id"], name=op.f("fk_exchange_rate_set_by"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("day", "base", "quote", name=op.f("pk_exchange_rate")),
    )
    op.create_table(
        "alert_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("rule_name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("window_starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("value_nano", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("limit_nano", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("facts", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("drivers", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'acknowledged', 'snoozed', 'resolved')", name=op.f("ck_alert_notice_state")
        ),
        sa.ForeignKeyConstraint(
            ["acknowledged_by"], ["app_user.id"], name=op.f("fk_alert_notice_acknowledged_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["openai_alert.id"], name=op.f("fk_alert_notice_rule_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_notice")),
        sa.UniqueConstraint(
            "rule_id",
            "subject",
            "window_starts_at",
            "step",
            name=op.f("uq_alert_notice_rule_id_subject_window_starts_at_step"),
        ),
    )
    op.create_index(
        "ix_alert_notice_opened_at_id",
        "alert_notice",
        [sa.literal_column("opened_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_alert_notice_state_opened_at", "alert_notice", ["state", sa.literal_column("opened_at DESC")], unique=False
    )
    op.create_table(
        "alert_route",
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["alert_channel.id"], name=op.f("fk_alert_route_channel_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["openai_alert.id"], name=op.f("fk_alert_route_rule_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rule_id", "channel_id", name=op.f("pk_alert_route")),
    )
    op.create_table(
        "billed_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("line_item", sa.Text(), nullable=False),
        sa.Column("amount_nano", sa.BigInteger(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["bill_import.id"], name=op.f("fk_billed_day_import_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("day", "line_item", name=op.f("pk_billed_day")),
    )
    op.create_table(
        "budget_spending",
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("limit_nano", sa.BigInteger(), nullable=False),
        sa.Column("spent_nano", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reserved_nano", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("over_nano", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("denied", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "spent_nano >= 0 AND reserved_nano >= 0 AND over_nano >= 0", name=op.f("ck_budget_spending_sums")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_budget_spending_window")),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["openai_alert.id"], name=op.f("fk_budget_spending_rule_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("rule_id", "subject", "starts_at", name=op.f("pk_budget_spending")),
    )
    op.create_index(
        "ix_budget_spending_rule_id_starts_at",
        "budget_spending",
        ["rule_id", sa.literal_column("starts_at DESC")],
        unique=False,
    )
    op.create_table(
        "cost_adjustment",
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("call_created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call_id", sa.BigInteger(), nullable=False),
        sa.Column("delta_nano", sa.BigInteger(), nullable=False),
        sa.Column("priced", sa.SmallInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("priced BETWEEN -1 AND 1", name=op.f("ck_cost_adjustment_priced")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["adjustment_batch.id"], name=op.f("fk_cost_adjustment_batch_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("call_created_at", "call_id", "batch_id", name=op.f("pk_cost_adjustment")),
    )
    op.create_index(
        "ix_cost_adjustment_batch_id_call_created_at_call_id",
        "cost_adjustment",
        ["batch_id", "call_created_at", "call_id"],
        unique=False,
    )
    op.create_table(
        "alert_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("once", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="held", nullable=False),
        sa.Column("told_by", sa.Uuid(), nullable=True),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('opened', 'resolved', 'summary', 'digest', 'test')", name=op.f("ck_alert_delivery_kind")
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'failed', 'held')", name=op.f("ck_alert_delivery_state")
        ),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["alert_channel.id"], name=op.f("fk_alert_delivery_channel_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["alert_notice.id"], name=op.f("fk_alert_delivery_notice_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["told_by"], ["alert_delivery.id"], name=op.f("fk_alert_delivery_told_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_delivery")),
        sa.UniqueConstraint("once", name=op.f("uq_alert_delivery_once")),
    )
    op.create_index(
        "ix_alert_delivery_channel_id_created_at",
        "alert_delivery",
        ["channel_id", sa.literal_column("created_at DESC")],
        unique=False,
    )
    op.create_index(
        "ix_alert_delivery_due",
        "alert_delivery",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
    )
    op.create_index(
        "ix_alert_delivery_new",
        "alert_delivery",
        ["channel_id"],
        unique=False,
        postgresql_where=sa.text("state = 'held' AND told_by IS NULL"),
    )
    op.create_index(
        "ix_alert_delivery_created_at_id",
        "alert_delivery",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(op.f("ix_alert_delivery_told_by"), "alert_delivery", ["told_by"], unique=False)
    op.create_index(op.f("ix_alert_delivery_notice_id"), "alert_delivery", ["notice_id"], unique=False)
    op.create_table(
        "alert_notice_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["app_user.id"], name=op.f("fk_alert_notice_event_actor_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["alert_notice.id"], name=op.f("fk_alert_notice_event_notice_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_notice_event")),
    )
    op.create_index(op.f("ix_alert_notice_event_notice_id"), "alert_notice_event", ["notice_id"], unique=False)
    op.create_table(
        "budget_reservation",
        sa.Column("call_key", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount_nano", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount_nano >= 0", name=op.f("ck_budget_reservation_amount_nano")),
        sa.ForeignKeyConstraint(
            ["rule_id", "subject", "starts_at"],
            ["budget_spending.rule_id", "budget_spending.subject", "budget_spending.starts_at"],
            name=op.f("fk_budget_reservation_rule_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("call_key", "rule_id", "subject", "starts_at", name=op.f("pk_budget_reservation")),
    )
    op.create_index("ix_budget_reservation_made_at", "budget_reservation", ["made_at"], unique=False)
    op.add_column("openai_alert", sa.Column("feature_key", sa.Text(), nullable=True))
    op.add_column("openai_alert", sa.Column("model_id", sa.SmallInteger(), nullable=True))
    op.add_column("openai_alert", sa.Column("plan_id", sa.SmallInteger(), nullable=True))
    op.add_column("openai_alert", sa.Column("user_id", sa.Uuid(), nullable=True))
    op.add_column("openai_alert", sa.Column("each_user", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("openai_alert", sa.Column("window_kind", sa.Text(), server_default="day", nullable=False))
    op.add_column("openai_alert", sa.Column("rolling_days", sa.SmallInteger(), nullable=True))
    op.add_column(
        "openai_alert",
        sa.Column("steps", postgresql.ARRAY(sa.SmallInteger()), server_default="{50,75,90,100}", nullable=False),
    )
    op.add_column("openai_alert", sa.Column("enforcement", sa.Text(), server_default="notify", nullable=False))
    op.add_column("openai_alert", sa.Column("degrade_model", sa.Text(), nullable=True))
    op.add_column("openai_alert", sa.Column("ratio_percent", sa.Integer(), nullable=True))
    op.add_column("openai_alert", sa.Column("minutes", sa.Integer(), nullable=True))
    op.add_column("openai_alert", sa.Column("least_calls", sa.Integer(), nullable=True))
    op.add_column("openai_alert", sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("openai_alert", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("openai_alert", sa.Column("updated_by", sa.Uuid(), nullable=True))
    op.add_column("openai_alert", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(
        op.f("fk_openai_alert_model_id"), "openai_alert", "openai_pricing", ["model_id"], ["id"], ondelete="RESTRICT"
    )
    op.create_foreign_key(
        op.f("fk_openai_alert_user_id"), "openai_alert", "app_user", ["user_id"], ["id"], ondelete="RESTRICT"
    )
    op.create_foreign_key(
        op.f("fk_openai_alert_updated_by"), "openai_alert", "app_user", ["updated_by"], ["id"], ondelete="RESTRICT"
    )
    op.add_column("openai_pricing", sa.Column("large_context_from", sa.Integer(), nullable=True))
    op.add_column("roll_day", sa.Column("cache_write_tokens", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("roll_day", sa.Column("reasoning_tokens", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("roll_day", sa.Column("image_tokens", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("roll_day", sa.Column("audio_tokens", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("roll_hour", sa.Column("cache_write_tokens", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("roll_hour", sa.Column("reasoning_tokens", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("roll_hour", sa.Column("image_tokens", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("roll_hour", sa.Column("audio_tokens", sa.BigInteger(), server_default="0", nullable=False))
    for name, rule in _RULES.items():
        op.create_check_constraint(op.f(f"ck_openai_alert_{name}"), "openai_alert", rule)
    _replace_words(_WORDS)
    op.execute(FORGET)
    op.execute(
        "CREATE TRIGGER cost_adjustment_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON cost_adjustment"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.create_index(
        "ix_background_task_sampled",
        "background_task",
        ["finished_at"],
        unique=False,
        postgresql_include=["status", "type", "queued_at", "started_at"],
        postgresql_where=sa.text(SAMPLED),
    )
    op.create_index(
        "ix_background_task_failures",
        "background_task",
        ["error_fingerprint", "finished_at"],
        unique=False,
        postgresql_include=["type"],
        postgresql_where=sa.text(FAILURES),
    )
    op.create_index(
        "ix_openai_call_no_cost",
        "openai_call",
        [sa.literal_column("created_at DESC")],
        unique=False,
        postgresql_where=sa.text("cost_nano IS NULL"),
    )
    _first_rows()
    _count_anew()


def downgrade() -> None:
    _count_anew()
    op.drop_index(
        "ix_background_task_failures", table_name="background_task", postgresql_include=["type"],
        postgresql_where=sa.text(FAILURES),
    )
    op.drop_index(
        "ix_background_task_sampled", table_name="background_task",
        postgresql_include=["status", "type", "queued_at", "started_at"], postgresql_where=sa.text(SAMPLED),
    )
    op.drop_index(
        "ix_openai_call_no_cost", table_name="openai_call", postgresql_where=sa.text("cost_nano IS NULL")
    )
    op.execute("DROP FUNCTION openai_call_forget(date)")
    # What the earlier schema has no word for goes, with what hangs on it.
    op.execute("DELETE FROM budget_reservation")
    op.execute("DELETE FROM budget_spending")
    op.execute("DELETE FROM alert_delivery")
    op.execute("DELETE FROM alert_notice")
    op.execute("DELETE FROM alert_route")
    op.execute(
        "DELETE FROM openai_alert WHERE type NOT IN ('user_daily', 'user_monthly', 'global_daily',"
        " 'global_monthly', 'feature_daily')"
    )
    op.execute("DELETE FROM price_line WHERE usage_type IN ('reasoning', 'image', 'audio')")
    _replace_words(_EARLIER_WORDS)
    for name in _RULES:
        op.drop_constraint(op.f(f"ck_openai_alert_{name}"), "openai_alert", type_="check")
    op.drop_column("roll_hour", "audio_tokens")
    op.drop_column("roll_hour", "image_tokens")
    op.drop_column("roll_hour", "reasoning_tokens")
    op.drop_column("roll_hour", "cache_write_tokens")
    op.drop_column("roll_day", "audio_tokens")
    op.drop_column("roll_day", "image_tokens")
    op.drop_column("roll_day", "reasoning_tokens")
    op.drop_column("roll_day", "cache_write_tokens")
    op.drop_column("openai_pricing", "large_context_from")
    op.drop_constraint(op.f("fk_openai_alert_updated_by"), "openai_alert", type_="foreignkey")
    op.drop_constraint(op.f("fk_openai_alert_user_id"), "openai_alert", type_="foreignkey")
    op.drop_constraint(op.f("fk_openai_alert_model_id"), "openai_alert", type_="foreignkey")
    op.drop_column("openai_alert", "deleted_at")
    op.drop_column("openai_alert", "updated_by")
    op.drop_column("openai_alert", "version")
    op.drop_column("openai_alert", "snoozed_until")
    op.drop_column("openai_alert", "least_calls")
    op.drop_column("openai_alert", "minutes")
    op.drop_column("openai_alert", "ratio_percent")
    op.drop_column("openai_alert", "degrade_model")
    op.drop_column("openai_alert", "enforcement")
    op.drop_column("openai_alert", "steps")
    op.drop_column("openai_alert", "rolling_days")
    op.drop_column("openai_alert", "window_kind")
    op.drop_column("openai_alert", "each_user")
    op.drop_column("openai_alert", "user_id")
    op.drop_column("openai_alert", "plan_id")
    op.drop_column("openai_alert", "model_id")
    op.drop_column("openai_alert", "feature_key")
    op.drop_index("ix_budget_reservation_made_at", table_name="budget_reservation")
    op.drop_table("budget_reservation")
    op.drop_index(op.f("ix_alert_notice_event_notice_id"), table_name="alert_notice_event")
    op.drop_table("alert_notice_event")
    op.drop_index(op.f("ix_alert_delivery_told_by"), table_name="alert_delivery")
    op.drop_index("ix_alert_delivery_created_at_id", table_name="alert_delivery")
    op.drop_index(
        "ix_alert_delivery_new",
        table_name="alert_delivery",
        postgresql_where=sa.text("state = 'held' AND told_by IS NULL"),
    )
    op.drop_index(op.f("ix_alert_delivery_notice_id"), table_name="alert_delivery")
    op.drop_index(
        "ix_alert_delivery_due", table_name="alert_delivery", postgresql_where=sa.text("state IN ('queued', 'sending')")
    )
    op.drop_index("ix_alert_delivery_channel_id_created_at", table_name="alert_delivery")
    op.drop_table("alert_delivery")
    op.drop_index("ix_cost_adjustment_batch_id_call_created_at_call_id", table_name="cost_adjustment")
    op.drop_table("cost_adjustment")
    op.drop_index("ix_budget_spending_rule_id_starts_at", table_name="budget_spending")
    op.drop_table("budget_spending")
    op.drop_table("billed_day")
    op.drop_table("alert_route")
    op.drop_index("ix_alert_notice_state_opened_at", table_name="alert_notice")
    op.drop_index("ix_alert_notice_opened_at_id", table_name="alert_notice")
    op.drop_table("alert_notice")
    op.drop_table("exchange_rate")
    op.drop_table("bill_import")
    op.drop_table("alert_seen")
    op.drop_table("alert_channel")
    op.drop_table("adjustment_batch")
    op.drop_index("ix_rollup_check_day_id", table_name="rollup_check")
    op.drop_table("rollup_check")
    op.drop_table("roll_histogram")
    op.drop_table("cost_digest")
    op.drop_index("ix_call_outlier_day_cost_nano", table_name="call_outlier")
    op.drop_table("call_outlier")
    op.drop_table("alert_evaluation")
