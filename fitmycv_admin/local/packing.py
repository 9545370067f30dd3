"""Pack the built files again for the way to the browser: the same gzip, a few percent smaller than the compiler's."""

import os
from pathlib import Path

import deflate

_LEVEL = 12  # the best of libdeflate: slow for an answer, quick enough for a build


def pack(content: bytes) -> bytes:
    """The content as a gzip file, the same for the same content."""
    return bytes(deflate.gzip_compress(content, _LEVEL))


def again(built: Path) -> None:
    """Replace each packed file below `built` by a smaller one of the same content."""
    for packed in built.glob("**/*.gz"):
        smaller = pack(packed.with_suffix("").read_bytes())
        if len(smaller) < packed.stat().st_size:
            draft = packed.with_name(f"{packed.name}.draft")
            draft.write_bytes(smaller)
            os.replace(draft, packed)
