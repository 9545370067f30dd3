"""All seeds in one transaction: what a new installation needs, and nothing that somebody has edited."""

from dataclasses import dataclass

from sqlmodel import Session, text

from fitmycv_admin.core.config import settings
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import seeds as cost_seeds
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.domain.billing import seeds as billing_seeds
from fitmycv_admin.domain.emails import seeds as email_seeds
from fitmycv_admin.domain.settings import lookups
from fitmycv_admin.domain.settings import seeds as setting_seeds
from fitmycv_admin.vocabulary import CallName

_LOCK = 7_310


@dataclass(frozen=True, slots=True)
class Seeded:
    """How many rows each subject was missing."""

    settings: int
    billing: int
    ai_costs: int
    emails: int

    @property
    def total(self) -> int:
        """All rows that were added."""
        return self.settings + self.billing + self.ai_costs + self.emails


def run(db: Session, by: Actor) -> Seeded:
    """Insert what is missing; rows that exist stay as they are. A second run at the same time waits for the first."""
    db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    calls = {*CallName, *(name for feature in setting_seeds.FEATURES.values() for name in feature[2])}
    seeded = Seeded(
        settings=setting_seeds.insert_missing(db),
        billing=billing_seeds.insert_missing(db),
        ai_costs=cost_seeds.insert_missing(db, calls, demo=settings().is_demo),
        emails=email_seeds.insert_missing(db),
    )
    if seeded.total:
        counts = {name: getattr(seeded, name) for name in ("settings", "billing", "ai_costs", "emails")}
        trail.record(db, by, "seeds.inserted", "installation", after=counts)
    lookups.forget(db)
    return seeded
