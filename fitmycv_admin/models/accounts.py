"""People: accounts, identities, sessions, tokens and consent."""

from sqlalchemy import CheckConstraint, Identity, Index, Integer, UniqueConstraint, text
from sqlmodel import Field

from fitmycv_admin.models.base import (
    UUID,
    Any,
    Table,
    at,
    datetime,
    document,
    entity_id,
    instant,
    line_id,
    one_of,
    ref,
    words,
)
from fitmycv_admin.vocabulary import AccountState, ConsentAction, Language, Role


class User(Table, table=True):
    """A person. `app_user`, since `user` is a function in Postgres that answers silently."""

    __tablename__ = "app_user"
    __table_args__ = (
        CheckConstraint(one_of("role", Role), name="role"),
        CheckConstraint(one_of("state", AccountState), name="state"),
        CheckConstraint(one_of("language", Language), name="language"),
        Index("uq_app_user_email_lower", text("lower(email)"), unique=True),
        Index("ix_app_user_created_at_id", "created_at", "id"),
    )  # fmt: skip

    id: UUID = entity_id()
    seq: int = Field(default=None, sa_type=Integer, sa_column_args=[Identity(always=True)], unique=True, nullable=False)
    name: str | None = words(nullable=True)
    email: str | None = words(nullable=True)
    email_verified: datetime | None = instant(nullable=True)
    password_hash: str | None = words(nullable=True)
    image: str | None = words(nullable=True)
    role: str = words(Role.USER)
    state: str = words(AccountState.ACTIVE)
    language: str = words(Language.FR)
    reset_token: str | None = words(nullable=True, unique=True)
    reset_token_expiry: datetime | None = instant(nullable=True)
    stripe_customer_id: str | None = words(nullable=True, unique=True)
    referral_code: str | None = words(nullable=True, unique=True)
    referred_by: str | None = words(nullable=True)
    onboarding_state: dict[str, Any] | None = document()
    token_version: int = Field(default=0, nullable=False, sa_column_kwargs={"server_default": "0"})
    privacy_policy_accepted_at: datetime | None = instant(nullable=True)
    last_login_at: datetime | None = instant(nullable=True)
    is_demo: bool = Field(default=False, nullable=False, sa_column_kwargs={"server_default": "false"})
    created_at: datetime = instant()
    updated_at: datetime = instant()


class Account(Table, table=True):
    """An identity at Google, GitHub or Apple that signs a user in."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("provider", "provider_account_id"),
        CheckConstraint("provider IN ('google', 'github', 'apple')", name="provider"),
    )

    id: UUID = entity_id()
    user_id: UUID = ref("app_user.id", ondelete="CASCADE")
    type: str = words("oauth")
    provider: str = words()
    provider_account_id: str = words()
    access_token: str | None = words(nullable=True)
    refresh_token: str | None = words(nullable=True)
    expires_at: datetime | None = instant(nullable=True)
    token_type: str | None = words(nullable=True)
    scope: str | None = words(nullable=True)
    id_token: str | None = words(nullable=True)
    created_at: datetime = instant()


class VerificationToken(Table, table=True):
    """A one-time token for an address that may have no account (magic links)."""

    __tablename__ = "verification_token"
    __table_args__ = (UniqueConstraint("identifier", "token"),)

    id: UUID = entity_id()
    identifier: str = words()
    token: str = words(unique=True)
    expires: datetime = at()


class EmailVerificationToken(Table, table=True):
    """Proves that a new account owns its address."""

    __tablename__ = "email_verification_token"

    id: UUID = entity_id()
    user_id: UUID = ref("app_user.id", ondelete="CASCADE")
    token: str = words(unique=True)
    expires: datetime = at()
    created_at: datetime = instant()


class AutoSignInToken(Table, table=True):
    """Signs in once, right after the address was verified."""

    __tablename__ = "auto_sign_in_token"

    id: UUID = entity_id()
    user_id: UUID = ref("app_user.id", ondelete="CASCADE")
    token: str = words(unique=True)
    expires: datetime = at()
    created_at: datetime = instant()


class EmailChangeRequest(Table, table=True):
    """A new address that waits for its confirmation; one open request per person."""

    __tablename__ = "email_change_request"

    id: UUID = entity_id()
    user_id: UUID = ref("app_user.id", ondelete="CASCADE", unique=True)
    new_email: str = words()
    token: str = words(unique=True)
    expires: datetime = at()
    created_at: datetime = instant()


class ConsentLog(Table, table=True):
    """What a person decided about cookies, and on which text; lines are never changed."""

    __tablename__ = "consent_log"
    __table_args__ = (CheckConstraint(one_of("action", ConsentAction), name="action"),)

    id: int | None = line_id()
    user_id: UUID = ref("app_user.id")
    action: str = words()
    preferences: dict[str, Any] = document(nullable=False)
    ip: str | None = words(nullable=True)
    text_version: str = words("1")
    created_at: datetime = instant()
