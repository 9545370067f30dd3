"""How far the rules have looked at calls, and the smallest call that a hard limit refused."""

import sqlalchemy as sa
from alembic import op

from fitmycv_admin.models.base import Xid8

revision = "c7d0e43b91f5"
down_revision = "a41c5de2f077"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alert_evaluation", sa.Column("looked_below", Xid8(), nullable=True))
    op.add_column("alert_evaluation", sa.Column("swept_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("budget_spending", sa.Column("least_denied_nano", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("budget_spending", "least_denied_nano")
    op.drop_column("alert_evaluation", "swept_at")
    op.drop_column("alert_evaluation", "looked_below")
