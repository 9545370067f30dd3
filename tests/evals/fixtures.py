"""Sets the CVs of the invented people in six layouts as PDF, and keeps the truth beside each."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import typst

from tests.evals.people import PEOPLE, Person

LAYOUTS = ("single_column", "two_columns", "sidebar_left", "sidebar_right", "date_table", "header_band")
TEMPLATE = Path(__file__).parent / "cv.typ"

_MONTHS = {
    "fr": [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "de": [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    "es": [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
}
_SHORT = {
    "fr": ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "de": ["Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."],
    "es": ["ene.", "feb.", "mar.", "abr.", "may.", "jun.", "jul.", "ago.", "sept.", "oct.", "nov.", "dic."],
}
_PRESENT = {"fr": "aujourd'hui", "en": "Present", "de": "heute", "es": "actualidad"}
_HEADINGS = {
    "fr": {
        "summary": "Profil",
        "experience": "Expérience professionnelle",
        "education": "Formation",
        "skills": "Compétences",
        "tools": "Outils",
        "soft": "Savoir-être",
        "languages": "Langues",
        "interests": "Centres d'intérêt",
        "contact": "Contact",
    },
    "en": {
        "summary": "Profile",
        "experience": "Work Experience",
        "education": "Education",
        "skills": "Skills",
        "tools": "Tools",
        "soft": "Soft skills",
        "languages": "Languages",
        "interests": "Interests",
        "contact": "Contact",
    },
    "de": {
        "summary": "Kurzprofil",
        "experience": "Berufserfahrung",
        "education": "Ausbildung",
        "skills": "Kenntnisse",
        "tools": "Software",
        "soft": "Persönliche Stärken",
        "languages": "Sprachen",
        "interests": "Interessen",
        "contact": "Kontakt",
    },
    "es": {
        "summary": "Perfil",
        "experience": "Experiencia profesional",
        "education": "Formación académica",
        "skills": "Competencias",
        "tools": "Herramientas",
        "soft": "Habilidades personales",
        "languages": "Idiomas",
        "interests": "Aficiones",
        "contact": "Contacto",
    },
}


@dataclass(frozen=True)
class Fixture:
    """A CV as PDF, the layout it is set in, and the truth."""

    layout: str
    person: Person
    pdf: bytes

    @property
    def name(self) -> str:
        """What a report calls it."""
        return f"{self.layout}-{self.person.language}-{self.person.name.split()[0].lower()}"


def all_fixtures(people: tuple[Person, ...] = PEOPLE, layouts: tuple[str, ...] = LAYOUTS) -> Iterator[Fixture]:
    """Every person in every layout; dates, order of headings and lists are written differently from one to the next."""
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "cv.typ"
        template.write_bytes(TEMPLATE.read_bytes())
        compiler = typst.Compiler(str(template), root=folder, ignore_system_fonts=True)
        for number, person in enumerate(people):
            for place, layout in enumerate(layouts):
                given = {"cv": json.dumps(_printed(person, layout, number + place), ensure_ascii=False)}
                yield Fixture(layout, person, compiler.compile(format="pdf", sys_inputs=given))


def three_pages() -> bytes:
    """A CV of three pages: one person's jobs, again and again under other employers."""
    person = PEOPLE[0]
    jobs = tuple(
        type(job)(job.title, f"{job.company} {letter}", job.city, job.start, job.end, job.bullets * 2)
        for letter in "ABCDE"
        for job in person.jobs
    )
    longer = type(person)(**{**{name: getattr(person, name) for name in person.__dataclass_fields__}, "jobs": jobs})
    return next(all_fixtures((longer,), ("single_column",))).pdf


def _printed(person: Person, layout: str, variant: int) -> dict:
    """What the template prints."""
    said = asdict(person)
    for item in (*said["jobs"], *said["studies"]):
        start, end = (_date(item[which], person.language, variant) for which in ("start", "end"))
        item["dates"] = f"{start} – {end}"
    said |= {
        "layout": layout,
        "headings": _HEADINGS[person.language],
        "employer_first": variant % 3 == 1,
        "inline": variant % 4 == 2,
        "caps": variant % 2 == 1,
        "tags": variant % 2 == 0,
    }
    said["languages"] = [{"name": name, "level": level} for name, level in person.languages]
    return said


def _date(date: str, language: str, variant: int) -> str:
    """A date in one of four ways."""
    if date == "present":
        return _PRESENT[language]
    year, month = date.split("-")
    names = (_MONTHS, _SHORT)[variant % 4 % 2]
    if variant % 4 == 2:
        return f"{month}/{year}"
    return f"{names[language][int(month) - 1]} {year}"
