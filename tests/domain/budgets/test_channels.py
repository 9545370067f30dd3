"""Channels: made, changed, switched and taken away by staff, without a secret or an inward address in them."""

from dataclasses import replace

import pytest
from sqlmodel import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Forbidden, Invalid, NotFound
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.budgets import channels, deliveries, outbox
from fitmycv_admin.domain.budgets.channels import Draft
from fitmycv_admin.vocabulary import ChannelKind, DeliveryKind, Language, Permission, Role
from tests import cluster
from tests.domain.budgets import desk

pytestmark = pytest.mark.usefixtures("database")
WRITER = Actor(None, Role.OPS, frozenset({Permission.BUDGETS_READ, Permission.BUDGETS_WRITE}), name="Ada")
READER = Actor(None, Role.VIEWER, frozenset({Permission.BUDGETS_READ}))
HOOK = Draft(ChannelKind.WEBHOOK, "Finance", "https://hooks.example/T1/secret-part?k=v", Language.EN)


@pytest.fixture(autouse=True)
def _nothing_before(database: object) -> None:
    with transaction() as db:
        db.execute(text("UPDATE alert_delivery SET told_by = NULL"))
        for table in ("alert_delivery", "alert_route", "alert_channel"):
            db.execute(text(f"DELETE FROM {table}"))


def made(draft: Draft = HOOK) -> int:
    with transaction() as db:
        return channels.create(db, WRITER, draft)


def lines(number: int) -> list[tuple[str, str]]:
    """Action and what the trail kept of a channel."""
    kept = "coalesce(before::text, '') || coalesce(after::text, '')"
    with transaction() as db:
        query = text(f"SELECT action, {kept} FROM audit_event WHERE target_id = :id ORDER BY id")
        return [tuple(row) for row in db.execute(query, {"id": str(number)})]


def test_the_part_of_an_address_that_could_be_a_secret_is_only_in_the_form() -> None:
    number = made()
    with transaction() as db:
        row = channels.channels(db, READER)[0]
        card = channels.channel(db, WRITER, number)
        with pytest.raises(Forbidden):
            channels.channel(db, READER, number)
    assert row.shown == "https://hooks.example/…"
    assert card.to == HOOK.to
    assert card.secret.startswith("whsec_")
    with transaction() as db:
        channels.change(db, WRITER, number, replace(HOOK, to=f"{HOOK.to}2"), expected=card.row.updated_at)
        channels.remove(db, WRITER, number, reason="moved")
    assert [action for action, _ in lines(number)] == [f"alert_channel.{w}" for w in ("created", "changed", "removed")]
    assert not [said for _, said in lines(number) if "secret-part" in said]


def test_two_channels_are_signed_with_different_secrets_that_stay() -> None:
    first, second = channels.signing_secret(1), channels.signing_secret(2)
    assert first != second
    assert first == channels.signing_secret(1)
    assert len(first) == 32


def test_in_production_nothing_is_signed_without_a_secret_of_the_environment() -> None:
    with cluster.environment(FITMYCV_MODE="production"):
        assert channels.signing_secret(1) == b""
        assert not channels.is_ready(ChannelKind.WEBHOOK)
    with cluster.environment(FITMYCV_MODE="production", FITMYCV_SECRET="x" * 40):
        assert len(channels.signing_secret(1)) == 32
        assert channels.is_ready(ChannelKind.WEBHOOK)


@pytest.mark.parametrize(
    ("kind", "to"),
    [
        (ChannelKind.MAIL, ""), (ChannelKind.MAIL, "nobody"), (ChannelKind.MAIL, "a@b.org\r\nBcc: c@d.org x"),
        (ChannelKind.MAIL, ", ".join(f"a{n}@example.org" for n in range(11))),
        (ChannelKind.WEBHOOK, ""), (ChannelKind.WEBHOOK, "http://hooks.example/"),
        (ChannelKind.WEBHOOK, "https://127.0.0.1/"), (ChannelKind.WEBHOOK, "https://[::ffff:10.0.0.1]/"),
        (ChannelKind.WEBHOOK, "https://169.254.169.254/latest"), (ChannelKind.WEBHOOK, "https://localhost/"),
        (ChannelKind.WEBHOOK, "https://me:pw@hooks.example/"), (ChannelKind.WEBHOOK, "https://h.example/" + "x" * 2000),
        (ChannelKind.TELEGRAM, ""), (ChannelKind.TELEGRAM, "finance"), (ChannelKind.TELEGRAM, "12/../34"),
        (ChannelKind.IN_APP, "x"),
    ],
)  # fmt: skip
def test_what_leads_nowhere_or_inward_is_refused_in_the_form(kind: ChannelKind, to: str) -> None:
    with pytest.raises(Invalid) as refused:
        made(replace(HOOK, kind=kind, to=to))
    assert refused.value.field == "to"


