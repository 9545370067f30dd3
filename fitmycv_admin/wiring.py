"""Which adapter answers which port."""

from functools import lru_cache
from typing import TYPE_CHECKING

from fitmycv_admin.core.config import settings
from fitmycv_admin.domain.cvs import imports, matching
from fitmycv_admin.domain.ports import BillSource, Mailer, Messenger, ProgressBus, Queue, RateSource
from fitmycv_admin.domain.tasks import endings
from fitmycv_admin.vocabulary import ChannelKind, TaskType

if TYPE_CHECKING:
    from fitmycv_admin.integrations.rate_limits import RateLimits

# In every process that may end a task: what its subject does when nothing comes of it.
endings.on_abandon(TaskType.IMPORT_PDF, imports.abandon)
endings.on_abandon(TaskType.MATCH_SCORE, matching.abandon)


def queue() -> Queue:
    """What wakes workers."""
    return _queue_at(settings().redis_url)


def progress() -> ProgressBus:
    """What tells open tabs that a task moved."""
    return _progress_at(settings().redis_url)


def mailer() -> Mailer | None:
    """What sends messages; None when nothing is configured: then they wait."""
    now = settings()
    if now.resend_api_key:
        from fitmycv_admin.integrations.resend_mailer import ResendMailer

        return ResendMailer(now.resend_api_key, now.resend_api_url)
    if now.smtp_url:
        from fitmycv_admin.integrations.smtp_mailer import SmtpMailer

        return SmtpMailer(now.smtp_url)
    return None


def bill_source() -> BillSource | None:
    """What tells the vendor's bill; None without a key of its own."""
    now = settings()
    if not now.openai_admin_key:
        return None
    from fitmycv_admin.integrations.openai_costs import OpenAICosts

    return OpenAICosts(now.openai_admin_key, now.openai_admin_url)


def rate_source() -> RateSource | None:
    """Where exchange rates are read; None when no address is configured."""
    url = settings().exchange_rates_url
    if not url:
        return None
    from fitmycv_admin.integrations.exchange_rates import PublishedRates

    return PublishedRates(url)


def messenger(kind: ChannelKind) -> Messenger | None:
    """What hands messages to a kind of channel; None for mail, which has an outbox of its own, and without a bot."""
    now = settings()
    if kind == ChannelKind.WEBHOOK:
        from fitmycv_admin.integrations.webhook_sender import WebhookSender

        return WebhookSender(now.webhook_inside)
    if kind == ChannelKind.TELEGRAM and now.telegram_bot_token:
        from fitmycv_admin.integrations.telegram_sender import TelegramSender

        return TelegramSender(now.telegram_bot_token, now.telegram_api_url)
    return None


@lru_cache(maxsize=4)
def _queue_at(url: str) -> Queue:
    from fitmycv_admin.integrations.rq_queue import RqQueue

    return RqQueue(url)


@lru_cache(maxsize=4)
def _progress_at(url: str) -> ProgressBus:
    from fitmycv_admin.integrations.redis_progress import RedisProgress

    return RedisProgress(url)


def rate_limits() -> "RateLimits":
    """What counts tries at doors."""
    return _rate_limits_at(settings().redis_url)


@lru_cache(maxsize=4)
def _rate_limits_at(url: str) -> "RateLimits":
    from fitmycv_admin.integrations.rate_limits import RateLimits

    return RateLimits(url)


def is_https() -> bool:
    """Whether people reach us over TLS."""
    return settings().public_url.startswith("https://")


def origins() -> frozenset[str]:
    """The origins a browser may come from: the public address, and in demo both names of this machine."""
    own = {settings().public_url}
    if settings().is_demo:
        own |= {f"http://localhost:{settings().port}", f"http://127.0.0.1:{settings().port}"}
    return frozenset(own)
