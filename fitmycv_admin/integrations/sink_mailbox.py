"""The box of mails that the local sink caught, in a SQLite file of its own; demo only."""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path

from fitmycv_admin.core import clock

FILE_NAME = "mail.sqlite"
KEPT = 1000
_TABLE = """
CREATE TABLE IF NOT EXISTS caught_mail (
    id INTEGER PRIMARY KEY, received_at TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL, raw BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS caught_mail_recipient ON caught_mail (recipient, id);
"""


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """One mail to one recipient, decoded; bodies are untrusted text."""

    id: int
    received_at: datetime
    sender: str
    recipient: str
    subject: str
    text: str
    html: str


def store(home: Path, sender: str, recipients: list[str], raw: bytes) -> None:
    """Keep one mail for each of its recipients, and only the newest thousand in all."""
    received = clock.now().isoformat()
    with _open(home) as box:
        box.executemany(
            "INSERT INTO caught_mail (received_at, sender, recipient, raw) VALUES (?, ?, ?, ?)",
            [(received, sender, recipient.lower(), raw) for recipient in recipients],
        )
        box.execute("DELETE FROM caught_mail WHERE id <= (SELECT max(id) FROM caught_mail) - ?", [KEPT])


def read(home: Path, address: str | None = None, limit: int = 50) -> list[CaughtMail]:
    """The newest mails first, of one address or of everybody; empty when the sink never ran here."""
    if not (home / FILE_NAME).exists():
        return []
    wanted = "WHERE recipient = ?" if address else ""
    values: list[object] = [address.lower()] if address else []
    with _open(home) as box:
        rows = box.execute(
            f"SELECT id, received_at, sender, recipient, raw FROM caught_mail {wanted} ORDER BY id DESC LIMIT ?",
            [*values, limit],
        ).fetchall()
    return [_decoded(*row) for row in rows]


def one(home: Path, mail_id: int) -> CaughtMail | None:
    """One mail by its number."""
    if not (home / FILE_NAME).exists():
        return None
    with _open(home) as box:
        row = box.execute(
            "SELECT id, received_at, sender, recipient, raw FROM caught_mail WHERE id = ?", [mail_id]
        ).fetchone()
    return _decoded(*row) if row else None


def _decoded(mail_id: int, received_at: str, sender: str, recipient: str, raw: bytes) -> CaughtMail:
    message = message_from_bytes(raw, policy=policy.default)
    bodies = {"plain": "", "html": ""}
    for kind in bodies:
        part = message.get_body((kind,))
        if part is not None:
            bodies[kind] = str(part.get_content())
    return CaughtMail(
        id=mail_id,
        received_at=datetime.fromisoformat(received_at),
        sender=sender,
        recipient=recipient,
        subject=str(message["subject"] or ""),
        text=bodies["plain"],
        html=bodies["html"],
    )


@contextlib.contextmanager
def _open(home: Path) -> Iterator[sqlite3.Connection]:
    box = sqlite3.connect(home / FILE_NAME, timeout=5)
    try:
        box.execute("PRAGMA journal_mode = WAL")
        box.executescript(_TABLE)
        with box:
            yield box
    finally:
        box.close()
