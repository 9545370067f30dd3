"""Every table, imported here so that the metadata is always whole."""

from fitmycv_admin.models.accounts import (
    Account,
    AutoSignInToken,
    ConsentLog,
    EmailChangeRequest,
    EmailVerificationToken,
    User,
    VerificationToken,
)
from fitmycv_admin.models.ai_costs import (
    AiFeature,
    AiTier,
    FoldMark,
    OpenAIAlert,
    OpenAICall,
    OpenAIPricing,
    OpenAIUsage,
    PriceLine,
    PriceVersion,
    RollDay,
    RollHour,
    RollUserDay,
    RollUserMonth,
)
from fitmycv_admin.models.billing import (
    CreditBalance,
    CreditPack,
    CreditTransaction,
    FeatureUsageCounter,
    StripeWebhookLog,
    Subscription,
    SubscriptionPlan,
    SubscriptionPlanFeatureLimit,
)
from fitmycv_admin.models.cvs import CvFile, CvVersion, JobOffer, LinkHistory, MatchResult, StoredFile
from fitmycv_admin.models.emails import EmailLog, EmailTemplate, EmailTrigger
from fitmycv_admin.models.growth import PromoCode, Referral
from fitmycv_admin.models.insights import FeatureUsage, TelemetryEvent
from fitmycv_admin.models.platform import AuditEvent, UserSession
from fitmycv_admin.models.settings import FeatureMapping, Setting
from fitmycv_admin.models.support import Feedback
from fitmycv_admin.models.tasks import BackgroundTask, CronEntry, ProcessHeartbeat, TaskAttempt, TaskStep

__all__ = [
    "Account",
    "AiFeature",
    "AiTier",
    "AuditEvent",
    "AutoSignInToken",
    "BackgroundTask",
    "ConsentLog",
    "CreditBalance",
    "CreditPack",
    "CreditTransaction",
    "CronEntry",
    "CvFile",
    "CvVersion",
    "EmailChangeRequest",
    "EmailLog",
    "EmailTemplate",
    "EmailTrigger",
    "EmailVerificationToken",
    "FeatureMapping",
    "FeatureUsage",
    "FeatureUsageCounter",
    "Feedback",
    "FoldMark",
    "JobOffer",
    "LinkHistory",
    "MatchResult",
    "OpenAIAlert",
    "OpenAICall",
    "OpenAIPricing",
    "OpenAIUsage",
    "PriceLine",
    "PriceVersion",
    "ProcessHeartbeat",
    "PromoCode",
    "Referral",
    "RollDay",
    "RollHour",
    "RollUserDay",
    "RollUserMonth",
    "Setting",
    "StoredFile",
    "StripeWebhookLog",
    "Subscription",
    "SubscriptionPlan",
    "SubscriptionPlanFeatureLimit",
    "TaskAttempt",
    "TaskStep",
    "TelemetryEvent",
    "User",
    "UserSession",
    "VerificationToken",
]
