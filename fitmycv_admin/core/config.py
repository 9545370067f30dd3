"""Settings of the process, read from the environment once."""

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Mode = Literal["demo", "production"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the environment decides. Empty strings mean "not configured"."""

    mode: Mode
    home: Path
    database_url: str
    database_migrate_url: str
    redis_url: str
    openai_api_key: str
    openai_base_url: str
    openai_dialect: Literal["responses", "chat"]
    openai_admin_key: str
    openai_admin_url: str
    exchange_rates_url: str
    smtp_url: str
    resend_api_key: str
    resend_api_url: str
    mail_from: str
    public_url: str
    port: int
    db_pool_size: int
    lease_seconds: float
    lease_renew_seconds: float
    reap_seconds: float
    redispatch_seconds: float
    trusted_proxy_hops: int
    secret: str
    telegram_bot_token: str
    telegram_api_url: str
    webhook_inside: frozenset[str]
    stand_in_channels_url: str

    @property
    def is_demo(self) -> bool:
        """Stand-ins, demo data and the mail page exist only here."""
        return self.mode == "demo"

    def redis_on(self, number: int) -> str:
        """The Redis URL with another database number: 0 queue, 1 screens, 2 limits and progress."""
        base = self.redis_url.rstrip("/")
        head, slash, last = base.rpartition("/")
        return f"{head}/{number}" if slash and last.isdigit() else f"{base}/{number}"

    @property
    def is_ai_off(self) -> bool:
        """In production without a key and without another server: nothing that needs a model can be started."""
        return not self.is_demo and not self.openai_api_key and not self.openai_base_url

    @property
    def is_mail_off(self) -> bool:
        """In production without a transport: no message leaves, so nothing that needs one can be started."""
        return not self.is_demo and not self.smtp_url and not self.resend_api_key

    @property
    def has_local_engine(self) -> bool:
        """True when model calls go to the engine on this machine, which is no AI."""
        return self.openai_api_key == LOCAL_ENGINE_KEY


LOCAL_ENGINE_KEY = "local-engine"
_current: Settings | None = None


def _from_environment() -> Settings:
    env = os.environ
    mode = env.get("FITMYCV_MODE", "demo")
    if mode not in ("demo", "production"):
        raise SystemExit(f"FITMYCV_MODE is {mode!r}; it must be demo or production")
    port = int(env.get("PORT", "8400"))
    database = _psycopg(env.get("DATABASE_URL", ""))
    return Settings(
        mode=mode,
        home=_home(env.get("FITMYCV_HOME", "")),
        database_url=database,
        database_migrate_url=_psycopg(env.get("DATABASE_MIGRATE_URL", "")) or database,
        redis_url=env.get("REDIS_URL", ""),
        openai_api_key=env.get("OPENAI_API_KEY", ""),
        openai_base_url=env.get("OPENAI_BASE_URL", ""),
        openai_dialect="chat" if env.get("OPENAI_DIALECT") == "chat" else "responses",
        openai_admin_key=env.get("OPENAI_ADMIN_KEY", ""),
        openai_admin_url=env.get("OPENAI_ADMIN_URL", "https://api.openai.com/v1").rstrip("/"),
        exchange_rates_url=env.get("EXCHANGE_RATES_URL", ""),
        smtp_url=env.get("SMTP_URL", ""),
        resend_api_key=env.get("RESEND_API_KEY", ""),
        resend_api_url=env.get("RESEND_API_URL", ""),
        mail_from=env.get("MAIL_FROM", "FitMyCV <noreply@localhost>"),
        public_url=env.get("PUBLIC_URL", f"http://localhost:{port}").rstrip("/"),
        port=port,
        db_pool_size=int(env.get("DB_POOL_SIZE", "8")),
        lease_seconds=float(env.get("TASK_LEASE_SECONDS", "20")),
        lease_renew_seconds=float(env.get("TASK_LEASE_RENEW_SECONDS", "5")),
        reap_seconds=float(env.get("TASK_REAP_SECONDS", "2")),
        redispatch_seconds=float(env.get("TASK_REDISPATCH_SECONDS", "5")),
        trusted_proxy_hops=int(env.get("TRUSTED_PROXY_HOPS", "0")),
        secret=env.get("FITMYCV_SECRET", ""),
        telegram_bot_token=env.get("TELEGRAM_BOT_TOKEN", ""),
        telegram_api_url=env.get("TELEGRAM_API_URL", "https://api.telegram.org").rstrip("/"),
        webhook_inside=frozenset(env.get("WEBHOOK_INSIDE", "").lower().replace(",", " ").split()),
        stand_in_channels_url=env.get("STAND_IN_CHANNELS_URL", "") if mode == "demo" else "",
    )


def _home(named: str) -> Path:
    """The directory of this clone's state; root's is outside its home, where unprivileged servers can go."""
    if named:
        return Path(named).expanduser().absolute()
    clone = Path(__file__).parents[2]
    name = f"{clone.name}-{hashlib.sha256(str(clone).encode()).hexdigest()[:6]}"
    if os.geteuid() == 0:
        return Path("/var/lib/fitmycv") / name
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/fitmycv" / name
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "fitmycv" / name


def _psycopg(url: str) -> str:
    """SQLAlchemy picks psycopg 3 only when the scheme names it."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def settings() -> Settings:
    """The settings of this process; the environment is read at the first call."""
    global _current
    if _current is None:
        _current = _from_environment()
    return _current


def reload_settings() -> Settings:
    """Read the environment again; for tests and the supervisor, which change it."""
    global _current
    _current = None
    return settings()
