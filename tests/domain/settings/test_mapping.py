"""The mapping of features: what is wrong is found, changes are audited, nobody writes over somebody else."""

from uuid import UUID

import pytest
from sqlmodel import Session, col, select, text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Conflict, Forbidden, Invalid, NotFound
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.access.matrix import permissions_of
from fitmycv_admin.domain.settings import features, mapping, seeds
from fitmycv_admin.domain.settings.mapping import Names
from fitmycv_admin.models import AuditEvent, FeatureMapping
from fitmycv_admin.vocabulary import Role
from tests import cluster
from tests.domain.tasks.conftest import at_once

pytestmark = pytest.mark.usefixtures("database")
OPS = actors.system("test")
VIEWER = actors.Actor(user_id=UUID(int=1), role=Role.VIEWER, permissions=permissions_of(Role.VIEWER))
SUPPORT = actors.Actor(user_id=UUID(int=1), role=Role.SUPPORT, permissions=permissions_of(Role.SUPPORT))
CROWD, ROUNDS = 16, 50


@pytest.fixture(autouse=True)
def _fresh(database: object) -> None:
    with transaction() as db:
        db.execute(text("DELETE FROM feature_mapping"))
        db.execute(text("DELETE FROM roll_day"))
        db.execute(text("DELETE FROM ai_feature"))
        seeds.insert_missing(db)


def row(db: Session, key: str) -> mapping.MappingRow:
    """A feature as the page shows it."""
    return next(row for row in mapping.screen(db, OPS).rows if row.key == key)


def save(db: Session, key: str, *, calls: tuple[str, ...] | None = None, settings: tuple[str, ...] | None = None,
         plan_features: tuple[str, ...] | None = None) -> None:  # fmt: skip
    """A feature with some of its names replaced."""
    now = row(db, key)
    names = Names(
        settings if settings is not None else now.names.settings,
        calls if calls is not None else now.names.calls,
        plan_features if plan_features is not None else now.names.plan_features,
    )
    mapping.save(
        db, OPS, key, expected_version=now.version, display_name=now.display_name, names=names, reason="tidied up"
    )


def found(db: Session) -> set[tuple[str, str, str, tuple[str, ...]]]:
    """What is wrong."""
    return {(one.kind, one.what, one.name, one.features) for one in mapping.screen(db, OPS).findings}


def test_a_fresh_installation_has_nothing_wrong(db: Session):
    assert found(db) == set()


def test_names_in_no_feature_are_found(db: Session):
    save(db, "match_score", calls=(), settings=("feature_match_score",), plan_features=())
    save(db, "detect_language", plan_features=())
    assert found(db) == {
        ("unmapped", "call", "match_score", ()),
        ("unmapped", "setting", "model_match_score", ()),
        ("unmapped", "setting", "credits_match_score", ()),
        ("unmapped", "plan_feature", "match_score", ()),
    }


def test_a_switch_may_belong_to_no_feature(db: Session):
    save(db, "export_cv", settings=("credits_export_cv",))
    assert found(db) == set()


def test_a_call_or_setting_in_two_features_is_found_and_a_shared_plan_feature_is_not(db: Session):
    save(db, "edit_cv", calls=("match_score",), settings=("feature_edit_mode", "credits_edit_cv", "model_match_score"))
    assert found(db) == {
        ("twice", "call", "match_score", ("edit_cv", "match_score")),
        ("twice", "setting", "model_match_score", ("edit_cv", "match_score")),
    }


def test_names_of_nothing_and_features_without_names_are_found(db: Session):
    db.add(
        FeatureMapping(
            feature_key="old", display_name="Old", setting_names=["model_gone"], openai_call_names=["gone"],
            plan_feature_names=["teleport"],
        )
    )  # fmt: skip
    db.add(FeatureMapping(
        feature_key="void", display_name="Void", setting_names=[], openai_call_names=[], plan_feature_names=[]
    ))  # fmt: skip
    db.flush()
    assert found(db) == {
        ("dead", "call", "gone", ("old",)),
        ("dead", "setting", "model_gone", ("old",)),
        ("dead", "plan_feature", "teleport", ("old",)),
        ("empty", "setting", "void", ("void",)),
    }


def test_a_call_that_was_seen_is_wanted_in_a_feature_and_counted_there(db: Session):
    db.execute(text("INSERT INTO ai_feature (key) VALUES ('brand_new')"))
    db.execute(
        text("INSERT INTO roll_day (day, feature_id, model_id, tier_id, plan_id, calls)"
             " SELECT current_date, id, 1, 1, 0, 7 FROM ai_feature WHERE key = 'brand_new'")
    )  # fmt: skip
    assert found(db) == {("unmapped", "call", "brand_new", ())}
    save(db, "edit_cv", calls=("brand_new",))
    assert found(db) == set()
    assert row(db, "edit_cv").recent_calls == 7


