"""Mailer over SMTP: one connection a message, refused and unavailable told apart."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from fitmycv_admin.core import clock
from fitmycv_admin.domain.ports import Delivered, MailRefused, MailUnavailable, Message

_SCHEMES = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """`url` is `smtp://host:port`, `smtps://…` or `smtp+starttls://user:password@host:port`."""

    url: str
    timeout: float = 20.0

    def send(self, message: Message) -> Delivered:
        """Hand one message over. Raises MailRefused (5xx, or no valid header) or MailUnavailable (4xx, no answer)."""
        mail = as_mime(message)
        try:
            with self._connect() as server:
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            raise _of(code, words) from error
        except smtplib.SMTPAuthenticationError as error:
            # Our own credentials are wrong: that is no fault of the message.
            raise MailUnavailable(f"{error.smtp_code} authentication refused") from error
        except smtplib.SMTPResponseException as error:
            raise _of(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise MailRefused(str(error)) from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailUnavailable(f"{type(error).__name__}: {error}") from error
        return Delivered("smtp", message.message_id)

    def _connect(self) -> smtplib.SMTP:
        parts = urlsplit(self.url)
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise MailUnavailable("SMTP_URL is not smtp://, smtps:// or smtp+starttls://")
        port = parts.port or _SCHEMES[parts.scheme]
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                parts.hostname, port, timeout=self.timeout, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(parts.hostname, port, timeout=self.timeout)
        try:
            if parts.scheme == "smtp+starttls":
                server.starttls(context=ssl.create_default_context())
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
        except BaseException:
            server.close()
            raise
        return server


def as_mime(message: Message) -> EmailMessage:
    """The message with its headers. Raises MailRefused when one of them holds a line break."""
    mail = EmailMessage(policy=SMTP)
    headers = {
        "From": message.sender,
        "To": message.recipient,
        "Subject": message.subject,
        "Message-ID": message.message_id,
        "Date": format_datetime(clock.now()),
        "Auto-Submitted": "auto-generated",
    }
    for name, value in headers.items():
        if any(sign in value for sign in "\r\n\x00"):
            raise MailRefused(f"line break in {name}")
        mail[name] = value
    mail.set_content(message.text or " ")
    mail.add_alternative(message.html or f"<pre>{message.subject}</pre>", subtype="html")
    return mail


def _of(code: int, words: bytes | str) -> MailRefused | MailUnavailable:
    said = words.decode(errors="replace") if isinstance(words, bytes) else words
    kind = MailRefused if code >= 500 else MailUnavailable
    return kind(f"{code} {said}"[:300])
