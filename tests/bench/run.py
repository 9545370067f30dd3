"""Runs the benchmarks, prints and writes their figures, and fails when a bar is missed.

A benchmark is a module `tests/bench/bench_<name>.py` with `run()`, which returns figures by name, each
`{"value", "unit", "bar", "ok"}`; a bar of None is printed without being judged.
"""

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from tests import cluster

HERE = Path(__file__).parent
TARGET = cluster.ROOT / "build" / "bench.json"
Figure = dict[str, Any]


def figure(value: float, unit: str, most: float | None = None, least: float | None = None) -> Figure:
    """One figure; it is ok when it is at most `most` and at least `least`."""
    ok = (most is None or value <= most) and (least is None or value >= least)
    return {"value": round(value, 3), "unit": unit, "bar": most if most is not None else least, "ok": ok}


def load() -> Figure:
    """How busy the machine is with everything that runs on it: processes that want a core, over the last minute."""
    return figure(os.getloadavg()[0], f"of {os.cpu_count()} cores")


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of them (0 to 1) do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def names() -> list[str]:
    """Every benchmark there is."""
    return sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))


def main(only: list[str]) -> int:
    """Run the benchmarks named, or all; 1 when a bar was missed or a benchmark could not run."""
    unknown = set(only) - set(names())
    if unknown:
        print(f"There is no benchmark named {', '.join(sorted(unknown))}; there are {', '.join(names())}.")
        return 2
    cluster.open_home()
    started = time.monotonic()
    try:
        figures = {name: importlib.import_module(f"tests.bench.bench_{name}").run() for name in only or names()}
    finally:
        cluster.close_home(cluster.home())
    flat = {key: value for group in figures.values() for key, value in group.items()}
    write(flat, merge=bool(only))
    missed = [name for name, value in flat.items() if not value["ok"]]
    for name, value in flat.items():
        bar = "" if value["bar"] is None else f"  (bar {value['bar']} {value['unit']})"
        print(f"{'ok  ' if value['ok'] else 'MISS'} {name} {value['value']} {value['unit']}{bar}")
    print(f"{len(flat)} figures in {time.monotonic() - started:.0f} s; written to {TARGET.relative_to(cluster.ROOT)}")
    return 1 if missed else 0


def write(figures: dict[str, Figure], *, merge: bool) -> None:
    """Write the figures; a run of some benchmarks keeps what the others wrote."""
    known: dict[str, Figure] = {}
    if merge and TARGET.exists():
        known = json.loads(TARGET.read_text())
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps({**known, **figures}, indent=2, sort_keys=True) + "\n")


def chosen() -> list[str]:
    """What the command line or ONLY= names."""
    words = sys.argv[1:] or os.environ.get("ONLY", "").split(",")
    return [word for word in words if word]


if __name__ == "__main__":
    sys.exit(main(chosen()))
