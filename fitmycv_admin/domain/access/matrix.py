"""The declared permission matrix: which role holds what. The permissions page shows this table."""

from fitmycv_admin.vocabulary import Permission, Role

P = Permission

_VIEWER = frozenset(
    {
        P.OWN_DATA, P.COSTS_READ, P.PRICES_READ, P.BUDGETS_READ, P.TASKS_READ, P.PEOPLE_READ, P.FEEDBACK_READ,
        P.MAIL_READ, P.CREDITS_READ, P.REVENUE_READ, P.PLANS_READ, P.PROMOS_READ, P.WEBHOOKS_READ,
        P.SETTINGS_READ, P.TELEMETRY_READ, P.ROLES_READ, P.OVERVIEW_READ, P.APPROVALS_READ,
    }
)  # fmt: skip

MATRIX: dict[Role, frozenset[Permission]] = {
    Role.USER: frozenset({P.OWN_DATA}),
    Role.VIEWER: _VIEWER,
    Role.SUPPORT: frozenset(
        {
            P.OWN_DATA, P.PEOPLE_READ, P.PEOPLE_REVEAL, P.PEOPLE_WRITE, P.FEEDBACK_READ, P.FEEDBACK_WRITE,
            P.TASKS_READ, P.TASKS_WRITE, P.MAIL_READ, P.MAIL_WRITE, P.CREDITS_READ, P.CREDITS_GIFT,
            P.REFUNDS_REQUEST, P.PLANS_READ, P.ROLES_READ, P.OVERVIEW_READ, P.APPROVALS_READ,
        }
    ),
    Role.OPS: frozenset(
        {
            P.OWN_DATA, P.COSTS_READ, P.PRICES_READ, P.PRICES_WRITE, P.BUDGETS_READ, P.BUDGETS_WRITE,
            P.TASKS_READ, P.TASKS_WRITE, P.PEOPLE_READ, P.FEEDBACK_READ, P.MAIL_READ, P.MAIL_WRITE,
            P.PLANS_READ, P.LIMITS_WRITE, P.SETTINGS_READ, P.SETTINGS_WRITE, P.TELEMETRY_READ, P.AUDIT_READ,
            P.CREDITS_READ, P.APPROVALS_READ, P.ROLES_READ, P.OVERVIEW_READ,
        }
    ),
    Role.FINANCE: frozenset(
        {
            P.OWN_DATA, P.COSTS_READ, P.PRICES_READ, P.BUDGETS_READ, P.TASKS_READ, P.PEOPLE_READ, P.PEOPLE_REVEAL,
            P.CREDITS_READ, P.CREDITS_GIFT, P.CREDITS_WRITE, P.APPROVALS_READ, P.REFUNDS_REQUEST, P.REFUNDS_WRITE,
            P.REVENUE_READ, P.PLANS_READ,
            P.CATALOGUE_WRITE, P.PROMOS_READ, P.PROMOS_WRITE, P.WEBHOOKS_READ, P.WEBHOOKS_WRITE, P.AUDIT_READ,
            P.ROLES_READ, P.OVERVIEW_READ,
        }
    ),
    Role.ADMIN: frozenset(Permission),
}  # fmt: skip


def permissions_of(role: Role) -> frozenset[Permission]:
    """What a role may do."""
    return MATRIX[role]
