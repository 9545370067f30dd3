"""Reading the ids in an address; what is no id is treated like what does not exist."""

from urllib.parse import urlsplit
from uuid import UUID

from fitmycv_admin.core.errors import NotFound


def id_at(url: object, position: int) -> UUID:
    """The id at a position of the path, 0 being its first word; raises NotFound."""
    parts = urlsplit(str(url)).path.strip("/").split("/")
    try:
        return UUID(parts[position])
    except (ValueError, IndexError) as wrong:
        raise NotFound from wrong
