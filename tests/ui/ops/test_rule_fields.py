"""The fields of a budget: what is written can be read again, and what makes no sense names its field."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.domain.budgets.subjects import Draft
from fitmycv_admin.ui.ops.budgets import rule_fields
from fitmycv_admin.vocabulary import AlertType, BudgetWindow, Enforcement

SOMEBODY = UUID(int=7)
BUDGETS = st.builds(
    Draft,
    type=st.just(AlertType.BUDGET),
    name=st.text("abc é", min_size=1, max_size=40).map(str.strip).filter(bool),
    threshold_nano=st.integers(1, 10**15),
    enabled=st.booleans(),
    feature_key=st.sampled_from([None, "match_score"]),
    model_id=st.sampled_from([None, 3]),
    plan_id=st.sampled_from([None, 0, 2]),
    steps=st.sets(st.integers(1, 1000), min_size=1, max_size=10).map(sorted).map(tuple),
)


@given(
    says=BUDGETS,
    whose=st.sampled_from(["everybody", "each", "one"]),
    window=st.sampled_from(BudgetWindow),
    action=st.sampled_from(Enforcement),
    days=st.integers(1, 366),
)
def test_a_budget_that_was_written_into_fields_is_read_as_the_same_budget(
    says: Draft, whose: str, window: BudgetWindow, action: Enforcement, days: int
) -> None:
    from dataclasses import replace

    whole = replace(
        says, each_user=whose == "each", user_id=SOMEBODY if whose == "one" else None, window=window,
        rolling_days=days if window is BudgetWindow.ROLLING else None, enforcement=action,
        degrade_model="gpt-4o-mini" if action is Enforcement.DEGRADE else None,
    )  # fmt: skip
    assert rule_fields.read(rule_fields.written(whole), whole.user_id, ()) == whole


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"name": " "}, "name"), ({"limit": "0"}, "limit"), ({"limit": "-3"}, "limit"), ({"limit": "x"}, "limit"),
        ({"steps": ""}, "steps"), ({"steps": "0, 50"}, "steps"), ({"steps": "50, 2000"}, "steps"),
        ({"steps": "1,2,3,4,5,6,7,8,9,10,11"}, "steps"), ({"who": "one"}, "person"), ({"window": "year"}, "window"),
        ({"window": "rolling", "rolling_days": "0"}, "rolling_days"), ({"enforcement": "degrade"}, "degrade_model"),
        ({"enforcement": "shout"}, "enforcement"), ({"type": "weather"}, "type"),
        ({"type": "anomaly", "ratio_percent": "100"}, "ratio_percent"), ({"type": "no_data", "minutes": ""}, "minutes"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_names_its_field(words: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        rule_fields.read(rule_fields.standard(name="x", limit="5") | words, None, ())
    assert refused.value.field == field


def test_steps_and_amounts_are_read_as_people_type_them() -> None:
    words = rule_fields.standard(name="x", limit="12,50", steps="100 % ; 50%, 50")
    read = rule_fields.read(words, None, (4,))
    assert (read.threshold_nano, read.steps, read.channels) == (12_500_000_000, (50, 100), (4,))


@pytest.mark.parametrize("kind", [kind for kind in rule_fields.KINDS if kind is not AlertType.BUDGET])
def test_the_other_kinds_need_no_limit(kind: AlertType) -> None:
    read = rule_fields.read(rule_fields.standard(name="x", type=str(kind)), None, ())
    assert (read.type, read.threshold_nano, read.is_budget) == (kind, 0, False)
