"""Carries one message of the outbox to whoever sends mail."""

from uuid import UUID

from fitmycv_admin import wiring
from fitmycv_admin.core import db, log
from fitmycv_admin.domain.emails import outbox
from fitmycv_admin.domain.ports import MailRefused, MailUnavailable

_log = log.get("mail")


def deliver(email_id: str) -> None:
    """Send a message that is due. It keeps its Message-ID over all attempts, so a repeated one is recognised."""
    mailer = wiring.mailer()
    if mailer is None:
        return
    number = UUID(email_id)
    with db.transaction() as session:
        message = outbox.claim(session, number)
    if message is None:
        return
    try:
        delivered = mailer.send(message)
    except MailRefused as error:
        with db.transaction() as session:
            outbox.refused(session, number, str(error))
        _log.warning("refused", email_id=email_id)
        return
    except MailUnavailable as error:
        with db.transaction() as session:
            outbox.failed(session, number, str(error))
        _log.warning("not taken, again later", email_id=email_id)
        return
    with db.transaction() as session:
        outbox.sent(session, number, delivered)
