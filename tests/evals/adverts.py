"""Invented job adverts in four languages with what a reader would note down, and the measure of that."""

from dataclasses import dataclass

from fitmycv_admin.domain.cvs import wording
from fitmycv_admin.domain.cvs.offer_document import OfferDocument


@dataclass(frozen=True)
class Advert:
    """An advert and its truth; a field that is None is one the advert does not speak about."""

    name: str
    text: str
    title: str
    company: str | None
    city: str | None
    contract: str | None
    remote: str | None
    salary: tuple[int, int | None, str] | None
    years: float | None
    degree: str | None
    languages: tuple[tuple[str, str | None], ...]
    required: frozenset[str]
    nice: frozenset[str]


ADVERTS = (
    Advert(
        "fr-dev",
        """Développeur Python confirmé (H/F)
Nordlac Logiciels - Lyon (69)
CDI - 45-55 k€ brut annuel - Télétravail partiel

Qui sommes-nous ?
Nordlac Logiciels édite un logiciel de facturation depuis 20 ans.

Vos missions
- Concevoir et développer des API REST avec FastAPI
- Participer aux revues de code et à l'intégration continue

Votre profil
- Diplôme bac+5 en informatique ou école d'ingénieurs
- 3 à 5 ans d'expérience en développement Python
- Maîtrise de PostgreSQL, Docker et Git
- Kubernetes serait un plus
- Anglais courant

Avantages
- Tickets restaurant
- Mutuelle prise en charge à 80 %
""",
        "Développeur Python confirmé",
        "Nordlac Logiciels",
        "Lyon",
        "permanent",
        "hybrid",
        (45000, 55000, "year"),
        3,
        "MASTER",
        (("en", "C1"),),
        frozenset(
            {"API REST", "FastAPI", "revues de code", "intégration continue", "Python", "PostgreSQL", "Docker", "Git"}
        ),
        frozenset({"Kubernetes"}),
    ),
    Advert(
        "fr-compta",
        """Poste : Assistant comptable F/H
Entreprise : Transports Maréchal
Lieu : Nantes
Contrat : CDD de 8 mois

Missions principales :
Vous saisissez les factures, préparez les déclarations de TVA et participez aux clôtures mensuelles.

Profil recherché :
Titulaire d'un BTS en comptabilité, vous avez au moins deux ans d'expérience sur un poste similaire.
Vous maîtrisez Excel ; la connaissance de Sage 100 est appréciée.
Rigueur et discrétion sont indispensables.
Salaire : 2 200 € brut par mois.
""",
        "Assistant comptable",
        "Transports Maréchal",
        "Nantes",
        "fixed_term",
        None,
        (2200, None, "month"),
        2,
        "SHORT_CYCLE",
        (),
        frozenset({"déclarations de TVA", "clôtures mensuelles", "comptabilité", "Excel"}),
        frozenset({"Sage 100"}),
    ),
    Advert(
        "en-pm",
        """Product Manager at Otterway

Otterway is looking for a Product Manager to join our London office. This is a permanent, hybrid role
(two days a week at home) with a salary of £60,000 to £72,000 per year.

Responsibilities
* Own the roadmap of our billing portal
* Interview customers and write user stories
* Run A/B tests with engineering

Requirements
* At least 4 years of experience in product management
* Bachelor's degree in business or computer science
* Working knowledge of SQL and Jira
* Excellent communication and leadership

Nice to have
* Amplitude or Mixpanel
* Fluent French

Benefits
* 28 days of holiday
""",
        "Product Manager",
        "Otterway",
        "London",
        "permanent",
        "hybrid",
        (60000, 72000, "year"),
        4,
        "BACHELOR",
        (("fr", "C1"),),
        frozenset({"user stories", "A/B tests", "product management", "SQL", "Jira"}),
        frozenset({"Amplitude", "Mixpanel"}),
    ),
    Advert(
        "en-tech",
        """Maintenance Technician
Redwood Packaging Inc. | Portland, OR | Full-time

About us
Redwood Packaging has made boxes for 40 years.

What you will do
- Carry out preventive maintenance on packaging lines
- Diagnose hydraulics and pneumatics

What we are looking for
- 5+ years of experience in industrial maintenance
- High school diploma or equivalent
- PLC programming is a plus

We offer
- $32 to $38 per hour
""",
        "Maintenance Technician",
        "Redwood Packaging Inc.",
        "Portland",
        None,
        None,
        (32, 38, "hour"),
        5,
        "SECONDARY",
        (),
        frozenset({"preventive maintenance", "hydraulics", "pneumatics", "industrial maintenance"}),
        frozenset({"PLC programming"}),
    ),
    Advert(
        "de-dev",
        """Softwareentwickler Java (m/w/d)
Hafenlogik GmbH
Standort: Hamburg

Die Hafenlogik GmbH sucht ab sofort Verstärkung. Wir bieten einen unbefristeten Arbeitsvertrag und Homeoffice.

Ihre Aufgaben
- Entwicklung von Microservices mit Spring Boot
- Pflege unserer PostgreSQL-Datenbanken

Ihr Profil
- Abgeschlossenes Studium der Informatik (Bachelor)
- Mindestens drei Jahre Berufserfahrung mit Java
- Kenntnisse in Docker, idealerweise Kubernetes
- Sehr gute Deutschkenntnisse (C1)
- Teamfähigkeit

Wir bieten
- 58.000 € bis 66.000 € brutto im Jahr
""",
        "Softwareentwickler Java",
        "Hafenlogik GmbH",
        "Hamburg",
        "permanent",
        "hybrid",
        (58000, 66000, "year"),
        3,
        "BACHELOR",
        (("de", "C1"),),
        frozenset({"Microservices", "Spring Boot", "PostgreSQL", "Java"}),
        frozenset({"Docker", "Kubernetes"}),
    ),
    Advert(
        "de-pflege",
        """Pflegefachkraft (m/w/d)
Klinikum Rheinblick, Köln

Das Klinikum Rheinblick sucht zum nächstmöglichen Zeitpunkt eine Pflegefachkraft, befristet auf zwei Jahre.

Aufgaben
- Wundversorgung und Medikamentengabe
- Dokumentation

Anforderungen
- Abgeschlossene Ausbildung in der Pflege
- Gute Deutschkenntnisse, mindestens B2
- Belastbarkeit und Zuverlässigkeit
""",
        "Pflegefachkraft",
        "Klinikum Rheinblick",
        "Köln",
        "fixed_term",
        None,
        None,
        None,
        "VOCATIONAL",
        (("de", "B2"),),
        frozenset({"Wundversorgung", "Medikamentengabe", "Pflege"}),
        frozenset(),
    ),
    Advert(
        "es-marketing",
        """Responsable de marketing digital
Empresa: Naranjal Comercio
Ubicación: Valencia
Contrato indefinido. Teletrabajo dos días por semana.

Funciones
- Gestionar campañas de Google Ads y SEO
- Coordinar la creación de contenidos

Requisitos
- Grado en marketing o publicidad
- Mínimo 3 años de experiencia en marketing digital
- Inglés avanzado (C1)
- Se valorará conocimiento de HubSpot

Ofrecemos
- Salario de 32.000 € a 38.000 € brutos anuales
""",
        "Responsable de marketing digital",
        "Naranjal Comercio",
        "Valencia",
        "permanent",
        "hybrid",
        (32000, 38000, "year"),
        3,
        "BACHELOR",
        (("en", "C1"),),
        frozenset({"Google Ads", "SEO", "creación de contenidos", "marketing", "marketing digital"}),
        frozenset({"HubSpot"}),
    ),
    Advert(
        "es-mecanico",
        """Buscamos un ingeniero mecánico para nuestra planta de Bilbao.
Ibaizabal Automoción es un fabricante de soportes de motor.
Requisitos: ingeniería mecánica; 2 años de experiencia con CATIA; nivel alto de inglés; trabajo en equipo.
Ofrecemos contrato temporal de un año y 30.000 € brutos al año.
""",
        "ingeniero mecánico",
        "Ibaizabal Automoción",
        "Bilbao",
        "fixed_term",
        None,
        (30000, None, "year"),
        2,
        None,
        (("en", "B2"),),
        frozenset({"ingeniería mecánica", "CATIA"}),
        frozenset(),
    ),
)


