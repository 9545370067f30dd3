"""The outbox: a message is a row of the change it reports, then a worker carries it until it is taken.

Links in messages open accounts, so what was sent is kept without the secret part of its links.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from fitmycv_admin.core import ids
from fitmycv_admin.core.config import settings
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.emails import addresses, rendering
from fitmycv_admin.domain.emails.defaults import DEFAULTS
from fitmycv_admin.domain.ports import Delivered, Message
from fitmycv_admin.models.emails import EmailLog, EmailTemplate, EmailTrigger
from fitmycv_admin.vocabulary import Language, MailState, Trigger

# Waits before the second, third… attempt; the last one repeats until a day has passed.
BACKOFF = tuple(timedelta(seconds=wait) for wait in (30, 120, 600, 1800, 3600, 7200, 14400))
GIVES_UP_AFTER = timedelta(hours=24)
LEASE = timedelta(minutes=2)
WAITING = (MailState.QUEUED, MailState.SENDING)
_SECRET = r"([#?&;])(token=)[A-Za-z0-9_-]+"


class MailOff(FitMyCvError):
    """No transport is configured, so what begins with a message cannot be started here."""

    key = "accounts.error.mail_off"


@dataclass(frozen=True, slots=True)
class _Template:
    id: UUID | None
    name: str
    subject: str
    html: str
    text: str
    variables: frozenset[str]


def must_deliver() -> None:
    """Raises MailOff where no message would leave: asked before a promise that only a message can keep."""
    if settings().is_mail_off:
        raise MailOff


def send(
    db: Session,
    trigger: Trigger,
    to: str,
    variables: Mapping[str, str],
    language: Language,
    dedupe_key: str | None = None,
    *,
    user_id: UUID | None = None,
    is_test: bool = False,
) -> UUID | None:
    """Put one message in the outbox, in this transaction. Returns its id, or None when `dedupe_key` was used before.

    Raises BadAddress, or BadTemplate for a variable the trigger does not have.
    """
    recipient = addresses.clean(to)
    template = _template(db, trigger, language)
    rendered = rendering.render(
        template.subject, template.html, template.text, variables, allowed=template.variables, language=language
    )
    email_id = ids.new_id()
    written = db.execute(
        insert(EmailLog)
        .values(
            id=email_id,
            trigger_name=trigger,
            template_id=template.id,
            template_name=template.name,
            recipient_email=recipient,
            recipient_user_id=user_id,
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
            status=MailState.QUEUED,
            message_id=f"<{email_id.hex}@{_own_domain()}>",
            dedupe_key=dedupe_key,
            is_test_email=is_test,
            next_attempt_at=func.clock_timestamp(),
        )
        .on_conflict_do_nothing(index_elements=[col(EmailLog.dedupe_key)])
        .returning(col(EmailLog.id))
    )
    return written.scalar_one_or_none()


def due(db: Session, limit: int = 50) -> tuple[UUID, ...]:
    """Messages whose next attempt has come, oldest first; also those whose sender died on the way."""
    rows = db.execute(
        select(col(EmailLog.id))
        .where(col(EmailLog.status).in_(WAITING), col(EmailLog.next_attempt_at) <= func.clock_timestamp())
        .order_by(col(EmailLog.next_attempt_at))
        .limit(limit)
    )
    return tuple(rows.scalars())


def claim(db: Session, email_id: UUID) -> Message | None:
    """Take a due message for two minutes; None when it is not due or somebody else has it."""
    found = db.execute(
        update(EmailLog)
        .where(
            col(EmailLog.id) == email_id,
            col(EmailLog.status).in_(WAITING),
            col(EmailLog.next_attempt_at) <= func.clock_timestamp(),
        )
        .values(
            status=MailState.SENDING,
            attempts=EmailLog.attempts + 1,
            next_attempt_at=func.clock_timestamp() + LEASE,
        )
        .returning(
            col(EmailLog.message_id), col(EmailLog.recipient_email), col(EmailLog.subject),
            col(EmailLog.html), col(EmailLog.text),
        )
    ).one_or_none()  # fmt: skip
    if found is None:
        return None
    message_id, recipient, subject, html, text = found
    return Message(message_id, settings().mail_from, recipient, subject, html or "", text or "")


def sent(db: Session, email_id: UUID, delivered: Delivered) -> None:
    """The message was taken; keep it without its secrets."""
    _settle(
        db,
        email_id,
        status=MailState.SENT,
        provider=delivered.provider,
        provider_id=delivered.provider_id,
        sent_at=func.clock_timestamp(),
        error=None,
    )


def refused(db: Session, email_id: UUID, error: str) -> None:
    """The message will never be taken: it bounced."""
    _settle(db, email_id, status=MailState.BOUNCED, error=_error(error))


def failed(db: Session, email_id: UUID, error: str) -> None:
    """The message was not taken this time: wait longer each time, give up after a day."""
    row = db.execute(
        select(col(EmailLog.attempts), func.clock_timestamp() - col(EmailLog.created_at)).where(
            col(EmailLog.id) == email_id
        )
    ).one()
    attempts, age = row
    wait = BACKOFF[min(attempts, len(BACKOFF)) - 1]
    if age + wait > GIVES_UP_AFTER:
        _settle(db, email_id, status=MailState.FAILED, error=_error(error))
        return
    db.execute(
        update(EmailLog)
        .where(col(EmailLog.id) == email_id, col(EmailLog.status).in_(WAITING))
        .values(status=MailState.QUEUED, error=_error(error), next_attempt_at=func.clock_timestamp() + wait)
    )


def without_secrets(text: str) -> str:
    """A message as staff may read it: its links no longer open anything."""
    return re.sub(_SECRET, r"\1\2…", text)


def _settle(db: Session, email_id: UUID, **values: object) -> None:
    db.execute(
        update(EmailLog)
        .where(col(EmailLog.id) == email_id, col(EmailLog.status).in_(WAITING))
        .values(
            next_attempt_at=None,
            html=func.regexp_replace(col(EmailLog.html), _SECRET, r"\1\2…", "g"),
            text=func.regexp_replace(col(EmailLog.text), _SECRET, r"\1\2…", "g"),
            **values,
        )
    )


def _template(db: Session, trigger: Trigger, language: Language) -> _Template:
    default = DEFAULTS[trigger]
    found = db.execute(
        select(
            col(EmailTemplate.id), col(EmailTemplate.name), col(EmailTemplate.subject),
            col(EmailTemplate.html_content), col(EmailTemplate.text_content),
        )
        .join(EmailTrigger, col(EmailTrigger.id) == col(EmailTemplate.trigger_id))
        .where(
            col(EmailTrigger.name) == trigger,
            col(EmailTemplate.language) == language,
            col(EmailTemplate.is_active),
            or_(col(EmailTemplate.html_content) != "", col(EmailTemplate.text_content) != ""),
        )
    ).one_or_none()  # fmt: skip
    names = frozenset(default.variables)
    if found is not None:
        template_id, name, subject, html, text = found
        return _Template(template_id, name, subject, html, text or rendering.text_of(html), names)
    words = default.wordings[language]
    return _Template(None, f"{trigger}.{language}", words.subject, words.html(), words.text(), names)


def _own_domain() -> str:
    return parseaddr(settings().mail_from)[1].rpartition("@")[2] or "localhost"


def _error(text: str) -> str:
    return without_secrets(re.sub(r"[\x00-\x1f]+", " ", text))[:500]
