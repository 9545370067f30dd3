"""Stand-in for a mail server: takes every mail on loopback and keeps it in the local box; demo only."""

import argparse
import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from fitmycv_admin.integrations import sink_mailbox

SIZE_LIMIT = 10 * 1024 * 1024


class Sink:
    """What the SMTP server does with a mail."""

    def __init__(self, home: Path) -> None:
        self.home = home

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Store the mail before saying yes."""
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        await asyncio.to_thread(sink_mailbox.store, self.home, envelope.mail_from or "", envelope.rcpt_tos, raw)
        return "250 kept"


async def serve(home: Path, port: int) -> None:
    """Take mails until the process is told to end."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)

    def session() -> SMTP:
        return SMTP(Sink(home), hostname="localhost", data_size_limit=SIZE_LIMIT, enable_SMTPUTF8=True)

    server = await loop.create_server(session, "127.0.0.1", port)
    print(f"mail sink on 127.0.0.1:{port}", flush=True)
    await ended.wait()
    server.close()


def main(arguments: list[str] | None = None) -> Any:
    """`python -m fitmycv_admin.local.mail_sink --port P --home DIRECTORY`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--home", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    os.umask(0o077)  # the box holds links that open accounts
    asyncio.run(serve(chosen.home, chosen.port))


if __name__ == "__main__":
    main()
