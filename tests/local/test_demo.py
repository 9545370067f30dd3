"""The demo data: the same each time, consistent with itself, and never where real people are."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, SQLModel, col, func, select, text

from fitmycv_admin.core import db as core_db
from fitmycv_admin.core import security
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.ai_costs import fold
from fitmycv_admin.domain.cvs.document import CvDocument
from fitmycv_admin.domain.cvs.match import MatchScore
from fitmycv_admin.domain.cvs.offer_document import OfferDocument, is_usable
from fitmycv_admin.domain.insights import seeding
from fitmycv_admin.local import data, demo
from fitmycv_admin.local.process import LocalError
from fitmycv_admin.models import (
    AuditEvent,
    BackgroundTask,
    CreditBalance,
    CreditTransaction,
    CvFile,
    CvVersion,
    Feedback,
    JobOffer,
    MatchResult,
    OpenAICall,
    User,
)
from fitmycv_admin.vocabulary import CreditKind, FeedbackState, Role, TaskState
from tests import cluster, money

NOW = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
# What differs between two loads although nothing of the story does.
_OTHER = ("password_hash", "xid", "folded_below", "folded_at")


def _loaded(now: datetime = NOW) -> cluster.Database:
    server = cluster.quiet_postgres()
    mine = cluster.clone(server)
    with cluster.environment(DATABASE_URL=mine.url, DATABASE_MIGRATE_URL=mine.owner_url):
        with core_db.transaction() as db:
            seeding.run(db, actors.system("seed"))
        with core_db.transaction() as db:
            demo.load(db, allowed=True, now=now)
        with core_db.transaction() as db:
            fold.fold(db)
    return mine


@pytest.fixture(scope="module")
def story() -> Iterator[cluster.Database]:
    """A database with the demo data; settings point at it."""
    mine = _loaded()
    with cluster.environment(DATABASE_URL=mine.url, DATABASE_MIGRATE_URL=mine.owner_url):
        yield mine
    cluster.quiet_postgres().drop_database(mine.name)


@pytest.fixture
def told(story: cluster.Database) -> Iterator[Session]:
    """A session on the loaded demo."""
    with core_db.transaction() as db:
        yield db


def _count(db: Session, table: type[SQLModel]) -> int:
    return db.exec(select(func.count()).select_from(table)).one()


def _fingerprints(mine: cluster.Database) -> dict[str, str]:
    """One digest of the content of each table that the demo fills."""
    found = {}
    with cluster.environment(DATABASE_URL=mine.url), core_db.transaction() as db:
        for name, table in SQLModel.metadata.tables.items():
            columns = [column.name for column in table.columns if column.name not in _OTHER]
            made_by_seeds = {"feature_mapping", "email_trigger", "email_template", "ai_feature"}
            if name in made_by_seeds or name.startswith(
                ("openai_pricing", "price_", "credit_pack", "subscription_plan", "plan_", "setting")
            ):
                continue
            if name in ("openai_alert", "fold_mark"):
                continue
            if name == "audit_event":
                columns = ["action", "target_id", "actor_id", "before", "after"]
            if name == "email_log":
                columns.remove("template_id")  # ids of seeds are made anew
            row = " || '|' || ".join(f"coalesce(\"{column}\"::text, '')" for column in columns)
            found[name] = db.execute(text(f"SELECT md5(string_agg({row}, ';' ORDER BY {row})) FROM {name}")).scalar()
    return found


def test_two_loads_tell_the_same_story(story: cluster.Database) -> None:
    again = _loaded()
    try:
        first, second = _fingerprints(story), _fingerprints(again)
    finally:
        cluster.quiet_postgres().drop_database(again.name)
    assert {name for name in first if first[name] != second[name]} == set()
    assert len([name for name in first if first[name]]) >= 30


def test_every_balance_is_the_sum_of_its_lines(told: Session) -> None:
    owner, amount = CreditTransaction.user_id, func.sum(CreditTransaction.amount)
    sums = dict(told.exec(select(owner, amount).group_by(owner)).all())
    balances = {row.user_id: row for row in told.exec(select(CreditBalance))}
    assert {user: row.balance for user, row in balances.items()} == sums
    for row in balances.values():
        ins = row.total_purchased + row.total_gifted + row.total_welcome + row.total_promo + row.total_refunded
        outs = row.total_used + row.total_expired + row.total_purchase_reversed + row.total_charged_back
        assert ins - outs == row.balance
        assert row.balance >= 0 or row.total_charged_back


def test_every_line_continues_the_one_before(told: Session) -> None:
    lines = told.exec(select(CreditTransaction).order_by(CreditTransaction.user_id, CreditTransaction.created_at)).all()
    assert len(lines) > 500
    balance: dict[object, int] = {}
    for line in lines:
        balance[line.user_id] = balance.get(line.user_id, 0) + line.amount
        assert line.balance_after == balance[line.user_id]
        assert line.balance_after >= 0 or line.type == CreditKind.CHARGEBACK


def test_the_ledger_has_something_of_everything_that_happens(told: Session) -> None:
    """The kinds that only a later part of the product writes are not in the story."""
    told_kinds = set(told.exec(select(CreditTransaction.type).distinct()))
    others = {
        CreditKind.PROMO, CreditKind.REFERRAL, CreditKind.CLAWBACK, CreditKind.ADJUSTMENT,
        CreditKind.CHARGEBACK_REVERSAL,
    }  # fmt: skip
    assert told_kinds == set(CreditKind) - others
    states = set(told.execute(text("SELECT DISTINCT payer || ' ' || state FROM reservation")).scalars())
    assert {"credits held", "credits captured", "credits released", "credits returned", "quota captured"} <= states
    soon = "SELECT count(*) FROM credit_lot WHERE remaining > 0 AND expires_at BETWEEN :now AND :now + interval '30 d'"
    assert told.execute(text(soon), {"now": NOW}).scalar_one() > 0


def test_a_failed_or_cancelled_task_costs_nothing(told: Session) -> None:
    net = dict(
        told.exec(
            select(CreditTransaction.task_id, func.sum(CreditTransaction.amount))
            .where(col(CreditTransaction.task_id).is_not(None))
            .group_by(CreditTransaction.task_id)
        ).all()
    )
    unsuccessful = (TaskState.FAILED, TaskState.CANCELLED)
    ids = told.exec(select(BackgroundTask.id).where(col(BackgroundTask.status).in_(unsuccessful))).all()
    assert ids
    assert all(net.get(id_, 0) == 0 for id_ in ids)
    returns = told.exec(select(CreditTransaction).where(CreditTransaction.type == CreditKind.RETURN)).all()
    assert returns
    for line in returns:
        debit = told.get_one(CreditTransaction, line.related_transaction_id)
        assert (debit.amount, debit.task_id) == (-line.amount, line.task_id)


def test_each_call_costs_what_its_tokens_cost(told: Session) -> None:
    wrong = told.execute(
        text(
            """SELECT count(*) FROM openai_call c JOIN LATERAL (
                 SELECT jsonb_object_agg(usage_type, nano_per_mtoken) p
                 FROM price_line WHERE version_id = c.price_version_id
               ) l ON true
               WHERE c.cost_nano IS DISTINCT FROM round((
                 (prompt_tokens - cached_tokens)::numeric * (p ->> 'input')::bigint
                 + cached_tokens::numeric * (p ->> 'cached_input')::bigint
                 + completion_tokens::numeric * (p ->> 'output')::bigint) / 1000000)
               AND status <> 'aborted'"""
        )
    ).scalar()
    assert wrong == 0


def test_the_rollups_hold_every_call(told: Session) -> None:
    calls, cost = told.execute(text("SELECT count(*), sum(cost_nano) FROM openai_call")).one()
    assert 11_000 < calls < 13_500
    assert told.execute(text("SELECT sum(calls), sum(cost_nano) FROM roll_day")).one() == (calls, cost)
    days, features, models = told.execute(
        text("SELECT count(DISTINCT day), count(DISTINCT feature_id), count(DISTINCT model_id) FROM roll_day")
    ).one()
    assert days >= 89
    assert features >= 15
    assert models == 6  # one of them has no price


def test_it_breathes_like_a_business(told: Session) -> None:
    """Weekends are calmer than weekdays, nights than days, and the last month busier than the first."""
    local = "created_at AT TIME ZONE 'Europe/Paris'"

    def calls(condition: str) -> int:
        return told.execute(text(f"SELECT count(*) FROM openai_call WHERE {condition}")).scalar_one()

    assert calls(f"extract(isodow FROM {local}) = 6") < 0.7 * calls(f"extract(isodow FROM {local}) = 2")
    assert calls(f"extract(hour FROM {local}) < 6") < 0.2 * calls(f"extract(hour FROM {local}) BETWEEN 9 AND 14")
    assert calls("created_at > '2026-10-20'") > 1.3 * calls("created_at < '2026-09-21'")
    assert calls(f"created_at > '{NOW}'") == 0


def test_tasks_of_every_state_with_their_attempts(told: Session) -> None:
    states = dict(told.exec(select(BackgroundTask.status, func.count()).group_by(BackgroundTask.status)).all())
    assert set(states) == {state.value for state in TaskState}
    assert min(states.values()) >= 2
    missing = told.execute(
        text(
            "SELECT count(*) FROM background_task t"
            " WHERE attempt <> (SELECT count(*) FROM task_attempt a WHERE a.task_id = t.id)"
        )
    ).scalar()
    assert missing == 0


def test_documents_are_typed_and_scores_are_real(told: Session) -> None:
    for content in told.exec(select(CvVersion.content)):
        assert CvDocument.model_validate(content).header.full_name
    for offer in told.exec(select(JobOffer).where(col(JobOffer.content).is_not(None))):
        assert is_usable(OfferDocument.model_validate(offer.content))
    scores = told.exec(select(MatchResult)).all()
    assert len(scores) > 100
    for row in scores:
        assert MatchScore.model_validate(row.breakdown).score == row.score
    assert len({row.score for row in scores}) > 20
    assert told.exec(select(CvFile).where(col(CvFile.match_score).is_not(None))).first()


def test_forty_people_none_of_whom_exists(told: Session) -> None:
    users = told.exec(select(User)).all()
    assert len(users) == 40
    assert all(user.is_demo for user in users)
    assert all(user.email is None or user.email.endswith("@exemple.fr") for user in users)
    assert {account.role for account in demo.ACCOUNTS} == set(Role)
    for account in demo.ACCOUNTS:
        user = told.exec(select(User).where(User.email == account.email)).one()
        assert user.role == account.role
        assert user.email_verified
        assert security.verify_password(user.password_hash, account.password)
    assert sum(user.password_hash is not None for user in users) == len(demo.ACCOUNTS)


def test_no_page_is_empty(told: Session) -> None:
    untouched = {
        "verification_token", "email_verification_token", "auto_sign_in_token", "email_change_request", "stored_file",
        "user_session", "process_heartbeat", "cron_entry",
        "credit_difference", "credit_notice", "queue_delay", "task_type_control", "welcome_check",
        "model_breaker", "task_sweep", "task_sweep_row", "budget_reservation",
        # what the processes write as they run, and corrections, which are for whoever looks around to start
        "alert_evaluation", "cost_digest", "rollup_check", "adjustment_batch", "cost_adjustment",
    }  # fmt: skip
    empty = {
        name for name in SQLModel.metadata.tables if told.execute(text(f"SELECT 1 FROM {name} LIMIT 1")).first() is None
    }
    assert empty - untouched == set()


# The hour and the day decide what is open, held, expired or refunded when the ninety days end.
_HOURS = [datetime(2026, 1, 31, 0, 5, tzinfo=UTC) + timedelta(days=41 * n, hours=7 * n) for n in range(5)]
_MORE_HOURS = [datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=17 * n) for n in range(40)]


def _holds_together_at(now: datetime) -> None:
    mine = _loaded(now)
    with cluster.environment(DATABASE_URL=mine.url, DATABASE_MIGRATE_URL=mine.owner_url):
        money.assert_sound()
    cluster.quiet_postgres().drop_database(mine.name)


@pytest.mark.slow
@pytest.mark.parametrize("now", _HOURS, ids=str)
def test_it_holds_together_whenever_it_is_loaded(now: datetime) -> None:
    _holds_together_at(now)


@pytest.mark.torture
@pytest.mark.parametrize("now", _MORE_HOURS, ids=str)
def test_it_holds_together_at_every_hour(now: datetime) -> None:
    _holds_together_at(now)


def test_it_loads_fast_enough_for_the_first_start(database: cluster.Database) -> None:
    with core_db.transaction() as db:
        seeding.run(db, actors.system("seed"))
    started = time.process_time()  # what other processes do does not count
    with core_db.transaction() as db:
        demo.load(db, allowed=True, now=NOW)
    assert time.process_time() - started < 8  # about 2 s on a quiet machine


def test_it_refuses_a_database_it_may_not_touch(told: Session) -> None:
    with pytest.raises(LocalError):
        demo.load(told, allowed=False)
    with pytest.raises(LocalError, match="accounts"):
        demo.load(told, allowed=True)
    assert _count(told, OpenAICall) > 0


def test_production_has_no_demo(database: cluster.Database) -> None:
    with cluster.environment(FITMYCV_MODE="production"), core_db.transaction() as db, pytest.raises(LocalError):
        demo.load(db, allowed=True)


def test_the_first_start_seeds_loads_and_folds_and_later_ones_do_not() -> None:
    server = cluster.quiet_postgres()
    mine = cluster.clone(server)
    try:
        with cluster.environment(DATABASE_URL=mine.url, DATABASE_MIGRATE_URL=mine.owner_url):
            data.seed()
            assert data.load_demo()
            with core_db.transaction() as db:
                calls = _count(db, OpenAICall)
                assert db.execute(text("SELECT sum(calls) FROM roll_day")).scalar() == calls > 11_000
            data.seed()
            assert not data.load_demo()
            with core_db.transaction() as db:
                assert _count(db, OpenAICall) == calls
    finally:
        server.drop_database(mine.name)
    assert [account.email for account in data.demo_accounts()] == [account.email for account in demo.ACCOUNTS]


def test_what_the_team_did_is_what_the_rows_say(told: Session) -> None:
    gifts = told.exec(select(CreditTransaction).where(CreditTransaction.source == "staff")).all()
    given = told.exec(select(AuditEvent).where(AuditEvent.action == "credits.given")).all()
    assert sorted(str(line.user_id) for line in gifts) == sorted(event.target_id for event in given) != []
    assert all(line.actor_id and line.reason for line in gifts)
    read = told.exec(select(AuditEvent).where(AuditEvent.target_type == "feedback")).all()
    states = {str(row.id): row.status for row in told.exec(select(Feedback)) if row.status != FeedbackState.NEW}
    assert {event.target_id: (event.after or {})["status"] for event in read} == states != {}
    people = {user.id: user.role for user in told.exec(select(User))}
    assert all(people[event.actor_id] == event.actor_role for event in read if event.actor_id)
