"""The first schema: every table, the partitions of model calls, and the ledgers that only grow."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from fitmycv_admin.models.base import Xid8

revision = "4178354e0435"
down_revision = None
branch_labels = None
depends_on = None


APPEND_ONLY = ("audit_event", "consent_log", "credit_transaction")

# Runs as the owner, since the application's role may not make tables. Rows of that month that waited in the
# default partition move along. Returns true when the partition was made, false when it was there.
PARTITION = """
CREATE FUNCTION openai_call_partition(month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first date := date_trunc('month', month)::date;
    part text := 'openai_call_' || to_char(first, 'YYYY_MM');
    low timestamptz := first::timestamp AT TIME ZONE 'UTC';
    high timestamptz := (first + interval '1 month')::timestamp AT TIME ZONE 'UTC';
    columns text;
BEGIN
    IF first NOT BETWEEN '2020-01-01' AND '2099-12-01' THEN
        RAISE EXCEPTION 'no partition for %', first USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF to_regclass(part) IS NOT NULL THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('openai_call_partition'));
    IF to_regclass(part) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format(
        'CREATE TABLE %I (LIKE openai_call INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED)', part);
    LOCK TABLE openai_call_default IN ACCESS EXCLUSIVE MODE;
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns FROM pg_attribute
    WHERE attrelid = 'openai_call'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
    EXECUTE format(
        'WITH moved AS (DELETE FROM openai_call_default WHERE created_at >= $1 AND created_at < $2 RETURNING %1$s)'
        ' INSERT INTO %2$I (%1$s) SELECT %1$s FROM moved', columns, part) USING low, high;
    EXECUTE format('ALTER TABLE openai_call ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, low, high);
    RETURN true;
END $$
"""

REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$
"""


def _partitions() -> None:
    """A default partition, so that no call is ever refused, and the months around today."""
    op.execute("CREATE TABLE openai_call_default PARTITION OF openai_call DEFAULT")
    op.execute(PARTITION)
    op.execute(
        "SELECT openai_call_partition((date_trunc('month', now()) + make_interval(months => n))::date)"
        " FROM generate_series(-13, 3) n"
    )


def _ledgers_only_grow() -> None:
    op.execute(REFUSE)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _first_rows() -> None:
    op.execute("INSERT INTO fold_mark (one, folded_below) VALUES (true, '0')")
    op.execute("INSERT INTO ai_tier (key) VALUES ('standard'), ('priority'), ('flex'), ('batch')")


def upgrade() -> None:
    op.create_table(
        "ai_feature",
        sa.Column("id", sa.SmallInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_feature")),
        sa.UniqueConstraint("key", name=op.f("uq_ai_feature_key")),
    )
    op.create_table(
        "ai_tier",
        sa.Column("id", sa.SmallInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_tier")),
        sa.UniqueConstraint("key", name=op.f("uq_ai_tier_key")),
    )
    op.create_table(
        "app_user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("email_verified", sa.DateTime(timezone=True), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("image", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), server_default="user", nullable=False),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("language", sa.Text(), server_default="fr", nullable=False),
        sa.Column("reset_token", sa.Text(), nullable=True),
        sa.Column("reset_token_expiry", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stripe_customer_id", sa.Text(), nullable=True),
        sa.Column("referral_code", sa.Text(), nullable=True),
        sa.Column("referred_by", sa.Text(), nullable=True),
        sa.Column("onboarding_state", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("token_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("privacy_policy_accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_demo", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("language IN ('fr', 'en')", name=op.f("ck_app_user_language")),
        sa.CheckConstraint(
            "role IN ('user', 'viewer', 'support', 'ops', 'finance', 'admin')", name=op.f("ck_app_user_role")
        ),
        sa.CheckConstraint("state IN ('active', 'disabled', 'erased')", name=op.f("ck_app_user_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("referral_code", name=op.f("uq_app_user_referral_code")),
        sa.UniqueConstraint("reset_token", name=op.f("uq_app_user_reset_token")),
        sa.UniqueConstraint("seq", name=op.f("uq_app_user_seq")),
        sa.UniqueConstraint("stripe_customer_id", name=op.f("uq_app_user_stripe_customer_id")),
    )
    op.create_index("ix_app_user_created_at_id", "app_user", ["created_at", "id"], unique=False)
    op.create_index("uq_app_user_email_lower", "app_user", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_role", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), server_default="", nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target_type", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("ip", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index("ix_audit_event_actor_id_id", "audit_event", ["actor_id", "id"], unique=False)
    op.create_index("ix_audit_event_created_at_id", "audit_event", ["created_at", "id"], unique=False)
    op.create_index("ix_audit_event_target", "audit_event", ["target_type", "target_id", "id"], unique=False)
    op.create_table(
        "credit_pack",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("credit_amount", sa.Integer(), nullable=False),
        sa.Column("price", sa.Integer(), nullable=False),
        sa.Column("price_currency", sa.Text(), server_default="EUR", nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("stripe_product_id", sa.Text(), nullable=True),
        sa.Column("stripe_price_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("credit_amount > 0", name=op.f("ck_credit_pack_credit_amount")),
        sa.CheckConstraint("price >= 0", name=op.f("ck_credit_pack_price")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_pack")),
        sa.UniqueConstraint("credit_amount", name=op.f("uq_credit_pack_credit_amount")),
        sa.UniqueConstraint("stripe_price_id", name=op.f("uq_credit_pack_stripe_price_id")),
        sa.UniqueConstraint("stripe_product_id", name=op.f("uq_credit_pack_stripe_product_id")),
    )
    op.create_table(
        "cron_entry",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("next_run_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cron_entry")),
    )
    op.create_table(
        "email_trigger",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("variables", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("is_system", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_trigger")),
        sa.UniqueConstraint("name", name=op.f("uq_email_trigger_name")),
    )
    op.create_table(
        "feature_mapping",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("feature_key", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("setting_names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("openai_call_names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("plan_feature_names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feature_mapping")),
        sa.UniqueConstraint("feature_key", name=op.f("uq_feature_mapping_feature_key")),
    )
    op.create_table(
        "fold_mark",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("folded_below", Xid8(), nullable=False),
        sa.Column("folded_calls", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("zone", sa.Text(), server_default="Europe/Paris", nullable=False),
        sa.Column("folded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("one", name=op.f("ck_fold_mark_one")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_fold_mark")),
    )
    op.create_table(
        "openai_alert",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("threshold_nano", sa.BigInteger(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "type IN ('user_daily', 'user_monthly', 'global_daily', 'global_monthly', 'feature_daily')",
            name=op.f("ck_openai_alert_type"),
        ),
        sa.CheckConstraint("threshold_nano >= 0", name=op.f("ck_openai_alert_threshold_nano")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openai_alert")),
        sa.UniqueConstraint("name", name=op.f("uq_openai_alert_name")),
    )
    op.create_table(
        "openai_call",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_seq", sa.Integer(), nullable=True),
        sa.Column("feature_id", sa.SmallInteger(), nullable=False),
        sa.Column("model_id", sa.SmallInteger(), nullable=False),
        sa.Column("tier_id", sa.SmallInteger(), nullable=False),
        sa.Column("plan_id", sa.SmallInteger(), nullable=True),
        sa.Column("call_name", sa.Text(), nullable=False),
        sa.Column("model_requested", sa.Text(), nullable=False),
        sa.Column("model_served", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="ok", nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("step", sa.Text(), server_default="", nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cached_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cache_write_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("completion_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reasoning_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("image_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("audio_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "total_tokens",
            sa.Integer(),
            sa.Computed("prompt_tokens + completion_tokens", persisted=True),
            nullable=False,
        ),
        sa.Column("price_version_id", sa.Integer(), nullable=True),
        sa.Column("cost_nano", sa.BigInteger(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('ok', 'failed', 'aborted')",
            name=op.f("ck_openai_call_status"),
        ),
        sa.CheckConstraint("cached_tokens + cache_write_tokens <= prompt_tokens", name=op.f("ck_openai_call_cached")),
        sa.CheckConstraint("cost_nano >= 0", name=op.f("ck_openai_call_cost_nano")),
        sa.CheckConstraint(
            "prompt_tokens >= 0 AND cached_tokens >= 0 AND completion_tokens >= 0", name=op.f("ck_openai_call_tokens")
        ),
        sa.CheckConstraint("reasoning_tokens <= completion_tokens", name=op.f("ck_openai_call_reasoning")),
        sa.PrimaryKeyConstraint("created_at", "id", name=op.f("pk_openai_call")),
        postgresql_partition_by="RANGE (created_at)",
    )
    op.create_index(
        "ix_openai_call_created_at",
        "openai_call",
        ["created_at"],
        unique=False,
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 32},
    )
    op.create_index(
        "ix_openai_call_created_at_id",
        "openai_call",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_openai_call_feature_id_created_at",
        "openai_call",
        ["feature_id", sa.literal_column("created_at DESC")],
        unique=False,
    )
    op.create_index(
        "ix_openai_call_model_id_created_at",
        "openai_call",
        ["model_id", sa.literal_column("created_at DESC")],
        unique=False,
    )
    op.create_index("ix_openai_call_task_id", "openai_call", ["task_id"], unique=False)
    op.create_index(
        "ix_openai_call_user_seq_created_at",
        "openai_call",
        ["user_seq", sa.literal_column("created_at DESC")],
        unique=False,
    )
    op.create_index("ix_openai_call_xid", "openai_call", ["xid"], unique=False)
    op.create_table(
        "openai_pricing",
        sa.Column("id", sa.SmallInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("aliases", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openai_pricing")),
        sa.UniqueConstraint("model_name", name=op.f("uq_openai_pricing_model_name")),
    )
    op.create_table(
        "process_heartbeat",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("host", sa.Text(), server_default="", nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_process_heartbeat")),
    )
    op.create_index(op.f("ix_process_heartbeat_seen_at"), "process_heartbeat", ["seen_at"], unique=False)
    op.create_table(
        "promo_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("discount_type", sa.Text(), nullable=True),
        sa.Column("discount_value", sa.Integer(), nullable=True),
        sa.Column("credit_bonus", sa.Integer(), nullable=True),
        sa.Column("max_uses", sa.Integer(), nullable=True),
        sa.Column("current_uses", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(type = 'credit_bonus') = (credit_bonus IS NOT NULL)", name=op.f("ck_promo_code_credit_bonus")
        ),
        sa.CheckConstraint(
            "(type = 'subscription_discount') = (discount_type IS NOT NULL)",
            name=op.f("ck_promo_code_discount_has_type"),
        ),
        sa.CheckConstraint(
            "discount_type <> 'percentage' OR discount_value BETWEEN 1 AND 100", name=op.f("ck_promo_code_percentage")
        ),
        sa.CheckConstraint("discount_type IN ('percentage', 'fixed')", name=op.f("ck_promo_code_discount_type")),
        sa.CheckConstraint("type IN ('subscription_discount', 'credit_bonus')", name=op.f("ck_promo_code_type")),
        sa.CheckConstraint(
            "(discount_type IS NULL) = (discount_value IS NULL)", name=op.f("ck_promo_code_discount_has_value")
        ),
        sa.CheckConstraint("credit_bonus > 0", name=op.f("ck_promo_code_bonus")),
        sa.CheckConstraint(
            "current_uses >= 0 AND (max_uses IS NULL OR current_uses <= max_uses)", name=op.f("ck_promo_code_uses")
        ),
        sa.CheckConstraint("discount_value > 0", name=op.f("ck_promo_code_discount_value")),
        sa.CheckConstraint("valid_until IS NULL OR valid_from < valid_until", name=op.f("ck_promo_code_window")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promo_code")),
    )
    op.create_index("uq_promo_code_code_upper", "promo_code", [sa.literal_column("upper(code)")], unique=True)
    op.create_table(
        "roll_day",
        sa.Column("calls", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unpriced", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cost_nano", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("feature_id", sa.SmallInteger(), nullable=False),
        sa.Column("model_id", sa.SmallInteger(), nullable=False),
        sa.Column("tier_id", sa.SmallInteger(), nullable=False),
        sa.Column("plan_id", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "feature_id", "model_id", "tier_id", "plan_id", name=op.f("pk_roll_day")),
    )
    op.create_table(
        "roll_hour",
        sa.Column("calls", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unpriced", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cost_nano", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("feature_id", sa.SmallInteger(), nullable=False),
        sa.Column("model_id", sa.SmallInteger(), nullable=False),
        sa.Column("tier_id", sa.SmallInteger(), nullable=False),
        sa.Column("plan_id", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "feature_id", "model_id", "tier_id", "plan_id", name=op.f("pk_roll_hour")),
    )
    op.create_table(
        "roll_user_day",
        sa.Column("calls", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unpriced", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cost_nano", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("user_seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "user_seq", name=op.f("pk_roll_user_day")),
    )
    op.create_index("ix_roll_user_day_user_seq_day", "roll_user_day", ["user_seq", "day"], unique=False)
    op.create_table(
        "roll_user_month",
        sa.Column("calls", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unpriced", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cost_nano", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("user_seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("month", "user_seq", name=op.f("pk_roll_user_month")),
    )
    op.create_index(
        "ix_roll_user_month_month_cost_nano",
        "roll_user_month",
        ["month", sa.literal_column("cost_nano DESC")],
        unique=False,
    )
    op.create_table(
        "stripe_webhook_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("processed", sa.Boolean(), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_webhook_log")),
        sa.UniqueConstraint("event_id", name=op.f("uq_stripe_webhook_log_event_id")),
    )
    op.create_index("ix_stripe_webhook_log_created_at_id", "stripe_webhook_log", ["created_at", "id"], unique=False)
    op.create_index(op.f("ix_stripe_webhook_log_event_type"), "stripe_webhook_log", ["event_type"], unique=False)
    op.create_table(
        "subscription_plan",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_free", sa.Boolean(), nullable=False),
        sa.Column("is_popular", sa.Boolean(), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("price_monthly", sa.Integer(), nullable=False),
        sa.Column("price_yearly", sa.Integer(), nullable=False),
        sa.Column("price_currency", sa.Text(), server_default="EUR", nullable=False),
        sa.Column("stripe_product_id", sa.Text(), nullable=True),
        sa.Column("stripe_price_id_monthly", sa.Text(), nullable=True),
        sa.Column("stripe_price_id_yearly", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "is_free = (price_monthly = 0 AND price_yearly = 0)", name=op.f("ck_subscription_plan_free_costs_nothing")
        ),
        sa.CheckConstraint("price_monthly >= 0 AND price_yearly >= 0", name=op.f("ck_subscription_plan_prices")),
        sa.CheckConstraint("tier >= 0", name=op.f("ck_subscription_plan_tier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_plan")),
        sa.UniqueConstraint("name", name=op.f("uq_subscription_plan_name")),
        sa.UniqueConstraint("stripe_price_id_monthly", name=op.f("uq_subscription_plan_stripe_price_id_monthly")),
        sa.UniqueConstraint("stripe_price_id_yearly", name=op.f("uq_subscription_plan_stripe_price_id_yearly")),
        sa.UniqueConstraint("stripe_product_id", name=op.f("uq_subscription_plan_stripe_product_id")),
        sa.UniqueConstraint("tier", name=op.f("uq_subscription_plan_tier")),
    )
    op.create_index(
        "uq_subscription_plan_one_free",
        "subscription_plan",
        ["is_free"],
        unique=True,
        postgresql_where=sa.text("is_free"),
    )
    op.create_table(
        "verification_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_token")),
        sa.UniqueConstraint("identifier", "token", name=op.f("uq_verification_token_identifier_token")),
        sa.UniqueConstraint("token", name=op.f("uq_verification_token_token")),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), server_default="oauth", nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_account_id", sa.Text(), nullable=False),
        sa.Column("access_token", sa.Text(), nullable=True),
        sa.Column("refresh_token", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token_type", sa.Text(), nullable=True),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("id_token", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("provider IN ('google', 'github', 'apple')", name=op.f("ck_account_provider")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_account_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("provider", "provider_account_id", name=op.f("uq_account_provider_provider_account_id")),
    )
    op.create_index(op.f("ix_account_user_id"), "account", ["user_id"], unique=False)
    op.create_table(
        "auto_sign_in_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_auto_sign_in_token_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auto_sign_in_token")),
        sa.UniqueConstraint("token", name=op.f("uq_auto_sign_in_token_token")),
    )
    op.create_index(op.f("ix_auto_sign_in_token_user_id"), "auto_sign_in_token", ["user_id"], unique=False)
    op.create_table(
        "consent_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("preferences", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("text_version", sa.Text(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("action IN ('accept', 'reject', 'update')", name=op.f("ck_consent_log_action")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_consent_log_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_log")),
    )
    op.create_index(op.f("ix_consent_log_user_id"), "consent_log", ["user_id"], unique=False)
    op.create_table(
        "credit_balance",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("balance", sa.Integer(), server_default="0", nullable=False),
        sa.Column("held", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total_purchased", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total_used", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total_refunded", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total_gifted", sa.Integer(), server_default="0", nullable=False),
        sa.Column("balance_after_last_purchase", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("held >= 0", name=op.f("ck_credit_balance_held")),
        sa.CheckConstraint(
            "total_purchased >= 0 AND total_used >= 0 AND total_refunded >= 0 AND total_gifted >= 0",
            name=op.f("ck_credit_balance_totals"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_credit_balance_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_credit_balance")),
    )
    op.create_table(
        "credit_transaction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("balance_after", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("feature_name", sa.Text(), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("cv_file_id", sa.Uuid(), nullable=True),
        sa.Column("stripe_payment_intent_id", sa.Text(), nullable=True),
        sa.Column("stripe_invoice_id", sa.Text(), nullable=True),
        sa.Column("related_transaction_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "type IN ('purchase', 'usage', 'return', 'gift', 'welcome', 'promo', 'referral', 'clawback', 'expiry', 'chargeback', 'chargeback_reversal', 'purchase_reversal', 'adjustment')",
            name=op.f("ck_credit_transaction_type"),
        ),
        sa.ForeignKeyConstraint(
            ["related_transaction_id"],
            ["credit_transaction.id"],
            name=op.f("fk_credit_transaction_related_transaction_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_credit_transaction_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_transaction")),
    )
    op.create_index(op.f("ix_credit_transaction_created_at"), "credit_transaction", ["created_at"], unique=False)
    op.create_index(
        op.f("ix_credit_transaction_related_transaction_id"),
        "credit_transaction",
        ["related_transaction_id"],
        unique=False,
    )
    op.create_index(op.f("ix_credit_transaction_task_id"), "credit_transaction", ["task_id"], unique=False)
    op.create_index("ix_credit_transaction_user_id_id", "credit_transaction", ["user_id", "id"], unique=False)
    op.create_index(
        "uq_credit_transaction_purchase",
        "credit_transaction",
        ["stripe_payment_intent_id"],
        unique=True,
        postgresql_where=sa.text("type = 'purchase'"),
    )
    op.create_table(
        "email_change_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("new_email", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_email_change_request_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_change_request")),
        sa.UniqueConstraint("token", name=op.f("uq_email_change_request_token")),
        sa.UniqueConstraint("user_id", name=op.f("uq_email_change_request_user_id")),
    )
    op.create_table(
        "email_template",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("trigger_id", sa.Uuid(), nullable=True),
        sa.Column("language", sa.Text(), server_default="fr", nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("design_json", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("html_content", sa.Text(), server_default="", nullable=False),
        sa.Column("text_content", sa.Text(), server_default="", nullable=False),
        sa.Column("variables", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("language IN ('fr', 'en')", name=op.f("ck_email_template_language")),
        sa.CheckConstraint(
            "NOT is_active OR trigger_id IS NOT NULL", name=op.f("ck_email_template_active_has_trigger")
        ),
        sa.ForeignKeyConstraint(
            ["trigger_id"], ["email_trigger.id"], name=op.f("fk_email_template_trigger_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_template")),
    )
    op.create_index(op.f("ix_email_template_trigger_id"), "email_template", ["trigger_id"], unique=False)
    op.create_index(
        "uq_email_template_active",
        "email_template",
        ["trigger_id", "language"],
        unique=True,
        postgresql_where=sa.text("is_active"),
    )
    op.create_index(
        "uq_email_template_default", "email_template", ["language"], unique=True, postgresql_where=sa.text("is_default")
    )
    op.create_table(
        "email_verification_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_email_verification_token_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_verification_token")),
        sa.UniqueConstraint("token", name=op.f("uq_email_verification_token_token")),
    )
    op.create_index(op.f("ix_email_verification_token_user_id"), "email_verification_token", ["user_id"], unique=False)
    op.create_table(
        "feature_usage",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("feature_name", sa.Text(), nullable=False),
        sa.Column("usage_count", sa.Integer(), nullable=False),
        sa.Column("total_duration", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("usage_count >= 0 AND total_duration >= 0", name=op.f("ck_feature_usage_sums")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_feature_usage_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feature_usage")),
        sa.UniqueConstraint("user_id", "feature_name", name=op.f("uq_feature_usage_user_id_feature_name")),
    )
    op.create_table(
        "feature_usage_counter",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("feature_name", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("count >= 0", name=op.f("ck_feature_usage_counter_count")),
        sa.CheckConstraint("period_start < period_end", name=op.f("ck_feature_usage_counter_period")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_feature_usage_counter_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feature_usage_counter")),
        sa.UniqueConstraint(
            "user_id",
            "feature_name",
            "period_start",
            name=op.f("uq_feature_usage_counter_user_id_feature_name_period_start"),
        ),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("is_bug_report", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), server_default="new", nullable=False),
        sa.Column("page_url", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("current_cv_file", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('new', 'reviewed', 'resolved')", name=op.f("ck_feedback_status")),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_feedback_rating")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_feedback_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
    )
    op.create_index("ix_feedback_created_at_id", "feedback", ["created_at", "id"], unique=False)
    op.create_index(op.f("ix_feedback_user_id"), "feedback", ["user_id"], unique=False)
    op.create_table(
        "job_offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("source_type", sa.Text(), nullable=False),
        sa.Column("source_value", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=True),
        sa.Column("source_text", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("content", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("extraction_model", sa.Text(), nullable=True),
        sa.Column("tokens_used", sa.Integer(), server_default="0", nullable=False),
        sa.Column("extracted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("source_type IN ('url', 'pdf', 'text')", name=op.f("ck_job_offer_source_type")),
        sa.CheckConstraint("tokens_used >= 0", name=op.f("ck_job_offer_tokens_used")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_job_offer_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_offer")),
        sa.UniqueConstraint("user_id", "source_value", name=op.f("uq_job_offer_user_id_source_value")),
    )
    op.create_index("ix_job_offer_user_id_created_at", "job_offer", ["user_id", "created_at"], unique=False)
    op.create_table(
        "link_history",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_link_history_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_history")),
        sa.UniqueConstraint("user_id", "url", name=op.f("uq_link_history_user_id_url")),
    )
    op.create_table(
        "openai_usage",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("feature_name", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("estimated_cost_nano", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("calls_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_openai_usage_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openai_usage")),
        sa.UniqueConstraint(
            "user_id", "feature_name", "model", "date", name=op.f("uq_openai_usage_user_id_feature_name_model_date")
        ),
    )
    op.create_index(op.f("ix_openai_usage_date"), "openai_usage", ["date"], unique=False)
    op.create_table(
        "price_version",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("model_id", sa.SmallInteger(), nullable=False),
        sa.Column("tier_id", sa.SmallInteger(), nullable=False),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("int4range(model_id, model_id, '[]')"), "&&"),
            (sa.text("int4range(tier_id, tier_id, '[]')"), "&&"),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_price_version_valid",
        ),
        sa.CheckConstraint("NOT isempty(valid)", name=op.f("ck_price_version_valid")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["app_user.id"], name=op.f("fk_price_version_created_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["openai_pricing.id"], name=op.f("fk_price_version_model_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["tier_id"], ["ai_tier.id"], name=op.f("fk_price_version_tier_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_version")),
    )
    op.create_index(op.f("ix_price_version_created_by"), "price_version", ["created_by"], unique=False)
    op.create_table(
        "referral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referrer_id", sa.Uuid(), nullable=False),
        sa.Column("referred_user_id", sa.Uuid(), nullable=False),
        sa.Column("referral_code", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("referrer_reward", sa.Integer(), nullable=False),
        sa.Column("referred_reward", sa.Integer(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('pending', 'completed', 'rejected')", name=op.f("ck_referral_status")),
        sa.CheckConstraint("referrer_id <> referred_user_id", name=op.f("ck_referral_not_oneself")),
        sa.CheckConstraint("referrer_reward >= 0 AND referred_reward >= 0", name=op.f("ck_referral_rewards")),
        sa.ForeignKeyConstraint(
            ["referred_user_id"], ["app_user.id"], name=op.f("fk_referral_referred_user_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["referrer_id"], ["app_user.id"], name=op.f("fk_referral_referrer_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
        sa.UniqueConstraint("referred_user_id", name=op.f("uq_referral_referred_user_id")),
    )
    op.create_index(op.f("ix_referral_referrer_id"), "referral", ["referrer_id"], unique=False)
    op.create_table(
        "setting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("setting_name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["app_user.id"], name=op.f("fk_setting_updated_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setting")),
        sa.UniqueConstraint("setting_name", name=op.f("uq_setting_setting_name")),
    )
    op.create_index(op.f("ix_setting_updated_by"), "setting", ["updated_by"], unique=False)
    op.create_table(
        "stored_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("size > 0 AND size <= 10485760", name=op.f("ck_stored_file_size")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_stored_file_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
    )
    op.create_index(op.f("ix_stored_file_created_at"), "stored_file", ["created_at"], unique=False)
    op.create_index(op.f("ix_stored_file_user_id"), "stored_file", ["user_id"], unique=False)
    op.create_table(
        "subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("stripe_customer_id", sa.Text(), nullable=False),
        sa.Column("stripe_subscription_id", sa.Text(), nullable=True),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("billing_period", sa.Text(), nullable=False),
        sa.Column("current_period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("current_period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancel_at_period_end", sa.Boolean(), nullable=False),
        sa.Column("canceled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("billing_period IN ('monthly', 'yearly')", name=op.f("ck_subscription_billing_period")),
        sa.CheckConstraint(
            "status IN ('incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'canceled', 'unpaid', 'paused')",
            name=op.f("ck_subscription_status"),
        ),
        sa.CheckConstraint("current_period_start < current_period_end", name=op.f("ck_subscription_period")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["subscription_plan.id"], name=op.f("fk_subscription_plan_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_subscription_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("stripe_subscription_id", name=op.f("uq_subscription_stripe_subscription_id")),
        sa.UniqueConstraint("user_id", name=op.f("uq_subscription_user_id")),
    )
    op.create_index(op.f("ix_subscription_plan_id"), "subscription", ["plan_id"], unique=False)
    op.create_table(
        "subscription_plan_feature_limit",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("feature_name", sa.Text(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("usage_limit", sa.Integer(), nullable=False),
        sa.CheckConstraint("usage_limit >= -1", name=op.f("ck_subscription_plan_feature_limit_usage_limit")),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["subscription_plan.id"],
            name=op.f("fk_subscription_plan_feature_limit_plan_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_plan_feature_limit")),
        sa.UniqueConstraint(
            "plan_id", "feature_name", name=op.f("uq_subscription_plan_feature_limit_plan_id_feature_name")
        ),
    )
    op.create_table(
        "telemetry_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("metadata", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("device_id", sa.Text(), nullable=True),
        sa.Column("duration", sa.Integer(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("timestamp", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('success', 'error')", name=op.f("ck_telemetry_event_status")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_telemetry_event_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telemetry_event")),
    )
    op.create_index(op.f("ix_telemetry_event_timestamp"), "telemetry_event", ["timestamp"], unique=False)
    op.create_index("ix_telemetry_event_type_timestamp", "telemetry_event", ["type", "timestamp"], unique=False)
    op.create_index("ix_telemetry_event_user_id_timestamp", "telemetry_event", ["user_id", "timestamp"], unique=False)
    op.create_table(
        "user_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("token_version", sa.Integer(), nullable=False),
        sa.Column("ip", sa.Text(), server_default="", nullable=False),
        sa.Column("user_agent", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_user_session_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("token", name=op.f("uq_user_session_token")),
    )
    op.create_index(op.f("ix_user_session_user_id"), "user_session", ["user_id"], unique=False)
    op.create_table(
        "cv_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("content_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("source_type", sa.Text(), nullable=True),
        sa.Column("source_value", sa.Text(), nullable=True),
        sa.Column("job_offer_id", sa.Uuid(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("match_score", sa.Integer(), nullable=True),
        sa.Column("score_before", sa.Integer(), nullable=True),
        sa.Column("match_score_status", sa.Text(), server_default="idle", nullable=False),
        sa.Column("score_breakdown", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("improvement_suggestions", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("missing_skills", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("matching_skills", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("optimise_status", sa.Text(), server_default="idle", nullable=False),
        sa.Column("pending_changes", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("blocked", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("blocked_reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("language IN ('fr', 'en', 'de', 'es')", name=op.f("ck_cv_file_language")),
        sa.CheckConstraint(
            "match_score_status IN ('idle', 'pending', 'done', 'failed')", name=op.f("ck_cv_file_match_score_status")
        ),
        sa.CheckConstraint("optimise_status IN ('idle', 'pending', 'done')", name=op.f("ck_cv_file_optimise_status")),
        sa.CheckConstraint("source_type IN ('url', 'pdf', 'manual', 'template')", name=op.f("ck_cv_file_source_type")),
        sa.CheckConstraint("content_version > 0", name=op.f("ck_cv_file_content_version")),
        sa.CheckConstraint("match_score BETWEEN 0 AND 100", name=op.f("ck_cv_file_match_score")),
        sa.CheckConstraint("score_before BETWEEN 0 AND 100", name=op.f("ck_cv_file_score_before")),
        sa.ForeignKeyConstraint(
            ["job_offer_id"], ["job_offer.id"], name=op.f("fk_cv_file_job_offer_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_cv_file_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cv_file")),
        sa.UniqueConstraint("user_id", "filename", name=op.f("uq_cv_file_user_id_filename")),
    )
    op.create_index(op.f("ix_cv_file_job_offer_id"), "cv_file", ["job_offer_id"], unique=False)
    op.create_index("ix_cv_file_user_id_created_at", "cv_file", ["user_id", "created_at"], unique=False)
    op.create_table(
        "email_log",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("trigger_name", sa.Text(), nullable=True),
        sa.Column("template_id", sa.Uuid(), nullable=True),
        sa.Column("template_name", sa.Text(), nullable=False),
        sa.Column("recipient_email", sa.Text(), nullable=False),
        sa.Column("recipient_user_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=True),
        sa.Column("is_test_email", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("provider IN ('smtp', 'resend')", name=op.f("ck_email_log_provider")),
        sa.CheckConstraint(
            "status IN ('queued', 'sending', 'sent', 'failed', 'bounced')", name=op.f("ck_email_log_status")
        ),
        sa.ForeignKeyConstraint(
            ["recipient_user_id"], ["app_user.id"], name=op.f("fk_email_log_recipient_user_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["email_template.id"], name=op.f("fk_email_log_template_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_log")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_email_log_dedupe_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_email_log_message_id")),
    )
    op.create_index("ix_email_log_created_at_id", "email_log", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_email_log_due",
        "email_log",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'sending')"),
    )
    op.create_index(op.f("ix_email_log_recipient_email"), "email_log", ["recipient_email"], unique=False)
    op.create_index(op.f("ix_email_log_recipient_user_id"), "email_log", ["recipient_user_id"], unique=False)
    op.create_index(op.f("ix_email_log_template_id"), "email_log", ["template_id"], unique=False)
    op.create_table(
        "price_line",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("usage_type", sa.Text(), nullable=False),
        sa.Column("nano_per_mtoken", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "usage_type IN ('input', 'cached_input', 'cache_write', 'output')", name=op.f("ck_price_line_usage_type")
        ),
        sa.CheckConstraint("nano_per_mtoken >= 0", name=op.f("ck_price_line_nano_per_mtoken")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["price_version.id"], name=op.f("fk_price_line_version_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("version_id", "usage_type", name=op.f("pk_price_line")),
    )
    op.create_table(
        "background_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Text(), server_default="", nullable=False),
        sa.Column("cv_file", sa.Text(), nullable=True),
        sa.Column("cv_file_id", sa.Uuid(), nullable=True),
        sa.Column("job_offer_id", sa.Uuid(), nullable=True),
        sa.Column("feature_name", sa.Text(), nullable=True),
        sa.Column("plan_name", sa.Text(), nullable=True),
        sa.Column("payload", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("result", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_key", sa.Text(), nullable=True),
        sa.Column("error_params", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("error_fingerprint", sa.Text(), nullable=True),
        sa.Column("credit_used", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("credit_transaction_id", sa.BigInteger(), nullable=True),
        sa.Column("feature_counter_period_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("queue", sa.Text(), server_default="tasks", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("max_attempts", sa.Integer(), server_default="3", nullable=False),
        sa.Column("dispatch_seq", sa.Integer(), server_default="0", nullable=False),
        sa.Column("dispatch_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progress", sa.Integer(), server_default="0", nullable=False),
        sa.Column("progress_step", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'running') = (lease_until IS NOT NULL)", name=op.f("ck_background_task_lease")),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'completed', 'failed', 'cancelled')",
            name=op.f("ck_background_task_status"),
        ),
        sa.CheckConstraint("attempt >= 0 AND attempt <= max_attempts", name=op.f("ck_background_task_attempt")),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_background_task_progress")),
        sa.ForeignKeyConstraint(
            ["cv_file_id"], ["cv_file.id"], name=op.f("fk_background_task_cv_file_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["job_offer_id"], ["job_offer.id"], name=op.f("fk_background_task_job_offer_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_background_task_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_background_task")),
        sa.UniqueConstraint("credit_transaction_id", name=op.f("uq_background_task_credit_transaction_id")),
        sa.UniqueConstraint("user_id", "idempotency_key", name=op.f("uq_background_task_user_id_idempotency_key")),
    )
    op.create_index("ix_background_task_created_at_id", "background_task", ["created_at", "id"], unique=False)
    op.create_index(op.f("ix_background_task_cv_file_id"), "background_task", ["cv_file_id"], unique=False)
    op.create_index("ix_background_task_cv_file_status", "background_task", ["cv_file", "status"], unique=False)
    op.create_index("ix_background_task_device_id", "background_task", ["device_id"], unique=False)
    op.create_index(
        "ix_background_task_dispatch",
        "background_task",
        ["dispatch_after"],
        unique=False,
        postgresql_where=sa.text("status = 'queued' AND dispatch_after IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_background_task_error_fingerprint"), "background_task", ["error_fingerprint"], unique=False
    )
    op.create_index(op.f("ix_background_task_job_offer_id"), "background_task", ["job_offer_id"], unique=False)
    op.create_index(
        "ix_background_task_lease",
        "background_task",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_index("ix_background_task_status_created_at", "background_task", ["status", "created_at"], unique=False)
    op.create_index("ix_background_task_user_id_created_at", "background_task", ["user_id", "created_at"], unique=False)
    op.create_table(
        "cv_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cv_file_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changelog", sa.Text(), nullable=True),
        sa.Column("change_type", sa.Text(), nullable=True),
        sa.Column("source_file", sa.Text(), nullable=True),
        sa.Column("match_score", sa.Integer(), nullable=True),
        sa.Column("score_breakdown", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "change_type IN ('import', 'manual', 'optimization', 'adaptation', 'restore')",
            name=op.f("ck_cv_version_change_type"),
        ),
        sa.CheckConstraint("match_score BETWEEN 0 AND 100", name=op.f("ck_cv_version_match_score")),
        sa.ForeignKeyConstraint(
            ["cv_file_id"], ["cv_file.id"], name=op.f("fk_cv_version_cv_file_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cv_version")),
        sa.UniqueConstraint("cv_file_id", "version", name=op.f("uq_cv_version_cv_file_id_version")),
    )
    op.create_table(
        "match_result",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("cv_file_id", sa.Uuid(), nullable=False),
        sa.Column("cv_version", sa.Integer(), nullable=False),
        sa.Column("job_offer_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("breakdown", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_match_result_score")),
        sa.ForeignKeyConstraint(
            ["cv_file_id"], ["cv_file.id"], name=op.f("fk_match_result_cv_file_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["job_offer_id"], ["job_offer.id"], name=op.f("fk_match_result_job_offer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["background_task.id"], name=op.f("fk_match_result_task_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_result")),
        sa.UniqueConstraint("task_id", name=op.f("uq_match_result_task_id")),
    )
    op.create_index(
        "ix_match_result_cv_file_id_job_offer_id_created_at",
        "match_result",
        ["cv_file_id", "job_offer_id", "created_at"],
        unique=False,
    )
    op.create_index(op.f("ix_match_result_job_offer_id"), "match_result", ["job_offer_id"], unique=False)
    op.create_table(
        "task_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('completed', 'failed', 'cancelled', 'lost', 'retried')", name=op.f("ck_task_attempt_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["background_task.id"], name=op.f("fk_task_attempt_task_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_attempt")),
        sa.UniqueConstraint("task_id", "attempt", name=op.f("uq_task_attempt_task_id_attempt")),
    )
    op.create_table(
        "task_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("result", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"], ["background_task.id"], name=op.f("fk_task_step_task_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_step")),
        sa.UniqueConstraint("task_id", "step", name=op.f("uq_task_step_task_id_step")),
    )
    _partitions()
    _ledgers_only_grow()
    _first_rows()


def downgrade() -> None:
    op.execute("DROP FUNCTION openai_call_partition(date)")
    op.drop_table("task_step")
    op.drop_table("task_attempt")
    op.drop_index(op.f("ix_match_result_job_offer_id"), table_name="match_result")
    op.drop_index("ix_match_result_cv_file_id_job_offer_id_created_at", table_name="match_result")
    op.drop_table("match_result")
    op.drop_table("cv_version")
    op.drop_index("ix_background_task_user_id_created_at", table_name="background_task")
    op.drop_index("ix_background_task_status_created_at", table_name="background_task")
    op.drop_index(
        "ix_background_task_lease", table_name="background_task", postgresql_where=sa.text("status = 'running'")
    )
    op.drop_index(op.f("ix_background_task_job_offer_id"), table_name="background_task")
    op.drop_index(op.f("ix_background_task_error_fingerprint"), table_name="background_task")
    op.drop_index(
        "ix_background_task_dispatch",
        table_name="background_task",
        postgresql_where=sa.text("status = 'queued' AND dispatch_after IS NOT NULL"),
    )
    op.drop_index("ix_background_task_device_id", table_name="background_task")
    op.drop_index("ix_background_task_cv_file_status", table_name="background_task")
    op.drop_index(op.f("ix_background_task_cv_file_id"), table_name="background_task")
    op.drop_index("ix_background_task_created_at_id", table_name="background_task")
    op.drop_table("background_task")
    op.drop_table("price_line")
    op.drop_index(op.f("ix_email_log_template_id"), table_name="email_log")
    op.drop_index(op.f("ix_email_log_recipient_user_id"), table_name="email_log")
    op.drop_index(op.f("ix_email_log_recipient_email"), table_name="email_log")
    op.drop_index(
        "ix_email_log_due", table_name="email_log", postgresql_where=sa.text("status IN ('queued', 'sending')")
    )
    op.drop_index("ix_email_log_created_at_id", table_name="email_log")
    op.drop_table("email_log")
    op.drop_index("ix_cv_file_user_id_created_at", table_name="cv_file")
    op.drop_index(op.f("ix_cv_file_job_offer_id"), table_name="cv_file")
    op.drop_table("cv_file")
    op.drop_index(op.f("ix_user_session_user_id"), table_name="user_session")
    op.drop_table("user_session")
    op.drop_index("ix_telemetry_event_user_id_timestamp", table_name="telemetry_event")
    op.drop_index("ix_telemetry_event_type_timestamp", table_name="telemetry_event")
    op.drop_index(op.f("ix_telemetry_event_timestamp"), table_name="telemetry_event")
    op.drop_table("telemetry_event")
    op.drop_table("subscription_plan_feature_limit")
    op.drop_index(op.f("ix_subscription_plan_id"), table_name="subscription")
    op.drop_table("subscription")
    op.drop_index(op.f("ix_stored_file_user_id"), table_name="stored_file")
    op.drop_index(op.f("ix_stored_file_created_at"), table_name="stored_file")
    op.drop_table("stored_file")
    op.drop_index(op.f("ix_setting_updated_by"), table_name="setting")
    op.drop_table("setting")
    op.drop_index(op.f("ix_referral_referrer_id"), table_name="referral")
    op.drop_table("referral")
    op.drop_index(op.f("ix_price_version_created_by"), table_name="price_version")
    op.drop_table("price_version")
    op.drop_index(op.f("ix_openai_usage_date"), table_name="openai_usage")
    op.drop_table("openai_usage")
    op.drop_table("link_history")
    op.drop_index("ix_job_offer_user_id_created_at", table_name="job_offer")
    op.drop_table("job_offer")
    op.drop_index(op.f("ix_feedback_user_id"), table_name="feedback")
    op.drop_index("ix_feedback_created_at_id", table_name="feedback")
    op.drop_table("feedback")
    op.drop_table("feature_usage_counter")
    op.drop_table("feature_usage")
    op.drop_index(op.f("ix_email_verification_token_user_id"), table_name="email_verification_token")
    op.drop_table("email_verification_token")
    op.drop_index("uq_email_template_default", table_name="email_template", postgresql_where=sa.text("is_default"))
    op.drop_index("uq_email_template_active", table_name="email_template", postgresql_where=sa.text("is_active"))
    op.drop_index(op.f("ix_email_template_trigger_id"), table_name="email_template")
    op.drop_table("email_template")
    op.drop_table("email_change_request")
    op.drop_index(
        "uq_credit_transaction_purchase", table_name="credit_transaction", postgresql_where=sa.text("type = 'purchase'")
    )
    op.drop_index("ix_credit_transaction_user_id_id", table_name="credit_transaction")
    op.drop_index(op.f("ix_credit_transaction_task_id"), table_name="credit_transaction")
    op.drop_index(op.f("ix_credit_transaction_related_transaction_id"), table_name="credit_transaction")
    op.drop_index(op.f("ix_credit_transaction_created_at"), table_name="credit_transaction")
    op.drop_table("credit_transaction")
    op.drop_table("credit_balance")
    op.drop_index(op.f("ix_consent_log_user_id"), table_name="consent_log")
    op.drop_table("consent_log")
    op.drop_index(op.f("ix_auto_sign_in_token_user_id"), table_name="auto_sign_in_token")
    op.drop_table("auto_sign_in_token")
    op.drop_index(op.f("ix_account_user_id"), table_name="account")
    op.drop_table("account")
    op.drop_table("verification_token")
    op.drop_index("uq_subscription_plan_one_free", table_name="subscription_plan", postgresql_where=sa.text("is_free"))
    op.drop_table("subscription_plan")
    op.drop_index(op.f("ix_stripe_webhook_log_event_type"), table_name="stripe_webhook_log")
    op.drop_index("ix_stripe_webhook_log_created_at_id", table_name="stripe_webhook_log")
    op.drop_table("stripe_webhook_log")
    op.drop_index("ix_roll_user_month_month_cost_nano", table_name="roll_user_month")
    op.drop_table("roll_user_month")
    op.drop_index("ix_roll_user_day_user_seq_day", table_name="roll_user_day")
    op.drop_table("roll_user_day")
    op.drop_table("roll_hour")
    op.drop_table("roll_day")
    op.drop_index("uq_promo_code_code_upper", table_name="promo_code")
    op.drop_table("promo_code")
    op.drop_index(op.f("ix_process_heartbeat_seen_at"), table_name="process_heartbeat")
    op.drop_table("process_heartbeat")
    op.drop_table("openai_pricing")
    op.drop_index("ix_openai_call_xid", table_name="openai_call")
    op.drop_index("ix_openai_call_user_seq_created_at", table_name="openai_call")
    op.drop_index("ix_openai_call_task_id", table_name="openai_call")
    op.drop_index("ix_openai_call_model_id_created_at", table_name="openai_call")
    op.drop_index("ix_openai_call_feature_id_created_at", table_name="openai_call")
    op.drop_index("ix_openai_call_created_at_id", table_name="openai_call")
    op.drop_index(
        "ix_openai_call_created_at",
        table_name="openai_call",
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 32},
    )
    op.drop_table("openai_call")
    op.drop_table("openai_alert")
    op.drop_table("fold_mark")
    op.drop_table("feature_mapping")
    op.drop_table("email_trigger")
    op.drop_table("cron_entry")
    op.drop_table("credit_pack")
    op.drop_index("ix_audit_event_target", table_name="audit_event")
    op.drop_index("ix_audit_event_created_at_id", table_name="audit_event")
    op.drop_index("ix_audit_event_actor_id_id", table_name="audit_event")
    op.drop_table("audit_event")
    op.drop_index("uq_app_user_email_lower", table_name="app_user")
    op.drop_index("ix_app_user_created_at_id", table_name="app_user")
    op.drop_table("app_user")
    op.drop_table("ai_tier")
    op.drop_table("ai_feature")
    op.execute("DROP FUNCTION refuse_change()")
