"""Every setting the application knows: its type, its range and the value it starts with."""

import json
import math
import zoneinfo
from dataclasses import dataclass
from enum import StrEnum

from fitmycv_admin.core.errors import Invalid, NotFound


class Kind(StrEnum):
    """How a value is read and edited."""

    SWITCH = "switch"  # "1" or "0"
    WHOLE = "whole"
    DECIMAL = "decimal"
    MODEL = "model"  # the name of a model
    CHOICE = "choice"
    ORDER = "order"  # a JSON list: the choices, each once
    ZONE = "zone"  # an IANA time zone


class Category(StrEnum):
    """The tabs of the settings page, in their order."""

    AI_MODELS = "ai_models"
    CREDITS = "credits"
    FEATURES = "features"
    SYSTEM = "system"
    PDF_IMPORT = "pdf_import"
    OPENAI = "openai"
    CV_DISPLAY = "cv_display"
    TELEGRAM = "telegram"


@dataclass(frozen=True, slots=True)
class Known:
    """One setting. Bounds are included; `step` only guides the field that edits it."""

    name: str
    kind: Kind
    default: str
    category: Category
    low: float = -math.inf
    high: float = math.inf
    step: float = 1
    choices: tuple[str, ...] = ()

    @property
    def label_key(self) -> str:
        """Catalogue key of its name."""
        return f"settings.{self.name}.label"

    @property
    def description_key(self) -> str:
        """Catalogue key of what it does."""
        return f"settings.{self.name}.description"

    def checked(self, value: str) -> str:
        """The value in its one spelling; raises Invalid with the field when it does not fit."""
        return _CHECKS[self.kind](self, value.strip())


def known(name: str) -> Known:
    """A setting by name; raises NotFound."""
    try:
        return CATALOGUE[name]
    except KeyError as error:
        raise NotFound from error


def _switch(setting: Known, value: str) -> str:
    if value not in ("0", "1"):
        raise Invalid("settings.error.switch", field=setting.name)
    return value


def _whole(setting: Known, value: str) -> str:
    try:
        number = int(value)
    except ValueError as error:
        raise Invalid("settings.error.whole", field=setting.name) from error
    _within(setting, number)
    return str(number)


def _decimal(setting: Known, value: str) -> str:
    try:
        number = float(value.replace(",", "."))
    except ValueError as error:
        raise Invalid("settings.error.number", field=setting.name) from error
    _within(setting, number)
    return f"{number:g}"


def _within(setting: Known, number: float) -> None:
    if not setting.low <= number <= setting.high:
        raise Invalid("settings.error.range", field=setting.name, low=f"{setting.low:g}", high=f"{setting.high:g}")


def _model(setting: Known, value: str) -> str:
    if not value or len(value) > 200 or any(letter.isspace() for letter in value):
        raise Invalid("settings.error.model", field=setting.name)
    return value


def _choice(setting: Known, value: str) -> str:
    if value not in setting.choices:
        raise Invalid("settings.error.choice", field=setting.name, choices=", ".join(setting.choices))
    return value


def _order(setting: Known, value: str) -> str:
    try:
        items = json.loads(value)
    except ValueError as error:
        raise Invalid("settings.error.order", field=setting.name) from error
    if not isinstance(items, list) or sorted(map(str, items)) != sorted(setting.choices):
        raise Invalid("settings.error.order", field=setting.name)
    if items[0] != setting.choices[0]:
        raise Invalid("settings.error.first", field=setting.name, first=setting.choices[0])
    return json.dumps(items)


def _zone(setting: Known, value: str) -> str:
    if value not in zoneinfo.available_timezones():
        raise Invalid("settings.error.zone", field=setting.name)
    return value


_CHECKS = {
    Kind.SWITCH: _switch,
    Kind.WHOLE: _whole,
    Kind.DECIMAL: _decimal,
    Kind.MODEL: _model,
    Kind.CHOICE: _choice,
    Kind.ORDER: _order,
    Kind.ZONE: _zone,
}

