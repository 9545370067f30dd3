"""Files that no unfinished task will read any more: they are not kept."""

from sqlalchemy import text
from sqlmodel import Session

_ERASE = text("""
DELETE FROM stored_file file WHERE created_at < clock_timestamp() - interval '1 hour' AND NOT EXISTS (
    SELECT 1 FROM background_task task WHERE task.user_id = file.user_id AND task.status IN ('queued', 'running')
    AND task.payload ->> 'file_id' = file.id::text)
RETURNING id""")


def erase(db: Session) -> int:
    """Delete stored files older than an hour that nothing waits for; how many."""
    return len(db.execute(_ERASE).all())
