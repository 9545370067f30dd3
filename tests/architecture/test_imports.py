"""What each process loads, seen from a fresh interpreter."""

import subprocess
import sys

import pytest

from tests.cluster import ROOT


def loaded(module: str) -> set[str]:
    """Top-level names of everything that importing a module loads."""
    script = f"import {module}, sys; print(' '.join(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "fitmycv_admin.models",
        "fitmycv_worker.worker",
        "fitmycv_worker.dispatcher",
        "fitmycv_worker.scheduler",
        "fitmycv_worker.offline.__main__",
    ],
)
def test_slow_work_never_loads_the_screens(module):
    assert "reflex" not in loaded(module)


def test_the_web_process_never_loads_the_model_client_or_the_worker():
    names = loaded("fitmycv_admin.fitmycv_admin")
    assert "reflex" in names
    assert not names & {"openai", "fitmycv_worker"}


def test_the_package_itself_costs_nothing():
    assert not loaded("fitmycv_admin") & {"reflex", "sqlalchemy", "openai"}
