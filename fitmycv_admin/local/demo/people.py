"""The people of the demo: six accounts one can sign in with, and thirty-four customers who do not exist."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import select

from fitmycv_admin.core import security
from fitmycv_admin.local.demo.stage import DAYS, Stage
from fitmycv_admin.models import Account, ConsentLog, User
from fitmycv_admin.vocabulary import AccountState, ConsentAction, Language, Role

PASSWORD = "vitrine-brume-42-tulipe"
DOMAIN = "exemple.fr"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account of the demo that anybody may use, with its password."""

    email: str
    name: str
    role: Role
    language: Language
    password: str = PASSWORD


ACCOUNTS = (
    DemoAccount(f"user@{DOMAIN}", "Camille Exemple", Role.USER, Language.FR),
    DemoAccount(f"viewer@{DOMAIN}", "Victor Lecture", Role.VIEWER, Language.FR),
    DemoAccount(f"support@{DOMAIN}", "Sonia Soutien", Role.SUPPORT, Language.FR),
    DemoAccount(f"ops@{DOMAIN}", "Oscar Ops", Role.OPS, Language.EN),
    DemoAccount(f"finance@{DOMAIN}", "Fatou Finance", Role.FINANCE, Language.FR),
    DemoAccount(f"admin@{DOMAIN}", "Adèle Admin", Role.ADMIN, Language.FR),
)

_CUSTOMERS = (
    "Alice Démonstration", "Bastien Fictif", "Chloé Modèle", "David Specimen", "Élodie Maquette", "Farid Factice",
    "Gaëlle Témoin", "Hugo Vitrine", "Inès Échantillon", "Jules Prototype", "Karima Pilote", "Léo Gabarit",
    "Manon Canevas", "Nathan Patron", "Océane Ébauche", "Paul Croquis", "Quitterie Esquisse", "Rachid Brouillon",
    "Salomé Répétition", "Théo Figurant", "Ursula Décor", "Valentin Rideau", "Wendy Sample", "Xavier Coulisse",
    "Yasmine Scène", "Zoé Tréteau", "Aaron Mockup", "Bella Placeholder", "Colin Fixture", "Daisy Dummy",
    "Ewan Template", "Fiona Draft", "Gavin Showcase", "Holly Preview",
)  # fmt: skip
_ENGLISH_FROM = 26
_BROWSER = "Mozilla/5.0 (demo)"


@dataclass(slots=True)
class Person:
    """Somebody of the story. `weight` says how much they use the product."""

    id: UUID
    name: str
    email: str | None
    language: Language
    role: Role
    since: datetime
    verified: datetime | None
    state: AccountState
    weight: float
    code: str
    seq: int = 0

    @property
    def is_customer(self) -> bool:
        """Everybody but staff."""
        return self.role == Role.USER

    @property
    def active(self) -> bool:
        """Whether they can sign in and use the product."""
        return self.verified is not None and self.state == AccountState.ACTIVE


def cast(stage: Stage) -> list[Person]:
    """Insert everybody; staff first, then customers by the day they came."""
    people = [_with_account(stage, number, account) for number, account in enumerate(ACCOUNTS)]
    people += [_customer(stage, number, name) for number, name in enumerate(_CUSTOMERS)]
    hashed = security.hash_password(PASSWORD)
    stage.insert(User, [_row(stage, person, hashed) for person in people])
    numbers = dict(stage.db.exec(select(User.id, User.seq).where(User.is_demo)).all())
    for person in people:
        person.seq = numbers[person.id]
    _identities(stage, people)
    _consents(stage, people)
    return people


def _with_account(stage: Stage, number: int, account: DemoAccount) -> Person:
    since = stage.start - timedelta(days=20 - number, hours=3)
    return Person(
        id=stage.id(since),
        name=account.name,
        email=account.email,
        language=account.language,
        role=account.role,
        since=since,
        verified=since + timedelta(minutes=4),
        state=AccountState.ACTIVE,
        weight=1.6 if account.role == Role.USER else 0.0,
        code=f"DEMO{number:04d}",
    )


def _customer(stage: Stage, number: int, name: str) -> Person:
    count = len(_CUSTOMERS)
    since = stage.at_hour(stage.start + timedelta(days=(DAYS - 4) * number / count))
    erased, unverified = number == 9, number in (17, 28, 33)
    state = AccountState.ERASED if erased else AccountState.DISABLED if number == 21 else AccountState.ACTIVE
    return Person(
        id=stage.id(since),
        name="" if erased else name,
        email=None if erased else _address(name),
        language=Language.EN if number >= _ENGLISH_FROM else Language.FR,
        role=Role.USER,
        since=since,
        verified=None if unverified else since + timedelta(minutes=stage.dice.randrange(2, 300)),
        state=state,
        weight=stage.dice.paretovariate(1.5),
        code=f"AMI{number:05d}",
    )


def _address(name: str) -> str:
    plain = name.lower().translate(str.maketrans("éèêàâôîïûùçëÉ ", "eeeaaoiiuucee."))
    return f"{plain}@{DOMAIN}"


def _row(stage: Stage, person: Person, hashed: str) -> dict[str, object]:
    own = any(account.email == person.email for account in ACCOUNTS)
    started = person.active and stage.chance(0.8)
    steps = stage.dice.randrange(1, 10)
    return {
        "id": person.id,
        "name": person.name or None,
        "email": person.email,
        "email_verified": person.verified,
        "password_hash": hashed if own else None,
        "role": person.role,
        "state": person.state,
        "language": person.language,
        "referral_code": person.code,
        "onboarding_state": {
            "currentStep": steps,
            "completedSteps": list(range(steps)),
            "hasCompleted": steps == 9,
            "isSkipped": False,
        }
        if started
        else None,
        "privacy_policy_accepted_at": person.since,
        "last_login_at": stage.moment(person.verified) if person.active and person.verified else None,
        "is_demo": True,
        "created_at": person.since,
        "updated_at": person.since,
    }


def _identities(stage: Stage, people: list[Person]) -> None:
    """A few sign in with Google or GitHub."""
    rows = [
        {
            "id": stage.id(person.since),
            "user_id": person.id,
            "type": "oauth",
            "provider": "github" if place % 3 == 2 else "google",
            "provider_account_id": f"demo-{place:04d}",
            "created_at": person.since,
        }
        for place, person in enumerate(person for person in people if person.is_customer and person.active)
        if place % 5 == 1
    ]
    stage.insert(Account, rows)


def _consents(stage: Stage, people: list[Person]) -> None:
    rows = []
    for person in people:
        if not person.active:
            continue
        analytics = stage.chance(0.6)
        rows.append(
            _consent(person, person.since, ConsentAction.ACCEPT if analytics else ConsentAction.REJECT, analytics)
        )
        if stage.chance(0.15):
            rows.append(_consent(person, stage.moment(person.since), ConsentAction.UPDATE, not analytics))
    rows.sort(key=lambda row: str(row["created_at"]))
    stage.insert(ConsentLog, rows)


def _consent(person: Person, at: datetime, action: ConsentAction, analytics: bool) -> dict[str, object]:
    return {
        "user_id": person.id,
        "action": action,
        "preferences": {"necessary": True, "analytics": analytics, "userAgent": _BROWSER},
        "ip": f"192.0.2.{person.seq % 250 + 1}",
        "text_version": "2.0",
        "created_at": at,
    }