def test_a_receiver_inside_is_taken_when_the_environment_names_it() -> None:
    with cluster.environment(WEBHOOK_INSIDE="127.0.0.1:9099, hooks.inside:443"):
        made(replace(HOOK, to="http://127.0.0.1:9099/x"))
        made(replace(HOOK, name="Other", to="https://hooks.inside/x"))
        with pytest.raises(Invalid):
            made(replace(HOOK, name="Third", to="http://127.0.0.1:9098/x"))


def test_addresses_are_kept_once_and_cleaned() -> None:
    number = made(replace(HOOK, kind=ChannelKind.MAIL, to="Ada@Example.org,\n bob@example.org;ada@example.org"))
    with transaction() as db:
        assert channels.channel(db, WRITER, number).to == "ada@example.org, bob@example.org"


def test_a_name_is_one_channel_s_and_free_again_when_it_is_gone() -> None:
    number = made()
    with pytest.raises(Invalid) as refused:
        made(replace(HOOK, name=" finance "))
    assert refused.value.field == "name"
    with transaction() as db:
        channels.remove(db, WRITER, number, reason="moved")
    made()


def test_of_two_who_change_a_channel_the_second_is_told() -> None:
    number = made()
    with transaction() as db:
        at = channels.channel(db, WRITER, number).row.updated_at
        channels.change(db, WRITER, number, replace(HOOK, name="One"), expected=at)
    with pytest.raises(channels.Changed), transaction() as db:
        channels.change(db, WRITER, number, replace(HOOK, name="Two"), expected=at)
    with transaction() as db:
        now = channels.channel(db, WRITER, number).row.updated_at
    with pytest.raises(Invalid), transaction() as db:
        channels.change(db, WRITER, number, replace(HOOK, kind=ChannelKind.MAIL, to="a@b.org"), expected=now)


def test_a_channel_that_is_taken_away_is_told_by_no_rule_and_nothing_of_it_is_sent() -> None:
    number = made()
    rule = desk.rule(number)
    desk.told(desk.notice(rule))
    desk.judged()
    with pytest.raises(Invalid), transaction() as db:
        channels.remove(db, WRITER, number, reason=" ")
    with transaction() as db:
        channels.remove(db, WRITER, number, reason="moved")
    assert desk.carried(desk.up) == []
    assert desk.states(number) == [("opened", "failed", False)]
    with transaction() as db:
        assert channels.channels(db, READER) == ()
        with pytest.raises(NotFound):
            outbox.test(db, WRITER, number)
        assert db.execute(text("SELECT count(*) FROM alert_route")).scalar() == 0


def test_who_may_only_read_changes_nothing() -> None:
    number = made()
    with transaction() as db:
        at = channels.channels(db, READER)[0].updated_at
        for act in (
            lambda: channels.create(db, READER, replace(HOOK, name="x")),
            lambda: channels.change(db, READER, number, HOOK, expected=at),
            lambda: channels.set_enabled(db, READER, number, enabled=False),
            lambda: channels.remove(db, READER, number, reason="x"),
            lambda: outbox.test(db, READER, number),
        ):
            with pytest.raises(Forbidden):
                act()


def test_a_failed_message_is_seen_at_its_channel_and_in_the_list_with_why() -> None:
    number = made()
    with transaction() as db:
        outbox.test(db, WRITER, number)
    with transaction() as db:
        each = outbox.due(db)[0]
        outbox.take_due(db, each)
        outbox.refused(db, each, "302: it sends elsewhere")
        row = channels.channels(db, READER)[0]
        assert (row.state, row.error, row.failed, row.waiting) == ("failed", "302: it sends elsewhere", 1, 0)
        found = deliveries.deliveries(
            db, READER, deliveries.asked({"state": "failed", "channel": str(number)}), PageRequest()
        )
        assert [(one.kind, one.error) for one in found.rows] == [(DeliveryKind.TEST, "302: it sends elsewhere")]
        assert deliveries.deliveries(db, READER, deliveries.asked({"state": "sent"}), PageRequest()).rows == ()


def test_the_list_of_messages_pages_without_losing_or_repeating_one() -> None:
    number = made()
    for turn in range(7):
        with transaction() as db:
            outbox.queue(db, number, DeliveryKind.DIGEST, once=f"d{turn}")
    with transaction() as db:
        every = [row.id for row in deliveries.rows(db, READER, deliveries.DeliveryFilters())]
        page = deliveries.deliveries(db, READER, deliveries.DeliveryFilters(), PageRequest(size=3))
        seen = [row.id for row in page.rows]
        while page.next:
            page = deliveries.deliveries(db, READER, deliveries.DeliveryFilters(), PageRequest(after=page.next, size=3))
            seen += [row.id for row in page.rows]
        back = deliveries.deliveries(
            db, READER, deliveries.DeliveryFilters(), PageRequest(before=page.previous, size=3)
        )
    assert seen == every
    assert [row.id for row in back.rows] == every[3:6]
