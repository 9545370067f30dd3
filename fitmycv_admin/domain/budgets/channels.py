"""The ways by which notices reach somebody: mailboxes, signed webhooks, Telegram chats; made and changed by staff."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, text

from fitmycv_admin.core import installation
from fitmycv_admin.core.config import settings
from fitmycv_admin.core.errors import Conflict, Invalid, NotFound
from fitmycv_admin.core.inward import BadPlace, is_inward, place_of
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.domain.emails import addresses
from fitmycv_admin.vocabulary import ChannelKind, DeliveryState, Language, Permission

MOST_ADDRESSES = 10
LONGEST_NAME = 80
LONGEST_URL = 2000
KINDS = (ChannelKind.MAIL, ChannelKind.WEBHOOK, ChannelKind.TELEGRAM)
"""What can be made; inside the application everybody who may read budgets is told anyway."""
_CHAT = re.compile(r"-?\d{1,20}|@[A-Za-z][A-Za-z0-9_]{3,63}")
_ADDRESS_BREAK = re.compile(r"[\s,;]+")


class Changed(Conflict):
    """Somebody else changed the channel first."""

    key = "channels.error.changed"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a channel is. `to` are addresses (mail), a URL (webhook) or a chat (Telegram), as a person types them."""

    kind: ChannelKind
    name: str
    to: str
    language: Language
    enabled: bool = True
    gets_digest: bool = False


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel; `shown` is where it leads without what could be a secret in it. `rules` tell it something.

    `state`, `error` and `at` are of its newest message; `waiting` and `failed` count those not sent, `failed` within
    seven days. `is_ready` is false where this installation lacks what the kind needs.
    """

    id: int
    kind: ChannelKind
    name: str
    shown: str
    language: Language
    enabled: bool
    gets_digest: bool
    rules: int
    state: DeliveryState | None
    error: str
    at: datetime | None
    waiting: int
    failed: int
    is_ready: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ChannelCard:
    """One channel as whoever may change it sees it. `secret` signs the messages of a webhook; empty without one."""

    row: ChannelRow
    to: str
    secret: str


_ROWS = """
SELECT c.*, last.state, last.last_error, last.at, coalesce(n.waiting, 0) AS waiting, coalesce(n.failed, 0) AS failed,
    (SELECT count(*) FROM alert_route r JOIN openai_alert a ON a.id = r.rule_id AND a.deleted_at IS NULL
     WHERE r.channel_id = c.id) AS rules
FROM alert_channel c
LEFT JOIN LATERAL (SELECT d.state, d.last_error, coalesce(d.sent_at, d.created_at) AS at FROM alert_delivery d
    WHERE d.channel_id = c.id AND d.told_by IS NULL ORDER BY d.created_at DESC LIMIT 1) last ON true
LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE d.state IN ('queued', 'sending', 'held')) AS waiting,
        count(*) FILTER (WHERE d.state = 'failed') AS failed FROM alert_delivery d
    WHERE d.channel_id = c.id AND d.created_at > clock_timestamp() - interval '7 days') n ON true
