"""Messages, papers, feedback, referrals and consent."""

from enum import StrEnum


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
    COST_ALERT = "cost_alert"
    COST_DIGEST = "cost_digest"


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
