"""`python -m fitmycv_worker.offline --port P`: serve the rules on this machine until stopped."""

import argparse
import asyncio
import contextlib
import signal

from granian.constants import Interfaces
from granian.server.embed import Server

from fitmycv_worker.offline.server import application


async def _serve(host: str, port: int, fault: str) -> None:
    """Serve until SIGTERM or SIGINT."""
    server = Server(application(fault), address=host, port=port, interface=Interfaces.ASGI, log_enabled=False)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, server.stop)
    with contextlib.suppress(asyncio.CancelledError):
        await server.serve()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m fitmycv_worker.offline", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--fault", default="", help="a fault that every request meets, for tests")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.host, arguments.port, arguments.fault))


if __name__ == "__main__":
    main()
