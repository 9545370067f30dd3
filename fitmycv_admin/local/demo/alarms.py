"""Channels of the demo, which lead to stand-ins on this machine, and the first messages that went to them."""

from datetime import timedelta

from sqlmodel import text

from fitmycv_admin.core.config import settings
from fitmycv_admin.domain.emails.addresses import clean
from fitmycv_admin.local.demo.stage import Stage
from fitmycv_admin.models import AlertChannel, AlertDelivery
from fitmycv_admin.vocabulary import ChannelKind, DeliveryKind, DeliveryState

_FINANCE, _OPS, _CHAT, _OLD = "Finance", "Ops tool", "On call", "Old status page"


def connect(stage: Stage) -> None:
    """Insert four channels, let the seeded rules tell three of them, and leave a few tests behind."""
    stand_in = settings().stand_in_channels_url
    made = stage.now - timedelta(days=41)
    rows = [
        (ChannelKind.MAIL, _FINANCE, {"language": "fr", "to": [clean("finance@fitmycv.example")]}, True, True),
        (ChannelKind.WEBHOOK, _OPS, {"language": "en", "url": f"{stand_in or 'https://hooks.fitmycv.example'}/hook/ops"},
         bool(stand_in), True),
        (ChannelKind.TELEGRAM, _CHAT, {"language": "fr", "chat": "-1001234567890"}, True, False),
        (ChannelKind.WEBHOOK, _OLD, {"language": "en", "url": "https://status.fitmycv.example/hook"}, False, False),
    ]  # fmt: skip
    stage.insert(
        AlertChannel,
        [
            {"kind": kind, "name": name, "target": target, "enabled": enabled, "gets_digest": digest,
             "created_at": made + timedelta(minutes=place), "updated_at": made + timedelta(minutes=place)}
            for place, (kind, name, target, enabled, digest) in enumerate(rows)
        ],
    )  # fmt: skip
    stage.db.execute(
        text("""INSERT INTO alert_route (rule_id, channel_id) SELECT r.id, c.id FROM openai_alert r, alert_channel c
                WHERE r.deleted_at IS NULL AND c.name IN (:finance, :ops, :chat) ON CONFLICT DO NOTHING"""),
        {"finance": _FINANCE, "ops": _OPS, "chat": _CHAT},
    )
    _tests(stage)
    _told(stage)


def _told(stage: Stage) -> None:
    """What the last notices of the story sent, one in three of them, so that no channel had more than its three."""
    notices = stage.db.execute(text(_NOTICES), {"most": 45}).all()[::3]
    rows = []
    for notice in notices:
        for channel_id in notice.channels:
            for kind, at in ((DeliveryKind.OPENED, notice.opened_at), (DeliveryKind.RESOLVED, notice.resolved_at)):
                if at is not None:
                    rows.append(
                        {
                            "id": stage.id(at), "once": f"{kind}:{notice.id.hex}:{channel_id}", "notice_id": notice.id,
                            "channel_id": channel_id, "kind": kind, "state": DeliveryState.SENT, "body": {},
                            "attempts": 1, "next_at": at, "last_error": "", "created_at": at,
                            "sent_at": at + timedelta(seconds=2),
                        }
                    )  # fmt: skip
    stage.insert(AlertDelivery, rows)


_NOTICES = """
SELECT n.id, n.opened_at, n.resolved_at,
    ARRAY(SELECT r.channel_id FROM alert_route r WHERE r.rule_id = n.rule_id ORDER BY 1) AS channels
FROM alert_notice n ORDER BY n.opened_at DESC LIMIT :most"""


def _tests(stage: Stage) -> None:
    numbers = {row.name: row.id for row in stage.db.execute(text("SELECT id, name FROM alert_channel"))}
    told = [
        (_FINANCE, 41, DeliveryState.SENT, "", 1),
        (_OPS, 41, DeliveryState.SENT, "", 1),
        (_OLD, 40, DeliveryState.SENT, "", 1),
        (_CHAT, 33, DeliveryState.FAILED, "400: Bad Request: chat not found", 1),
        (_CHAT, 33, DeliveryState.SENT, "", 1),
        (_OLD, 12, DeliveryState.FAILED, "301: it sends elsewhere, and redirects are not followed", 1),
        (_OPS, 5, DeliveryState.SENT, "", 3),
    ]
    rows = []
    for place, (name, days, state, error, attempts) in enumerate(told):
        at = stage.now - timedelta(days=days, minutes=7 * (9 - place))
        rows.append(
            {
                "id": stage.id(at), "once": f"test:demo:{place}", "channel_id": numbers[name],
                "kind": DeliveryKind.TEST, "state": state, "body": {}, "attempts": attempts, "next_at": at,
                "last_error": error, "created_at": at,
                "sent_at": at + timedelta(seconds=3) if state == DeliveryState.SENT else None,
            }
        )  # fmt: skip
    stage.insert(AlertDelivery, rows)
