"""Messages of mail channels go through the outbox of all mails, and come back as what became of them there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import Session, col, select

from fitmycv_admin.domain.budgets import letters, outbox
from fitmycv_admin.domain.budgets.letters import Letter
from fitmycv_admin.domain.budgets.outbox import Claimed
from fitmycv_admin.domain.emails import outbox as mails
from fitmycv_admin.models import EmailLog
from fitmycv_admin.vocabulary import DeliveryKind, Language, MailState, Trigger

LOOKS_EVERY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class _Mail:
    address: str
    state: str
    error: str


def carry(db: Session, claimed: Claimed) -> None:
    """Hand the message over, one mail for each address; when that was done, see whether all have left.

    A message that is sent again goes to those addresses only whose mail did not leave.
    """
    rounds = int(str(claimed.body.get("round", 0)))
    before = _mails(db, claimed, rounds)
    if claimed.attempts == 1:
        left = {mail.address for mail in before if mail.state == MailState.SENT}
        rounds += 1
        letter = letters.write(db, claimed)
        for address in _addresses(claimed):
            if address not in left:
                _send(db, claimed, letter, address, rounds)
        outbox.look_again(db, claimed.id, {**letter.document, **_kept(claimed), "round": rounds}, after=LOOKS_EVERY)
        return
    wrong = [mail for mail in before if mail.state in (MailState.FAILED, MailState.BOUNCED)]
    if any(mail.state in (MailState.QUEUED, MailState.SENDING) for mail in before):
        outbox.look_again(db, claimed.id, dict(claimed.body), after=LOOKS_EVERY)
    elif wrong:
        outbox.refused(db, claimed.id, "; ".join(f"{mail.address}: {mail.error}" for mail in wrong))
    else:
        outbox.sent(db, claimed.id)


def _mails(db: Session, claimed: Claimed, rounds: int) -> list[_Mail]:
    """The newest mail to each address over all rounds."""
    newest: dict[str, _Mail] = {}
    for number in range(1, rounds + 1):
        keys = [_key(claimed, number, address) for address in _addresses(claimed)]
        found = select(EmailLog.recipient_email, EmailLog.status, EmailLog.error)
        for address, state, error in db.exec(found.where(col(EmailLog.dedupe_key).in_(keys))):
            newest[address] = _Mail(address, state, error or "")
    return list(newest.values())


def _send(db: Session, claimed: Claimed, letter: Letter, address: str, rounds: int) -> None:
    language = Language(str(claimed.target.get("language", Language.EN)))
    trigger = Trigger.COST_DIGEST if claimed.kind == DeliveryKind.DIGEST else Trigger.COST_ALERT
    variables = {"details": letter.details, "channelName": claimed.channel_name}
    if trigger == Trigger.COST_DIGEST:
        variables |= letters.digest_words(claimed.body, str(language)) | {"costsUrl": letter.url}
    else:
        variables |= {"headline": letter.headline, "alertUrl": letter.url, "callsUrl": letter.calls_url}
    is_test = claimed.kind == DeliveryKind.TEST
    mails.send(db, trigger, address, variables, language, _key(claimed, rounds, address), is_test=is_test)


def _addresses(claimed: Claimed) -> list[str]:
    found: Any = claimed.target.get("to", [])
    return [str(each) for each in found]


def _kept(claimed: Claimed) -> Mapping[str, object]:
    """The figures of a digest: what it was written from stays with it."""
    return claimed.body if claimed.kind == DeliveryKind.DIGEST else {}


def _key(claimed: Claimed, rounds: int, address: str) -> str:
    return f"alert:{claimed.id.hex}:{rounds}:{address}"
