"""The rollups follow the workspace's time zone: when the setting moved, their days are counted anew."""

from sqlmodel import Session, text

from fitmycv_admin.domain.ai_costs import fold
from fitmycv_admin.domain.settings import lookups


def follow(db: Session) -> bool:
    """Rebuild the rollups when the workspace's zone is not the one they were counted in; True when it did.

    Readers see the old days until this transaction commits. Call it in a transaction of its own.
    """
    wanted = lookups.zone(db).key
    counted = db.execute(text("SELECT zone FROM fold_mark")).scalar_one_or_none()
    if counted is None or counted == wanted:
        return False
    fold.rebuild(db, wanted)
    return True
