"""Which code runs: a short sum of all of it, the same in every process of one release."""

import hashlib
from functools import lru_cache
from pathlib import Path

_ROOT = Path(__file__).parents[2]


@lru_cache(maxsize=1)
def version() -> str:
    """Eight letters that change with any line of the application or its workers."""
    total = hashlib.sha256()
    for package in ("fitmycv_admin", "fitmycv_worker"):
        for file in sorted((_ROOT / package).rglob("*.py")):
            total.update(file.relative_to(_ROOT).as_posix().encode() + file.read_bytes())
    return total.hexdigest()[:8]
