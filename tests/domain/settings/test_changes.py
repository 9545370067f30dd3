"""Every value of a setting is kept with its version, and two editors of one version notice each other."""

import itertools
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Conflict, Forbidden, NotFound
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.access.matrix import permissions_of
from fitmycv_admin.domain.settings import changes, features, lookups, seeds
from fitmycv_admin.models import AuditEvent, SettingVersion
from fitmycv_admin.vocabulary import PlanFeature, Role
from tests import cluster
from tests.domain.tasks.conftest import at_once

pytestmark = pytest.mark.usefixtures("database")
SYSTEM = actors.system("test")
NAME = "credits_optimize_cv"


def kept(db: Session, name: str) -> list[tuple[int, str]]:
    query = select(SettingVersion).where(SettingVersion.setting_name == name)
    return [(row.version, row.value) for row in db.exec(query.order_by(col(SettingVersion.version)))]


def test_each_change_is_a_version_and_the_first_comes_from_the_seed(db: Session) -> None:
    seeds.insert_missing(db)
    for value in ("4", "4", "6"):
        changes.change(db, SYSTEM, NAME, value)
    assert kept(db, NAME) == [(1, "2"), (2, "4"), (3, "6")]
    rows = changes.versions(db, NAME)
    assert [(row.version, row.value) for row in rows] == [(3, "6"), (2, "4"), (1, "2"), (0, "2")]
    assert rows[0].valid_until is None
    assert all(older.valid_until == newer.valid_from for newer, older in itertools.pairwise(rows))
    assert features.credit_cost_now(db, PlanFeature.OPTIMIZE_CV) == (6, 3)


def test_the_value_of_an_instant_is_the_one_that_held_then(db: Session) -> None:
    before = clock.now()
    changes.change(db, SYSTEM, "credits_generate_from_job_title", "9")
    assert changes.version_at(db, "credits_generate_from_job_title", clock.now()).value == "9"
    assert changes.version_at(db, "credits_generate_from_job_title", before - timedelta(seconds=1)).value == "1"


def test_of_many_editors_of_one_version_one_is_heard() -> None:
    with cluster.environment(DB_POOL_SIZE="16"):
        for number in range(20):
            with transaction() as db:
                before = next(row.version for row in changes.versions(db, "cv_max_versions"))

            def edit(n: int, before: int = before, number: int = number) -> str:
                with transaction() as db:
                    value = str(1 + (number * 16 + n) % 100)
                    return changes.change(db, SYSTEM, "cv_max_versions", value, expected_version=before)

            answers = at_once(16, edit)
            won = [answer for answer in answers if isinstance(answer, str)]
            assert all(isinstance(answer, Conflict) for answer in answers if not isinstance(answer, str)), answers
            assert 1 <= len(won) <= 2, won  # the same value again changes nothing, and is no conflict
            with transaction() as db:
                stored = kept(db, "cv_max_versions")
                assert stored[-1][1] in won
                assert [version for version, _ in stored] == list(range(stored[0][0], stored[0][0] + len(stored)))
                written = db.exec(select(AuditEvent.id).where(AuditEvent.target_id == "cv_max_versions")).all()
                assert len(written) <= len(stored)


def test_a_change_needs_its_permission_and_a_name_that_exists(db: Session) -> None:
    viewer = actors.Actor(user_id=None, role=Role.VIEWER, permissions=permissions_of(Role.VIEWER))
    with pytest.raises(Forbidden):
        changes.change(db, viewer, NAME, "3", expected_version=0)
    with pytest.raises(NotFound):
        changes.change(db, SYSTEM, "credits_nothing", "3", expected_version=0)
    assert lookups.text(db, NAME) != "3"
