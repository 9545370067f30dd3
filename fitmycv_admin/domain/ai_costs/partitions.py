"""Monthly partitions of the model calls: made ahead, by a function of the schema's owner."""

from datetime import date

from sqlmodel import Session, text


def ensure(db: Session, from_month: date, to_month: date) -> int:
    """Make the partitions of both months and of those between; returns how many were missing.

    Any day of a month stands for it. Calls that waited in the default partition move into theirs.
    """
    made = db.execute(
        text(
            "SELECT count(*) FILTER (WHERE openai_call_partition(month::date)) FROM generate_series("
            "date_trunc('month', cast(:first AS timestamp)), date_trunc('month', cast(:last AS timestamp)),"
            " interval '1 month') month"
        ),
        {"first": from_month, "last": to_month},
    )
    return made.scalar_one()
