"""What the rules read is what stands there: dates, headings, skills, titles; and what they cannot do they decline."""

import pytest

from fitmycv_admin.domain.cvs import ladders
from fitmycv_admin.domain.cvs.document import Cefr
from fitmycv_admin.domain.cvs.offer_document import DegreeLevel
from fitmycv_worker.offline import cv_reader, engine, lexicon, matcher, offer_reader, skills
from fitmycv_worker.pipelines.pdf_import import dates
from fitmycv_worker.pipelines.pdf_import.headings import Section, section_of
from fitmycv_worker.pipelines.scoring.schemas import Need, Passage, Question


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("Jan 2019 – Present", "2019-01", "present"),
        ("janvier 2019 à aujourd'hui", "2019-01", "present"),
        ("03/2019 - 05/2021", "2019-03", "2021-05"),
        ("März 2019 bis heute", "2019-03", "present"),
        ("enero de 2018 – actualidad", "2018-01", "present"),
        ("2018-2020", "2018", "2020"),
        ("Depuis mars 2020", "2020-03", "present"),
        ("seit 05.2019", "2019-05", "present"),
        ("Mars - Juin 2019", "2019-03", "2019-06"),
        ("du 01/09/2018 au 31/12/2019", "2018-09", "2019-12"),
        ("Juin 2020", None, "2020-06"),
    ],
)
def test_periods_are_read_as_written(text, start, end):
    (span,) = dates.spans(text)
    assert (span.start, span.end) == (start, end)


@pytest.mark.parametrize("text", ["+33 6 12 20 19 18", "Rue 2019a", "240 clients", "5 ans"])
def test_what_is_no_date_is_none(text):
    assert dates.spans(text) == ()


@pytest.mark.parametrize(
    ("heading", "section"),
    [
        ("EXPÉRIENCE PROFESSIONNELLE", Section.EXPERIENCE),
        ("Berufserfahrung", Section.EXPERIENCE),
        ("Formación académica:", Section.EDUCATION),
        ("1. Skills & Tools", Section.SKILLS),
        ("Langues", Section.LANGUAGES),
        ("K E N N T N I S S E", Section.SKILLS),
        ("Expérience de la vente en magasin depuis 2010", None),
        ("Acme", None),
    ],
)
def test_headings_are_known_in_four_languages(heading, section):
    assert section_of(heading) is section


def test_a_skill_is_the_same_in_any_spelling_and_never_its_neighbour():
    assert skills.same("Postgres", "PostgreSQL")
    assert skills.same("k8s", "Kubernetes")
    assert skills.same("Comptabilité", "Buchhaltung")
    assert skills.same("intégration continue", "CI/CD")
    assert not skills.same("PostgreSQL", "MySQL")
    assert not skills.same("Java", "JavaScript")
    assert not skills.same("CATIA", "SolidWorks")
    assert not skills.same("C", "C++")


def test_words_of_the_language_are_not_taken_for_products():
    assert [hit.text for hit in skills.find("We go far, excel at work and express ourselves; salary net")] == []
    assert [hit.text for hit in skills.find("Go, Excel, .NET and C++")] == ["Go", "Excel", ".NET", "C++"]


def test_no_name_stands_for_two_things():
    seen: dict[tuple[str, ...], int] = {}
    for names in skills._names().values():
        for name in names:
            assert seen.setdefault(name.words, name.skill.number) == name.skill.number, name.written


def test_the_ladders_compare_diplomas_and_levels_across_languages():
    assert ladders.degree_level("Diplôme d'ingénieur") is DegreeLevel.MASTER
    assert ladders.degree_level("Ausbildung zum Mechatroniker") is DegreeLevel.VOCATIONAL
    assert ladders.degree_level("Grado en Ingeniería Mecánica") is DegreeLevel.BACHELOR
    assert ladders.cefr("verhandlungssicher") is Cefr.C1
    assert ladders.cefr("Langue maternelle") is Cefr.NATIVE
    assert ladders.cefr("courant (B2)") is Cefr.B2
    assert ladders.language_code("Deutschkenntnisse") == ladders.language_code("allemand") == "de"


def test_titles_employers_and_places_are_told_apart():
    assert lexicon.is_title("Key Account Managerin")
    assert not lexicon.is_title("Nordlac Logiciels")
    assert lexicon.is_place("75011 Paris")
    assert lexicon.is_place("Princeton, NJ")
    assert not lexicon.is_place("BS")


CV = """# Ana López
Contable
ana.lopez@ejemplo.es	+34 600 111 222	Madrid

## Experiencia profesional
**Contable**	enero 2020 – actualidad
Grupo Talavera, Madrid
- Preparación de nóminas para 40 personas
- Reducción del 20 % del plazo de cierre

## Idiomas
Español (nativo), Inglés: B2
## Coches antiguos
Restauro un coche de 1970 con mi padre
"""


def test_a_cv_is_copied_into_its_fields_and_nothing_of_it_is_lost():
    read = cv_reader.read(CV)
    assert (read.full_name, read.current_title, read.city) == ("Ana López", "Contable", "Madrid")
    assert (read.email, read.phone) == ("ana.lopez@ejemplo.es", "+34 600 111 222")
    (job,) = read.experience
    assert (job.title, job.company, job.start, job.end) == ("Contable", "Grupo Talavera", "2020-01", "present")
    assert job.responsibilities == ["Preparación de nóminas para 40 personas"]
    assert job.deliverables == ["Reducción del 20 % del plazo de cierre"]
    assert [(spoken.name, spoken.level) for spoken in read.languages] == [("Español", "nativo"), ("Inglés", "B2")]
    assert [extra.section for extra in read.extras] == ["Coches antiguos"]


def test_an_offer_that_says_little_leaves_the_rest_empty():
    read = offer_reader.read("Bäcker (m/w/d)\nWir suchen Verstärkung für unsere Backstube.")
    assert read.title == "Bäcker"
    assert (read.company, read.salary, read.years, read.education, read.contract) == (None, None, None, None, None)
    assert (read.languages, read.skills) == ([], [])


def test_matches_name_the_passage_and_its_own_words():
    question = Question(
        requirements=[
            Need(id="n1", kind="skill", text="Kubernetes"),
            Need(id="n2", kind="skill", text="MySQL"),
            Need(id="role", kind="role", text="Senior Python Developer"),
        ],
        passages=[
            Passage(id="p1", where="experience", text="Ran k8s clusters on PostgreSQL"),
            Passage(id="p2", where="experience", text="Python Developer · Acme"),
        ],
    )
    found = [(match.requirement_id, match.item_id, match.quote) for match in matcher.match(question).matches]
    assert found == [("n1", "p1", "k8s"), ("role", "p2", "Python Developer")]


@pytest.mark.parametrize("task", [None, "", "translate_cv", "improve_cv"])
def test_what_has_no_rules_is_declined(task):
    with pytest.raises(engine.Declined):
        engine.answer(task, "anything")
    with pytest.raises(engine.Declined):
        engine.answer("match_score", "not a question")
