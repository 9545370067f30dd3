"""Exports: the rows of the screen as a file, for those who may, with a line in the audit trail."""

import asyncio
import csv
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlmodel import select
from starlette.applications import Starlette

from fitmycv_admin.api import export, exports
from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.ai_costs import fold, meter, screens
from fitmycv_admin.domain.billing import ledger as purse
from fitmycv_admin.domain.billing.credits import Entry
from fitmycv_admin.models import AuditEvent, User
from fitmycv_admin.vocabulary import CreditKind, Role
from tests import cluster
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS, usage

pytestmark = pytest.mark.usefixtures("database")
WORDS: Mapping[str, str] = {"period": "custom", "from": "2026-11-01", "to": "2026-11-10"}


@pytest.fixture(scope="module")
def database(quiet_database: cluster.Database) -> cluster.Database:
    """In a cluster of its own: what is folded depends on everybody's open transactions."""
    return quiet_database


@pytest.fixture(scope="module")
def tokens(database: object) -> dict[Role, str]:
    """60 calls, and one signed-in person of each role."""
    with transaction() as db:
        ledger.wipe(db)
        ledger.priced(db, "gpt-a")
        ledger.priced(db, "gpt-b")
        ledger.spread(db, datetime(2026, 11, 2, tzinfo=UTC), 59, step=timedelta(hours=2))
        meter.record(db, usage(datetime(2026, 11, 5, tzinfo=UTC), call="=cmd()", model="gpt-a"))
        found = {}
        for role in (Role.USER, Role.OPS):
            user = User(email=f"{role}@example.org", role=role)
            db.add(user)
            db.flush()
            found[role] = sessions.open_session(db, user, "127.0.0.1", "test")
    with transaction() as db:
        fold.fold(db)
    return found


async def _fetch(name: str, words: Mapping[str, str], token: str, kind: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=Starlette(routes=list(exports.ROUTES)))
    headers = {"cookie": f"{sessions.COOKIE}={token}"} if token else {}
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(f"/api/exports/{name}.{kind}", params=dict(words), headers=headers)


def fetch(name: str, words: Mapping[str, str], token: str = "", kind: str = "csv") -> httpx.Response:
    return asyncio.run(_fetch(name, words, token, kind))


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_file_of_the_cost_page_adds_up_to_its_figures(tokens):
    answer = fetch("ai-costs", WORDS, tokens[Role.OPS])
    assert answer.status_code == 200
    rows = rows_of(answer)
    with snapshot() as db:
        screen = screens.costs(db, OPS, WORDS).costs
    assert sum(round(float(row["cost_usd"]) * 10**9) for row in rows) == screen.now.cost_nano > 0
    assert sum(int(row["calls"]) for row in rows) == screen.now.calls == 60
    assert (
        'filename="ai-costs_period-custom_from-2026-11-01_to-2026-11-10.csv"' in answer.headers["content-disposition"]
    )


def test_the_file_of_the_calls_has_a_row_for_each_call_that_matches(tokens):
    answer = fetch("ai-costs-calls", {**WORDS, "unpriced": "1"}, tokens[Role.OPS])
    rows = rows_of(answer)
    assert rows
    assert {row["cost_usd"] for row in rows} == {""}
    every = rows_of(fetch("ai-costs-calls", WORDS, tokens[Role.OPS]))
    assert len(every) == 60


@pytest.mark.parametrize("size", [7, 60, 1000])
def test_the_same_rows_come_as_json_however_they_are_cut(tokens, monkeypatch, size):
    monkeypatch.setattr(export, "CHUNK_ROWS", size)
    answer = fetch("ai-costs-calls", WORDS, tokens[Role.OPS], "json")
    assert answer.headers["content-type"] == "application/json"
    assert '_to-2026-11-10.json"' in answer.headers["content-disposition"]
    given = json.loads(answer.text)
    written = rows_of(fetch("ai-costs-calls", WORDS, tokens[Role.OPS]))
    assert [str(row["id"]) for row in given] == [row["id"] for row in written]
    assert [row["cost_usd"] for row in given] == [row["cost_usd"] for row in written]
    assert set(given[0]) == set(written[0])


def test_a_list_without_rows_is_an_empty_array(tokens):
    assert fetch("ai-costs-calls", {**WORDS, "model": "nobody"}, tokens[Role.OPS], "json").json() == []
    assert fetch("ai-costs-calls", WORDS, tokens[Role.OPS], "xml").status_code == 404


def test_a_person_gets_their_own_ledger_in_their_language_and_nobody_elses(database):
    with transaction() as db:
        people = [User(email=f"{name}@example.org", language=name) for name in ("fr", "en")]
        for amount, user in enumerate(people, start=4):
            db.add(user)
            db.flush()
            purse.grant(db, user.id, Entry(CreditKind.GIFT, amount, "test"))
        purse.debit(db, people[0].id, Entry(CreditKind.USAGE, 1, "test", feature="match_score"))
        tokens = [sessions.open_session(db, user, "127.0.0.1", "test") for user in people]
    french, english = (rows_of(fetch("my-credits", {}, token)) for token in tokens)
    assert [(row["Type"], row["Crédits"], row["Solde ensuite"]) for row in french] == [
        ("Utilisation", "-1", "3"), ("Cadeau", "4", "4"),
    ]  # fmt: skip
    assert french[0]["Pris sur"] == "1 × Cadeau"
    assert [(row["Type"], row["Credits"]) for row in english] == [("Gift", "5")]
    assert [row["Credits"] for row in rows_of(fetch("my-credits", {"type": "usage"}, tokens[1]))] == []
    assert fetch("my-credits", {}).status_code == 401


def test_no_cell_is_a_formula(tokens):
    rows = rows_of(fetch("ai-costs-calls", WORDS, tokens[Role.OPS]))
    assert "'=cmd()" in {row["call_name"] for row in rows}
    assert "=cmd()" not in {row["call_name"] for row in rows}


def test_who_is_signed_out_or_no_staff_gets_nothing(tokens):
    assert (fetch("ai-costs", WORDS)).status_code == 401
    assert (fetch("ai-costs", WORDS, "made-up")).status_code == 401
    assert (fetch("ai-costs", WORDS, tokens[Role.USER])).status_code == 403
    assert (fetch("nothing", WORDS, tokens[Role.OPS])).status_code == 404


def test_an_export_leaves_a_line_in_the_audit_trail(tokens):
    fetch("ai-costs", {**WORDS, "by": "model", "smuggled": "x"}, tokens[Role.OPS])
    with transaction() as db:
        event = db.exec(select(AuditEvent).where(AuditEvent.action == "export").order_by(AuditEvent.id.desc())).first()
    assert event is not None
    assert (event.target_id, event.after) == ("ai-costs", {**WORDS, "by": "model"})


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\t=1"])
def test_dangerous_beginnings_are_quoted(cell):
    assert export.safe(cell) == f"'{cell}"


def test_numbers_stay_numbers():
    assert export.safe(-3) == -3
