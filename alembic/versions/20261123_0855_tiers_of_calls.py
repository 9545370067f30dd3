"""Prices say where they were imported from; the tier of a call is a setting of its own instead of one switch for all."""

import sqlalchemy as sa
from alembic import op

revision = "c8d1f0b7e364"
down_revision = "c7d3e9a1b456"
branch_labels = None
depends_on = None

# The settings of models as they were on this day: each gets a tier beside it.
_MODELS = (
    "cv_generation", "match_score", "translate_cv", "generate_from_job_title", "import_pdf", "first_import_pdf",
    "extract_job_offer", "optimize_cv", "detect_language", "cv_classify", "cv_batch_projects", "cv_batch_extras",
    "cv_batch_experience", "cv_batch_skills", "cv_batch_summary", "cv_batch_education", "cv_batch_languages",
    "improve_preprocess", "improve_classify_skills", "improve_experience", "improve_project", "improve_summary",
    "improve_languages", "improve_extras",
)  # fmt: skip
_ON = "EXISTS (SELECT 1 FROM setting WHERE setting_name = 'openai_priority_mode' AND value IN ('1', 'true'))"


def upgrade() -> None:
    op.add_column("price_version", sa.Column("source", sa.Text(), server_default="", nullable=False))
    names = ", ".join(f"('tier_{name}')" for name in _MODELS)
    op.execute(
        "INSERT INTO setting (id, setting_name, value, category, version) SELECT gen_random_uuid(), name, 'priority',"
        f" 'ai_models', 1 FROM (VALUES {names}) tiers (name) WHERE {_ON} ON CONFLICT DO NOTHING"
    )
    op.execute(
        "INSERT INTO setting_version (setting_name, version, value) SELECT setting_name, version, value FROM setting"
        " WHERE setting_name LIKE 'tier\\_%' ON CONFLICT DO NOTHING"
    )
    for table in ("setting_version", "setting"):
        op.execute(f"DELETE FROM {table} WHERE setting_name = 'openai_priority_mode'")


def downgrade() -> None:
    op.execute(
        "INSERT INTO setting (id, setting_name, value, category, version) SELECT gen_random_uuid(),"
        " 'openai_priority_mode', CASE WHEN EXISTS (SELECT 1 FROM setting WHERE setting_name LIKE 'tier\\_%'"
        " AND value = 'priority') THEN '1' ELSE '0' END, 'openai', 1 ON CONFLICT DO NOTHING"
    )
    op.execute(
        "INSERT INTO setting_version (setting_name, version, value) SELECT setting_name, version, value FROM setting"
        " WHERE setting_name = 'openai_priority_mode' ON CONFLICT DO NOTHING"
    )
    for table in ("setting_version", "setting"):
        op.execute(f"DELETE FROM {table} WHERE setting_name LIKE 'tier\\_%'")
    op.drop_column("price_version", "source")
