"""The parts of the kit that are plain functions, and what their markup says to assistive technology."""

import json
import re

import pytest
import reflex as rx

from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit import badge, card, chart, form, progress, table, values
from fitmycv_admin.ui.shell.navigation import items
from fitmycv_admin.vocabulary import TaskState


def markup(component: rx.Component) -> str:
    return json.dumps(component.render(), default=str)


def test_a_sparkline_spans_its_box_and_survives_a_flat_series():
    points = [tuple(map(float, point.split(","))) for point in card.spark_points([3, 9, 6]).split()]
    assert (points[0], points[1], points[2]) == ((0.0, 20.0), (30.0, 2.0), (60.0, 11.0))
    assert len(card.spark_points([5, 5, 5]).split()) == 3
    assert card.spark_points([5]) == ""


def test_a_figure_is_plain_and_small():
    figure = chart.figure(
        ["2026-11-01"], [chart.Series("gpt-4.1", [1]), chart.Series("kit.chart.total", [2], is_key=True)]
    )
    assert figure["series"] == [{"name": "gpt-4.1", "values": [1]}, {"name_key": "kit.chart.total", "values": [2]}]
    json.dumps(figure)


def test_a_year_of_days_and_eight_series_stays_under_50_kilobytes():
    days = [f"2026-01-{day % 28 + 1:02d}" for day in range(366)]
    figure = chart.figure(days, [chart.Series(f"series {n}", [12_345_678_901] * 366) for n in range(8)])
    assert len(json.dumps(figure)) < 50_000


def test_a_sentence_carries_its_hook_and_its_parameters():
    sentence = t("kit.copy_id", id="x")
    assert str(sentence) == '_t("kit.copy_id",{"id":"x"})'
    assert "const _t = useCopy();" in sentence._get_all_var_data().hooks  # type: ignore[union-attr]
    assert str(t_word("kit.period", rx.Var("word", _var_type=str))) == '_t("kit.period."+(word))'


def test_a_quote_in_a_key_cannot_leave_its_string():
    assert str(t('a"+alert(1)+"')) == '_t("a\\"+alert(1)+\\"")'


def test_every_state_of_a_task_has_a_colour():
    coloured = {word for words in badge.TONES.values() for word in words}
    assert {str(state).lower() for state in TaskState} - coloured <= {"cancelled"}


def test_no_status_has_two_colours():
    words = [word for words in badge.TONES.values() for word in words]
    assert len(words) == len(set(words))


def test_a_numeric_column_aligns_right_and_the_first_cell_heads_its_row():
    cells = markup(table.simple_table([table.column("a", "A"), table.column("n", "N", numeric=True)], ["x", "1"]))
    assert re.search(r"className:.{0,4}num", cells)
    assert 'scope:\\"col\\"' in cells


def test_a_field_names_its_error_and_its_hint():
    errors = rx.Var("errors").to(dict[str, str])
    shown = markup(form.text_field("email", "E-mail", errors=errors, hint="As on the invoice"))
    for part in ("aria-invalid", "email-error", "email-hint", "htmlFor"):
        assert part in shown


@pytest.mark.parametrize("ratio", [-1, 0, 0.5, 1, 7])
def test_a_bar_never_leaves_its_track(ratio: float):
    assert "Math.max(0,Math.min(1," in markup(progress.bar(ratio, label="share"))


def test_values_stay_raw_until_the_browser_writes_them():
    assert str(values.money_usd_nano(32_100_000)) == "_f.usdNano(32100000)"
    assert str(values.money_cents(999, "EUR")) == '_f.cents(999,"EUR")'


def test_only_pages_with_a_place_stand_in_the_navigation():
    assert items(()) == ()
