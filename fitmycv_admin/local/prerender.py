"""Prerender every static page once more for each other language, so that the first paint is in the reader's own."""

import re
import shutil
import subprocess
from pathlib import Path

from fitmycv_admin.copy import DEFAULT_LANGUAGE, LANGUAGES
from fitmycv_admin.local import packing
from fitmycv_admin.local.process import LocalError

_ASSET = re.compile(r"/assets/([\w.-]+)")
_HASHED = re.compile(r"^(.*)-[\w-]{8}(\.\w+)$")
_SLACK = 200  # letters by which a file may grow when what it imports is called otherwise
_ROOT_LANGUAGE = re.compile(r"<html([^>]*) lang=\"\w+\"")


def other_languages(web: Path, environment: dict[str, str]) -> None:
    """Add `index.<lang>.html` beside each `index.html` of the finished build in `web`.

    The browser's code is the same for all languages, so only the pages of the second build are kept; LocalError
    when they name a file that has no counterpart in the first.
    """
    built = web / "build" / "client"
    kept = web / "prerendered"
    shutil.rmtree(kept, ignore_errors=True)
    for language in LANGUAGES:
        if language != DEFAULT_LANGUAGE:
            sizes = _collect(web, built, kept / language, {**environment, "FITMYCV_PRERENDER_LANG": language})
            _place(built, kept / language, language, sizes)


def _collect(web: Path, built: Path, into: Path, environment: dict[str, str]) -> dict[str, int]:
    """Build again and keep the pages; returns how large each file of that build was."""
    first = web / "client-first"  # outside `build`, which the second build empties
    shutil.rmtree(first, ignore_errors=True)
    built.rename(first)
    try:
        run = subprocess.run(
            ["bun", "run", "export"], cwd=web, env=environment, capture_output=True, text=True, check=False
        )
        if run.returncode != 0:
            raise LocalError(f"The pages could not be prerendered again.\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
        for page in built.glob("**/index.html"):
            target = into / page.relative_to(built)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(page, target)
        return _sizes(built)
    finally:
        shutil.rmtree(built, ignore_errors=True)
        built.parent.mkdir(exist_ok=True)
        first.rename(built)


def _place(built: Path, pages: Path, language: str, sizes: dict[str, int]) -> None:
    files = _sizes(built)
    for page in pages.glob("**/index.html"):
        html = _ROOT_LANGUAGE.sub(rf'<html\1 lang="{language}"', page.read_text(encoding="utf-8"), count=1)
        html = _ASSET.sub(lambda found: f"/assets/{_same_file(found[1], files, sizes)}", html)
        target = (built / page.relative_to(pages)).with_name(f"index.{language}.html")
        target.write_text(html, encoding="utf-8")
        Path(f"{target}.gz").write_bytes(packing.pack(html.encode()))


def _same_file(name: str, files: dict[str, int], sizes: dict[str, int]) -> str:
    """The first build's name of a file of the second: hashes may differ, as the bundler inlines by chance.

    Two files may have one name before their hash; then it is the one of the same size, give or take such a hash.
    """
    if name in files:
        return name
    candidates = [file for file in files if _without_hash(file) == _without_hash(name)]
    if len(candidates) > 1 and name in sizes:
        candidates = [file for file in candidates if abs(files[file] - sizes[name]) <= _SLACK]
    if len(candidates) != 1:
        raise LocalError(f"The two builds of the pages do not agree about {name}: {sorted(candidates)}")
    return candidates[0]


def _sizes(built: Path) -> dict[str, int]:
    return {file.name: file.stat().st_size for file in (built / "assets").iterdir()}


def _without_hash(name: str) -> str:
    return _HASHED.sub(r"\1\2", name)
