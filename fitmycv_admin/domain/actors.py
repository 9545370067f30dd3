"""Who asks: carried by every command and query, made by the guard and the worker."""

from dataclasses import dataclass
from uuid import UUID

from fitmycv_admin.core.errors import Forbidden
from fitmycv_admin.vocabulary import Language, Permission, Role


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person, a visitor (no user_id) or a process of ours (`system`)."""

    user_id: UUID | None
    role: Role
    permissions: frozenset[Permission]
    session_id: UUID | None = None
    name: str = ""
    email: str = ""
    language: Language = Language.FR
    ip: str = ""
    system: str = ""

    def may(self, permission: Permission) -> bool:
        """Whether this actor holds a permission."""
        return bool(self.system) or permission in self.permissions

    def must(self, permission: Permission) -> None:
        """Raises Forbidden when this actor does not hold a permission."""
        if not self.may(permission):
            raise Forbidden

    @property
    def owner_id(self) -> UUID:
        """The id of the signed-in person; raises Forbidden for a visitor."""
        if self.user_id is None:
            raise Forbidden
        return self.user_id

    @property
    def is_staff(self) -> bool:
        """Whether the ops area is open to this actor."""
        return self.user_id is not None and self.role != Role.USER


VISITOR = Actor(user_id=None, role=Role.USER, permissions=frozenset())


def system(name: str) -> Actor:
    """One of our own processes: scheduler, worker, seed."""
    return Actor(user_id=None, role=Role.ADMIN, permissions=frozenset(), system=name)
