"""The rollups of people also keep the tier, so that who cost most at one is read without their calls."""

import sqlalchemy as sa
from alembic import op

revision = "0b7f5c2e9a18"
down_revision = "e19b6a04c7d2"
branch_labels = None
depends_on = None

_ROLLUPS = (("roll_user_day", "day"), ("roll_user_month", "month"))
_COUNTED = ("roll_hour", "roll_day", "roll_user_day", "roll_user_month", "openai_usage", "roll_histogram",
            "call_outlier")  # fmt: skip


def _count_anew() -> None:
    for table in _COUNTED:
        op.execute(f"DELETE FROM {table}")
    op.execute("UPDATE fold_mark SET folded_below = '0', folded_calls = 0")


def upgrade() -> None:
    _count_anew()
    for table, at in _ROLLUPS:
        op.drop_constraint(op.f(f"pk_{table}"), table, type_="primary")
        op.add_column(table, sa.Column("tier_id", sa.SmallInteger(), nullable=False))
        op.create_primary_key(op.f(f"pk_{table}"), table, [at, "user_seq", "plan_id", "tier_id"])


def downgrade() -> None:
    _count_anew()
    for table, at in _ROLLUPS:
        op.drop_constraint(op.f(f"pk_{table}"), table, type_="primary")
        op.drop_column(table, "tier_id")
        op.create_primary_key(op.f(f"pk_{table}"), table, [at, "user_seq", "plan_id"])
