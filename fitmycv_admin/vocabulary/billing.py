"""Plans, credits and what is paid."""

from enum import StrEnum


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
