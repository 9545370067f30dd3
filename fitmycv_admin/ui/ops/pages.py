"""The map of the operations area: one line for each page, in the order of the sidebar."""

from fitmycv_admin.ui.ops import approvals, overview
from fitmycv_admin.ui.ops.access import audit, roles
from fitmycv_admin.ui.ops.accounts import users
from fitmycv_admin.ui.ops.ai_costs import (
    adjustments,
    bills,
    calls,
    distribution,
    exchange,
    models,
    outliers,
    plan_costs,
    price_import,
    pricing,
    task_costs,
    top_users,
    usage,
)
from fitmycv_admin.ui.ops.billing import (
    batch,
    batches,
    ledger,
    liability,
    limit_overrides,
    plan_affected,
    plan_usage,
    plans,
    reconciliation,
)
from fitmycv_admin.ui.ops.budgets import alert, alerts, channels, rule
from fitmycv_admin.ui.ops.budgets import rules as budget_rules
from fitmycv_admin.ui.ops.settings import mapping
from fitmycv_admin.ui.ops.tasks import board, control, health, incidents, task
from fitmycv_admin.ui.page import Page

PAGES: tuple[Page, ...] = (
    overview.overview_page,
    usage.costs,
    calls.calls,
    task_costs.task_costs,
    distribution.distribution,
    outliers.outliers,
    top_users.top_users,
    plan_costs.plan_costs,
    pricing.pricing,
    price_import.price_import,
    models.models,
    adjustments.adjustments,
    exchange.exchange,
    bills.bills,
    budget_rules.budgets,
    rule.rule,
    alerts.alerts,
    alert.alert,
    channels.channels,
    ledger.ledger,
    batches.batches,
    batch.batch,
    liability.liability,
    reconciliation.reconciliation,
    approvals.approvals,
    plans.plans,
    plan_usage.plan_usage,
    plan_affected.plan_affected,
    limit_overrides.limit_overrides,
    mapping.mapping,
    board.board,
    health.health_page,
    control.control_page,
    incidents.incidents_page,
    task.task,
    users.users,
    roles.roles,
    audit.audit,
)
