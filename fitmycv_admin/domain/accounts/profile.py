"""What people change about their own account: name, language, password."""

from sqlmodel import Session

from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.accounts import passwords, people, recovery
from fitmycv_admin.domain.accounts.email_change import WrongPassword
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.vocabulary import Language


def rename(db: Session, by: Actor, *, name: str) -> None:
    """Change the actor's own name. Raises BadName."""
    people.own(db, by).name = people.clean_name(name)


def choose_language(db: Session, by: Actor, *, language: Language) -> None:
    """Remember the language of a signed-in person; a visitor's is only in the cookie."""
    if by.user_id is not None:
        people.own(db, by).language = language


def change_password(db: Session, by: Actor, *, current: str, password: str, ip: str, user_agent: str) -> str:
    """Change the actor's own password: every session ends and a fresh one is opened here. Returns its token.

    Raises WrongPassword (of the current one) or WeakPassword.
    """
    user = people.own(db, by)
    if not passwords.matches(user.password_hash, current):
        raise WrongPassword(field="current")
    passwords.check(password, user.name or "", user.email or "")
    user.password_hash = passwords.hashed(password)
    user.reset_token, user.reset_token_expiry = None, None
    user.token_version += 1
    db.flush()
    sessions.close_all(db, user.id)
    recovery.notify_changed(db, user)
    return sessions.open_session(db, user, ip, user_agent)
