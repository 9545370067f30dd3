"""Links that nobody used in time: forgotten every hour."""

from sqlalchemy import delete, func, update
from sqlmodel import Session, col

from fitmycv_admin.models.accounts import (
    AutoSignInToken,
    EmailChangeRequest,
    EmailVerificationToken,
    User,
    VerificationToken,
)


def erase(db: Session) -> int:
    """Delete what no link opens any more. Returns how many links that was."""
    now = func.clock_timestamp()
    erased = [
        db.execute(delete(table).where(col(table.expires) < now).returning(col(table.id))).all()
        for table in (EmailVerificationToken, AutoSignInToken, EmailChangeRequest, VerificationToken)
    ]
    late = update(User).where(col(User.reset_token_expiry) < now).values(reset_token=None, reset_token_expiry=None)
    erased.append(db.execute(late.returning(col(User.id))).all())
    return sum(len(rows) for rows in erased)
