"""Packing again gives browsers the same files in fewer bytes."""

import gzip
from pathlib import Path

from fitmycv_admin.local import packing

SCRIPT = b"".join(b"export const word%d = () => translate('area.key%d');\n" % (n, n * 7) for n in range(4_000))


def test_a_packed_file_becomes_smaller_and_says_the_same(tmp_path: Path):
    before = gzip.compress(SCRIPT, 6)
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "page.js").write_bytes(SCRIPT)
    packed = tmp_path / "assets" / "page.js.gz"
    packed.write_bytes(before)
    packing.again(tmp_path)
    assert gzip.decompress(packed.read_bytes()) == SCRIPT
    assert packed.stat().st_size < len(before)
    assert sorted(path.name for path in packed.parent.iterdir()) == ["page.js", "page.js.gz"]


def test_what_is_packed_well_already_stays(tmp_path: Path):
    (tmp_path / "page.js").write_bytes(SCRIPT)
    packed = tmp_path / "page.js.gz"
    packed.write_bytes(packing.pack(SCRIPT))
    before = packed.stat().st_ino
    packing.again(tmp_path)
    assert packed.stat().st_ino == before
