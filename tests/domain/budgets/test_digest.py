"""The weekly digest: Monday at seven in the workspace's zone, once, with the figures of the cost page."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.ai_costs import fold, periods, queries
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.periods import Compare, Period
from fitmycv_admin.domain.budgets import digest, letters, outbox
from fitmycv_admin.vocabulary import DeliveryKind
from tests.domain.budgets import desk, stand

pytestmark = pytest.mark.usefixtures("database")
WEEK = date(2026, 10, 19)
"""The week before the clocks go back in Paris: it has an hour more."""


@pytest.fixture(autouse=True)
def _no_digest(database: object) -> None:
    with transaction() as db:
        db.execute(text("DELETE FROM cost_digest"))
        db.execute(text("UPDATE alert_channel SET enabled = false"))


def make(now: datetime) -> date | None:
    with transaction() as db:
        return digest.make_due(db, now=now)


def test_it_is_due_at_seven_in_paris_also_after_the_clocks_changed() -> None:
    assert make(datetime(2026, 10, 26, 5, 59, 59, tzinfo=UTC)) is None
    assert make(datetime(2026, 10, 26, 6, 0, 0, tzinfo=UTC)) == WEEK
    assert make(datetime(2026, 10, 26, 6, 10, tzinfo=UTC)) is None
    assert make(datetime(2026, 11, 1, 23, 0, tzinfo=UTC)) is None
    assert make(datetime(2026, 11, 5, 12, 0, tzinfo=UTC)) == date(2026, 10, 26)  # it was off on Monday


def test_its_figures_are_those_of_the_page_to_the_nano_dollar() -> None:
    for hours in range(0, 24 * 16, 7):  # over the week, the one before and what follows
        at = datetime(2026, 10, 11, 22, 30, tzinfo=UTC) + timedelta(hours=hours)
        stand.spend(0.013 * (1 + hours % 5), at, call="match_score" if hours % 2 else "import_pdf")
    with transaction() as db:
        fold.fold(db)
    with transaction() as db:
        now = datetime(2026, 10, 26, 6, tzinfo=UTC)
        said = digest.figures(db, WEEK, now=now)
        period = Period(WEEK, date(2026, 10, 25), queries.zone(db, letters.READER))
        before = periods.compared(period, Compare.PREVIOUS, now)
        page = queries.costs(db, letters.READER, period, before, Dimension.FEATURE, Filters({}, None))
    assert page.before is not None
    assert said["cost_nano"] == page.now.cost_nano > 0
    assert (said["before_nano"], said["calls"], said["tokens"]) == (
        page.before.cost_nano, page.now.calls, page.now.tokens,
    )  # fmt: skip
    assert [(one["key"], one["cost_nano"]) for one in said["features"]] == [
        (part.name.key, part.now.cost_nano) for part in page.parts
    ]
    assert sum(one["cost_nano"] for one in said["features"]) == said["cost_nano"]


def test_sixteen_makers_at_once_make_one_and_tell_each_channel_once() -> None:
    for turn in range(50):
        with transaction() as db:
            db.execute(text("UPDATE alert_channel SET enabled = false"))
        wanted, other = desk.channel(digest=True), desk.channel()
        now = datetime(2026, 1, 5, 12, tzinfo=UTC) + timedelta(weeks=turn)
        gate, made = threading.Barrier(16), list[date | None]()

        def run(gate: threading.Barrier = gate, made: list[date | None] = made, now: datetime = now) -> None:
            gate.wait(10)
            made.append(make(now))

        threads = [threading.Thread(target=run) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len([week for week in made if week]) == 1
        assert desk.states(wanted) == [("digest", "queued", False)]
        assert desk.states(other) == []


def test_a_storm_does_not_hold_it_back_and_its_words_are_in_the_channel_s_language() -> None:
    channel = desk.channel(digest=True, language="fr")
    for _ in range(5):
        desk.told(desk.notice(desk.rule(channel)))
    desk.judged()
    desk.carried(desk.up)
    make(datetime(2026, 10, 26, 7, tzinfo=UTC))
    taken = desk.carried(desk.up)
    assert [each.kind for each in taken] == [DeliveryKind.DIGEST]
    with transaction() as db:
        letter = letters.write(db, taken[0])
    assert letter.headline == "Coûts d’IA du 19 oct. 2026 au 25 oct. 2026"
    assert letter.url.endswith("/ops/ai-costs?period=custom&from=2026-10-19&to=2026-10-25")
    assert letter.document["digest"]["cost_nano"] == 0
    with transaction() as db:
        assert outbox.due(db) == ()
