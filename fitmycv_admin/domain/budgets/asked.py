"""What an address asks of the pages about budgets: read once, for the screens and for the exports."""

from collections.abc import Mapping
from datetime import timedelta

from fitmycv_admin.core import clock
from fitmycv_admin.domain.budgets.notices import NoticeFilters
from fitmycv_admin.domain.budgets.rules import RuleFilters
from fitmycv_admin.vocabulary import AlertType, Enforcement, NoticeState

RULE_WORDS = ("q", "type", "enabled", "enforcement", "feature")
NOTICE_WORDS = ("q", "state", "type", "since", "rule")
ON, OFF = "on", "off"
LIVE, ALL = "live", "all"
DAYS = {"7d": 7, "30d": 30, "90d": 90}
Words = Mapping[str, str]


def rules(words: Words) -> RuleFilters:
    """The list of rules; what is no word of ours filters nothing."""
    kind, act = words.get("type", ""), words.get("enforcement", "")
    return RuleFilters(
        type=AlertType(kind) if kind in list(AlertType) else None,
        enforcement=Enforcement(act) if act in list(Enforcement) else None,
        enabled={ON: True, OFF: False}.get(words.get("enabled", "")),
        feature_key=words.get("feature", ""),
        search=words.get("q", ""),
    )


def notices(words: Words) -> NoticeFilters:
    """The inbox; a bare address asks for what is not resolved."""
    state, kind, rule = words.get("state", ""), words.get("type", ""), words.get("rule", "")
    days = DAYS.get(words.get("since", ""))
    return NoticeFilters(
        state=NoticeState(state) if state in list(NoticeState) else None,
        live=state in ("", LIVE),
        type=AlertType(kind) if kind in list(AlertType) else None,
        rule_id=int(rule) if rule.isascii() and rule.isdecimal() and len(rule) < 18 else None,
        search=words.get("q", ""),
        since=clock.now() - timedelta(days=days) if days else None,
    )
