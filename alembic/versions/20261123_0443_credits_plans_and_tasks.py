"""Credits in lots, reservations, approvals, versions of plans and settings, control of tasks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "f102c29a90b6"
down_revision = "4178354e0435"
branch_labels = None
depends_on = None

# Named here as they were on this day: a migration does not change when the product does.
_NEW_TOTALS = (
    "welcome", "promo", "referral", "clawed_back", "expired", "charged_back", "chargeback_reversed",
    "purchase_reversed",
)  # fmt: skip
_OLD_TOTALS = ("purchased", "used", "refunded", "gifted")


# People are found by parts of their name and address. Trigrams make that quick where the database has them and lets its
# owner install them; without them the same search reads the table.
SEARCH = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') THEN
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
        CREATE INDEX ix_app_user_search ON app_user USING gin (lower(email) gin_trgm_ops, lower(name) gin_trgm_ops);
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'pg_trgm may not be installed: the search for people reads the whole table';
END $$
"""


def _first_versions() -> None:
    """What plans offer and what settings hold today becomes their first version."""
    op.execute(
        "INSERT INTO plan_version (plan_id, version, price_monthly, price_yearly, price_currency, moves_at_renewal,"
        " note) SELECT id, 1, price_monthly, price_yearly, price_currency, false, '' FROM subscription_plan"
    )
    op.execute(
        "UPDATE subscription_plan_feature_limit SET plan_version_id = plan_version.id"
        " FROM plan_version WHERE plan_version.plan_id = subscription_plan_feature_limit.plan_id"
    )
    op.execute(
        "UPDATE subscription SET plan_version_id = plan_version.id, billing_anchor = current_period_start"
        " FROM plan_version WHERE plan_version.plan_id = subscription.plan_id"
    )
    op.execute(
        "INSERT INTO setting_version (setting_name, version, value, changed_by, valid_from)"
        " SELECT setting_name, version, value, updated_by, updated_at FROM setting"
    )


def _opening_lots() -> None:
    """What people hold today lies in one lot that never expires, and which paid for what they spent."""
    op.execute(
        "CREATE TEMPORARY TABLE spent ON COMMIT DROP AS SELECT t.id, t.user_id, -t.amount AS amount,"
        " least(-t.amount, coalesce((SELECT sum(r.amount) FROM credit_transaction r"
        " WHERE r.type = 'return' AND r.related_transaction_id = t.id), 0)) AS returned"
        " FROM credit_transaction t WHERE t.amount < 0"
    )
    op.execute(
        "INSERT INTO credit_lot (user_id, kind, priority, granted, remaining)"
        " SELECT user_id, 'purchase', 1, net + greatest(balance, 0), greatest(balance, 0) FROM credit_balance b,"
        " LATERAL (SELECT coalesce(sum(amount - returned), 0) AS net FROM spent WHERE spent.user_id = b.user_id) s"
        " WHERE net + greatest(balance, 0) > 0"
    )
    op.execute(
        "INSERT INTO lot_use (line_id, lot_id, amount, returned)"
        " SELECT spent.id, credit_lot.id, spent.amount, spent.returned FROM spent JOIN credit_lot USING (user_id)"
    )
    op.execute(
        "INSERT INTO credit_debt (user_id, amount, updated_at)"
        " SELECT user_id, -balance, now() FROM credit_balance WHERE balance < 0"
    )
    for column, kind in (
        ("gifted", "gift"), ("welcome", "welcome"), ("promo", "promo"), ("referral", "referral"), ("clawed_back", "clawback"),
        ("expired", "expiry"), ("charged_back", "chargeback"), ("chargeback_reversed", "chargeback_reversal"),
        ("purchase_reversed", "purchase_reversal"),
    ):  # fmt: skip
        op.execute(
            f"UPDATE credit_balance SET total_{column} = coalesce((SELECT abs(sum(amount)) FROM credit_transaction t"
            f" WHERE t.type = '{kind}' AND t.user_id = credit_balance.user_id), 0)"
        )
    op.execute(
        "UPDATE credit_balance SET total_adjusted = line.total FROM (SELECT user_id, sum(amount) AS total"
        " FROM credit_transaction WHERE type = 'adjustment' GROUP BY user_id) line"
        " WHERE line.user_id = credit_balance.user_id"
    )


