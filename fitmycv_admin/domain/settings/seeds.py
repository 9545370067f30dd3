"""Every setting with its default, and the features with their names; only what is missing is inserted."""

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain.settings import catalogue
from fitmycv_admin.models import FeatureMapping, Setting, SettingVersion

_BATCHES = ("projects", "extras", "experience", "skills", "summary", "education", "languages")
_IMPROVEMENTS = (
    "preprocess", "classify_skills", "experience", "project", "summary", "languages", "extras",
)  # fmt: skip

# key: (name, settings beside the credit cost, model calls, features of plans)
FEATURES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "import_pdf": (
        "PDF import",
        ("model_import_pdf", "model_first_import_pdf", "feature_import"),
        ("import_pdf", "first_import_pdf"),
        ("import_pdf",),
    ),
    "extract_job_offer": (
        "Job offer extraction",
        ("model_extract_job_offer",),
        ("extract_job_offer", "extract_job_offer_url", "extract_job_offer_pdf"),
        ("gpt_cv_generation",),
    ),
    "match_score": (
        "Match score",
        ("model_match_score", "feature_match_score"),
        ("match_score",),
        ("match_score",),
    ),
    "gpt_cv_generation": (
        "CV generation",
        (
            "model_cv_generation",
            "model_cv_classify",
            *(f"model_cv_batch_{part}" for part in _BATCHES),
            "feature_ai_generation",
        ),
        (
            "generate_cv_url",
            "generate_cv_pdf",
            "create_template_cv_url",
            "create_template_cv_pdf",
            "cv_classify",
            *(f"cv_batch_{part}" for part in _BATCHES),
        ),
        ("gpt_cv_generation",),
    ),
    "optimize_cv": (
        "CV improvement",
        ("model_optimize_cv", *(f"model_improve_{part}" for part in _IMPROVEMENTS), "feature_optimize"),
        ("optimize_cv", *(f"improve_{part}" for part in _IMPROVEMENTS)),
        ("optimize_cv",),
    ),
    "translate_cv": (
        "CV translation",
        ("model_translate_cv", "feature_translate"),
        ("translate_cv",),
        ("translate_cv",),
    ),
    "generate_from_job_title": (
        "CV from a job title",
        ("model_generate_from_job_title",),
        ("generate_from_job_title",),
        ("generate_from_job_title",),
    ),
    "detect_language": (
        "Language detection",
        ("model_detect_language",),
        ("detect_cv_language",),
        ("match_score", "gpt_cv_generation", "import_pdf"),
    ),
    "create_cv_manual": ("CV by hand", ("feature_manual_cv",), (), ("create_cv_manual",)),
    "edit_cv": ("CV editing", ("feature_edit_mode",), (), ("edit_cv",)),
    "export_cv": ("CV export", ("feature_export",), (), ("export_cv",)),
}


def insert_missing(db: Session) -> int:
    """Insert settings and feature mappings that are not there; returns how many rows were added."""
    rows = [
        {"id": new_id(), "setting_name": known.name, "value": known.default, "category": known.category.value}
        for known in catalogue.CATALOGUE.values()
    ]
    made = insert(Setting).values(rows).on_conflict_do_nothing()
    added = db.execute(made.returning(col(Setting.setting_name), col(Setting.value))).all()
    if added:
        first = [{"setting_name": row.setting_name, "version": 1, "value": row.value} for row in added]
        db.execute(insert(SettingVersion).values(first).on_conflict_do_nothing())
    return len(added) + _features(db)


def _features(db: Session) -> int:
    rows = [
        {
            "id": new_id(),
            "feature_key": key,
            "display_name": name,
            "setting_names": list(settings) + ([cost] if (cost := f"credits_{key}") in catalogue.CATALOGUE else []),
            "openai_call_names": list(calls),
            "plan_feature_names": list(plan_features),
        }
        for key, (name, settings, calls, plan_features) in FEATURES.items()
    ]
    added = db.execute(insert(FeatureMapping).values(rows).on_conflict_do_nothing().returning(col(FeatureMapping.id)))
    return len(added.all())