def test_a_change_is_audited_with_what_differs_and_why(db: Session):
    save(db, "edit_cv", calls=("match_score",))
    line = db.exec(
        select(AuditEvent).where(AuditEvent.target_id == "edit_cv").order_by(col(AuditEvent.id).desc())
    ).first()
    assert line
    assert (line.action, line.reason) == ("feature_mapping.changed", "tidied up")
    assert (line.before, line.after) == ({"calls": []}, {"calls": ["match_score"]})
    assert row(db, "edit_cv").version == 2


def test_a_changed_mapping_is_obeyed_at_once(db: Session):
    save(db, "match_score", calls=())
    assert features.of_call(db, "match_score") == features.UNMAPPED
    save(db, "edit_cv", calls=("match_score",))
    assert features.of_call(db, "match_score") == "edit_cv"


def test_the_second_of_two_people_editing_sees_a_conflict(db: Session):
    first = row(db, "edit_cv")
    save(db, "edit_cv", calls=("match_score",))
    with pytest.raises(Conflict) as refused:
        mapping.save(
            db, OPS, "edit_cv", expected_version=first.version, display_name="Mine", names=first.names, reason="why"
        )
    assert refused.value.params == {"feature": "CV editing"}
    assert row(db, "edit_cv").names.calls == ("match_score",)


def test_of_many_edits_at_once_one_is_taken(database: cluster.Database):
    def act(key: str, version: int, number: int) -> int:
        with transaction() as db:
            mapping.save(
                db, OPS, key, expected_version=version, display_name=f"Name {number}", names=Names((), (), ()),
                reason="why",
            )  # fmt: skip
        return number

    with cluster.environment(DB_POOL_SIZE=str(CROWD)):
        for turn in range(ROUNDS):
            # Every second round adds a feature that is not there yet.
            key = f"round_{turn}" if turn % 2 else "edit_cv"
            with transaction() as db:
                rows = {row.key: row for row in mapping.screen(db, OPS).rows}
            version = rows[key].version if key in rows else 0
            answers = at_once(CROWD, lambda n, k=key, v=version: act(k, v, 100 * turn + n))  # noqa: B023
            taken = [answer for answer in answers if isinstance(answer, int)]
            assert len(taken) == 1
            assert sum(isinstance(answer, Conflict) for answer in answers) == CROWD - 1
            with transaction() as db:
                assert row(db, key).display_name == f"Name {taken[0]}"


def test_a_feature_is_added_once_and_removed_with_a_reason(db: Session):
    names = Names((), ("match_score",), ())
    mapping.save(db, OPS, "new_one", expected_version=0, display_name="New", names=names, reason="a new pipeline")
    with pytest.raises(Conflict):
        mapping.save(db, OPS, "new_one", expected_version=0, display_name="New", names=names, reason="again")
    with pytest.raises(Invalid):
        mapping.remove(db, OPS, "new_one", expected_version=1, reason=" ")
    with pytest.raises(Conflict):
        mapping.remove(db, OPS, "new_one", expected_version=3, reason="gone")
    mapping.remove(db, OPS, "new_one", expected_version=1, reason="gone")
    with pytest.raises(NotFound):
        mapping.remove(db, OPS, "new_one", expected_version=1, reason="gone")
    with pytest.raises(NotFound):
        mapping.save(db, OPS, "new_one", expected_version=1, display_name="New", names=names, reason="late")
    db.flush()
    actions = db.exec(select(AuditEvent.action).where(AuditEvent.target_id == "new_one")).all()
    assert sorted(actions) == ["feature_mapping.added", "feature_mapping.removed"]


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"key": "Bad Key"}, "key"),
        ({"display_name": " "}, "display_name"),
        ({"display_name": "x" * 81}, "display_name"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 301}, "reason"),
        ({"names": Names(("model_gone",), (), ())}, "settings"),
        ({"names": Names((), ("gone",), ())}, "calls"),
        ({"names": Names((), (), ("teleport",))}, "plan_features"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(db: Session, details: dict, field: str):
    given = {"key": "edit_cv", "display_name": "Editing", "names": Names((), (), ()), "reason": "why"} | details
    with pytest.raises(Invalid) as refused:
        mapping.save(db, OPS, given.pop("key"), expected_version=1, **given)
    assert refused.value.field == field


def test_a_dead_name_may_stay_until_somebody_takes_it_away(db: Session):
    db.add(FeatureMapping(
        feature_key="old", display_name="Old", setting_names=["model_gone"], openai_call_names=[], plan_feature_names=[]
    ))  # fmt: skip
    db.flush()
    save(db, "old", plan_features=("edit_cv",))
    assert row(db, "old").names.settings == ("model_gone",)


def test_an_edit_that_changes_nothing_is_refused(db: Session):
    with pytest.raises(Invalid, match="nothing_changed"):
        save(db, "edit_cv")


def test_viewers_see_and_only_writers_change(db: Session):
    assert not mapping.screen(db, VIEWER).may_write
    with pytest.raises(Forbidden):
        mapping.screen(db, SUPPORT)
    with pytest.raises(Forbidden):
        mapping.save(
            db, VIEWER, "edit_cv", expected_version=1, display_name="Mine", names=Names((), (), ()), reason="why"
        )
    with pytest.raises(Forbidden):
        mapping.remove(db, VIEWER, "edit_cv", expected_version=1, reason="why")
