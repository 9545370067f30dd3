"""Budgets of the demo: rules with limits of its size, what they told in ninety days, and who took care of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import text

from fitmycv_admin.core import money
from fitmycv_admin.domain.ai_costs import names
from fitmycv_admin.domain.ai_costs.names import Dimension, Names
from fitmycv_admin.domain.budgets import standings, subjects, windows
from fitmycv_admin.domain.budgets.given import Driver
from fitmycv_admin.domain.budgets.standings import Standing
from fitmycv_admin.domain.budgets.subjects import Draft, Rule
from fitmycv_admin.domain.budgets.windows import Window
from fitmycv_admin.local.demo.people import Person
from fitmycv_admin.local.demo.stage import ZONE, Stage
from fitmycv_admin.models import AlertNotice, AlertNoticeEvent, AlertSeen, AuditEvent, BudgetSpending, OpenAIAlert
from fitmycv_admin.vocabulary import AlertType, BudgetWindow, Enforcement, NoticeState, Role

# The rules of the seeds, with limits that this small business reaches: dollars.
_SEEDED = {AlertType.GLOBAL_MONTHLY: "25", AlertType.GLOBAL_DAILY: "1.45", AlertType.USER_DAILY: "0.45"}
_MADE = (
    Draft(
        AlertType.BUDGET, "CV generation, one week", money.usd_to_nano("4"), "Beyond it a cheaper model does the work.",
        feature_key="gpt_cv_generation", window=BudgetWindow.WEEK, enforcement=Enforcement.DEGRADE,
        degrade_model="gpt-4o-mini",
    ),
    Draft(
        AlertType.BUDGET, "People without a plan, one month", money.usd_to_nano("20"), "What trying it out may cost.",
        plan_id=0, window=BudgetWindow.MONTH, steps=(80, 100),
    ),
    Draft(
        AlertType.BUDGET, "Each person, emergency brake", money.usd_to_nano("25"), "A stolen account stops here.",
        each_user=True, window=BudgetWindow.DAY, steps=(100,), enforcement=Enforcement.DENY,
    ),
    Draft(AlertType.ANOMALY, "Unusual hour", 0, ratio_percent=400, least_calls=20),
    Draft(AlertType.NO_DATA, "Nobody calls", 0, enabled=False, minutes=720),
)  # fmt: skip
_COMMENTS = ("Je regarde.", "A campaign, as expected.", "Une seule personne : contactée.", "Known, it ends tonight.")
_WAITING = 2
_ROLLING_DAYS = 30


@dataclass(frozen=True, slots=True)
class _Call:
    at: datetime
    user_seq: int
    feature_id: int
    model_id: int
    plan_id: int
    nano: int


@dataclass(slots=True)
class _Spent:
    """One subject in one window, with the instants at which it crossed a step."""

    window: Window
    nano: int = 0
    crossed: list[tuple[datetime, int, int, tuple[Driver, ...]]] = field(default_factory=list)
    parts: Counter[tuple[str, int]] = field(default_factory=Counter)
    calls: Counter[tuple[str, int]] = field(default_factory=Counter)

    def add(self, call: _Call) -> None:
        """Count one more call."""
        self.nano += call.nano
        for part in (("feature", call.feature_id), ("model", call.model_id), ("user", call.user_seq)):
            self.parts[part] += call.nano
            self.calls[part] += 1


def keep(stage: Stage, staff: dict[Role, Person]) -> None:
    """Insert the rules, their windows and notices; the calls are there already."""
    known, calls = names.read(stage.db), _calls(stage)
    _rules(stage, staff[Role.OPS], calls)
    people = {row.seq: (str(row.id), f"#{row.seq}") for row in stage.db.execute(text("SELECT seq, id FROM app_user"))}
    notices: list[dict[str, Any]] = []
    spendings: list[dict[str, Any]] = []
    for rule in subjects.every(stage.db):
        if not rule.says.is_budget:
            continue
        mine = list(_counted(rule, calls, known))
        if rule.says.window is BudgetWindow.ROLLING:
            notices += _rolling(stage, rule, mine, known, people)
            continue
        for (subject, _start), spent in _windows(rule, mine, known, people).items():
            if standings.is_worth(rule, Standing(subject, spent.window, spent.nano, rule.says.threshold_nano)):
                spendings.append(_spending(rule, subject, spent))
            notices += [_notice(stage, rule, subject, spent, *crossing) for crossing in spent.crossed]
    stage.insert(BudgetSpending, spendings)
    notices.sort(key=lambda row: row["opened_at"])
    waiting = [row["id"] for row in notices if row["window_ends_at"] > stage.now][-_WAITING:]
    for row in notices:
        _treat(stage, row, staff[Role.OPS], is_waiting=row["id"] in waiting)
    stage.insert(AlertNotice, notices)
    stage.insert(AlertNoticeEvent, [event for row in notices for event in _events(stage, row)])
    first = min((row["opened_at"] for row in notices if row["id"] in waiting), default=stage.now)
    seen = first - timedelta(seconds=1)
    stage.insert(AlertSeen, [{"user_id": staff[role].id, "seen_at": seen} for role in (Role.OPS, Role.ADMIN)])


def _rules(stage: Stage, ops: Person, calls: list[_Call]) -> None:
    """The rules, and the lines of the audit trail that tell who made them."""
    at = stage.start + timedelta(days=2)
    seeded = [rule for rule in subjects.every(stage.db, enabled_only=False) if rule.says.type in _SEEDED]
    for rule in seeded:
        stage.db.execute(
            text(
                "UPDATE openai_alert SET threshold_nano = :limit, enabled = true, version = 2, updated_at = :at,"
                " updated_by = :by WHERE id = :id"
            ),
            {"limit": money.usd_to_nano(_SEEDED[rule.says.type]), "at": at, "by": ops.id, "id": rule.id},
        )
    stage.insert(OpenAIAlert, [_row(says, at, ops) for says in (_last_days(stage, calls), *_MADE)])
    was = {rule.id: {"threshold_nano": rule.says.threshold_nano, "enabled": False} for rule in seeded}
    stage.insert(
        AuditEvent,
        [
            {
                "created_at": at, "actor_id": ops.id, "actor_role": Role.OPS, "actor_name": ops.name,
                "action": "budget.changed" if rule.id in was else "budget.created", "target_type": "budget_rule",
                "target_id": str(rule.id), "reason": "", "ip": "192.0.2.10", "before": was.get(rule.id),
                "after": {"threshold_nano": rule.says.threshold_nano, "enabled": rule.says.enabled},
            }
            for rule in subjects.every(stage.db, enabled_only=False)
            if rule.updated_at == at
        ],
    )  # fmt: skip


def _last_days(stage: Stage, calls: list[_Call]) -> Draft:
    """A budget that is nearly used up, whatever day it is: what the days before yesterday cost is 90 % of it."""
    until = _midnight(stage.now) - timedelta(days=1)
    spent = sum(call.nano for call in calls if until - timedelta(days=_ROLLING_DAYS - 1) <= call.at < until)
    return Draft(
        AlertType.BUDGET, "Everybody, last 30 days", -(-spent * 10 // 9 // 10_000_000) * 10_000_000,
        window=BudgetWindow.ROLLING, rolling_days=_ROLLING_DAYS,
    )  # fmt: skip


def _rolling(
    stage: Stage, rule: Rule, calls: list[_Call], known: Names, people: dict[int, tuple[str, str]]
) -> list[dict[str, Any]]:
    """The steps of a window that moves every day: each is told when it was crossed and holds on until today."""
    days: Counter[datetime] = Counter()
    for call in calls:
        days[_midnight(call.at)] += call.nano
    notices = []
    for step in rule.says.steps:
        start = None
        day = _midnight(stage.now)
        while day >= stage.start + timedelta(days=_ROLLING_DAYS) and _last(days, day) * 100 >= (
            step * rule.says.threshold_nano
        ):
            start, day = day, _midnight(day - timedelta(hours=12))
        if start is None:
            continue
        window = windows.of(rule.says, start, str(ZONE))
        at = min(start + timedelta(hours=16, minutes=12), stage.now - timedelta(minutes=20))
        spent = _Spent((window[0], windows.of(rule.says, stage.now, str(ZONE))[1]))
        for call in calls:
            if window[0] <= call.at <= at:
                spent.add(call)
        parts = _drivers(rule, spent, known, people)
        notices.append(_notice(stage, rule, subjects.EVERYBODY, spent, at, step, spent.nano, parts))
    return notices


def _last(days: Counter[datetime], day: datetime) -> int:
    return sum(nano for start, nano in days.items() if day - timedelta(days=_ROLLING_DAYS - 1, hours=2) < start <= day)


def _midnight(at: datetime) -> datetime:
    return windows.of(Draft(AlertType.BUDGET, "", 0), at, str(ZONE))[0]


def _row(says: Draft, at: datetime, ops: Person) -> dict[str, Any]:
    row = asdict(says)
    del row["channels"]
    row["window_kind"] = row.pop("window")
    return row | {"steps": list(says.steps), "created_at": at, "updated_at": at, "updated_by": ops.id}


def _calls(stage: Stage) -> list[_Call]:
    rows = stage.db.execute(
        text(
            "SELECT created_at, user_seq, feature_id, model_id, coalesce(plan_id, 0), cost_nano FROM openai_call"
            " WHERE cost_nano IS NOT NULL ORDER BY created_at, id"
        )
    )
    return [_Call(*row) for row in rows]


def _counted(rule: Rule, calls: list[_Call], known: Names) -> Iterable[_Call]:
    says = rule.says
    features = known.numbers(Dimension.FEATURE, says.feature_key) if says.feature_key else None
    for call in calls:
        if features is not None and call.feature_id not in features:
            continue
        if says.model_id is not None and call.model_id != says.model_id:
            continue
        if says.plan_id is None or call.plan_id == says.plan_id:
            yield call


def _windows(
    rule: Rule, calls: list[_Call], known: Names, people: dict[int, tuple[str, str]]
) -> dict[tuple[str, datetime], _Spent]:
    """What every subject spent in every window, and when it crossed each step."""
    found: dict[tuple[str, datetime], _Spent] = {}
    window: Window | None = None
    limit = rule.says.threshold_nano
    for call in calls:
        if window is None or not window[0] <= call.at < window[1]:
            window = windows.of(rule.says, call.at, str(ZONE))
        subject = subjects.person(call.user_seq) if rule.says.each_user else subjects.EVERYBODY
        spent = found.setdefault((subject, window[0]), _Spent(window))
        before = spent.nano
        spent.add(call)
        for step in rule.says.steps:
            if before * 100 < step * limit <= spent.nano * 100:
                spent.crossed.append((call.at, step, spent.nano, _drivers(rule, spent, known, people)))
    return found


def _drivers(rule: Rule, spent: _Spent, known: Names, people: dict[int, tuple[str, str]]) -> tuple[Driver, ...]:
    sums: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for (kind, number), nano in spent.parts.items():
        if kind == "user":
            if rule.says.each_user or number not in people:
                continue
            key, label = people[number]
        else:
            if kind == "feature" and rule.says.feature_key:
                continue
            name = known.of(Dimension(kind), number)
            key, label = name.key, name.label
        sums[kind, key, label][0] += nano
        sums[kind, key, label][1] += spent.calls[kind, number]
    every = sorted((Driver(*part, *both) for part, both in sums.items()), key=lambda one: -one.cost_nano)
    first: dict[str, Driver] = {}
    for one in every:
        first.setdefault(one.kind, one)
    chosen = [*first.values(), *[one for one in every if one is not first[one.kind]]][:3]
    return tuple(sorted(chosen, key=lambda one: -one.cost_nano))


def _spending(rule: Rule, subject: str, spent: _Spent) -> dict[str, Any]:
    return {
        "rule_id": rule.id, "subject": subject, "starts_at": spent.window[0], "ends_at": spent.window[1],
        "limit_nano": rule.says.threshold_nano, "spent_nano": spent.nano, "reserved_nano": 0, "over_nano": 0,
        "denied": 0, "updated_at": spent.window[1],
    }  # fmt: skip


def _notice(
    stage: Stage, rule: Rule, subject: str, spent: _Spent, at: datetime, step: int, nano: int, parts: tuple[Driver, ...]
) -> dict[str, Any]:
    opened = at + timedelta(seconds=stage.dice.randrange(3, 9))
    return {
        "id": stage.id(opened), "rule_id": rule.id, "type": str(rule.says.type), "rule_name": rule.says.name,
        "subject": subject, "window_starts_at": spent.window[0], "window_ends_at": spent.window[1], "step": step,
        "value_nano": nano, "limit_nano": rule.says.threshold_nano, "facts": {},
        "drivers": {"top": [asdict(part) for part in parts]}, "state": str(NoticeState.OPEN), "opened_at": opened,
        "acknowledged_at": None, "acknowledged_by": None, "snoozed_until": None, "resolved_at": None,
    }  # fmt: skip


def _treat(stage: Stage, row: dict[str, Any], ops: Person, *, is_waiting: bool) -> None:
    """Most were taken within the hour; those of a window that is over have ended; the newest wait."""
    if not is_waiting and stage.chance(0.85):
        taken = row["opened_at"] + timedelta(seconds=int(stage.dice.lognormvariate(6.6, 0.9)))
        taken = min(taken, stage.now - timedelta(minutes=5), row["window_ends_at"] - timedelta(seconds=1))
        if taken > row["opened_at"]:
            row |= {"acknowledged_at": taken, "acknowledged_by": ops.id, "state": str(NoticeState.ACKNOWLEDGED)}
    if row["window_ends_at"] < stage.now:
        over = row["window_ends_at"] + timedelta(seconds=65)
        row |= {"resolved_at": over, "state": str(NoticeState.RESOLVED)}


def _events(stage: Stage, row: dict[str, Any]) -> Iterable[dict[str, Any]]:
    def event(kind: str, at: datetime, by: Any = None, comment: str = "") -> dict[str, Any]:
        return {"notice_id": row["id"], "kind": kind, "actor_id": by, "comment": comment, "created_at": at}

    yield event("opened", row["opened_at"])
    if row["acknowledged_at"] is not None:
        note = stage.one(_COMMENTS) if stage.chance(0.3) else ""
        yield event("acknowledged", row["acknowledged_at"], row["acknowledged_by"], note)
    if row["resolved_at"] is not None:
        yield event("ended", row["resolved_at"])
