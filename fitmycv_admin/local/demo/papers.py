"""CVs and job offers of the demo: typed documents about people and companies that do not exist."""

from dataclasses import dataclass

from fitmycv_admin.domain.cvs.document import (
    Cefr,
    Contact,
    CvDocument,
    Education,
    Experience,
    Header,
    LanguageSkill,
    Line,
    Place,
    Skill,
    Skills,
    Summary,
    Term,
)
from fitmycv_admin.domain.cvs.offer_document import (
    Contract,
    DegreeLevel,
    EducationRequirement,
    Importance,
    LanguageRequirement,
    OfferDocument,
    Remote,
    Responsibility,
    SkillClass,
    SkillRequirement,
    SoftSkillRequirement,
    YearsRequirement,
)
from fitmycv_admin.local.demo.people import Person
from fitmycv_admin.local.demo.stage import Stage
from fitmycv_admin.vocabulary import CvLanguage

COMPANIES = ("Société Exemple", "Ateliers Démo", "Fictive & Fils", "Maquette Conseil", "Studio Vitrine", "Sample Works")
_TOWNS = (("Lyon", "FR"), ("Nantes", "FR"), ("Lille", "FR"), ("Bordeaux", "FR"), ("Bruxelles", "BE"))


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade: the words its CVs and offers are made of."""

    language: CvLanguage
    title: str
    degree: str
    field: str
    school: str
    skills: tuple[str, ...]
    tools: tuple[str, ...]
    methods: tuple[str, ...]
    soft: tuple[str, ...]
    duties: tuple[str, ...]
    results: tuple[str, ...]


_FR, _EN = CvLanguage.FR, CvLanguage.EN
TRADES = (
    Trade(
        _FR, "Développeuse Python", "Master", "Informatique", "Université d’Exemple",
        ("Python", "SQL", "API REST", "Sécurité applicative"), ("Docker", "PostgreSQL", "Git", "Linux"),
        ("Scrum", "Revue de code"), ("Rigueur", "Pédagogie", "Esprit d’équipe"),
        ("Concevoir des services en Python", "Écrire des tests automatiques", "Relire le code de l’équipe",
         "Surveiller la production", "Modéliser les données en SQL"),
        ("Temps de réponse divisé par 3 sur l’API de commande", "Couverture de tests passée de 40 % à 85 %"),
    ),
    Trade(
        _FR, "Infirmière diplômée d’État", "Licence", "Soins infirmiers", "Institut de Démonstration",
        ("Soins intensifs", "Pansements complexes", "Perfusion", "Triage"), ("Dossier patient informatisé", "Pyxis"),
        ("Transmissions ciblées",), ("Sang-froid", "Écoute", "Organisation"),
        ("Assurer les soins de douze patients", "Préparer et poser les perfusions", "Accueillir les familles",
         "Tenir le dossier de soins à jour"),
        ("Erreurs de transmission réduites de 30 % en un an",),
    ),
    Trade(
        _FR, "Comptable", "Licence", "Comptabilité", "École Fictive de Gestion",
        ("Comptabilité générale", "TVA", "Clôture mensuelle", "Rapprochement bancaire"), ("Sage", "Excel", "SAP"),
        ("IFRS",), ("Rigueur", "Discrétion", "Autonomie"),
        ("Tenir la comptabilité de trois filiales", "Préparer les déclarations de TVA", "Suivre les comptes clients",
         "Établir les clôtures mensuelles"),
        ("Délai de clôture ramené de 12 à 6 jours", "Retards de paiement réduits de 22 %"),
    ),
    Trade(
        _FR, "Cheffe de projet marketing", "Master", "Marketing", "Institut de la Vitrine",
        ("Stratégie de contenu", "Référencement", "Gestion de budget", "Analyse de données"),
        ("Google Analytics", "HubSpot", "Figma"), ("OKR", "Gestion de projet"), ("Créativité", "Communication"),
        ("Piloter les campagnes d’acquisition", "Suivre un budget annuel", "Coordonner trois agences",
         "Présenter les résultats à la direction"),
        ("Coût d’acquisition réduit de 18 %", "Trafic naturel multiplié par 2"),
    ),
    Trade(
        _EN, "Data engineer", "Master", "Computer science", "Sample University",
        ("Python", "SQL", "Data modelling", "Streaming"), ("Airflow", "Kafka", "PostgreSQL", "Terraform"),
        ("Agile", "Code review"), ("Teamwork", "Communication", "Curiosity"),
        ("Build batch and streaming pipelines", "Own the data warehouse", "Review the code of the team",
         "Automate deployments"),
        ("Cut nightly load time from 4 hours to 35 minutes", "Reduced storage cost by 40%"),
    ),
    Trade(
        _EN, "Customer success manager", "Bachelor", "Business", "Placeholder College",
        ("Account management", "Negotiation", "Onboarding", "Forecasting"), ("Salesforce", "Intercom", "Excel"),
        ("Agile",), ("Empathy", "Organisation", "Communication"),
        ("Look after sixty accounts", "Run onboarding sessions", "Prepare renewals", "Report on churn"),
        ("Raised renewal rate from 84% to 93%",),
    ),
)  # fmt: skip
_BACHELOR, _MASTER = DegreeLevel.BACHELOR, DegreeLevel.MASTER


def cv(stage: Stage, person: Person, trade: Trade) -> CvDocument:
    """A CV of that trade, with one to four jobs."""
    jobs = stage.dice.randrange(1, 5)
    town, country = stage.one(_TOWNS)
    year = stage.now.year
    return CvDocument(
        language=trade.language,
        header=Header(
            full_name=person.name or "Anonyme",
            current_title=trade.title,
            contact=Contact(email=person.email, location=Place(city=town, country_code=country)),
        ),
        summary=Summary(id=stage.word(), description=_summary(trade, jobs * 3)),
        skills=_skills(stage, trade),
        experience=[_job(stage, trade, year - 3 * place, now=place == 0) for place in range(jobs)],
        education=[
            Education(
                id=stage.word(),
                institution=trade.school,
                degree=f"{trade.degree} {trade.field}",
                field_of_study=trade.field,
                start_date=str(year - 3 * jobs - 6),
                end_date=str(year - 3 * jobs - 1),
            )
        ],
        languages=_languages(stage, trade),
    )


def _summary(trade: Trade, years: int) -> str:
    if trade.language == _FR:
        return f"{trade.title}, {years} ans d’expérience. Document de démonstration."
    return f"{trade.title} with {years} years of experience. Demo document."


def _skills(stage: Stage, trade: Trade) -> Skills:
    def levelled(names: tuple[str, ...]) -> list[Skill]:
        kept = stage.some(names, stage.dice.randrange(2, len(names) + 1))
        return [Skill(id=stage.word(), name=name, proficiency=stage.dice.randrange(2, 6)) for name in kept]

    def plain(names: tuple[str, ...]) -> list[Term]:
        return [Term(id=stage.word(), name=name) for name in stage.some(names, 2)]

    return Skills(
        hard_skills=levelled(trade.skills),
        tools=levelled(trade.tools),
        methodologies=plain(trade.methods),
        soft_skills=plain(trade.soft),
    )


def _job(stage: Stage, trade: Trade, until: int, *, now: bool) -> Experience:
    def lines(texts: list[str]) -> list[Line]:
        return [Line(id=stage.word(), text=text) for text in texts]

    return Experience(
        id=stage.word(),
        title=trade.title,
        company=stage.one(COMPANIES),
        start_date=f"{until - 3}-{stage.dice.randrange(1, 13):02d}",
        end_date="present" if now else f"{until}-01",
        responsibilities=lines(stage.some(trade.duties, 3)),
        deliverables=lines(stage.some(trade.results, 1)),
        skills_used=[Term(id=stage.word(), name=name) for name in stage.some(trade.skills + trade.tools, 3)],
    )


def _languages(stage: Stage, trade: Trade) -> list[LanguageSkill]:
    own, other = ("Français", "Anglais") if trade.language == _FR else ("English", "French")
    level = stage.one((Cefr.B1, Cefr.B2, Cefr.C1))
    return [
        LanguageSkill(id=stage.word(), name=own, cefr=Cefr.NATIVE),
        LanguageSkill(id=stage.word(), name=other, level=level.value, cefr=level),
    ]


def offer(stage: Stage, trade: Trade) -> tuple[OfferDocument, str]:
    """An offer of that trade, and the advert it was read in."""
    french = trade.language == _FR
    company, years = stage.one(COMPANIES), stage.dice.randrange(2, 8)
    town, country = stage.one(_TOWNS)
    need = "Vous maîtrisez" if french else "You master"
    plus = "Serait un plus :" if french else "Nice to have:"
    document = OfferDocument(
        language=trade.language,
        title=trade.title,
        company=company,
        location=Place(city=town, country_code=country),
        contract=Contract.PERMANENT,
        remote=stage.one((Remote.HYBRID, Remote.FULL, Remote.NONE)),
        years=YearsRequirement(
            id=stage.word(),
            min_years=years,
            sentence=f"{years} ans d’expérience au moins." if french else f"At least {years} years of experience.",
        ),
        education=EducationRequirement(
            id=stage.word(),
            level=_MASTER if trade.degree == "Master" else _BACHELOR,
            field_of_study=trade.field,
            sentence=f"{trade.degree} en {trade.field}." if french else f"{trade.degree} in {trade.field}.",
        ),
        languages=[
            LanguageRequirement(
                id=stage.word(),
                name="Anglais" if french else "French",
                code="en" if french else "fr",
                cefr=Cefr.B2,
                sentence="Anglais B2." if french else "French B2.",
            )
        ],
        skills=[
            *_asked(stage, trade.skills, need, SkillClass.HARD_SKILL, Importance.REQUIRED, 3),
            *_asked(stage, trade.tools, need, SkillClass.TOOL, Importance.REQUIRED, 2),
            *_asked(stage, trade.methods, plus, SkillClass.METHODOLOGY, Importance.NICE, 1),
        ],
        soft_skills=[
            SoftSkillRequirement(id=stage.word(), name=name, sentence=f"{name}.") for name in stage.some(trade.soft, 2)
        ],
        responsibilities=[Responsibility(id=stage.word(), sentence=f"{duty}.") for duty in stage.some(trade.duties, 3)],
    )
    return document, _advert(document, french)


def _asked(
    stage: Stage, names: tuple[str, ...], start: str, kind: SkillClass, importance: Importance, count: int
) -> list[SkillRequirement]:
    return [
        SkillRequirement(
            id=stage.word(), name=name, skill_class=kind, importance=importance, sentence=f"{start} {name}."
        )
        for name in stage.some(names, count)
    ]


def _advert(document: OfferDocument, french: bool) -> str:
    parts = [
        f"{document.title}\n{document.company}, {document.location.city}",
        "Missions" if french else "Your tasks",
        *(f"- {duty.sentence}" for duty in document.responsibilities),
        "Profil" if french else "Your profile",
    ]
    asked = [document.years, document.education, *document.skills, *document.languages, *document.soft_skills]
    parts += [f"- {item.sentence}" for item in asked if item is not None]
    parts.append("Annonce de démonstration." if french else "A demo advert.")
    return "\n".join(parts)
