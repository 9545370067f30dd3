"""Days of the rollups are days of the workspace."""

from sqlmodel import Session, text

from fitmycv_admin.core import db as core_db
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.ai_costs import fold, zone
from fitmycv_admin.domain.settings import changes

# Half past eleven in the evening of 3 May in Paris, already the 4th in Tokyo.
CALL = text(
    "INSERT INTO openai_call (created_at, feature_id, model_id, tier_id, call_name, model_requested, model_served,"
    " attempt, cost_nano) VALUES ('2026-05-03 21:30:00+00', 1, 1, 1, 'x', 'm', 'm', 1, 7)"
)
DAYS = text("SELECT day::text, sum(calls), sum(cost_nano) FROM roll_day GROUP BY day")


def _follow() -> bool:
    with core_db.transaction() as db:
        return zone.follow(db)


def _days() -> list[tuple[str, int, int]]:
    with core_db.transaction() as db:
        return [tuple(row) for row in db.execute(DAYS)]


def test_days_move_when_the_workspace_moves(database: object) -> None:
    with core_db.transaction() as db:
        db.execute(CALL)
    with core_db.transaction() as db:
        fold.fold(db)
    assert _days() == [("2026-05-03", 1, 7)]
    assert not _follow()
    with core_db.transaction() as db:
        changes.change(db, actors.system("test"), "workspace_zone", "Asia/Tokyo")
    assert _follow()
    assert _days() == [("2026-05-04", 1, 7)]
    assert not _follow()


def test_nothing_happens_before_the_first_fold(db: Session) -> None:
    db.execute(text("DELETE FROM fold_mark"))
    assert not zone.follow(db)
    db.rollback()
