"""The permission matrix as staff may read it, and how many people hold each role."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session, col

from fitmycv_admin.domain.access import matrix
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.models.accounts import User
from fitmycv_admin.vocabulary import AccountState, Permission, Role


@dataclass(frozen=True, slots=True)
class RoleColumn:
    """A role, how many active accounts hold it, and how much it may do."""

    role: str
    people: int
    permissions: int


@dataclass(frozen=True, slots=True)
class PermissionRow:
    """A permission and the roles that hold it."""

    permission: str
    subject: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Who may do what: the very table that every command asks."""

    roles: tuple[RoleColumn, ...]
    rows: tuple[PermissionRow, ...]


def permissions(db: Session, by: Actor) -> Matrix:
    """The declared matrix. Needs roles.read."""
    by.must(Permission.ROLES_READ)
    counted = db.execute(
        select(col(User.role), func.count()).where(col(User.state) == AccountState.ACTIVE).group_by(col(User.role))
    )
    people = {role: number for role, number in counted}  # noqa: C416 - rows are not pairs to a type checker
    return Matrix(
        roles=tuple(RoleColumn(role, people.get(role, 0), len(matrix.permissions_of(role))) for role in Role),
        rows=tuple(
            PermissionRow(
                permission,
                permission.partition(".")[0],
                tuple(str(role) for role in Role if permission in matrix.permissions_of(role)),
            )
            for permission in Permission
        ),
    )
