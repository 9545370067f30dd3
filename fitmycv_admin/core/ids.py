"""Identifiers: UUIDv7 for entities and short codes for people."""

import secrets
import time
import uuid

# Without 0/O and 1/I/L: a code is read aloud and typed.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_id() -> uuid.UUID:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds, then random; ids of one process sort by time."""
    millis = time.time_ns() // 1_000_000
    value = (millis & ((1 << 48) - 1)) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return uuid.UUID(int=value)


def short_code(length: int = 8) -> str:
    """A code without look-alike characters."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
