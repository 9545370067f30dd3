"""Writing the audit trail, in the transaction of the change itself."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from sqlmodel import Session

from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.models import AuditEvent

HIDDEN = "…"
_SECRET_NAMES = ("password", "token", "secret", "api_key")


def record(
    db: Session,
    by: Actor,
    action: str,
    target_type: str,
    target_id: object = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Add one line: `by` did `action` ("price.published") to the target.

    `before` and `after` hold the fields that changed, as any plain values; instants, ids, amounts and words of
    an enumeration become text. Values under a name that holds a password, token, secret or key are hidden.
    """
    db.add(
        AuditEvent(
            actor_id=by.user_id,
            actor_role=by.role.value if by.user_id is not None else ("system" if by.system else "visitor"),
            actor_name=by.system or by.name or by.email,
            action=action,
            target_type=target_type,
            target_id=str(target_id),
            reason=reason.strip(),
            before=None if before is None else _plain(before),
            after=None if after is None else _plain(after),
            ip=by.ip,
        )
    )


def _plain(value: Any, name: str = "") -> Any:
    if value is not None and any(word in name.lower() for word in _SECRET_NAMES):
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(key): _plain(item, str(key)) for key, item in value.items()}
    if isinstance(value, Set):
        return sorted(str(item) for item in value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(item) for item in value]
    if value is None or type(value) in (bool, int, str):
        return value
    return str(value)