def accuracy(offer: OfferDocument, truth: Advert) -> tuple[int, list[str], tuple[int, int, int]]:
    """Fields that are right, those that are wrong, and skills: in both, given, expected."""
    pay = offer.salary
    got = {
        "title": offer.title,
        "company": offer.company,
        "city": offer.location.city,
        "contract": offer.contract.value if offer.contract else None,
        "remote": offer.remote.value if offer.remote else None,
        "salary": (
            pay.min_cents // 100 if pay.min_cents else None,
            pay.max_cents // 100 if pay.max_cents else None,
            pay.period.value if pay.period else None,
        )
        if pay
        else None,
        "years": offer.years.min_years if offer.years else None,
        "degree": offer.education.level.name if offer.education else None,
        "languages": tuple(
            sorted((need.code or "", need.cefr.value if need.cefr else None) for need in offer.languages)
        ),
    }
    wrong = []
    for name, value in got.items():
        expected = getattr(truth, name)
        same = (
            wording.folded(value) == wording.folded(expected)
            if isinstance(value, str) and expected
            else value == expected
        )
        if not same:
            wrong.append(f"{name}: {value!r} instead of {expected!r}")
    given = {(wording.folded(skill.name), skill.importance.value) for skill in offer.skills}
    asked = {
        (wording.folded(name), kind)
        for kind, names in (("required", truth.required), ("nice", truth.nice))
        for name in names
    }
    return len(got) - len(wrong), wrong, (len(given & asked), len(given), len(asked))
