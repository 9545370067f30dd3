"""What a message to a channel says: which budget, whose, spent, limit, what cost most, and where to look."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, text

from fitmycv_admin import copy
from fitmycv_admin.core.config import settings
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.budgets import notices, subjects, wording
from fitmycv_admin.domain.budgets.outbox import Claimed
from fitmycv_admin.domain.settings import lookups
from fitmycv_admin.vocabulary import AlertType, DeliveryKind, Permission, Role

# Messages leave the building: people are named as whoever may not read addresses sees them.
READER = Actor(
    user_id=None, role=Role.OPS, permissions=frozenset({Permission.BUDGETS_READ, Permission.COSTS_READ}), name="channel"
)
MOST_RULES = 10
FACTS = (
    "model", "day", "percent", "limit_percent", "difference_nano", "unpriced_nano", "late_nano", "aborted_nano",
    "untracked_nano", "rest_nano", "usual_nano", "ratio_percent", "calls", "minutes", "last_call_at", "evaluated_at",
)  # fmt: skip
"""What rules that are no budgets say, in the order in which it is read; nothing is said of what is zero."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message: a headline, labelled lines, where to look, and the same as a document for a program."""

    headline: str
    lines: tuple[tuple[str, str], ...]
    url: str
    calls_url: str
    document: dict[str, Any] = field(default_factory=dict)
    calls_label: str = ""

    @property
    def text(self) -> str:
        """The message in plain words, the address last."""
        calls = [f"{self.calls_label}{self.calls_url}"] if self.calls_label else []
        return "\n".join([self.headline, *(f"{label}{value}" for label, value in self.lines), *calls, self.url])

    @property
    def details(self) -> str:
        """Its lines as one."""
        return " · ".join(f"{label}{value}" for label, value in self.lines)


def write(db: Session, claimed: Claimed) -> Letter:
    """The letter for a message whose turn has come, in its channel's language."""
    lang = str(claimed.target.get("language", "en"))
    zone = lookups.zone(db)
    if claimed.kind == DeliveryKind.SUMMARY:
        letter = _summary(db, claimed.id, lang)
    elif claimed.kind == DeliveryKind.TEST:
        letter = _test(claimed, lang)
    elif claimed.kind == DeliveryKind.DIGEST:
        letter = digest_letter(claimed.body, lang)
    else:
        assert claimed.notice_id is not None
        letter = _notice(db, claimed.notice_id, claimed.kind, lang, zone)
    letter.document.update(
        id=str(claimed.id), kind=str(claimed.kind), channel=claimed.channel_name, text=letter.text, url=letter.url,
        is_demo=settings().is_demo,
    )  # fmt: skip
    return letter


def _notice(db: Session, notice_id: UUID, kind: DeliveryKind, lang: str, zone: ZoneInfo) -> Letter:
    card = notices.notice(db, READER, notice_id)
    row = card.row
    say = _Say(lang)
    calls = f"{_own('/ops/ai-costs/calls')}?{urlencode(dict(card.calls))}"
    is_budget = row.type in subjects.BUDGETS
    lines = [(say("subject"), _subject(row, lang))] if is_budget or row.subject else []
    if is_budget:
        lines += _spent(row, say, zone)
    else:
        lines += [(say("seen"), wording.moment(lang, row.opened_at, zone)), *_facts(row, say, zone)]
    if card.drivers:
        whole = row.value_nano if is_budget else 0
        lines.append((say("drivers"), "; ".join(_driver(one, lang, whole) for one in card.drivers)))
    if kind == DeliveryKind.RESOLVED and row.resolved_at is not None:
        lines.append((say("resolved_at"), wording.moment(lang, row.resolved_at, zone)))
    return Letter(
        _headline(row, kind, say), tuple(lines), _own(f"/ops/alerts/alert?id={notice_id}"), calls,
        {"notice": _document(row, card.drivers, calls)}, say("calls"),
    )  # fmt: skip


def _headline(row: notices.NoticeRow, kind: DeliveryKind, say: "_Say") -> str:
    over = kind == DeliveryKind.RESOLVED
    if row.type in subjects.BUDGETS:
        return say("over_budget" if over else "crossed", rule=row.rule_name, step=row.step)
    word = say(f"type.{row.type}")
    if row.type == AlertType.EVALUATOR_STOPPED:
        return say("evaluator_runs" if over else "evaluator_stopped")
    return say("over" if over else "happened", rule=row.rule_name, what=word)


def _subject(row: notices.NoticeRow, lang: str) -> str:
    if row.email:
        return row.email
    if row.type == AlertType.UNPRICED_MODEL and row.subject:
        return row.subject
    return copy.text(lang, "channels.server.letter.everybody") if not row.subject else row.subject


def _spent(row: notices.NoticeRow, say: "_Say", zone: ZoneInfo) -> list[tuple[str, str]]:
    lang = say.lang
    spent = say(
        "spent_of", spent=wording.usd(lang, row.value_nano), limit=wording.usd(lang, row.limit_nano),
        share=wording.share(lang, row.value_nano, row.limit_nano),
    )  # fmt: skip
    window = f"{wording.moment(lang, row.starts_at, zone)} – {wording.moment(lang, row.ends_at, zone)}"
    denied = int(row.facts.get("denied") or 0)
    refused = [(say("denied"), _number(lang, denied))] if denied else []
    return [(say("spent"), spent), *refused, (say("window"), window)]


def _facts(row: notices.NoticeRow, say: "_Say", zone: ZoneInfo) -> list[tuple[str, str]]:
    """The figures of a rule that is no budget, under the names it gave them."""
    amount = [(say("amount"), wording.usd(say.lang, row.value_nano))] if row.value_nano else []
    given = [(name, row.facts[name]) for name in FACTS if row.facts.get(name)]
    return amount + [
        (say("fact", name=say(f"fact.{name}")), _value(name, value, say.lang, zone))
        for name, value in given
        if isinstance(value, str | int | float)
    ]


