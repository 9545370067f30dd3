"""The words of the business: every closed list, once."""

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


class Language(StrEnum):
    """Languages of the screens and mails."""

    FR = "fr"
    EN = "en"


class CvLanguage(StrEnum):
    """Languages a CV or an offer may be written in."""

    FR = "fr"
    EN = "en"
    DE = "de"
    ES = "es"


class AccountState(StrEnum):
    """Whether an account may sign in."""

    ACTIVE = "active"
    DISABLED = "disabled"
    ERASED = "erased"


class TaskType(StrEnum):
    """Slow work that a person asked for; one function of the worker each."""

    IMPORT_PDF = "import_pdf"
    EXTRACT_OFFER = "extract_offer"
    MATCH_SCORE = "match_score"
    NOOP = "noop"


class TaskState(StrEnum):
    """Where a task is; the last three are terminal."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


TERMINAL_TASK_STATES = (TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED)


class PlanFeature(StrEnum):
    """What a plan limits and a credit cost is set for."""

    CREATE_CV_MANUAL = "create_cv_manual"
    EDIT_CV = "edit_cv"
    EXPORT_CV = "export_cv"
    MATCH_SCORE = "match_score"
    TRANSLATE_CV = "translate_cv"
    GPT_CV_GENERATION = "gpt_cv_generation"
    OPTIMIZE_CV = "optimize_cv"
    GENERATE_FROM_JOB_TITLE = "generate_from_job_title"
    IMPORT_PDF = "import_pdf"


class CallName(StrEnum):
    """What a worker calls a model for; feature mappings group them."""

    IMPORT_PDF_EXTRACT = "import_pdf"
    EXTRACT_OFFER = "extract_job_offer"
    MATCH_SCORE = "match_score"


class CallStatus(StrEnum):
    """How a model call ended."""

    OK = "ok"
    FAILED = "failed"  # refused by the server, or its answer was not usable
    ABORTED = "aborted"  # no answer came: whether it was billed is unknown


class ServiceTier(StrEnum):
    """The price tier a call was served at."""

    STANDARD = "standard"
    PRIORITY = "priority"
    FLEX = "flex"
    BATCH = "batch"


class UsageType(StrEnum):
    """Kinds of token that have a price of their own, per million."""

    INPUT = "input"
    CACHED_INPUT = "cached_input"
    CACHE_WRITE = "cache_write"
    OUTPUT = "output"


class CreditKind(StrEnum):
    """Why a line stands in the credit ledger."""

    PURCHASE = "purchase"
    USAGE = "usage"
    RETURN = "return"
    GIFT = "gift"
    WELCOME = "welcome"
    PROMO = "promo"
    REFERRAL = "referral"
    CLAWBACK = "clawback"
    EXPIRY = "expiry"
    CHARGEBACK = "chargeback"
    CHARGEBACK_REVERSAL = "chargeback_reversal"
    PURCHASE_REVERSAL = "purchase_reversal"
    ADJUSTMENT = "adjustment"


class Payer(StrEnum):
    """What a unit of work takes from its person."""

    CREDITS = "credits"
    QUOTA = "quota"
    NONE = "none"


class ReservationState(StrEnum):
    """Where a reservation is: open, or settled one way; a captured one may be given back later."""

    HELD = "held"
    CAPTURED = "captured"
    RELEASED = "released"
    RETURNED = "returned"


class TaskOutcome(StrEnum):
    """How a task ended, as far as paying goes."""

    USABLE = "usable"
    NOTHING_USABLE = "nothing_usable"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED_BEFORE_OUTPUT = "cancelled_before_output"
    CANCELLED_AFTER_OUTPUT = "cancelled_after_output"


class BatchState(StrEnum):
    """Where a grant to many people is."""

    PREVIEWED = "previewed"
    WAITING = "waiting"  # for a second person
    RUNNING = "running"
    DONE = "done"
    REVERSED = "reversed"
    ABANDONED = "abandoned"


class ApprovalState(StrEnum):
    """Where a request for a second person is."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    STALE = "stale"  # what it was about had changed


class SubscriptionState(StrEnum):
    """Stripe's words for a subscription."""

    INCOMPLETE = "incomplete"
    INCOMPLETE_EXPIRED = "incomplete_expired"
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELED = "canceled"
    UNPAID = "unpaid"
    PAUSED = "paused"


class BillingPeriod(StrEnum):
    """How often a subscription is billed."""

    MONTHLY = "monthly"
    YEARLY = "yearly"


class MailState(StrEnum):
    """Where a message is."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    BOUNCED = "bounced"


class Trigger(StrEnum):
    """Events that send a message."""

    EMAIL_VERIFICATION = "email_verification"
    PASSWORD_RESET = "password_reset"
    EMAIL_CHANGE = "email_change"
    WELCOME = "welcome"
    INACTIVITY_WARNING = "inactivity_warning"
    PURCHASE_CREDITS = "purchase_credits"
    CREDITS_LOW = "credits_low"
    CREDITS_EXPIRING = "credits_expiring"
    ACCOUNT_EXISTS = "account_exists"
    EMAIL_CHANGE_NOTICE = "email_change_notice"
    PASSWORD_CHANGED = "password_changed"
    QUEUE_DELAY = "queue_delay"
    CREDIT_DIFFERENCE = "credit_difference"


class AlertType(StrEnum):
    """What a cost alert watches."""

    USER_DAILY = "user_daily"
    USER_MONTHLY = "user_monthly"
    GLOBAL_DAILY = "global_daily"
    GLOBAL_MONTHLY = "global_monthly"
    FEATURE_DAILY = "feature_daily"


class CvSource(StrEnum):
    """Where a CV came from."""

    URL = "url"
    PDF = "pdf"
    MANUAL = "manual"
    TEMPLATE = "template"


class OfferSource(StrEnum):
    """Where an offer came from."""

    URL = "url"
    PDF = "pdf"
    TEXT = "text"


class FeedbackState(StrEnum):
    """How far a feedback was treated."""

    NEW = "new"
    REVIEWED = "reviewed"
    RESOLVED = "resolved"


class ReferralState(StrEnum):
    """How far a referral is."""

    PENDING = "pending"
    COMPLETED = "completed"
    REJECTED = "rejected"


class ConsentAction(StrEnum):
    """What a person decided about cookies."""

    ACCEPT = "accept"
    REJECT = "reject"
    UPDATE = "update"