_MINI = "gpt-4.1-mini-2025-04-14"
_MODELS = {
    "model_cv_generation": _MINI,
    "model_match_score": _MINI,
    "model_translate_cv": _MINI,
    "model_generate_from_job_title": _MINI,
    "model_import_pdf": _MINI,
    "model_first_import_pdf": _MINI,
    "model_extract_job_offer": "o4-mini",
    "model_optimize_cv": "gpt-4o",
    "model_detect_language": "gpt-4o-mini",
    "model_cv_classify": "gpt-4o",
    "model_cv_batch_projects": "gpt-4o",
    "model_cv_batch_extras": "gpt-4o",
    "model_cv_batch_experience": "o4-mini",
    "model_cv_batch_skills": "o4-mini",
    "model_cv_batch_summary": "o4-mini",
    "model_cv_batch_education": _MINI,
    "model_cv_batch_languages": "gpt-4o-mini",
    "model_improve_preprocess": "gpt-4o",
    "model_improve_classify_skills": "gpt-4o",
    "model_improve_experience": "gpt-4.1-2025-04-14",
    "model_improve_project": "gpt-4.1-2025-04-14",
    "model_improve_summary": _MINI,
    "model_improve_languages": _MINI,
    "model_improve_extras": _MINI,
}
TIERS = ("standard", "priority", "flex")
"""The tiers a call can be asked at."""
_CREDITS = {
    "credits_create_cv_manual": 0,
    "credits_edit_cv": 0,
    "credits_export_cv": 1,
    "credits_match_score": 1,
    "credits_translate_cv": 1,
    "credits_gpt_cv_generation": 3,
    "credits_optimize_cv": 2,
    "credits_generate_from_job_title": 1,
    "credits_import_pdf": 2,
    "welcome_credits": 15,
}
_FEATURES = (
    "feature_manual_cv", "feature_ai_generation", "feature_import", "feature_export", "feature_match_score",
    "feature_optimize", "feature_history", "feature_search_bar", "feature_translate", "feature_language_switcher",
    "feature_edit_mode", "feature_feedback",
)  # fmt: skip
SECTIONS = ("header", "summary", "skills", "experience", "education", "languages", "extras", "projects")

_ALL = (
    *(Known(name, Kind.MODEL, model, Category.AI_MODELS) for name, model in _MODELS.items()),
    *(Known(f"tier_{name.removeprefix('model_')}", Kind.CHOICE, TIERS[0], Category.AI_MODELS, choices=TIERS)
      for name in _MODELS),
    *(Known(name, Kind.WHOLE, str(cost), Category.CREDITS, 0, 1000) for name, cost in _CREDITS.items()),
    # What staff give or take away without a second person: in a day, in one act, and in euro cents.
    Known("low_credit_notice", Kind.WHOLE, "3", Category.CREDITS, 0, 1000),
    Known("credits_by_hand_a_day", Kind.WHOLE, "20", Category.CREDITS, 0, 10_000),
    Known("credits_by_hand_an_act", Kind.WHOLE, "200", Category.CREDITS, 0, 100_000),
    Known("credits_by_hand_cents", Kind.WHOLE, "10000", Category.CREDITS, 0, 10_000_000),
    *(Known(name, Kind.SWITCH, "1", Category.FEATURES) for name in _FEATURES),
    Known("registration_enabled", Kind.SWITCH, "1", Category.SYSTEM),
    Known("maintenance_enabled", Kind.SWITCH, "0", Category.SYSTEM),
    Known("subscription_mode_enabled", Kind.SWITCH, "0", Category.SYSTEM),
    Known("cv_max_versions", Kind.WHOLE, "5", Category.SYSTEM, 1, 100),
    Known("queue_delay_minutes", Kind.WHOLE, "5", Category.SYSTEM, 0, 1440),
    Known("workspace_zone", Kind.ZONE, "Europe/Paris", Category.SYSTEM),
    Known("pdf_image_max_width", Kind.WHOLE, "1000", Category.PDF_IMPORT, 500, 1500, 100),
    Known("pdf_image_density", Kind.WHOLE, "92", Category.PDF_IMPORT, 72, 150),
    Known("pdf_image_quality", Kind.WHOLE, "65", Category.PDF_IMPORT, 50, 100, 5),
    Known("pdf_vision_detail", Kind.CHOICE, "auto", Category.PDF_IMPORT, choices=("auto", "low", "high")),
    Known("temperature_import_pdf", Kind.DECIMAL, "0", Category.PDF_IMPORT, 0, 2, 0.1),
    Known("top_p_import_pdf", Kind.DECIMAL, "1", Category.PDF_IMPORT, 0, 1, 0.05),
    Known("seed_import_pdf", Kind.WHOLE, "447", Category.PDF_IMPORT, 0, 1000),
    Known("call_retention_months", Kind.WHOLE, "0", Category.OPENAI, 0, 120),
    Known("bill_difference_percent", Kind.DECIMAL, "3", Category.OPENAI, 0.1, 100, 0.1),
    Known("cv_section_order", Kind.ORDER, json.dumps(SECTIONS), Category.CV_DISPLAY, choices=SECTIONS),
    Known("telegram_enabled", Kind.SWITCH, "0", Category.TELEGRAM),
    Known("telegram_notify_session_end", Kind.SWITCH, "1", Category.TELEGRAM),
    Known("telegram_notify_payment", Kind.SWITCH, "1", Category.TELEGRAM),
)

CATALOGUE: dict[str, Known] = {setting.name: setting for setting in _ALL}
