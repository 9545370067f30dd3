"""Plans, their use, those affected by a change, exceptions and the mapping of features, as files."""

from collections.abc import Iterator

from sqlmodel import Session

from fitmycv_admin.api.export import Cells, Export, Words
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import override_list, plan_impact, plan_matrix, plan_usage
from fitmycv_admin.domain.settings import mapping
from fitmycv_admin.vocabulary import Permission


def _limits(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    screen = plan_matrix.screen(db, by)
    yield ("plan", "version", "since", "people", "feature", "uses_a_month")
    for plan in screen.plans:
        for feature in screen.features:
            yield plan.name, plan.version, plan.since.isoformat(), plan.people, feature, plan.limits.get(feature, 0)


def _usage(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield ("plan", "feature", "limit", "people", "uses", *(f"people_{step}" for step in plan_usage.STEPS))
    for row in plan_usage.usage(db, by, words):
        steps = (row.spread[step] for step in plan_usage.STEPS)
        yield row.plan, row.feature, row.limit, row.people, row.uses, *steps


def _near(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield ("user_id", "email", "plan", "feature", "used", "limit", "share", "exception", "new_month_at")
    for row in plan_usage.every_near(db, by, words):
        yield (
            row.user_id, row.email, row.plan, row.feature, row.used, row.limit, row.share / 1000, row.is_override,
            row.renews_at.isoformat(),
        )  # fmt: skip


def _affected(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    limits = plan_impact.read_limits(words.get("limits", ""))
    yield ("user_id", "email", "version", "renews_at", "above", *(f"used_{feature}" for feature in limits))
    for row in plan_impact.every(db, by, words):
        renews = row.renews_at.isoformat() if row.renews_at else ""
        yield row.user_id, row.email, row.version, renews, row.is_above, *(row.uses[feature] for feature in limits)


def _overrides(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield ("id", "user_id", "email", "feature", "limit", "plan", "plan_limit", "used", "state", "reason", "by",
           "valid_from", "ends_at", "ended_at")  # fmt: skip
    for row in override_list.every(db, by, words):
        yield (
            row.id, row.user_id, row.email, row.feature, row.usage_limit, row.plan_name, row.plan_limit, row.used,
            row.state, row.reason, row.by, row.valid_from.isoformat(), row.ends_at.isoformat(),
            row.ended_at.isoformat() if row.ended_at else "",
        )  # fmt: skip


def _mapping(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield ("feature", "name", "calls", "settings", "plan_features", "calls_in_30_days", "version")
    for row in mapping.screen(db, by).rows:
        names = (" ".join(part) for part in (row.names.calls, row.names.settings, row.names.plan_features))
        yield row.key, row.display_name, *names, row.recent_calls, row.version


EXPORTS = (
    Export("plan-limits", Permission.PLANS_READ, (), _limits),
    Export("plan-usage", Permission.PLANS_READ, plan_usage.WORDS, _usage),
    Export("plan-near", Permission.PLANS_READ, plan_usage.WORDS, _near),
    Export("plan-affected", Permission.PLANS_READ, plan_impact.WORDS, _affected),
    Export("limit-overrides", Permission.PLANS_READ, override_list.WORDS, _overrides),
    Export("feature-mapping", Permission.SETTINGS_READ, (), _mapping),
)