WHERE c.deleted_at IS NULL AND c.kind <> 'in_app'"""


def channels(db: Session, by: Actor) -> tuple[ChannelRow, ...]:
    """All channels by name. Needs budgets.read."""
    by.must(Permission.BUDGETS_READ)
    return tuple(_row(row) for row in db.execute(text(f"{_ROWS} ORDER BY lower(c.name)")))


def channel(db: Session, by: Actor, channel_id: int) -> ChannelCard:
    """One channel with where it really leads. Needs budgets.write. Raises NotFound."""
    by.must(Permission.BUDGETS_WRITE)
    row = db.execute(text(f"{_ROWS} AND c.id = :id"), {"id": channel_id}).one_or_none()
    if row is None:
        raise NotFound
    secret = signing_secret(channel_id) if row.kind == ChannelKind.WEBHOOK else b""
    return ChannelCard(_row(row), _typed(row.kind, row.target), installation.shown(secret) if secret else "")


def create(db: Session, by: Actor, draft: Draft) -> int:
    """Make a channel; returns its id. Audited; needs budgets.write. Raises Invalid with the field."""
    by.must(Permission.BUDGETS_WRITE)
    target = _checked(draft)
    _must_be_free(db, draft.name, None)
    made = db.execute(
        text("""INSERT INTO alert_channel (kind, name, target, enabled, gets_digest, updated_by)
                VALUES (:kind, :name, CAST(:target AS jsonb), :enabled, :digest, :by) RETURNING id"""),
        _values(by, draft, target),
    ).scalar_one()
    trail.record(db, by, "alert_channel.created", "alert_channel", made, after=_said(draft, target))
    return made


def change(db: Session, by: Actor, channel_id: int, draft: Draft, *, expected: datetime) -> None:
    """Change a channel that is as it was at `expected`; its kind stays. Audited; needs budgets.write.

    Raises Invalid with the field, NotFound, and Changed when somebody was faster.
    """
    by.must(Permission.BUDGETS_WRITE)
    row = _locked(db, channel_id)
    if row.updated_at != expected:
        raise Changed
    if draft.kind != row.kind:
        raise Invalid("channels.error.kind", field="kind")
    target = _checked(draft)
    _must_be_free(db, draft.name, channel_id)
    db.execute(
        text("""UPDATE alert_channel SET name = :name, target = CAST(:target AS jsonb), enabled = :enabled,
                gets_digest = :digest, updated_by = :by, updated_at = clock_timestamp() WHERE id = :id"""),
        {**_values(by, draft, target), "id": channel_id},
    )
    before, after = _told(row), _said(draft, target)
    names = [name for name in after if before.get(name) != after[name]]
    if draft.to and target != row.target and "to" not in names:
        names.append("to")  # what changed is in the part that is not shown
    trail.record(
        db, by, "alert_channel.changed", "alert_channel", channel_id,
        {name: before.get(name) for name in names}, {name: after[name] for name in names},
    )  # fmt: skip


def set_enabled(db: Session, by: Actor, channel_id: int, *, enabled: bool) -> None:
    """Switch a channel on or off: what waits for it stays and leaves when it is on again. Raises NotFound."""
    by.must(Permission.BUDGETS_WRITE)
    row = _locked(db, channel_id)
    if row.enabled == enabled:
        return
    db.execute(
        text("""UPDATE alert_channel SET enabled = :on, updated_by = :by, updated_at = clock_timestamp()
                WHERE id = :id"""),
        {"on": enabled, "by": by.user_id, "id": channel_id},
    )
    action = "alert_channel.switched_on" if enabled else "alert_channel.switched_off"
    trail.record(db, by, action, "alert_channel", channel_id, {"enabled": row.enabled}, {"enabled": enabled})


def remove(db: Session, by: Actor, channel_id: int, *, reason: str) -> None:
    """Take a channel away: no rule tells it any more, what waits is not sent. Audited; needs budgets.write.

    Raises Invalid without a reason, NotFound.
    """
    by.must(Permission.BUDGETS_WRITE)
    if not reason.strip():
        raise Invalid("channels.error.reason", field="reason")
    row = _locked(db, channel_id)
    values = {"id": channel_id, "by": by.user_id}
    rules = db.execute(text("DELETE FROM alert_route WHERE channel_id = :id RETURNING rule_id"), values).scalars().all()
    db.execute(
        text("""UPDATE alert_delivery SET state = 'failed', last_error = 'the channel was removed'
                WHERE channel_id = :id AND state IN ('held', 'queued', 'sending')"""),
        values,
    )
    # The name is free again for another one.
    db.execute(
        text("""UPDATE alert_channel SET deleted_at = clock_timestamp(), enabled = false, updated_by = :by,
                name = name || ' #' || id WHERE id = :id"""),
        values,
    )
    before = {**_told(row), "rules": list(rules)}
    trail.record(db, by, "alert_channel.removed", "alert_channel", channel_id, before=before, reason=reason)


def signing_secret(channel_id: int) -> bytes:
    """What signs the messages of a webhook; empty where this installation has no secret."""
    return installation.secret_for(f"alert-channel:{channel_id}") or b""


def shown(kind: str, target: Mapping[str, Any]) -> str:
    """Where a channel leads, without what could be a secret: of a URL the place only."""
    if kind == ChannelKind.WEBHOOK:
        try:
            place = place_of(str(target.get("url", "")))
        except BadPlace:
            return "…"
        return f"{'https' if place.is_tls else 'http'}://{place.name}/…"
    return _typed(kind, target)


def is_ready(kind: str) -> bool:
    """Whether this installation has what a kind of channel needs: a transport, a bot, a secret to sign with."""
    now = settings()
    return {
        ChannelKind.MAIL: not now.is_mail_off,
        ChannelKind.TELEGRAM: bool(now.telegram_bot_token),
        ChannelKind.WEBHOOK: bool(now.secret) or now.is_demo,
    }.get(ChannelKind(kind), True)


def _row(row: Any) -> ChannelRow:
    return ChannelRow(
        id=row.id, kind=ChannelKind(row.kind), name=row.name, shown=shown(row.kind, row.target),
        language=Language(row.target.get("language", Language.EN)), enabled=row.enabled, gets_digest=row.gets_digest,
        rules=row.rules, state=DeliveryState(row.state) if row.state else None, error=row.last_error or "",
        at=row.at, waiting=row.waiting, failed=row.failed, is_ready=is_ready(row.kind), updated_at=row.updated_at,
    )  # fmt: skip


def _locked(db: Session, channel_id: int) -> Any:
    query = text("SELECT * FROM alert_channel WHERE id = :id AND deleted_at IS NULL AND kind <> 'in_app' FOR UPDATE")
    row = db.execute(query, {"id": channel_id}).one_or_none()
    if row is None:
        raise NotFound
    return row


def _values(by: Actor, draft: Draft, target: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": draft.kind, "name": draft.name.strip(), "target": json.dumps(target), "enabled": draft.enabled,
        "digest": draft.gets_digest, "by": by.user_id,
    }  # fmt: skip


def _checked(draft: Draft) -> dict[str, Any]:
    name = draft.name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid("channels.error.name", field="name")
    kept: dict[str, Any] = {"language": str(draft.language)}
    if draft.kind == ChannelKind.MAIL:
        return {**kept, "to": _addresses(draft.to)}
    if draft.kind == ChannelKind.WEBHOOK:
        return {**kept, "url": _url(draft.to.strip())}
    if draft.kind == ChannelKind.TELEGRAM and _CHAT.fullmatch(draft.to.strip()):
        return {**kept, "chat": draft.to.strip()}
    raise Invalid("channels.error.chat" if draft.kind == ChannelKind.TELEGRAM else "channels.error.kind", field="to")


def _addresses(typed: str) -> list[str]:
    found = [each for each in _ADDRESS_BREAK.split(typed.strip()) if each]
    if not 1 <= len(found) <= MOST_ADDRESSES:
        raise Invalid("channels.error.addresses", field="to")
    try:
        return list(dict.fromkeys(addresses.clean(each) for each in found))
    except addresses.BadAddress as error:
        raise Invalid("channels.error.addresses", field="to") from error


def _url(typed: str) -> str:
    """An https address that is not openly inward; where its name leads is judged again before each message."""
    try:
        place = place_of(typed)
    except BadPlace as error:
        raise Invalid("channels.error.url", field="to") from error
    if len(typed) > LONGEST_URL:
        raise Invalid("channels.error.url", field="to")
    if f"{place.host}:{place.port}" in settings().webhook_inside:
        return typed
    if not place.is_tls:
        raise Invalid("channels.error.https", field="to")
    is_number = ":" in place.host or place.host.replace(".", "").isdigit()
    if place.host == "localhost" or place.host.endswith(".localhost") or (is_number and is_inward(place.host)):
        raise Invalid("channels.error.inward", field="to")
    return typed


def _must_be_free(db: Session, name: str, own_id: int | None) -> None:
    db.execute(text("SELECT pg_advisory_xact_lock(7304)"))
    query = text("SELECT 1 FROM alert_channel WHERE lower(name) = lower(:name) AND id IS DISTINCT FROM :id")
    if db.execute(query, {"name": name.strip(), "id": own_id}).scalar() is not None:
        raise Invalid("channels.error.name_taken", field="name")


def _typed(kind: str, target: Mapping[str, Any]) -> str:
    if kind == ChannelKind.MAIL:
        return ", ".join(target.get("to", []))
    return str(target.get("url" if kind == ChannelKind.WEBHOOK else "chat", ""))


def _said(draft: Draft, target: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": draft.kind, "name": draft.name.strip(), "to": shown(draft.kind, target), "language": draft.language,
        "enabled": draft.enabled, "gets_digest": draft.gets_digest,
    }  # fmt: skip


def _told(row: Any) -> dict[str, Any]:
    return {
        "kind": row.kind, "name": row.name, "to": shown(row.kind, row.target),
        "language": row.target.get("language"), "enabled": row.enabled, "gets_digest": row.gets_digest,
    }  # fmt: skip
