"""What a message says: which budget, whose, spent, limit, the three drivers, and links that open just that."""

from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from sqlmodel import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain.budgets import letters
from fitmycv_admin.domain.budgets.letters import Letter
from fitmycv_admin.domain.budgets.outbox import Claimed
from fitmycv_admin.vocabulary import AlertType, ChannelKind, DeliveryKind
from tests.domain.budgets import desk, stand

pytestmark = pytest.mark.usefixtures("database")
DRIVERS = {
    "top": [
        {"kind": "feature", "key": "match_score", "label": "Match score", "cost_nano": 7_200_000_000, "calls": 12},
        {"kind": "model", "key": "gpt-a", "label": "gpt-a", "cost_nano": 3_000_000_000, "calls": 9},
        {"kind": "feature", "key": "import_pdf", "label": "PDF import", "cost_nano": 1_800_000_000, "calls": 3},
    ]
}


def letter(notice_id: UUID | None, kind: DeliveryKind, language: str = "en", **body: object) -> Letter:
    target = {"language": language}
    claimed = Claimed(new_id(), kind, notice_id, body, 1, 1, ChannelKind.WEBHOOK, "Finance", target)
    with transaction() as db:
        return letters.write(db, claimed)


def test_a_crossing_names_the_budget_the_subject_spent_limit_and_three_drivers() -> None:
    notice = desk.notice(desk.rule(name="Daily limit"), drivers=DRIVERS, step=100)
    said = letter(notice, DeliveryKind.OPENED)
    assert said.headline == "Daily limit: 100% of the limit is spent"
    assert "Subject: everybody" in said.text
    assert "Spent: $12.00 of $10.00 (120%)" in said.text
    assert "Dearest: Match score $7.20 (60%); gpt-a $3.00 (25%); PDF import $1.80 (15%)" in said.text
    assert said.url.endswith(f"/ops/alerts/alert?id={notice}")
    calls = parse_qs(urlsplit(said.calls_url).query)
    assert urlsplit(said.calls_url).path == "/ops/ai-costs/calls"
    assert calls["from"][0] <= "2026-11-02" <= calls["to"][0]


def test_the_document_for_programs_carries_exact_figures() -> None:
    notice = desk.notice(desk.rule(name="Limit of the day"), drivers=DRIVERS, spent_nano=12_000_000_001)
    said = letter(notice, DeliveryKind.OPENED).document
    assert said["kind"] == "opened"
    assert said["notice"]["spent_nano_usd"] == 12_000_000_001
    assert said["notice"]["limit_nano_usd"] == 10_000_000_000
    assert [one["key"] for one in said["notice"]["drivers"]] == ["match_score", "gpt-a", "import_pdf"]
    assert said["is_demo"] is True


def test_a_person_is_named_so_that_colleagues_know_them_and_strangers_do_not() -> None:
    user = stand.person("camille.durand@exemple.fr")
    notice = desk.notice(desk.rule(), f"user:{stand.seq_of(user)}")
    said = letter(notice, DeliveryKind.OPENED, "fr")
    assert "c•••@e•••.fr" in said.text
    assert "camille" not in f"{said.text}{said.document}"
    assert str(user) in said.calls_url


def test_the_end_says_so_in_french_with_its_typography() -> None:
    notice = desk.notice(desk.rule(name="Jour"))
    desk.over(notice)
    said = letter(notice, DeliveryKind.RESOLVED, "fr")
    assert said.headline.startswith("Terminé\u00a0: Jour, 100")
    assert "Dépensé\u00a0: 12,00\u00a0$ sur 10,00\u00a0$" in said.text
    assert "Terminé depuis\u00a0:" in said.text


@pytest.mark.parametrize("type_", list(AlertType))
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_kind_of_rule_has_words_in_both_languages(type_: AlertType, language: str) -> None:
    notice = desk.notice(desk.rule(type_=type_))
    facts = {"model": "gpt-z", "usual_nano": 1_000_000_000, "ratio_percent": 900, "calls": 12, "minutes": 30}
    with transaction() as db:
        db.execute(text("UPDATE alert_notice SET facts = CAST(:f AS jsonb) WHERE id = :id"),
                   {"f": str(facts).replace("'", '"'), "id": notice})  # fmt: skip
    for kind in (DeliveryKind.OPENED, DeliveryKind.RESOLVED):
        said = letter(notice, kind, language)
        assert "channels.server" not in said.text
        assert "{" not in said.text


def test_a_summary_counts_what_it_tells_by_rule_and_what_is_still_open() -> None:
    channel = desk.channel()
    loud, calm = desk.rule(channel, name="Loud"), desk.rule(channel, name="Calm")
    many = [desk.notice(loud, f"user:{number}") for number in range(6)]
    for each in [*many, desk.notice(calm)]:
        desk.told(each)
    desk.judged()
    desk.carried(desk.up)
    desk.over(many[5])
    desk.judged()
    desk.later(minutes=6)
    taken: list[Claimed] = []
    said: list[Letter] = []

    def take(claimed: Claimed) -> str:
        taken.append(claimed)
        with transaction() as db:
            said.append(letters.write(db, claimed))
        return ""

    desk.carried(take)
    assert [each.kind for each in taken] == [DeliveryKind.SUMMARY]
    assert said[0].headline == "6 more messages were held back"
    assert said[0].lines == (("Loud: ", "5 opened, 1 resolved, 4 still open"),)
    assert said[0].document["summary"]["opened"] == 5
