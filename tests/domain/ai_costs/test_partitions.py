"""Partitions of the model calls."""

from datetime import date

from sqlmodel import Session, text

from fitmycv_admin.domain.ai_costs import partitions

INSERT = text(
    "INSERT INTO openai_call (created_at, feature_id, model_id, tier_id, call_name, model_requested, model_served,"
    " attempt, prompt_tokens, completion_tokens) VALUES (:at, 1, 1, 1, 'x', 'm', 'm', 1, 5, 6)"
)
WHERE = text("SELECT tableoid::regclass::text, id, total_tokens FROM openai_call ORDER BY created_at")


def test_waiting_calls_move_into_the_partition_that_is_made(db: Session) -> None:
    for at in ("2030-01-31 23:59:59+00", "2030-02-01 00:00:00+00", "2030-02-28 23:59:59.999+00", "2030-03-01 00:00+00"):
        db.execute(INSERT, {"at": at})
    before = db.execute(WHERE).all()
    assert {row[0] for row in before} == {"openai_call_default"}
    assert partitions.ensure(db, date(2030, 2, 17), date(2030, 2, 1)) == 1
    after = db.execute(WHERE).all()
    assert [row[0] for row in after] == ["openai_call_default", *["openai_call_2030_02"] * 2, "openai_call_default"]
    assert [row[1:] for row in after] == [row[1:] for row in before]
    db.execute(INSERT, {"at": "2030-02-10 00:00+00"})
    assert len({row[1] for row in db.execute(WHERE)}) == 5


def test_only_what_is_missing_is_made(db: Session) -> None:
    assert partitions.ensure(db, date(2031, 11, 1), date(2032, 2, 29)) == 4
    assert partitions.ensure(db, date(2031, 11, 1), date(2032, 2, 29)) == 0
