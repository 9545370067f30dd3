"""Who would have been refused: the people whose calls came when a limit had no room for them any more."""

from collections.abc import Sequence

from sqlmodel import Session, text

from fitmycv_admin.domain.budgets import spending
from fitmycv_admin.domain.budgets.past import Spent
from fitmycv_admin.domain.budgets.spending import Scope
from fitmycv_admin.domain.budgets.subjects import Draft
from fitmycv_admin.domain.budgets.windows import Window


def people(db: Session, says: Draft, over: Sequence[Spent]) -> int:
    """How many people would have met a refusal in these windows, each of which spent more than the limit.

    Of a limit for each person these are the subjects; of one for everybody those who called after it was full.
    """
    if says.each_user or says.user_id is not None:
        return len({each.subject for each in over})
    scope = spending.scope_of(db, says)
    found: set[int] = set()
    for each in over:
        found |= _after_it_was_full(db, scope, each.window, says.threshold_nano)
    return len(found)


def _after_it_was_full(db: Session, scope: Scope, window: Window, limit: int) -> set[int]:
    """The people of a window whose call would have gone beyond the limit, or came later.

    The hours before are added up from the rollups, so that calls are read only from the hour in which it was full.
    """
    spent, start = 0, window[0]
    if window[0].minute == 0:
        for hour, (nano, _calls) in sorted(spending.by_hour(db, scope, window).items()):
            if spent + nano > limit:
                start = hour
                break
            spent += nano
    sql = f"""SELECT DISTINCT user_seq FROM (
            SELECT user_seq, sum(cost_nano) OVER (ORDER BY created_at, id) AS so_far
            FROM ({spending.calls(scope)}) calls) c
        WHERE user_seq > 0 AND so_far + :spent > :limit"""
    values = spending.values(scope, (start, window[1])) | {"spent": spent, "limit": limit}
    return {row.user_seq for row in db.execute(text(sql), values)}
