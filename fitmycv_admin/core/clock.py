"""The only source of time: aware, in UTC."""

from datetime import UTC, datetime


def now() -> datetime:
    """The instant, in UTC. Leases and tokens use the database's clock instead."""
    return datetime.now(UTC)
