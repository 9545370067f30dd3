"""Mailer over Resend: the Message-ID is the idempotency key, so a repeated attempt sends nothing twice."""

from dataclasses import dataclass
from threading import Lock

import resend
from resend.exceptions import ResendError

from fitmycv_admin.domain.ports import Delivered, MailRefused, MailUnavailable, Message

# The SDK keeps its key and address in module globals; nobody else may touch them.
_sdk = Lock()
_REFUSED = {"400", "413", "422"}


@dataclass(frozen=True, slots=True)
class ResendMailer:
    """`api_url` replaces the service's address, for tests and compatible servers."""

    api_key: str
    api_url: str = ""

    def send(self, message: Message) -> Delivered:
        """Hand one message over. Raises MailRefused for a message it will never take, else MailUnavailable."""
        mail: resend.Emails.SendParams = {
            "from": message.sender,
            "to": [message.recipient],
            "subject": message.subject,
            "html": message.html,
            "text": message.text,
            "headers": {"Auto-Submitted": "auto-generated", "X-Entity-Ref-ID": message.message_id},
        }
        with _sdk:
            resend.api_key = self.api_key
            if self.api_url:
                resend.api_url = self.api_url
            try:
                answer = resend.Emails.send(mail, {"idempotency_key": message.message_id.strip("<>")})
            except ResendError as error:
                kind = MailRefused if str(error.code) in _REFUSED else MailUnavailable
                raise kind(f"{error.code} {error.error_type}: {error.message}"[:300]) from error
        return Delivered("resend", str(answer["id"]))
