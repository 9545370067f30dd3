"""The primary key of calls serves their order in both directions: the index beside it only cost writes."""

import sqlalchemy as sa
from alembic import op

revision = "5d2c8e71a0f4"
down_revision = "0b7f5c2e9a18"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("ix_openai_call_created_at_id"), table_name="openai_call")


def downgrade() -> None:
    op.create_index(
        op.f("ix_openai_call_created_at_id"), "openai_call", [sa.text("created_at DESC"), sa.text("id DESC")]
    )
