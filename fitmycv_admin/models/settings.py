"""Settings of the application, and which names belong to a feature."""

from sqlalchemy import Text
from sqlmodel import Field

from fitmycv_admin.models.base import UUID, Any, Table, datetime, document, entity_id, instant, ref, words


class Setting(Table, table=True):
    """One value; `version` counts its changes so that two editors notice each other."""

    __tablename__ = "setting"

    id: UUID = entity_id()
    setting_name: str = words(unique=True)
    value: str = words()
    category: str = words()
    description: str | None = words(nullable=True)
    version: int = Field(default=1, nullable=False)
    updated_by: UUID | None = ref("app_user.id", ondelete="SET NULL", nullable=True)
    created_at: datetime = instant()
    updated_at: datetime = instant()


class SettingVersion(Table, table=True):
    """Every value a setting ever had; the price of a feature is known by the version of its setting."""

    __tablename__ = "setting_version"

    setting_name: str = Field(primary_key=True, sa_type=Text)
    version: int = Field(primary_key=True)
    value: str = words()
    changed_by: UUID | None = ref("app_user.id", ondelete="SET NULL", nullable=True)
    valid_from: datetime = instant()


class FeatureMapping(Table, table=True):
    """A feature: its settings, the model calls it makes and what plans call it."""

    __tablename__ = "feature_mapping"

    id: UUID = entity_id()
    feature_key: str = words(unique=True)
    display_name: str = words()
    setting_names: list[Any] = document(nullable=False)
    openai_call_names: list[Any] = document(nullable=False)
    plan_feature_names: list[Any] = document(nullable=False)
    version: int = Field(default=1, nullable=False, sa_column_kwargs={"server_default": "1"})
    created_at: datetime = instant()
    updated_at: datetime = instant()
