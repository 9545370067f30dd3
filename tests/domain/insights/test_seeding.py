"""Seeds insert what is missing, and only that."""

import threading
from collections.abc import Iterator

import pytest
from sqlmodel import Session, SQLModel, col, func, select, text

from fitmycv_admin.core import db as core_db
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.ai_costs import seeds as cost_seeds
from fitmycv_admin.domain.insights import seeding
from fitmycv_admin.domain.settings import catalogue, features, lookups
from fitmycv_admin.models import (
    AuditEvent,
    CreditPack,
    EmailTemplate,
    EmailTrigger,
    FeatureMapping,
    OpenAIAlert,
    OpenAIPricing,
    PriceLine,
    PriceVersion,
    Setting,
    SubscriptionPlan,
    SubscriptionPlanFeatureLimit,
)
from fitmycv_admin.vocabulary import CallName, Language, PlanFeature, Trigger
from tests import cluster

SYSTEM = actors.system("seed")
SEEDED = (
    Setting, FeatureMapping, SubscriptionPlan, SubscriptionPlanFeatureLimit, CreditPack, OpenAIPricing, PriceVersion,
    PriceLine, OpenAIAlert, EmailTrigger, EmailTemplate, AuditEvent,
)  # fmt: skip


@pytest.fixture
def fresh() -> Iterator[None]:
    """An empty migrated database of the test's own."""
    server = cluster.shared_postgres()
    mine = cluster.clone(server)
    with cluster.environment(DATABASE_URL=mine.url, DATABASE_MIGRATE_URL=mine.owner_url):
        yield
    server.drop_database(mine.name)


def _everything(db: Session) -> dict[str, list[tuple[object, ...]]]:
    names = [table.__tablename__ for table in SEEDED]
    return {name: sorted(map(str, db.execute(text(f"SELECT t::text FROM {name} t")))) for name in names}


def _run() -> seeding.Seeded:
    with core_db.transaction() as db:
        return seeding.run(db, SYSTEM)


@pytest.mark.usefixtures("fresh")
def test_a_second_run_changes_nothing() -> None:
    first = _run()
    with core_db.transaction() as db:
        before = _everything(db)
    assert min(first.settings, first.billing, first.ai_costs, first.emails) > 0
    assert _run().total == 0
    with core_db.transaction() as db:
        assert _everything(db) == before


@pytest.mark.usefixtures("fresh")
def test_what_was_edited_survives() -> None:
    _run()
    edits = {
        "UPDATE setting SET value = '99' WHERE setting_name = 'welcome_credits'",
        "UPDATE subscription_plan SET name = 'basic', description = 'edited' WHERE is_free",
        "UPDATE subscription_plan_feature_limit SET usage_limit = 3, is_enabled = true WHERE usage_limit = 0",
        "UPDATE credit_pack SET price = 1 WHERE credit_amount = 15",
        "UPDATE price_line SET nano_per_mtoken = 7",
        "UPDATE price_version SET valid = tstzrange(lower(valid), '2026-01-01')",
        "UPDATE openai_alert SET threshold_nano = 1, enabled = true",
        "UPDATE email_template SET subject = 'edited', is_active = false",
        "UPDATE feature_mapping SET openai_call_names = '[]'",
    }
    with core_db.transaction() as db:
        for edit in edits:
            assert db.execute(text(edit)).rowcount > 0, edit  # type: ignore[attr-defined]
        before = _everything(db)
    assert _run().total == 0
    with core_db.transaction() as db:
        assert _everything(db) == before


@pytest.mark.usefixtures("fresh")
def test_what_is_missing_comes_back_and_nothing_else_moves() -> None:
    _run()
    with core_db.transaction() as db:
        db.execute(text("DELETE FROM setting WHERE setting_name = 'welcome_credits'"))
        db.execute(text("DELETE FROM credit_pack WHERE credit_amount = 50"))
        db.execute(text("DELETE FROM email_template WHERE name = 'welcome.fr'"))
    again = _run()
    assert (again.settings, again.billing, again.ai_costs, again.emails) == (1, 1, 0, 1)


@pytest.mark.usefixtures("fresh")
def test_two_runs_at_once_give_one_set() -> None:
    gate, results = threading.Barrier(4), []

    def run() -> None:
        gate.wait()
        results.append(_run().total)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results)[:3] == [0, 0, 0]
    assert max(results) > 0
    with core_db.transaction() as db:
        assert db.exec(select(func.count()).select_from(SubscriptionPlan)).one() == 3


