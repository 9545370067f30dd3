"""POST to an address that somebody typed: only to the Internet, over TLS, to the very address that was judged.

A name is resolved once; if any of its addresses leads inward nothing is sent, else the connection goes to one of those
addresses, so that another answer a moment later changes nothing. Redirects and proxies are not followed.
"""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from fitmycv_admin.core.inward import BadPlace, Place, is_inward, place_of
from fitmycv_admin.domain.ports import PostRefused, PostUnavailable

Resolve = Callable[[str, int], list[str]]
Connect = Callable[[str, int, float], socket.socket]
_READ = 2000


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said; `text` are the first bytes of it."""

    status: int
    text: str
    retry_after: str


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name. Numbers in any notation come out as what they mean."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def connect(address: str, port: int, timeout_s: float) -> socket.socket:
    """A connection to one address."""
    return socket.create_connection((address, port), timeout=timeout_s)


@dataclass(frozen=True, slots=True)
class Outward:
    """`inside` names the receivers (`host:port`) that whoever runs this allows although they are inside."""

    inside: frozenset[str] = frozenset()
    within_s: float = 10.0
    resolve: Resolve = resolve
    connect: Connect = connect
    trust: ssl.SSLContext | None = None

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a document and read what is said to it, all within `within_s` seconds.

        Raises PostRefused for an address that may not be written to, PostUnavailable when nobody answers.
        """
        try:
            place = place_of(url)
        except BadPlace as error:
            raise PostRefused(str(error)) from error
        is_inside = f"{place.host}:{place.port}" in self.inside
        if not place.is_tls and not is_inside:
            raise PostRefused("not an https address")
        try:
            with self._connected(place, is_inside) as link:
                link.request("POST", place.path, body, {"Host": place.name, **headers})
                answer = link.getresponse()
                said = answer.read(_READ).decode(errors="replace")
                return Answer(answer.status, said, answer.headers.get("Retry-After") or "")
        except ssl.SSLCertVerificationError as error:
            raise PostUnavailable(f"its certificate is not valid: {error.verify_message}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise PostUnavailable(f"no answer: {error or type(error).__name__}"[:300]) from error

    @contextlib.contextmanager
    def _connected(self, place: Place, is_inside: bool) -> Iterator[http.client.HTTPConnection]:
        until = time.monotonic() + self.within_s
        line = self._line(self._judged(place, is_inside), place.port, until)
        held = [line]
        ends = threading.Timer(max(0.0, until - time.monotonic()), _cut, [held])
        ends.daemon = True
        ends.start()
        link = http.client.HTTPConnection(place.host, place.port)
        try:
            if place.is_tls:
                trust = self.trust or ssl.create_default_context()
                held[0] = trust.wrap_socket(line, server_hostname=place.host, do_handshake_on_connect=False)
                cast("ssl.SSLSocket", held[0]).do_handshake()
            link.sock = held[0]
            yield link
        finally:
            ends.cancel()
            link.close()
            held[0].close()

    def _judged(self, place: Place, is_inside: bool) -> list[str]:
        try:
            addresses = self.resolve(place.host, place.port)
        except (OSError, UnicodeError) as error:
            raise PostUnavailable(f"the name has no address: {error}"[:300]) from error
        if not addresses:
            raise PostUnavailable("the name has no address")
        if not is_inside and any(is_inward(each) for each in addresses):
            raise PostRefused("leads inward: this machine, its network, or nowhere on the Internet")
        return addresses

    def _line(self, addresses: list[str], port: int, until: float) -> socket.socket:
        problem: OSError | None = None
        for address in addresses[:4]:
            try:
                return self.connect(address, port, max(0.1, min(self.within_s / 2, until - time.monotonic())))
            except OSError as error:
                problem = error
        raise PostUnavailable(f"no connection: {problem}"[:300])


def _cut(held: list[socket.socket]) -> None:
    """End a connection that somebody else waits on; the class of its own would also take its keys away."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(held[0], socket.SHUT_RDWR)
