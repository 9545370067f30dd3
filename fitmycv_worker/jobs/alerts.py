"""Carries one message about AI costs to its channel."""

from uuid import UUID

from fitmycv_admin import wiring
from fitmycv_admin.core import db, log
from fitmycv_admin.domain.budgets import channels, letters, mailing, outbox
from fitmycv_admin.domain.budgets.letters import Letter
from fitmycv_admin.domain.budgets.outbox import Claimed
from fitmycv_admin.domain.ports import Posting, PostRefused, PostUnavailable
from fitmycv_admin.vocabulary import ChannelKind, DeliveryKind

_log = log.get("alerts")


def deliver(delivery_id: str) -> None:
    """Send a message that is due; a mail goes on through the outbox of mails. What goes wrong is kept with it."""
    number = UUID(delivery_id)
    with db.transaction() as session:
        claimed = outbox.take_due(session, number)
        if claimed is None:
            return
        if claimed.channel_kind == ChannelKind.MAIL:
            mailing.carry(session, claimed)
            return
        letter = letters.write(session, claimed)
        outbox.keep(session, number, letter.document)
    messenger = wiring.messenger(claimed.channel_kind)
    try:
        if messenger is None:
            raise PostRefused("TELEGRAM_BOT_TOKEN is not set")
        messenger.post(_posting(claimed, letter))
    except PostRefused as error:
        with db.transaction() as session:
            outbox.refused(session, number, str(error))
        _log.warning("refused", delivery_id=delivery_id)
        return
    except PostUnavailable as error:
        with db.transaction() as session:
            outbox.failed(session, number, str(error), attempts=claimed.attempts, wait_s=error.wait_s)
        _log.warning("not taken, again later", delivery_id=delivery_id)
        return
    with db.transaction() as session:
        outbox.sent(session, number)


def _posting(claimed: Claimed, letter: Letter) -> Posting:
    """A summary may say more at its next attempt: then it is another message for its receiver."""
    said = letter.document.get("summary", {})
    mark = f".{said['opened'] + said['resolved']}" if claimed.kind == DeliveryKind.SUMMARY else ""
    is_webhook = claimed.channel_kind == ChannelKind.WEBHOOK
    return Posting(
        id=f"{claimed.id}{mark}",
        target=str(claimed.target.get("url" if is_webhook else "chat", "")),
        text=letter.text,
        document=letter.document,
        secret=channels.signing_secret(claimed.channel_id) if is_webhook else b"",
    )
