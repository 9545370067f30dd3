"""Usage is unique by day first: what a fold writes lies together, instead of all over the index."""

from alembic import op

revision = "e19b6a04c7d2"
down_revision = "c8d1f0b7e364"
branch_labels = None
depends_on = None

_BY_DAY = ["date", "user_id", "feature_name", "model"]
_BY_PERSON = ["user_id", "feature_name", "model", "date"]


def _change(old: list[str], new: list[str]) -> None:
    op.drop_constraint(op.f(f"uq_openai_usage_{'_'.join(old)}"), "openai_usage", type_="unique")
    op.create_unique_constraint(op.f(f"uq_openai_usage_{'_'.join(new)}"), "openai_usage", new)


def upgrade() -> None:
    _change(_BY_PERSON, _BY_DAY)
    op.drop_index(op.f("ix_openai_usage_date"), table_name="openai_usage")


def downgrade() -> None:
    op.create_index(op.f("ix_openai_usage_date"), "openai_usage", ["date"])
    _change(_BY_DAY, _BY_PERSON)
