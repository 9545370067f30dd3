"""Imports a PDF: its text, one call of a model, and the CV document that the text bears out."""

from collections.abc import Callable
from pathlib import Path

from fitmycv_admin.domain.cvs import document as cvs
from fitmycv_admin.domain.cvs import ladders
from fitmycv_admin.vocabulary import CallName
from fitmycv_worker.llm import prompts
from fitmycv_worker.llm.client import ModelLike, Record
from fitmycv_worker.pipelines import errors, languages
from fitmycv_worker.pipelines.grounding import Source
from fitmycv_worker.pipelines.pdf_import import countries, dates, layout, pages
from fitmycv_worker.pipelines.pdf_import.schemas import ReadCv, ReadExtra, ReadJob, ReadLanguage, ReadProject, ReadStudy

Progress = Callable[[int, str], None]

PROMPT = Path(__file__).parent / "prompts" / "read_cv.md"
FEWEST_CHARACTERS = 100
MOST_CHARACTERS = 60_000


def run(
    model: ModelLike, pdf: bytes, *, model_name: str, feature_key: str, record: Record, progress: Progress
) -> cvs.CvDocument:
    """The CV in `pdf`.

    `progress` gets a percentage and one of the steps `reading`, `understanding`, `checking`, `done`.

    Raises:
        errors.NotReadable, errors.NotACv: the file gives nothing.
        llm.errors.ModelError: the model gives nothing.
    """
    progress(5, "reading")
    try:
        text = layout.text_of(pages.read(pdf))
    except pages.Unreadable as problem:
        raise errors.NotReadable from problem
    if sum(not c.isspace() for c in text) < FEWEST_CHARACTERS:
        raise errors.NotACv
    text = text[:MOST_CHARACTERS]
    progress(30, "understanding")
    answer = model.complete(
        call_name=CallName.IMPORT_PDF_EXTRACT,
        feature_key=feature_key,
        model=model_name,
        schema=ReadCv,
        system=prompts.load(PROMPT),
        text=prompts.framed(text),
        record=record,
    )
    progress(85, "checking")
    cv = grounded(answer, text)
    if not (cv.experience or cv.education or (cv.header.full_name and (cv.skills.hard_skills or cv.skills.tools))):
        raise errors.NotACv
    progress(100, "done")
    return cv


def grounded(answer: ReadCv, text: str) -> cvs.CvDocument:
    """The document of `answer`, less everything that `text` does not say."""
    said = _Said(layout.plain(text))
    skills = answer.skills
    return cvs.CvDocument(
        language=languages.detect(_prose(answer) or layout.plain(text)),
        header=cvs.Header(
            full_name=said.keep(answer.full_name),
            current_title=said.keep(answer.current_title),
            contact=said.contact(answer),
        ),
        summary=cvs.Summary(description=said.keep(answer.summary, 8000)),
        skills=cvs.Skills(
            hard_skills=said.keep_all(skills.hard_skills, lambda name: cvs.Skill(name=name), 200),
            tools=said.keep_all(skills.tools, lambda name: cvs.Skill(name=name), 200),
            methodologies=said.keep_all(skills.methodologies, lambda name: cvs.Term(name=name), 200),
            soft_skills=said.keep_all(skills.soft_skills, lambda name: cvs.Term(name=name), 200),
        ),
        experience=[job for job in map(said.job, answer.experience) if job.title or job.company],
        education=[study for study in map(said.study, answer.education) if study.institution or study.degree],
        languages=[spoken for spoken in map(said.language, answer.languages) if spoken],
        projects=[project for project in map(said.project, answer.projects) if project.name or project.summary],
        extras=[extra for extra in map(said.extra, answer.extras) if extra],
    )


def _prose(answer: ReadCv) -> str:
    """What the person wrote in sentences: the part that shows the language."""
    lines = [answer.summary or ""]
    for job in answer.experience:
        lines += [job.title or "", job.description or "", *job.responsibilities, *job.deliverables]
    return " ".join(lines)


