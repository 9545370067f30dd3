"""Where an address that somebody typed leads, and which addresses lead inward: this machine, its network, its cloud.

From the IANA registries of special-purpose addresses, with the platform address of one cloud; `ipaddress.is_global`
lets several of these through.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

_V4 = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
    )
)  # fmt: skip
_PUBLIC_V6 = IPv6Network("2000::/3")
# Inside the public block: protocol assignments with Teredo, documentation, 6to4, delegated name servers.
_V6 = tuple(ip_network(each) for each in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"))


class BadPlace(ValueError):
    """The text is no address that may be written to."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a web address leads; `name` is the host as the receiver knows itself, with a port that is not usual."""

    is_tls: bool
    host: str
    port: int
    path: str
    name: str


def place_of(url: str) -> Place:
    """Take a web address apart. Raises BadPlace for what is none, or carries a user, a password or a mark."""
    if any(sign <= " " or sign in "\\\x7f" for sign in url):
        raise BadPlace("not an address")
    try:
        parts = urlsplit(url)
        usual = 443 if parts.scheme == "https" else 80
        port = parts.port or usual
        host = (parts.hostname or "").rstrip(".")
        if not host.isascii():
            host = host.encode("idna").decode()
    except (ValueError, UnicodeError) as error:
        raise BadPlace("not an address") from error
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    is_one = parts.scheme in ("https", "http") and host and "@" not in parts.netloc and not parts.fragment
    if not is_one or not path.isascii():
        raise BadPlace("not an address")
    name = f"[{host}]" if ":" in host else host
    return Place(parts.scheme == "https", host, port, path, name if port == usual else f"{name}:{port}")


def is_inward(address: str) -> bool:
    """Whether an IP address must not be connected to for a stranger. What is no address is inward too."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return True
    if isinstance(found, IPv6Address):
        return _is_inward_v6(found)
    return any(found in network for network in _V4)


def _is_inward_v6(found: IPv6Address) -> bool:
    """An IPv4 address written as IPv6 is judged as what it is; other ways to wrap one are outside 2000::/3."""
    wrapped: IPv4Address | None = found.ipv4_mapped
    if wrapped is not None:
        return any(wrapped in network for network in _V4)
    return found not in _PUBLIC_V6 or any(found in network for network in _V6)
