"""How each subject of each budget stands now: what it spent in its window, kept where the screens read it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, text

from fitmycv_admin.domain.budgets import spending, subjects, windows
from fitmycv_admin.domain.budgets.subjects import Rule
from fitmycv_admin.domain.budgets.windows import Window
from fitmycv_admin.vocabulary import BudgetWindow

GRACE = timedelta(minutes=15)
"""How long after its end a window is still looked at: a call is recorded when it ends, and counts when it began."""
KEPT_PERCENT = 10
"""Of a rule for each person only those are kept who spent this share of the limit."""
_FEW = 500


@dataclass(frozen=True, slots=True)
class Standing:
    """What a subject spent in a window; `denied` is how many calls its hard limit refused."""

    subject: str
    window: Window
    spent_nano: int
    limit_nano: int
    denied: int = 0

    def crossed(self, steps: Iterable[int]) -> list[int]:
        """The steps it has reached. A hard limit that refused a call is used up, whatever is left of it."""
        share = [step for step in steps if self.spent_nano * 100 >= step * self.limit_nano]
        return sorted({*share, *(step for step in steps if self.denied and step <= 100)})


@dataclass(frozen=True, slots=True)
class Look:
    """One look at all rules: when it is, what was looked at before, and which people called since then.

    `touched` None: all people are to be counted.
    """

    now: datetime
    zone: str
    before: datetime | None
    touched: frozenset[int] | None

    def windows(self, rule: Rule, anchor: datetime | None = None) -> list[Window]:
        """The current window, and the one before while calls of it may still come or nobody has looked at its end.

        What a rolling window held yesterday it holds today: it has no end to look at.
        """
        current = windows.of(rule.says, self.now, self.zone, anchor)
        looked = min(self.now, self.before) if self.before is not None else self.now
        if rule.says.window is BudgetWindow.ROLLING or looked - current[0] >= GRACE:
            return [current]
        return [windows.before(rule.says, current, self.zone, anchor), current]


def of(db: Session, rule: Rule, look: Look, live: Iterable[str] = ()) -> list[Standing]:
    """How the subjects of a budget stand, by subject and window; `live` are subjects to look at in any case."""
    if rule.says.each_user:
        return _each(db, rule, look, {seq for word in live if (seq := subjects.seq_of(word)) is not None})
    scope = spending.scope_of(db, rule.says, rule.user_seq)
    anchor = None
    if rule.user_seq is not None and rule.says.window is BudgetWindow.BILLING_PERIOD:
        anchor = spending.anchors(db, [rule.user_seq], look.now).get(rule.user_seq)
    return [
        Standing("", window, spending.total(db, scope, window, look.zone), rule.says.threshold_nano)
        for window in look.windows(rule, anchor)
    ]


def keep(db: Session, rule: Rule, standings: Iterable[Standing]) -> None:
    """Store how subjects stand, where it changed; of each person only what is worth it."""
    worth = [standing for standing in standings if is_worth(rule, standing)]
    if not worth:
        return
    db.execute(
        text(_KEEP),
        {
            "rule": rule.id, "subjects": [s.subject for s in worth], "starts": [s.window[0] for s in worth],
            "ends": [s.window[1] for s in worth], "spent": [s.spent_nano for s in worth],
            "limit": rule.says.threshold_nano,
        },
    )  # fmt: skip


def is_worth(rule: Rule, standing: Standing) -> bool:
    """Whether a standing is kept: of each person only when it is a good part of the limit."""
    return not rule.says.each_user or standing.spent_nano * 100 >= KEPT_PERCENT * standing.limit_nano


def _each(db: Session, rule: Rule, look: Look, live: set[int]) -> list[Standing]:
    scope = spending.scope_of(db, rule.says)
    if rule.says.window is BudgetWindow.BILLING_PERIOD:
        return _billed(db, rule, look, scope, live)
    found: list[Standing] = []
    for window in look.windows(rule):
        if look.touched is not None and len(look.touched | live) <= _FEW:
            spent = spending.people(db, scope, dict.fromkeys(look.touched | live, window))
        else:
            spent = spending.everyone(db, scope, window, look.zone)
            if look.touched is not None:
                spent = {seq: nano for seq, nano in spent.items() if seq in look.touched}
            spent |= dict.fromkeys(live - set(spent), 0)
        found += _standings(rule, window, spent)
    return sorted(found, key=lambda standing: (standing.subject, standing.window))


def _billed(db: Session, rule: Rule, look: Look, scope: spending.Scope, live: set[int]) -> list[Standing]:
    """Each person's own month; when all are counted, those who called within the longest such month."""
    seqs = live | (look.touched if look.touched is not None else _callers(db, look.now - timedelta(days=32)))
    anchors = spending.anchors(db, seqs, look.now)
    found: list[Standing] = []
    for place in (0, 1):
        spans = {}
        for seq in seqs:
            own = look.windows(rule, anchors.get(seq))
            if place < len(own):
                spans[seq] = own[place]
        for seq, nano in spending.people(db, scope, spans).items():
            found.append(Standing(subjects.person(seq), spans[seq], nano, rule.says.threshold_nano))
    return sorted(found, key=lambda standing: (standing.subject, standing.window))


def _callers(db: Session, since: datetime) -> set[int]:
    rows = db.execute(
        text(
            "SELECT DISTINCT user_seq FROM roll_user_day WHERE day >= cast(:since AS date) AND user_seq > 0"
            " UNION SELECT user_seq FROM openai_call WHERE xid >= (SELECT folded_below FROM fold_mark) AND user_seq > 0"
        ),
        {"since": since},
    )
    return {row.user_seq for row in rows}


def _standings(rule: Rule, window: Window, spent: Mapping[int, int]) -> list[Standing]:
    return [Standing(subjects.person(seq), window, nano, rule.says.threshold_nano) for seq, nano in spent.items()]


_KEEP = """
INSERT INTO budget_spending (rule_id, subject, starts_at, ends_at, limit_nano, spent_nano, reserved_nano, over_nano,
    denied, updated_at)
SELECT :rule, s.subject, s.starts_at, s.ends_at, :limit, greatest(s.spent, 0), 0, 0, 0, clock_timestamp()
FROM unnest(cast(:subjects AS text[]), cast(:starts AS timestamptz[]), cast(:ends AS timestamptz[]),
    cast(:spent AS bigint[])) AS s (subject, starts_at, ends_at, spent)
ORDER BY s.subject, s.starts_at
ON CONFLICT (rule_id, subject, starts_at) DO UPDATE SET spent_nano = excluded.spent_nano,
    limit_nano = excluded.limit_nano, ends_at = excluded.ends_at, updated_at = clock_timestamp()
WHERE (budget_spending.spent_nano, budget_spending.limit_nano, budget_spending.ends_at)
    IS DISTINCT FROM (excluded.spent_nano, excluded.limit_nano, excluded.ends_at)
"""
