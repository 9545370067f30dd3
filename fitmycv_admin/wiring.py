"""Which adapter answers which port."""

from fitmycv_admin.core.config import settings


def origins() -> frozenset[str]:
    """The origins a browser may come from: the public address, and in demo both names of this machine."""
    own = {settings().public_url}
    if settings().is_demo:
        own |= {f"http://localhost:{settings().port}", f"http://127.0.0.1:{settings().port}"}
    return frozenset(own)
