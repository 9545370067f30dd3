"""Who may do what, and the states of an account."""

from enum import StrEnum


class Role(StrEnum):
    """What an account is; everybody but `user` is staff."""

    USER = "user"
    VIEWER = "viewer"
    SUPPORT = "support"
    OPS = "ops"
    FINANCE = "finance"
    ADMIN = "admin"


class Permission(StrEnum):
    """What may be done; roles hold these, handlers and commands ask for one."""

    OWN_DATA = "own.data"
    OVERVIEW_READ = "overview.read"
    COSTS_READ = "costs.read"
    PRICES_READ = "prices.read"
    PRICES_WRITE = "prices.write"
    BUDGETS_READ = "budgets.read"
    BUDGETS_WRITE = "budgets.write"
    TASKS_READ = "tasks.read"
    TASKS_WRITE = "tasks.write"
    PEOPLE_READ = "people.read"
    PEOPLE_REVEAL = "people.reveal"
    PEOPLE_WRITE = "people.write"
    FEEDBACK_READ = "feedback.read"
    FEEDBACK_WRITE = "feedback.write"
    MAIL_READ = "mail.read"
    MAIL_WRITE = "mail.write"
    CREDITS_READ = "credits.read"
    CREDITS_GIFT = "credits.gift"
    CREDITS_WRITE = "credits.write"
    APPROVALS_READ = "approvals.read"
    REFUNDS_REQUEST = "refunds.request"
    REFUNDS_WRITE = "refunds.write"
    REVENUE_READ = "revenue.read"
    PLANS_READ = "plans.read"
    LIMITS_WRITE = "limits.write"
    CATALOGUE_WRITE = "catalogue.write"
    PROMOS_READ = "promos.read"
    PROMOS_WRITE = "promos.write"
    WEBHOOKS_READ = "webhooks.read"
    WEBHOOKS_WRITE = "webhooks.write"
    SETTINGS_READ = "settings.read"
    SETTINGS_WRITE = "settings.write"
    TELEMETRY_READ = "telemetry.read"
    AUDIT_READ = "audit.read"
    ROLES_READ = "roles.read"
    ROLES_WRITE = "roles.write"


class AccountState(StrEnum):
    """Whether an account may sign in."""

    ACTIVE = "active"
    DISABLED = "disabled"
    ERASED = "erased"
