"""The rollups of people also keep the plan, so that what a plan's people cost is read without their calls."""

import sqlalchemy as sa
from alembic import op

revision = "a41c5de2f077"
down_revision = "6b643a7d990e"
branch_labels = None
depends_on = None

_ROLLUPS = (("roll_user_day", "day"), ("roll_user_month", "month"))


def _count_anew() -> None:
    for table in ("roll_hour", "roll_day", "roll_user_day", "roll_user_month", "openai_usage"):
        op.execute(f"DELETE FROM {table}")
    op.execute("UPDATE fold_mark SET folded_below = '0', folded_calls = 0")


def upgrade() -> None:
    _count_anew()
    for table, at in _ROLLUPS:
        op.drop_constraint(op.f(f"pk_{table}"), table, type_="primary")
        op.add_column(table, sa.Column("plan_id", sa.SmallInteger(), nullable=False))
        op.create_primary_key(op.f(f"pk_{table}"), table, [at, "user_seq", "plan_id"])


def downgrade() -> None:
    _count_anew()
    for table, at in _ROLLUPS:
        op.drop_constraint(op.f(f"pk_{table}"), table, type_="primary")
        op.drop_column(table, "plan_id")
        op.create_primary_key(op.f(f"pk_{table}"), table, [at, "user_seq"])
