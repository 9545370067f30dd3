"""What the days to come cost less or more because calls were given another model lately."""

from datetime import datetime, timedelta

from sqlmodel import Session, text

from fitmycv_admin.core import money
from fitmycv_admin.domain.ai_costs import assignment, catalogue, pricing, token_sums
from fitmycv_admin.domain.ai_costs.assignment import Assigned
from fitmycv_admin.domain.ai_costs.token_sums import Cell
from fitmycv_admin.domain.budgets.spending import Scope
from fitmycv_admin.domain.settings import catalogue as settings

DAYS = 14
"""So many days back the calls of a changed assignment are seen as if it had been so already."""


def level(db: Session, scope: Scope, now: datetime) -> float:
    """By how much the calls of the last two weeks would have cost otherwise with the models assigned now; 1 when no
    assignment changed.

    Tokens are those that were really used, at the prices of now. A model or tier without a price changes nothing.
    """
    changed = _changed(db, now)
    if not changed:
        return 1.0
    was = becomes = 0
    for cell in token_sums.read(db, days=DAYS, feature_ids=scope.features):
        if scope.plan_id is not None and cell.plan_id != scope.plan_id:
            continue
        model_id, cost = _of_cell(db, changed, cell, now)
        was += cell.sums.cost_nano if scope.model_id in (None, cell.model_id) else 0
        becomes += cost if scope.model_id in (None, model_id) else 0
    return becomes / was if was else 1.0


def _of_cell(db: Session, changed: dict[int, Assigned], cell: Cell, now: datetime) -> tuple[int, int]:
    """The model that the calls of a cell would use now, and what they would cost."""
    wanted = changed.get(cell.feature_id)
    model = catalogue.find_model(db, wanted.model) if wanted else None
    if wanted is None or model is None:
        return cell.model_id, cell.sums.cost_nano
    tier = catalogue.known_tier(db, wanted.tier)
    if model.id == cell.model_id and tier == cell.tier_id:
        return cell.model_id, cell.sums.cost_nano
    price = pricing.price_at(db, model.id, tier, now) if tier is not None else None
    exact = cell.sums.weight(price.lines) if price else None
    if exact is None:
        return cell.model_id, cell.sums.cost_nano
    return model.id, money.round_half_up(exact, money.PER_MILLION)


def _changed(db: Session, now: datetime) -> dict[int, Assigned]:
    """What the call names ask for now whose assignment was another one two weeks ago, by their number."""
    rows = db.execute(text(_VERSIONS)).all()
    since, before, after = now - timedelta(days=DAYS), dict[str, str](), dict[str, str]()
    for row in rows:
        after[row.setting_name] = row.value
        if row.valid_from <= since:
            before[row.setting_name] = row.value
    moved = {name for name, value in after.items() if value != (before.get(name) or settings.known(name).default)}
    found: dict[int, Assigned] = {}
    for name in {setting.partition("_")[2] for setting in moved}:
        calls = assignment.calls_by_name().get(name, ())
        for number in assignment.feature_numbers(db, name) if calls else ():
            found[number] = assignment.of_call(db, calls[0])
    return found


_VERSIONS = """
SELECT setting_name, value, valid_from FROM setting_version
WHERE setting_name LIKE 'model\\_%' OR setting_name LIKE 'tier\\_%' ORDER BY setting_name, version
"""
