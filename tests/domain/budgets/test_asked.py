"""The words of an address: what is one of ours filters, what is not filters nothing."""

from hypothesis import given
from hypothesis import strategies as st

from fitmycv_admin.domain.budgets import asked
from fitmycv_admin.domain.budgets.notices import NoticeFilters
from fitmycv_admin.domain.budgets.rules import RuleFilters
from fitmycv_admin.vocabulary import AlertType, Enforcement, NoticeState


def test_a_bare_address_asks_for_every_rule_and_for_the_notices_that_are_not_resolved() -> None:
    assert asked.rules({}) == RuleFilters()
    assert asked.notices({}) == NoticeFilters(live=True)


def test_words_of_ours_filter() -> None:
    rules = asked.rules({"type": "budget", "enabled": "off", "enforcement": "deny", "feature": "x", "q": "cv"})
    assert rules == RuleFilters(AlertType.BUDGET, Enforcement.DENY, enabled=False, feature_key="x", search="cv")
    found = asked.notices({"state": "resolved", "type": "anomaly", "rule": "12", "since": "7d", "q": "a"})
    assert (found.state, found.live, found.type, found.rule_id) == (NoticeState.RESOLVED, False, AlertType.ANOMALY, 12)
    assert found.since is not None
    assert asked.notices({"state": "all"}).live is False


@given(st.dictionaries(st.sampled_from([*asked.RULE_WORDS, *asked.NOTICE_WORDS]), st.text(max_size=20)))
def test_no_address_is_too_strange(words: dict[str, str]) -> None:
    asked.rules(words)
    asked.notices(words)
