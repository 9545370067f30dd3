"""The mark of the fold knows from when on calls are kept."""

import sqlalchemy as sa
from alembic import op

revision = "c7d3e9a1b456"
down_revision = "c7d0e43b91f5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("fold_mark", sa.Column("kept_from", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("fold_mark", "kept_from")
