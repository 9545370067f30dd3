"""A run in which a browser test could not be played is red, however green the rest."""

import os
import subprocess
import sys
from pathlib import Path

from tests import cluster

SKIPS = """
import pytest

def test_runs():
    pass

@pytest.mark.{mark}
def test_plays():
    pytest.skip("no browser here")
"""


def run(place: Path, mark: str) -> subprocess.CompletedProcess[str]:
    """The rules of our own conftest on one file elsewhere."""
    (place / "test_one.py").write_text(SKIPS.format(mark=mark))
    (place / "conftest.py").write_text("from tests.conftest import *\n")
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(cluster.ROOT / "pyproject.toml"), str(place)]
    environment = {**os.environ, "PYTHONPATH": str(cluster.ROOT)}
    return subprocess.run(command, env=environment, cwd=place, capture_output=True, text=True, timeout=120, check=False)


def test_a_skipped_browser_test_fails_the_run_by_name(tmp_path: Path) -> None:
    done = run(tmp_path, "e2e")
    assert done.returncode == 1, done.stdout
    assert "browser tests that did not run" in done.stdout
    assert "test_one.py::test_plays" in done.stdout


def test_another_skipped_test_does_not(tmp_path: Path) -> None:
    assert run(tmp_path, "slow").returncode == 0
