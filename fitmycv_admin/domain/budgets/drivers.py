"""Who and what cost most in a window: the three parts that a notice names."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, text

from fitmycv_admin.domain.ai_costs import names
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.budgets import spending, subjects
from fitmycv_admin.domain.budgets.given import Driver
from fitmycv_admin.domain.budgets.subjects import Rule
from fitmycv_admin.domain.budgets.windows import Window

COUNT = 3


def top(db: Session, rule: Rule, subject: str, window: Window) -> tuple[Driver, ...]:
    """The three parts that cost most within what a rule counts: of features and models, and of people when it counts
    many. A dimension the rule is narrowed to names nothing and is left out."""
    zone = spending.zone(db)
    seq = subjects.seq_of(subject)
    scope = spending.scope_of(db, rule.says, seq if seq is not None else rule.user_seq)
    found: list[Driver] = []
    sql, values = spending.source(scope, window, zone)
    grouped = text(
        f"SELECT feature_id, model_id, sum(cost_nano)::bigint AS nano, sum(calls)::bigint AS calls FROM {sql} cells"
        " GROUP BY 1, 2"
    )
    cells = db.execute(grouped, values).all()
    known = names.read(db)
    for dimension, column, is_free in (
        (Dimension.FEATURE, "feature_id", rule.says.feature_key is None),
        (Dimension.MODEL, "model_id", rule.says.model_id is None),
    ):
        if is_free:
            found += _parts(cells, column, dimension, known)
    if scope.user_seq is None:
        found += _people(db, scope, window, zone)
    found.sort(key=lambda driver: -driver.cost_nano)
    return _three(found)


def _three(found: list[Driver]) -> tuple[Driver, ...]:
    """The dearest of each kind first, then whatever is dearest."""
    first: dict[str, Driver] = {}
    for driver in found:
        first.setdefault(driver.kind, driver)
    rest = [driver for driver in found if driver is not first[driver.kind]]
    chosen = [*first.values(), *rest][:COUNT]
    return tuple(sorted(chosen, key=lambda driver: -driver.cost_nano))


def _parts(cells: Sequence[Any], column: str, dimension: Dimension, known: names.Names) -> list[Driver]:
    sums: dict[str, tuple[str, int, int]] = {}
    for cell in cells:
        name = known.of(dimension, getattr(cell, column))
        _label, nano, calls = sums.get(name.key, ("", 0, 0))
        sums[name.key] = (name.label, nano + cell.nano, calls + cell.calls)
    return [Driver(str(dimension), key, *rest) for key, rest in sums.items() if rest[1] > 0]


def _people(db: Session, scope: spending.Scope, window: Window, zone: str) -> list[Driver]:
    spent = spending.everyone(db, scope, window, zone)
    dearest = sorted(spent, key=lambda seq: -spent[seq])[:COUNT]
    rows = db.execute(text("SELECT seq, id, email FROM app_user WHERE seq = ANY(:seqs)"), {"seqs": dearest}).all()
    return [Driver("user", str(row.id), f"#{row.seq}", spent[row.seq], 0) for row in rows if spent[row.seq] > 0]
