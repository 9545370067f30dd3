"""Reading and writing settings."""

import json
from importlib import resources

import pytest
from sqlmodel import Session, select

from fitmycv_admin.core import db as core_db
from fitmycv_admin.core.errors import Conflict, Forbidden, Invalid, NotFound
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.access.matrix import permissions_of
from fitmycv_admin.domain.settings import catalogue, changes, features, lookups, seeds
from fitmycv_admin.models import AuditEvent, FeatureMapping, Setting
from fitmycv_admin.vocabulary import CallName, PlanFeature, Role

SYSTEM = actors.system("test")
VIEWER = actors.Actor(user_id=None, role=Role.VIEWER, permissions=permissions_of(Role.VIEWER))


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    lookups._cache.clear()


def test_an_unset_setting_has_its_default(db: Session) -> None:
    assert lookups.whole(db, "welcome_credits") == 15
    assert lookups.flag(db, "registration_enabled")
    assert not lookups.flag(db, "maintenance_enabled")
    assert lookups.decimal(db, "top_p_import_pdf") == 1.0
    assert lookups.words(db, "cv_section_order")[0] == "header"
    assert lookups.zone(db).key == "Europe/Paris"


def test_a_name_nobody_declared_is_an_error(db: Session) -> None:
    with pytest.raises(NotFound):
        lookups.text(db, "welcome_credit")


def test_a_write_is_seen_at_once_and_audited_with_before_after_and_reason(db: Session) -> None:
    assert changes.change(db, SYSTEM, "cv_max_versions", " 7 ", reason="more history") == "7"
    assert lookups.whole(db, "cv_max_versions") == 7
    event = db.exec(select(AuditEvent).where(AuditEvent.target_id == "cv_max_versions")).one()
    assert (event.before, event.after) == ({"cv_max_versions": "5"}, {"cv_max_versions": "7"})
    assert event.reason == "more history"


def test_writing_the_same_value_audits_nothing(db: Session) -> None:
    changes.change(db, SYSTEM, "pdf_image_density", "92")
    changes.change(db, SYSTEM, "pdf_image_density", "92")
    assert db.exec(select(AuditEvent).where(AuditEvent.target_id == "pdf_image_density")).all() == []
    assert db.exec(select(Setting.version).where(Setting.setting_name == "pdf_image_density")).one() == 1


def test_what_was_rolled_back_is_not_remembered(database: object) -> None:
    def change_and_fail() -> None:
        with core_db.transaction() as db:
            changes.change(db, SYSTEM, "pdf_image_quality", "80")
            assert lookups.whole(db, "pdf_image_quality") == 80
            raise TimeoutError

    with pytest.raises(TimeoutError):
        change_and_fail()
    with core_db.transaction() as db:
        assert lookups.whole(db, "pdf_image_quality") == 65


def test_other_sessions_of_the_process_see_a_committed_write_at_once(database: object) -> None:
    with core_db.transaction() as db:
        assert lookups.whole(db, "seed_import_pdf") == 447
    with core_db.transaction() as db:
        changes.change(db, SYSTEM, "seed_import_pdf", "12")
    with core_db.snapshot() as db:
        assert lookups.whole(db, "seed_import_pdf") == 12


def test_other_processes_see_it_when_the_reading_is_no_longer_fresh(
    database: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with core_db.transaction() as db:
        changes.change(db, SYSTEM, "credits_edit_cv", "0")
        db.flush()
    with core_db.transaction() as db:
        assert lookups.whole(db, "credits_edit_cv") == 0
        row = db.exec(select(Setting).where(Setting.setting_name == "credits_edit_cv")).one()
        row.value = "4"  # as another process would
        db.add(row)
    with core_db.transaction() as db:
        assert lookups.whole(db, "credits_edit_cv") == 0
        monkeypatch.setattr(lookups, "FRESH_SECONDS", 0.0)
        assert lookups.whole(db, "credits_edit_cv") == 4


def test_of_two_editors_of_one_version_the_second_is_told(db: Session) -> None:
    changes.change(db, SYSTEM, "pdf_vision_detail", "high", expected_version=0)
    with pytest.raises(Conflict):
        changes.change(db, SYSTEM, "pdf_vision_detail", "low", expected_version=0)
    changes.change(db, SYSTEM, "pdf_vision_detail", "low", expected_version=1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("welcome_credits", "-1"),
        ("welcome_credits", "2.5"),
        ("welcome_credits", ""),
        ("maintenance_enabled", "true"),
        ("temperature_import_pdf", "nan"),
        ("temperature_import_pdf", "2.1"),
        ("pdf_vision_detail", "medium"),
        ("model_match_score", "gpt 4"),
        ("workspace_zone", "Europe/Lutece"),
        ("cv_section_order", '["header"]'),
        ("cv_section_order", '["skills","header","summary","experience","education","languages","extras","projects"]'),
        ("cv_section_order", "{}"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_field(db: Session, name: str, value: str) -> None:
    with pytest.raises(Invalid) as refusal:
        changes.change(db, SYSTEM, name, value)
    assert refusal.value.field == name


def test_a_viewer_reads_settings_and_changes_none(db: Session) -> None:
    rows = lookups.every(db, VIEWER)
    assert len(rows) == len(catalogue.CATALOGUE)
    with pytest.raises(Forbidden):
        changes.change(db, VIEWER, "welcome_credits", "99")


def test_every_default_passes_its_own_check() -> None:
    for setting in catalogue.CATALOGUE.values():
        assert setting.checked(setting.default) == setting.default, setting.name


def test_every_call_has_a_model_and_every_plan_feature_a_cost(db: Session) -> None:
    for call in CallName:
        assert features.model_for(db, call)
    for feature in PlanFeature:
        assert features.credit_cost(db, feature) >= 0
    assert features.model_for(db, "generate_cv_pdf") == lookups.text(db, "model_cv_generation")


def test_a_call_belongs_to_the_feature_that_names_it_and_else_to_none(db: Session) -> None:
    db.add(
        FeatureMapping(
            feature_key="a_feature",
            display_name="A feature",
            setting_names=[],
            openai_call_names=["first", "second"],
            plan_feature_names=[],
        )
    )
    db.flush()
    assert features.of_call(db, "second") == "a_feature"
    assert features.of_call(db, "sec") == features.UNMAPPED
    assert features.display_names(db)["a_feature"] == "A feature"
    assert features.one(db, "a_feature").call_names == ("first", "second")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_setting_and_every_feature_has_its_words(language: str) -> None:
    words = json.loads((resources.files("fitmycv_admin.copy") / language / "settings.json").read_text("utf-8"))
    for setting in catalogue.CATALOGUE.values():
        assert words[setting.label_key.removeprefix("settings.")]
        assert words[setting.description_key.removeprefix("settings.")]
    assert all(words[f"category.{category}"] for category in catalogue.Category)
    assert all(words[f"feature.{key}"] for key in (*seeds.FEATURES, features.UNMAPPED))