@pytest.mark.usefixtures("fresh")
def test_the_numbers_are_those_of_the_business() -> None:
    _run()
    with core_db.transaction() as db:
        plans = {plan.name: plan for plan in db.exec(select(SubscriptionPlan))}
        assert {name: (p.tier, p.price_monthly, p.price_yearly) for name, p in plans.items()} == {
            "free": (0, 0, 0),
            "pro": (1, 999, 9999),
            "premium": (2, 1999, 19999),
        }
        limits = {
            (row.plan_id, row.feature_name): row.usage_limit for row in db.exec(select(SubscriptionPlanFeatureLimit))
        }
        assert len(limits) == 3 * len(PlanFeature)
        assert limits[plans["free"].id, "edit_cv"] == -1
        assert limits[plans["free"].id, "export_cv"] == 0
        assert limits[plans["pro"].id, "match_score"] == 25
        assert limits[plans["premium"].id, "optimize_cv"] == 60
        packs = {pack.credit_amount: pack.price for pack in db.exec(select(CreditPack))}
        assert packs == {15: 499, 50: 1499, 100: 2699, 150: 3599}
        assert db.exec(select(func.count()).select_from(Setting)).one() == len(catalogue.CATALOGUE)
        assert {alert.type: alert.threshold_nano for alert in db.exec(select(OpenAIAlert))}["user_daily"] == 5 * 10**9
        on = set(db.exec(select(OpenAIAlert.type).where(col(OpenAIAlert.enabled))))
        assert on == {"bill_difference", "unpriced_model"}


@pytest.mark.usefixtures("fresh")
def test_every_model_that_a_setting_names_has_a_price() -> None:
    _run()
    with core_db.transaction() as db:
        priced = set(
            db.exec(
                select(OpenAIPricing.model_name)
                .join(PriceVersion, col(PriceVersion.model_id) == OpenAIPricing.id)
                .join(PriceLine, col(PriceLine.version_id) == PriceVersion.id)
                .group_by(OpenAIPricing.model_name)
                .having(func.count() == 3)
            )
        )
        named = {lookups.text(db, name) for name in catalogue.CATALOGUE if name.startswith("model_")}
        assert named <= priced
        assert cost_seeds.OFFLINE_MODEL in priced


@pytest.mark.usefixtures("fresh")
def test_production_knows_no_price_of_the_local_engine() -> None:
    with cluster.environment(FITMYCV_MODE="production"):
        _run()
        with core_db.transaction() as db:
            models = set(db.exec(select(OpenAIPricing.model_name)))
    assert models == set(cost_seeds.MODELS)


@pytest.mark.usefixtures("fresh")
def test_every_call_belongs_to_one_feature_whose_settings_exist() -> None:
    _run()
    with core_db.transaction() as db:
        rows = features.every(db)
        calls = [name for row in rows for name in row.call_names]
        assert len(calls) == len(set(calls)), "a call is mapped twice"
        assert set(CallName) <= set(calls)
        for row in rows:
            assert set(row.setting_names) <= set(catalogue.CATALOGUE), row.key
            assert set(row.plan_features) <= set(PlanFeature), row.key
        for name in calls:
            assert features.model_for(db, name)
        models = {name for name in catalogue.CATALOGUE if name.startswith("model_")}
        assert models == {name for row in rows for name in row.setting_names if name.startswith("model_")}


@pytest.mark.usefixtures("fresh")
def test_every_trigger_has_an_active_template_in_both_languages() -> None:
    _run()
    with core_db.transaction() as db:
        active = {
            (name, language)
            for name, language in db.exec(
                select(EmailTrigger.name, EmailTemplate.language)
                .join(EmailTemplate, col(EmailTemplate.trigger_id) == EmailTrigger.id)
                .where(EmailTemplate.is_active)
            )
        }
        assert active == {(trigger.value, language.value) for trigger in Trigger for language in Language}
        assert len(db.exec(select(EmailTemplate).where(EmailTemplate.is_default)).all()) == len(Language)


def test_every_seeded_table_is_checked_here() -> None:
    assert {table.__tablename__ for table in SEEDED} <= set(SQLModel.metadata.tables)
