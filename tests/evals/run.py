"""`python -m tests.evals.run`: reads every made CV and offer, prints the figures, writes build/evals.json."""

import json
import statistics
import sys
import time
from pathlib import Path

from fitmycv_worker.llm.client import Model
from fitmycv_worker.pipelines.offer_extraction import pipeline as offer_extraction
from fitmycv_worker.pipelines.pdf_import import pipeline as pdf_import
from tests.evals import fixtures, measures
from tests.evals.adverts import ADVERTS, accuracy
from tests.worker.offline.serving import MODEL, engine

BUILD = Path("build") / "evals.json"
MACRO_BAR, FIELD_BAR, LAYOUT_BAR, OFFER_BAR, SKILL_BAR = 0.90, 0.80, 0.85, 0.80, 0.75
ENGINE_MS_BAR, IMPORT_MS_BAR = 300.0, 2000.0
_SILENT = {"feature_key": "evals", "record": lambda usage: None, "progress": lambda percent, step: None}


def main() -> int:
    """Measure, report, and say with the exit code whether every bar was met."""
    figures: dict[str, dict] = {}
    with engine() as address, Model(api_key="none", base_url=address, local_engine=True) as model:
        _imports(model, figures)
        _offers(model, figures)
    for name, figure in figures.items():
        mark = "ok  " if figure["ok"] else "MISS"
        print(f"{mark} {name:44} {figure['value']:>9} {figure['unit']:6} bar {figure['bar']}")
    BUILD.parent.mkdir(exist_ok=True)
    BUILD.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0 if all(figure["ok"] for figure in figures.values()) else 1


def _imports(model: Model, figures: dict[str, dict]) -> None:
    """Every person in every layout."""
    whole = measures.Tally()
    layouts: dict[str, measures.Tally] = {}
    tongues: dict[str, measures.Tally] = {}
    made_up: list[str] = []
    took: list[float] = []
    for fixture in fixtures.all_fixtures():
        started = time.perf_counter()
        cv = pdf_import.run(model, fixture.pdf, model_name=MODEL, **_SILENT)
        took.append((time.perf_counter() - started) * 1000)
        tally = measures.compare(cv, fixture.person)
        whole += tally
        layouts.setdefault(fixture.layout, measures.Tally()).__iadd__(tally)
        tongues.setdefault(fixture.person.language, measures.Tally()).__iadd__(tally)
        made_up += [f"{fixture.name}: {leaf}" for leaf in measures.invented(cv, fixture.pdf)]
    _least(figures, "import_macro_f1", whole.macro(), MACRO_BAR)
    for name in measures.FIELDS:
        _least(figures, f"import_f1_{name}", whole.f1(name), FIELD_BAR)
    for layout, tally in layouts.items():
        _least(figures, f"import_macro_f1_{layout}", tally.macro(), LAYOUT_BAR)
    for language, tally in tongues.items():
        _least(figures, f"import_macro_f1_{language}", tally.macro(), LAYOUT_BAR)
    figures["import_invented_strings"] = {
        "value": len(made_up),
        "unit": "count",
        "bar": 0,
        "ok": not made_up,
        "examples": made_up[:5],
    }
    _most(figures, "import_ms_per_pdf_p50", statistics.median(took), IMPORT_MS_BAR)
    _three_pages(model, figures)


def _three_pages(model: Model, figures: dict[str, dict]) -> None:
    """A long CV: what the engine takes to answer, and the whole import."""
    pdf, answered, whole = fixtures.three_pages(), [], []
    for _ in range(5):
        started = time.perf_counter()
        pdf_import.run(model, pdf, model_name=MODEL, **(_SILENT | {"record": lambda u: answered.append(u.duration_ms)}))
        whole.append((time.perf_counter() - started) * 1000)
    _most(figures, "engine_ms_three_pages_p50", statistics.median(answered), ENGINE_MS_BAR)
    _most(figures, "import_ms_three_pages_p50", statistics.median(whole), IMPORT_MS_BAR)


def _offers(model: Model, figures: dict[str, dict]) -> None:
    """Every advert."""
    hits, fields, given, expected, common = 0, 0, 0, 0, 0
    for advert in ADVERTS:
        offer = offer_extraction.run(model, advert.text, model_name=MODEL, **_SILENT)
        right, wrong, skills = accuracy(offer, advert)
        hits, fields = hits + right, fields + right + len(wrong)
        common, given, expected = common + skills[0], given + skills[1], expected + skills[2]
        for problem in wrong:
            print(f"     offer {advert.name}: {problem}", file=sys.stderr)
    _least(figures, "offer_field_accuracy", hits / fields, OFFER_BAR)
    _least(figures, "offer_skills_f1", 2 * common / (given + expected), SKILL_BAR)


def _least(figures: dict[str, dict], name: str, value: float, bar: float) -> None:
    """A figure that must reach its bar."""
    figures[name] = {"value": round(value, 4), "unit": "F1", "bar": bar, "ok": value >= bar}


def _most(figures: dict[str, dict], name: str, value: float, bar: float) -> None:
    """A figure that must stay below its bar."""
    figures[name] = {"value": round(value, 1), "unit": "ms", "bar": bar, "ok": value <= bar}


if __name__ == "__main__":
    sys.exit(main())
