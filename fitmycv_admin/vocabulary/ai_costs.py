"""Model calls, prices, budgets and alerts."""

from enum import StrEnum


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
    LARGE_CONTEXT = "large_context"  # prompts beyond the length from which a model costs more


class UsageType(StrEnum):
    """Kinds of token that have a price of their own, per million."""

    INPUT = "input"
    CACHED_INPUT = "cached_input"
    CACHE_WRITE = "cache_write"
    OUTPUT = "output"
    REASONING = "reasoning"  # without a price of its own it is output
    IMAGE = "image"  # without a price of its own it is input
    AUDIO = "audio"  # without a price of its own it is input


class AlertType(StrEnum):
    """What a cost rule watches; the first five are budgets with a scope and a window of their own."""

    USER_DAILY = "user_daily"
    USER_MONTHLY = "user_monthly"
    GLOBAL_DAILY = "global_daily"
    GLOBAL_MONTHLY = "global_monthly"
    FEATURE_DAILY = "feature_daily"
    BUDGET = "budget"  # any scope, any window
    ANOMALY = "anomaly"  # an hour far above the same hours of the weeks before
    NO_DATA = "no_data"  # no call for some minutes
    UNPRICED_MODEL = "unpriced_model"
    BILL_DIFFERENCE = "bill_difference"
    EVALUATOR_STOPPED = "evaluator_stopped"  # nobody looks at the rules any more


class BudgetWindow(StrEnum):
    """Over what time a budget is counted, in the workspace's zone."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    BILLING_PERIOD = "billing_period"
    ROLLING = "rolling"  # the last so many days


class Enforcement(StrEnum):
    """What happens to a call that a budget has no room for."""

    NOTIFY = "notify"
    DENY = "deny"
    DEGRADE = "degrade"  # to a cheaper model


class NoticeState(StrEnum):
    """How far a notice was treated."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class ChannelKind(StrEnum):
    """How a notice reaches somebody."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    TELEGRAM = "telegram"
    IN_APP = "in_app"


class DeliveryKind(StrEnum):
    """What a message to a channel says."""

    OPENED = "opened"
    RESOLVED = "resolved"
    SUMMARY = "summary"  # of what was held back
    DIGEST = "digest"  # of the week
    TEST = "test"


class DeliveryState(StrEnum):
    """Where a message to a channel is; `held` ones are told together later."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    HELD = "held"


class AdjustmentKind(StrEnum):
    """Why the costs of past calls were moved."""

    REPRICE = "reprice"
    LATE_PRICE = "late_price"  # calls that had no price
    REVERT = "revert"


class AdjustmentState(StrEnum):
    """Where a batch of adjustments is."""

    RUNNING = "running"
    DONE = "done"
    REVERTED = "reverted"
    STOPPED = "stopped"


class Measure(StrEnum):
    """What the distributions of calls are about."""

    DURATION = "duration"  # milliseconds
    COST = "cost"  # nano-USD
