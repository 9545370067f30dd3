"""What every table shares: naming of constraints, keys, instants."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Text, func
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType
from sqlmodel import Field, SQLModel

from fitmycv_admin.core import clock
from fitmycv_admin.core.ids import new_id

SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


class Table(SQLModel):
    """Parent of every table. Rows are written by the domain and never leave it."""

    if TYPE_CHECKING:
        # SQLModel declares a generated name; every table of ours writes its own.
        __tablename__: ClassVar[Any]  # pyright: ignore[reportIncompatibleMethodOverride]


class Xid8(UserDefinedType[int]):
    """Postgres' 64-bit transaction id; compared only in SQL."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        """The type's name in DDL."""
        return "xid8"


def entity_id() -> Any:
    """A UUIDv7 primary key made in Python."""
    return Field(default_factory=new_id, primary_key=True, sa_type=UuidType)


def line_id() -> Any:
    """A bigint identity primary key, for facts and lines."""
    return Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=[Identity(always=True)])


def instant(*, nullable: bool = False, index: bool = False) -> Any:
    """An aware instant; set to now when it is required."""
    if nullable:
        return Field(default=None, sa_type=DateTime(timezone=True), nullable=True, index=index)
    return Field(
        default_factory=clock.now,
        sa_type=DateTime(timezone=True),
        nullable=False,
        index=index,
        sa_column_kwargs={"server_default": func.now()},
    )


def at() -> Any:
    """A required instant without a default."""
    return Field(sa_type=DateTime(timezone=True), nullable=False)


def ref(
    target: str,
    *,
    ondelete: str = "RESTRICT",
    nullable: bool = False,
    index: bool = True,
    unique: bool = False,
) -> Any:
    """A foreign key to a UUID-keyed table."""
    required: dict[str, Any] = {"default": None} if nullable else {}
    return Field(
        sa_type=UuidType,
        sa_column_args=[ForeignKey(target, ondelete=ondelete)],
        nullable=nullable,
        index=index and not unique,
        unique=unique,
        **required,
    )


def words(default: str | None = None, *, nullable: bool = False, unique: bool = False, index: bool = False) -> Any:
    """A text column; without default and not nullable it must be given."""
    given: dict[str, Any] = {}
    if default is not None:
        given = {"default": default, "sa_column_kwargs": {"server_default": default}}
    elif nullable:
        given = {"default": None}
    return Field(sa_type=Text, nullable=nullable, unique=unique, index=index, **given)


def document(*, nullable: bool = True) -> Any:
    """A JSON document."""
    if nullable:
        return Field(default=None, sa_type=JSONB(none_as_null=True), nullable=True)
    return Field(default_factory=dict, sa_type=JSONB, nullable=False)


def one_of(column: str, words: type) -> str:
    """The check that a column holds one of the words of an enumeration."""
    return f"{column} IN ({', '.join(repr(str(word)) for word in words)})"  # type: ignore[attr-defined]


__all__ = [
    "UUID", "Any", "Table", "Xid8", "at", "datetime", "document", "entity_id", "instant", "line_id", "one_of", "ref",
    "words",
]  # fmt: skip