class _Said(Source):
    """The text of a CV, and the items of a document that it bears out."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._text = text.casefold()
        self._dates = dates.mentioned(text)

    def date(self, value: str | None) -> str | None:
        """A date the text states; one whose month it does not state is cut to its year."""
        if not value or value == cvs.PRESENT:
            return None
        if value in self._dates:
            return value
        return value[:4] if value[:4] in self._dates and value[:4].isdigit() else None

    def end(self, value: str | None) -> str | None:
        """An end the text states."""
        return cvs.PRESENT if value == cvs.PRESENT and cvs.PRESENT in self._dates else self.date(value)

    def place(self, city: str | None, region: str | None, country: str | None) -> cvs.Place:
        """A place whose every part is named."""
        named = countries.code(self.keep(country))
        return cvs.Place(city=self.keep(city), region=self.keep(region), country_code=named)

    def contact(self, answer: ReadCv) -> cvs.Contact:
        """How to reach the person, letter for letter."""
        email = answer.email if answer.email and answer.email.casefold() in self._text else None
        links = {link.url: link for link in answer.links if self._has_address(link.url)}
        return cvs.Contact(
            email=email,
            phone=self.keep(answer.phone),
            location=self.place(answer.city, answer.region, answer.country),
            links=[cvs.Link(label=self.keep(link.label), url=link.url) for link in list(links.values())[:40]],
        )

    def _has_address(self, url: str | None) -> bool:
        """Whether a web address stands in the text, with or without its scheme."""
        bare = (url or "").casefold().split("://")[-1].removeprefix("www.").rstrip("/")
        return len(bare) > 2 and "." in bare and not any(c.isspace() for c in bare) and bare in self._text

    def job(self, job: ReadJob) -> cvs.Experience:
        """A job."""
        return cvs.Experience(
            title=self.keep(job.title),
            company=self.keep(job.company),
            department_or_client=self.keep(job.department_or_client),
            start_date=self.date(job.start),
            end_date=self.end(job.end),
            location=self.place(job.city, job.region, job.country),
            description=self.keep(job.description, 8000),
            responsibilities=self.keep_all(job.responsibilities, lambda text: cvs.Line(text=text)),
            deliverables=self.keep_all(job.deliverables, lambda text: cvs.Line(text=text)),
            skills_used=self.keep_all(job.skills_used, lambda name: cvs.Term(name=name), 200),
        )

    def study(self, study: ReadStudy) -> cvs.Education:
        """A degree."""
        return cvs.Education(
            institution=self.keep(study.institution),
            degree=self.keep(study.degree),
            field_of_study=self.keep(study.field_of_study),
            start_date=self.date(study.start),
            end_date=self.end(study.end),
            location=self.place(study.city, study.region, study.country),
            details=self.keep_all(study.details, lambda text: cvs.Line(text=text)),
        )

    def language(self, spoken: ReadLanguage) -> cvs.LanguageSkill | None:
        """A language, with its place on the European scale when its level says so."""
        name = self.keep(spoken.name, 100)
        if name is None:
            return None
        level = self.keep(spoken.level)
        return cvs.LanguageSkill(
            name=name, level=level, cefr=ladders.cefr(level or ""), certification=self.keep(spoken.certification)
        )

    def project(self, project: ReadProject) -> cvs.Project:
        """A project."""
        return cvs.Project(
            name=self.keep(project.name),
            role=self.keep(project.role),
            start_date=self.date(project.start),
            end_date=self.end(project.end),
            summary=self.keep(project.summary, 8000),
            lines=self.keep_all(project.lines, lambda text: cvs.Line(text=text)),
            tech_stack=self.keep_all(project.tech_stack, lambda name: cvs.Term(name=name), 200),
            url=project.url if self._has_address(project.url) else None,
        )

    def extra(self, extra: ReadExtra) -> cvs.Extra | None:
        """Anything else."""
        name = self.keep(extra.name, 4000)
        if name is None:
            return None
        return cvs.Extra(
            kind=cvs.ExtraKind(extra.kind),
            section=self.keep(extra.section),
            name=name,
            summary=self.keep(extra.summary, 8000),
        )