def _value(name: str, value: str | float, lang: str, zone: ZoneInfo) -> str:
    if name.endswith("_nano") and isinstance(value, int):
        return wording.usd(lang, value)
    if name.endswith("_at") and isinstance(value, str):
        with contextlib.suppress(ValueError):
            return wording.moment(lang, datetime.fromisoformat(value), zone)
    return copy.fill(lang, "{value}", {"value": value})


def _driver(one: notices.Driver, lang: str, whole: int) -> str:
    share = wording.share(lang, one.cost_nano, whole)
    return f"{one.label or one.key} {wording.usd(lang, one.cost_nano)}" + (f" ({share})" if share else "")


def _document(row: notices.NoticeRow, drivers: tuple[notices.Driver, ...], calls: str) -> dict[str, Any]:
    return {
        "id": str(row.id), "rule_id": row.rule_id, "rule": row.rule_name, "type": str(row.type),
        "subject": row.email or row.subject, "step_percent": row.step, "spent_nano_usd": row.value_nano,
        "limit_nano_usd": row.limit_nano, "window": {"from": row.starts_at.isoformat(), "to": row.ends_at.isoformat()},
        "state": str(row.state), "opened_at": row.opened_at.isoformat(),
        "resolved_at": row.resolved_at.isoformat() if row.resolved_at else None, "facts": dict(row.facts or {}),
        "drivers": [
            {"kind": one.kind, "key": one.key, "label": one.label, "cost_nano_usd": one.cost_nano, "calls": one.calls}
            for one in drivers
        ],
        "calls_url": calls,
    }  # fmt: skip


_HELD = text("""
SELECT n.rule_id, max(n.rule_name) AS rule, count(*) FILTER (WHERE d.kind = 'opened') AS opened,
    count(*) FILTER (WHERE d.kind = 'resolved') AS resolved,
    count(DISTINCT n.id) FILTER (WHERE n.resolved_at IS NULL) AS still_open, sum(count(*)) OVER () AS whole
FROM alert_delivery d JOIN alert_notice n ON n.id = d.notice_id WHERE d.told_by = :id AND d.state = 'held'
GROUP BY n.rule_id ORDER BY count(*) DESC, n.rule_id""")


def _summary(db: Session, summary_id: UUID, lang: str) -> Letter:
    """What was held back, by rule: how often it began and ended, and how much is still open."""
    say = _Say(lang)
    rows = db.execute(_HELD, {"id": summary_id}).all()
    opened, resolved = sum(row.opened for row in rows), sum(row.resolved for row in rows)
    lines = [
        (f"{row.rule}{say('colon')}", say("held", opened=row.opened, resolved=row.resolved, open=row.still_open))
        for row in rows[:MOST_RULES]
    ]
    if len(rows) > MOST_RULES:
        lines.append((say("more_rules", n=len(rows) - MOST_RULES), ""))
    document = {
        "summary": {
            "opened": opened,
            "resolved": resolved,
            "rules": [
                {"rule_id": row.rule_id, "rule": row.rule, "opened": row.opened, "resolved": row.resolved,
                 "still_open": row.still_open}
                for row in rows
            ],
        }
    }  # fmt: skip
    page = _own("/ops/alerts")
    return Letter(say("summary", n=opened + resolved), tuple(lines), page, page, document)


def _test(claimed: Claimed, lang: str) -> Letter:
    say = _Say(lang)
    page = _own("/ops/budgets/channels")
    return Letter(say("test", channel=claimed.channel_name), ((say("test_why"), ""),), page, page)


def digest_letter(body: Mapping[str, Any], lang: str) -> Letter:
    """The report of a week from the figures that were kept of it."""
    say = _Say(lang)
    words = digest_words(body, lang)
    change = say("digest_before", before=words["costBefore"])
    lines = [(say("digest_cost"), f"{words['cost']} ({change})"), (say("digest_calls"), words["calls"])]
    if body["unpriced"]:
        lines.append((say("digest_unpriced"), _number(lang, body["unpriced"])))
    tops = "; ".join(f"{one['label'] or one['key']} {wording.usd(lang, one['cost_nano'])}" for one in body["features"])
    lines.append((say("digest_features"), tops or "–"))
    lines.append((say("digest_notices"), _number(lang, body["notices"])))
    page = f"{_own('/ops/ai-costs')}?period=custom&from={body['first']}&to={body['last']}"
    title = say("digest", first=words["firstDay"], last=words["lastDay"])
    return Letter(title, tuple(lines), page, page, {"digest": {name: body[name] for name in DIGEST}})


DIGEST = ("first", "last", "zone", "cost_nano", "before_nano", "calls", "unpriced", "tokens", "features", "notices")


def digest_words(body: Mapping[str, Any], lang: str) -> dict[str, str]:
    """The figures of a report as a mail template names them."""
    return {
        "firstDay": wording.day(lang, date.fromisoformat(body["first"])),
        "lastDay": wording.day(lang, date.fromisoformat(body["last"])),
        "cost": wording.usd(lang, body["cost_nano"]),
        "costBefore": wording.usd(lang, body["before_nano"]),
        "calls": _number(lang, body["calls"]),
    }


class _Say:
    """The sentences of letters in one language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def __call__(self, key: str, **params: object) -> str:
        return copy.text(self.lang, f"channels.server.letter.{key}", **params)


def _number(lang: str, value: int) -> str:
    return copy.fill(lang, "{value}", {"value": value})


def _own(path: str) -> str:
    return f"{settings().public_url}{path}"
