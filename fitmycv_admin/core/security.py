"""Passwords (argon2id) and opaque tokens, which are stored only as hashes."""

import hashlib
import secrets
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# 19 MiB and two passes: OWASP's floor for argon2id; about 30 ms on one core.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Otherwise twenty sign-ins at a time starve every other request of the machine.
_slots = BoundedSemaphore(4)
# Verified when the account does not exist, so that its absence cannot be timed.
_DUMMY = _hasher.hash("no account has this password")


def hash_password(password: str) -> str:
    """The argon2id hash of a password."""
    with _slots:
        return _hasher.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Whether `password` is the one of `stored`; takes as long when there is no stored hash."""
    with _slots:
        try:
            return _hasher.verify(stored or _DUMMY, password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def new_token() -> str:
    """256 random bits, URL-safe. Give it away once; store `digest(token)`."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """SHA-256 of a token, in hexadecimal: what the database keeps."""
    return hashlib.sha256(token.encode()).hexdigest()