def _checks() -> None:
    _replace_check("credit_balance", "totals", " AND ".join(f"total_{n} >= 0" for n in (*_OLD_TOTALS, *_NEW_TOTALS)))
    _replace_check("feature_usage_counter", "count", "0 <= reserved AND reserved <= count")
    op.create_check_constraint(op.f("ck_credit_transaction_amount"), "credit_transaction", "amount <> 0")
    op.create_check_constraint(
        op.f("ck_background_task_outcome"),
        "background_task",
        "outcome IN ('usable', 'nothing_usable', 'failed', 'timed_out', 'cancelled_before_output',"
        " 'cancelled_after_output')",
    )


def _earlier_checks() -> None:
    _replace_check("credit_balance", "totals", " AND ".join(f"total_{n} >= 0" for n in _OLD_TOTALS))
    _replace_check("feature_usage_counter", "count", "count >= 0")
    op.drop_constraint(op.f("ck_credit_transaction_amount"), "credit_transaction", type_="check")
    op.drop_constraint(op.f("ck_background_task_outcome"), "background_task", type_="check")


def _replace_check(table: str, name: str, rule: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)


def upgrade() -> None:
    op.execute(SEARCH)
    op.create_table(
        "welcome_check",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_welcome_check")),
    )
    op.create_index(op.f("ix_welcome_check_created_at"), "welcome_check", ["created_at"], unique=False)
    op.create_table(
        "model_breaker",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_model_breaker_failures")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_model_breaker")),
    )
    op.create_table(
        "approval",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("object_version", sa.Text(), server_default="", nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_note", sa.Text(), server_default="", nullable=False),
        sa.Column("outcome", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("(state = 'pending') = (decided_at IS NULL)", name=op.f("ck_approval_decided")),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> requested_by OR state = 'withdrawn'",
            name=op.f("ck_approval_two_people"),
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'approved', 'refused', 'withdrawn', 'expired', 'stale')",
            name=op.f("ck_approval_state"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["app_user.id"], name=op.f("fk_approval_decided_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["app_user.id"], name=op.f("fk_approval_requested_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    op.create_index(op.f("ix_approval_decided_by"), "approval", ["decided_by"], unique=False)
    op.create_index(op.f("ix_approval_requested_by"), "approval", ["requested_by"], unique=False)
    op.create_index("ix_approval_state_requested_at", "approval", ["state", "requested_at"], unique=False)
    op.create_index(
        "uq_approval_pending",
        "approval",
        ["kind", "subject_type", "subject_id", "object_version"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "credit_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="gift", nullable=False),
        sa.Column("state", sa.Text(), server_default="previewed", nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("source", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('purchase', 'usage', 'return', 'gift', 'welcome', 'promo', 'referral', 'clawback', 'expiry', 'chargeback', 'chargeback_reversal', 'purchase_reversal', 'adjustment')",
            name=op.f("ck_credit_batch_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('previewed', 'waiting', 'running', 'done', 'reversed', 'abandoned')",
            name=op.f("ck_credit_batch_state"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["app_user.id"], name=op.f("fk_credit_batch_created_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_batch")),
    )
    op.create_index("ix_credit_batch_created_at_id", "credit_batch", ["created_at", "id"], unique=False)
    op.create_index(op.f("ix_credit_batch_created_by"), "credit_batch", ["created_by"], unique=False)
    op.create_table(
        "credit_debt",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_credit_debt_amount")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_credit_debt_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_credit_debt")),
    )
    op.create_table(
        "credit_notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_credit_notice_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_notice")),
        sa.UniqueConstraint("user_id", "kind", "occasion", name=op.f("uq_credit_notice_user_id_kind_occasion")),
    )
    op.create_table(
        "limit_override",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("feature_name", sa.Text(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("usage_limit", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("usage_limit >= -1", name=op.f("ck_limit_override_usage_limit")),
        sa.CheckConstraint("valid_from < ends_at", name=op.f("ck_limit_override_period")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["app_user.id"], name=op.f("fk_limit_override_created_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_limit_override_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limit_override")),
    )
    op.create_index(op.f("ix_limit_override_created_by"), "limit_override", ["created_by"], unique=False)
    op.create_index(
        "ix_limit_override_user_id_feature_name", "limit_override", ["user_id", "feature_name", "ends_at"], unique=False
    )
    op.create_index(
        "uq_limit_override_open",
        "limit_override",
        ["user_id", "feature_name"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "plan_version",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("price_monthly", sa.Integer(), nullable=False),
        sa.Column("price_yearly", sa.Integer(), nullable=False),
        sa.Column("price_currency", sa.Text(), server_default="EUR", nullable=False),
        sa.Column("moves_at_renewal", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("price_monthly >= 0 AND price_yearly >= 0", name=op.f("ck_plan_version_prices")),
        sa.CheckConstraint("version > 0", name=op.f("ck_plan_version_version")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["app_user.id"], name=op.f("fk_plan_version_created_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["subscription_plan.id"], name=op.f("fk_plan_version_plan_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_version")),
        sa.UniqueConstraint("id", "plan_id", name=op.f("uq_plan_version_id_plan_id")),
        sa.UniqueConstraint("plan_id", "version", name=op.f("uq_plan_version_plan_id_version")),
    )
    op.create_index(op.f("ix_plan_version_created_by"), "plan_version", ["created_by"], unique=False)
    op.create_table(
        "setting_version",
        sa.Column("setting_name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["app_user.id"], name=op.f("fk_setting_version_changed_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("setting_name", "version", name=op.f("pk_setting_version")),
    )
    op.create_index(op.f("ix_setting_version_changed_by"), "setting_version", ["changed_by"], unique=False)
    op.create_table(
        "task_type_control",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("is_draining", sa.Boolean(), nullable=False),
        sa.Column("at_once", sa.Integer(), nullable=True),
        sa.Column("at_once_per_person", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("at_once > 0", name=op.f("ck_task_type_control_at_once")),
        sa.CheckConstraint("at_once_per_person > 0", name=op.f("ck_task_type_control_at_once_per_person")),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["app_user.id"], name=op.f("fk_task_type_control_changed_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("type", name=op.f("pk_task_type_control")),
    )
    op.create_index(op.f("ix_task_type_control_changed_by"), "task_type_control", ["changed_by"], unique=False)
    op.create_table(
        "task_sweep",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("filters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("tasks", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("act IN ('cancel', 'retry', 'requeue')", name=op.f("ck_task_sweep_act")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["app_user.id"], name=op.f("fk_task_sweep_created_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_sweep")),
    )
    op.create_index(op.f("ix_task_sweep_created_by"), "task_sweep", ["created_by"], unique=False)
    op.create_index("ix_task_sweep_created_at_id", "task_sweep", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_task_sweep_open", "task_sweep", ["created_at"], unique=False,
        postgresql_where=sa.text("finished_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "task_sweep_row",
        sa.Column("sweep_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("error_key", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'refused')", name=op.f("ck_task_sweep_row_state")),
        sa.ForeignKeyConstraint(
            ["sweep_id"], ["task_sweep.id"], name=op.f("fk_task_sweep_row_sweep_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["background_task.id"], name=op.f("fk_task_sweep_row_task_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sweep_id", "task_id", name=op.f("pk_task_sweep_row")),
    )
    op.create_index(op.f("ix_task_sweep_row_task_id"), "task_sweep_row", ["task_id"], unique=False)
    op.create_index(
        "ix_task_sweep_row_waiting", "task_sweep_row", ["sweep_id"], unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )  # fmt: skip
    op.create_table(
        "queue_delay",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("limit_s", sa.Integer(), nullable=False),
        sa.Column("worst_s", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_delay")),
    )
    op.create_index(
        "uq_queue_delay_open", "queue_delay", ["queue"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index("ix_queue_delay_started_at", "queue_delay", ["started_at"], unique=False)
    op.create_table(
        "credit_batch_row",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("reversal_line_id", sa.BigInteger(), nullable=True),
        sa.Column("error_key", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'granted', 'refused', 'reversed', 'partly_reversed')",
            name=op.f("ck_credit_batch_row_state"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_credit_batch_row_amount")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["credit_batch.id"], name=op.f("fk_credit_batch_row_batch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["credit_transaction.id"], name=op.f("fk_credit_batch_row_line_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["reversal_line_id"],
            ["credit_transaction.id"],
            name=op.f("fk_credit_batch_row_reversal_line_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_credit_batch_row_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("batch_id", "user_id", name=op.f("pk_credit_batch_row")),
        sa.UniqueConstraint("line_id", name=op.f("uq_credit_batch_row_line_id")),
        sa.UniqueConstraint("reversal_line_id", name=op.f("uq_credit_batch_row_reversal_line_id")),
    )
    op.create_index(op.f("ix_credit_batch_row_user_id"), "credit_batch_row", ["user_id"], unique=False)
    op.create_table(
        "credit_difference",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("actual", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'corrected', 'gone')", name=op.f("ck_credit_difference_state")),
        sa.CheckConstraint("expected <> actual", name=op.f("ck_credit_difference_differs")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["credit_transaction.id"], name=op.f("fk_credit_difference_line_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_credit_difference_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_difference")),
    )
    op.create_index(op.f("ix_credit_difference_user_id"), "credit_difference", ["user_id"], unique=False)
    op.create_index(
        "uq_credit_difference_open",
        "credit_difference",
        ["user_id", "what"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "credit_lot",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("origin_lot_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), server_default="0", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('purchase', 'usage', 'return', 'gift', 'welcome', 'promo', 'referral', 'clawback', 'expiry', 'chargeback', 'chargeback_reversal', 'purchase_reversal', 'adjustment')",
            name=op.f("ck_credit_lot_kind"),
        ),
        sa.CheckConstraint(
            "0 <= held AND held <= remaining AND remaining <= granted", name=op.f("ck_credit_lot_remaining")
        ),
        sa.CheckConstraint("granted > 0", name=op.f("ck_credit_lot_granted")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["credit_transaction.id"], name=op.f("fk_credit_lot_line_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["origin_lot_id"], ["credit_lot.id"], name=op.f("fk_credit_lot_origin_lot_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_credit_lot_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_lot")),
    )
    op.create_index(
        "ix_credit_lot_burn",
        "credit_lot",
        ["user_id", "priority", "expires_at", "id"],
        unique=False,
        postgresql_where=sa.text("remaining > 0"),
    )
    op.create_index(
        "ix_credit_lot_expiry", "credit_lot", ["expires_at"], unique=False, postgresql_where=sa.text("remaining > 0")
    )
    op.create_index(op.f("ix_credit_lot_line_id"), "credit_lot", ["line_id"], unique=False)
    op.create_index(op.f("ix_credit_lot_origin_lot_id"), "credit_lot", ["origin_lot_id"], unique=False)
    op.create_index(
        "uq_credit_lot_line_id",
        "credit_lot",
        ["line_id"],
        unique=True,
        postgresql_where=sa.text("origin_lot_id IS NULL"),
    )
    op.create_table(
        "purchase_reversal",
        sa.Column("purchase_line_id", sa.BigInteger(), nullable=False),
        sa.Column("paid_cents", sa.Integer(), nullable=False),
        sa.Column("refunded_cents", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("unrecovered", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "paid_cents > 0 AND refunded_cents BETWEEN 0 AND paid_cents", name=op.f("ck_purchase_reversal_cents")
        ),
        sa.CheckConstraint("taken >= 0 AND unrecovered >= 0", name=op.f("ck_purchase_reversal_credits")),
        sa.ForeignKeyConstraint(
            ["purchase_line_id"],
            ["credit_transaction.id"],
            name=op.f("fk_purchase_reversal_purchase_line_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("purchase_line_id", name=op.f("pk_purchase_reversal")),
    )
    op.create_table(
        "lot_use",
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("returned", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("0 <= returned AND returned <= amount", name=op.f("ck_lot_use_returned")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_lot_use_amount")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["credit_transaction.id"], name=op.f("fk_lot_use_line_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["credit_lot.id"], name=op.f("fk_lot_use_lot_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("line_id", "lot_id", name=op.f("pk_lot_use")),
    )
    op.create_index(op.f("ix_lot_use_lot_id"), "lot_use", ["lot_id"], unique=False)
    op.create_table(
        "reservation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.Text(), server_default="", nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("feature_name", sa.Text(), nullable=True),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("cost_version", sa.Integer(), nullable=True),
        sa.Column("counter_id", sa.BigInteger(), nullable=True),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), server_default="held", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(payer = 'credits') = (amount > 0) AND amount >= 0", name=op.f("ck_reservation_amount")),
        sa.CheckConstraint("(payer = 'quota') = (counter_id IS NOT NULL)", name=op.f("ck_reservation_counter")),
        sa.CheckConstraint("(state = 'held') = (settled_at IS NULL)", name=op.f("ck_reservation_settled")),
        sa.CheckConstraint("payer IN ('credits', 'quota', 'none')", name=op.f("ck_reservation_payer")),
        sa.CheckConstraint("state IN ('held', 'captured', 'released', 'returned')", name=op.f("ck_reservation_state")),
        sa.ForeignKeyConstraint(
            ["counter_id"], ["feature_usage_counter.id"], name=op.f("fk_reservation_counter_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["credit_transaction.id"], name=op.f("fk_reservation_line_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["background_task.id"], name=op.f("fk_reservation_task_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_reservation_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservation")),
        sa.UniqueConstraint("line_id", name=op.f("uq_reservation_line_id")),
        sa.UniqueConstraint("task_id", "unit", name=op.f("uq_reservation_task_id_unit")),
    )
    op.create_index(op.f("ix_reservation_counter_id"), "reservation", ["counter_id"], unique=False)
    op.create_index(
        "ix_reservation_held", "reservation", ["user_id"], unique=False, postgresql_where=sa.text("state = 'held'")
    )
    op.create_index("ix_reservation_user_id_created_at", "reservation", ["user_id", "created_at"], unique=False)
    op.create_table(
        "reserved_lot",
        sa.Column("reservation_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_reserved_lot_amount")),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["credit_lot.id"], name=op.f("fk_reserved_lot_lot_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["reservation_id"], ["reservation.id"], name=op.f("fk_reserved_lot_reservation_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("reservation_id", "lot_id", name=op.f("pk_reserved_lot")),
    )
    op.create_index(op.f("ix_reserved_lot_lot_id"), "reserved_lot", ["lot_id"], unique=False)
    op.add_column("background_task", sa.Column("outcome", sa.Text(), nullable=True))
    op.add_column("background_task", sa.Column("quarantined_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("background_task", sa.Column("discarded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("background_task", sa.Column("progressed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "background_task",
        sa.Column("queued_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.execute("UPDATE background_task SET queued_at = created_at")
    op.create_index(
        "ix_background_task_payload", "background_task", ["payload"], unique=False, postgresql_using="gin",
        postgresql_ops={"payload": "jsonb_path_ops"},
    )  # fmt: skip
    op.create_index(
        "ix_background_task_pace", "background_task", ["type", "finished_at"], unique=False,
        postgresql_include=["started_at", "queued_at"], postgresql_where=sa.text("status = 'completed'"),
    )  # fmt: skip
    op.create_index(
        "ix_background_task_finished_at", "background_task", ["finished_at"], unique=False,
        postgresql_include=["status", "type", "user_id", "queued_at", "started_at", "error_fingerprint"],
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )  # fmt: skip
    op.drop_index(op.f("ix_background_task_status_created_at"), table_name="background_task")
    op.create_index(
        "ix_background_task_quarantine",
        "background_task",
        ["quarantined_at"],
        unique=False,
        postgresql_where=sa.text("quarantined_at IS NOT NULL"),
    )
    op.create_index(
        "ix_background_task_status_created_at_id", "background_task", ["status", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_background_task_type_created_at_id", "background_task", ["type", "created_at", "id"], unique=False
    )
    op.add_column("credit_balance", sa.Column("total_welcome", sa.Integer(), server_default="0", nullable=False))
    op.add_column("credit_balance", sa.Column("total_promo", sa.Integer(), server_default="0", nullable=False))
    op.add_column("credit_balance", sa.Column("total_referral", sa.Integer(), server_default="0", nullable=False))
    op.add_column("credit_balance", sa.Column("total_clawed_back", sa.Integer(), server_default="0", nullable=False))
    op.add_column("credit_balance", sa.Column("total_expired", sa.Integer(), server_default="0", nullable=False))
    op.add_column("credit_balance", sa.Column("total_charged_back", sa.Integer(), server_default="0", nullable=False))
    op.add_column(
        "credit_balance", sa.Column("total_chargeback_reversed", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "credit_balance", sa.Column("total_purchase_reversed", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("credit_balance", sa.Column("total_adjusted", sa.Integer(), server_default="0", nullable=False))
    op.add_column("credit_transaction", sa.Column("unit", sa.Text(), server_default="", nullable=False))
    op.add_column("credit_transaction", sa.Column("cause", sa.Text(), server_default="", nullable=False))
    op.add_column("credit_transaction", sa.Column("batch_id", sa.Uuid(), nullable=True))
    op.add_column("credit_transaction", sa.Column("request_key", sa.Text(), nullable=True))
    op.drop_index(op.f("ix_credit_transaction_created_at"), table_name="credit_transaction")
    op.create_index(op.f("ix_credit_transaction_actor_id"), "credit_transaction", ["actor_id"], unique=False)
    op.create_index(
        "ix_credit_transaction_batch_id",
        "credit_transaction",
        ["batch_id"],
        unique=False,
        postgresql_where=sa.text("batch_id IS NOT NULL"),
    )
    op.create_index("ix_credit_transaction_created_at_id", "credit_transaction", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_credit_transaction_source_created_at_id", "credit_transaction", ["source", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_credit_transaction_type_created_at_id", "credit_transaction", ["type", "created_at", "id"], unique=False
    )
    op.create_unique_constraint(op.f("uq_credit_transaction_request_key"), "credit_transaction", ["request_key"])
    op.create_index(
        "uq_credit_transaction_task",
        "credit_transaction",
        ["type", "task_id", "unit", "cause"],
        unique=True,
        postgresql_where=sa.text("type IN ('usage', 'return')"),
    )
    op.create_index(
        "uq_credit_transaction_return",
        "credit_transaction",
        ["related_transaction_id", "cause"],
        unique=True,
        postgresql_where=sa.text("type = 'return'"),
    )
    op.add_column("feature_mapping", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("feature_usage_counter", sa.Column("reserved", sa.Integer(), server_default="0", nullable=False))
    op.create_index(
        "ix_feature_usage_counter_feature_name_period_start",
        "feature_usage_counter",
        ["feature_name", "period_start"],
        unique=False,
    )
    whose = "hashtextextended(feature_name, uuid_hash_extended(user_id, 0))"
    op.execute(
        "ALTER TABLE feature_usage_counter ADD CONSTRAINT ex_feature_usage_counter_period EXCLUDE USING gist"
        f" (int8range({whose}, {whose}, '[]') WITH &&, tstzrange(period_start, period_end) WITH &&)"
    )
    op.add_column("subscription", sa.Column("plan_version_id", sa.Integer(), nullable=True))
    op.add_column("subscription", sa.Column("next_plan_version_id", sa.Integer(), nullable=True))
    op.add_column("subscription", sa.Column("billing_anchor", sa.DateTime(timezone=True), nullable=True))
    op.add_column("subscription", sa.Column("past_due_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        op.f("ix_subscription_next_plan_version_id"), "subscription", ["next_plan_version_id"], unique=False
    )
    op.create_index(op.f("ix_subscription_plan_version_id"), "subscription", ["plan_version_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_subscription_plan_version_id"),
        "subscription",
        "plan_version",
        ["plan_version_id"],
        ["id"],
        ondelete="RESTRICT",
    )
    op.create_foreign_key(
        op.f("fk_subscription_next_plan_version_id"),
        "subscription",
        "plan_version",
        ["next_plan_version_id"],
        ["id"],
        ondelete="RESTRICT",
    )
    op.add_column("subscription_plan_feature_limit", sa.Column("plan_version_id", sa.Integer(), nullable=True))
    _first_versions()
    op.alter_column("subscription_plan_feature_limit", "plan_version_id", nullable=False)
    op.drop_constraint(
        op.f("uq_subscription_plan_feature_limit_plan_id_feature_name"),
        "subscription_plan_feature_limit",
        type_="unique",
    )
    op.create_index(
        op.f("ix_subscription_plan_feature_limit_plan_id"), "subscription_plan_feature_limit", ["plan_id"], unique=False
    )
    op.create_unique_constraint(
        op.f("uq_subscription_plan_feature_limit_plan_version_id_feature_name"),
        "subscription_plan_feature_limit",
        ["plan_version_id", "feature_name"],
    )
    op.drop_constraint(
        op.f("fk_subscription_plan_feature_limit_plan_id"), "subscription_plan_feature_limit", type_="foreignkey"
    )
    op.create_foreign_key(
        op.f("fk_subscription_plan_feature_limit_plan_version_id"),
        "subscription_plan_feature_limit",
        "plan_version",
        ["plan_version_id", "plan_id"],
        ["id", "plan_id"],
        ondelete="RESTRICT",
    )
    _checks()
    _opening_lots()


def downgrade() -> None:
    op.execute("DROP INDEX IF EXISTS ix_app_user_search")
    _earlier_checks()
    op.drop_constraint(
        op.f("fk_subscription_plan_feature_limit_plan_version_id"),
        "subscription_plan_feature_limit",
        type_="foreignkey",
    )
    op.create_foreign_key(
        op.f("fk_subscription_plan_feature_limit_plan_id"),
        "subscription_plan_feature_limit",
        "subscription_plan",
        ["plan_id"],
        ["id"],
        ondelete="RESTRICT",
    )
    op.drop_constraint(
        op.f("uq_subscription_plan_feature_limit_plan_version_id_feature_name"),
        "subscription_plan_feature_limit",
        type_="unique",
    )
    op.drop_index(op.f("ix_subscription_plan_feature_limit_plan_id"), table_name="subscription_plan_feature_limit")
    op.create_unique_constraint(
        op.f("uq_subscription_plan_feature_limit_plan_id_feature_name"),
        "subscription_plan_feature_limit",
        ["plan_id", "feature_name"],
        postgresql_nulls_not_distinct=False,
    )
    op.drop_column("subscription_plan_feature_limit", "plan_version_id")
    op.drop_constraint(op.f("fk_subscription_next_plan_version_id"), "subscription", type_="foreignkey")
    op.drop_constraint(op.f("fk_subscription_plan_version_id"), "subscription", type_="foreignkey")
    op.drop_index(op.f("ix_subscription_plan_version_id"), table_name="subscription")
    op.drop_index(op.f("ix_subscription_next_plan_version_id"), table_name="subscription")
    op.drop_column("subscription", "past_due_since")
    op.drop_column("subscription", "billing_anchor")
    op.drop_column("subscription", "next_plan_version_id")
    op.drop_column("subscription", "plan_version_id")
    op.drop_constraint("ex_feature_usage_counter_period", "feature_usage_counter")
    op.drop_index("ix_feature_usage_counter_feature_name_period_start", table_name="feature_usage_counter")
    op.drop_column("feature_usage_counter", "reserved")
    op.drop_column("feature_mapping", "version")
    op.drop_index(
        "uq_credit_transaction_return",
        table_name="credit_transaction",
        postgresql_where=sa.text("type = 'return'"),
    )
    op.drop_index(
        "uq_credit_transaction_task",
        table_name="credit_transaction",
        postgresql_where=sa.text("type IN ('usage', 'return')"),
    )
    op.drop_constraint(op.f("uq_credit_transaction_request_key"), "credit_transaction", type_="unique")
    op.drop_index("ix_credit_transaction_type_created_at_id", table_name="credit_transaction")
    op.drop_index("ix_credit_transaction_source_created_at_id", table_name="credit_transaction")
    op.drop_index("ix_credit_transaction_created_at_id", table_name="credit_transaction")
    op.drop_index(
        "ix_credit_transaction_batch_id",
        table_name="credit_transaction",
        postgresql_where=sa.text("batch_id IS NOT NULL"),
    )
    op.drop_index(op.f("ix_credit_transaction_actor_id"), table_name="credit_transaction")
    op.create_index(op.f("ix_credit_transaction_created_at"), "credit_transaction", ["created_at"], unique=False)
    op.drop_column("credit_transaction", "request_key")
    op.drop_column("credit_transaction", "batch_id")
    op.drop_column("credit_transaction", "cause")
    op.drop_column("credit_transaction", "unit")
    op.drop_column("credit_balance", "total_adjusted")
    op.drop_column("credit_balance", "total_purchase_reversed")
    op.drop_column("credit_balance", "total_chargeback_reversed")
    op.drop_column("credit_balance", "total_charged_back")
    op.drop_column("credit_balance", "total_expired")
    op.drop_column("credit_balance", "total_clawed_back")
    op.drop_column("credit_balance", "total_referral")
    op.drop_column("credit_balance", "total_promo")
    op.drop_column("credit_balance", "total_welcome")
    op.drop_index("ix_background_task_type_created_at_id", table_name="background_task")
    op.drop_index("ix_background_task_status_created_at_id", table_name="background_task")
    op.drop_index(
        "ix_background_task_quarantine",
        table_name="background_task",
        postgresql_where=sa.text("quarantined_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_background_task_status_created_at"), "background_task", ["status", "created_at"], unique=False
    )
    op.drop_index("ix_background_task_finished_at", table_name="background_task")
    op.drop_index("ix_background_task_pace", table_name="background_task")
    op.drop_index("ix_background_task_payload", table_name="background_task")
    op.drop_column("background_task", "queued_at")
    op.drop_column("background_task", "progressed_at")
    op.drop_column("background_task", "discarded_at")
    op.drop_column("background_task", "quarantined_at")
    op.drop_column("background_task", "outcome")
    op.drop_index(op.f("ix_reserved_lot_lot_id"), table_name="reserved_lot")
    op.drop_table("reserved_lot")
    op.drop_index("ix_reservation_user_id_created_at", table_name="reservation")
    op.drop_index("ix_reservation_held", table_name="reservation", postgresql_where=sa.text("state = 'held'"))
    op.drop_index(op.f("ix_reservation_counter_id"), table_name="reservation")
    op.drop_table("reservation")
    op.drop_index(op.f("ix_lot_use_lot_id"), table_name="lot_use")
    op.drop_table("lot_use")
    op.drop_table("purchase_reversal")
    op.drop_index("uq_credit_lot_line_id", table_name="credit_lot", postgresql_where=sa.text("origin_lot_id IS NULL"))
    op.drop_index(op.f("ix_credit_lot_origin_lot_id"), table_name="credit_lot")
    op.drop_index(op.f("ix_credit_lot_line_id"), table_name="credit_lot")
    op.drop_index("ix_credit_lot_expiry", table_name="credit_lot", postgresql_where=sa.text("remaining > 0"))
    op.drop_index("ix_credit_lot_burn", table_name="credit_lot", postgresql_where=sa.text("remaining > 0"))
    op.drop_table("credit_lot")
    op.drop_index(
        "uq_credit_difference_open", table_name="credit_difference", postgresql_where=sa.text("state = 'open'")
    )
    op.drop_index(op.f("ix_credit_difference_user_id"), table_name="credit_difference")
    op.drop_table("credit_difference")
    op.drop_index(op.f("ix_credit_batch_row_user_id"), table_name="credit_batch_row")
    op.drop_table("credit_batch_row")
    op.drop_table("queue_delay")
    op.drop_table("task_sweep_row")
    op.drop_table("task_sweep")
    op.drop_index(op.f("ix_task_type_control_changed_by"), table_name="task_type_control")
    op.drop_table("task_type_control")
    op.drop_index(op.f("ix_setting_version_changed_by"), table_name="setting_version")
    op.drop_table("setting_version")
    op.drop_index(op.f("ix_plan_version_created_by"), table_name="plan_version")
    op.drop_table("plan_version")
    op.drop_index("uq_limit_override_open", table_name="limit_override", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_limit_override_user_id_feature_name", table_name="limit_override")
    op.drop_index(op.f("ix_limit_override_created_by"), table_name="limit_override")
    op.drop_table("limit_override")
    op.drop_table("credit_notice")
    op.drop_table("credit_debt")
    op.drop_index(op.f("ix_credit_batch_created_by"), table_name="credit_batch")
    op.drop_index("ix_credit_batch_created_at_id", table_name="credit_batch")
    op.drop_table("credit_batch")
    op.drop_index("uq_approval_pending", table_name="approval", postgresql_where=sa.text("state = 'pending'"))
    op.drop_index("ix_approval_state_requested_at", table_name="approval")
    op.drop_index(op.f("ix_approval_requested_by"), table_name="approval")
    op.drop_index(op.f("ix_approval_decided_by"), table_name="approval")
    op.drop_table("approval")
    op.drop_table("model_breaker")
    op.drop_index(op.f("ix_welcome_check_created_at"), table_name="welcome_check")
    op.drop_table("welcome_check")
