"""Field by field, how much of the truth was read, and whether anything was made up."""

import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import pypdf

from fitmycv_admin.domain.cvs import document as cvs
from fitmycv_admin.domain.cvs import wording
from tests.evals.people import Person

FIELDS = (
    "name",
    "email",
    "phone",
    "title",
    "links",
    "company",
    "position",
    "start",
    "end",
    "bullets",
    "institution",
    "degree",
    "study_end",
    "skills",
    "languages",
)
_NOT_COPIED = {
    "id",
    "schema_version",
    "language",
    "cefr",
    "kind",
    "start_date",
    "end_date",
    "country_code",
    "proficiency",
}


@dataclass
class Tally:
    """Hits, and how many were given and expected, by field."""

    hits: Counter = field(default_factory=Counter)
    given: Counter = field(default_factory=Counter)
    expected: Counter = field(default_factory=Counter)

    def add(self, name: str, given: Iterable[str | None], expected: Iterable[str | None]) -> None:
        """Count one field of one document, each value as often as it stands."""
        one, two = (Counter(wording.folded(value) for value in values if value) for values in (given, expected))
        self.hits[name] += sum((one & two).values())
        self.given[name] += sum(one.values())
        self.expected[name] += sum(two.values())

    def f1(self, name: str) -> float:
        """The harmonic mean of precision and recall of a field."""
        both = self.given[name] + self.expected[name]
        return 2 * self.hits[name] / both if both else 1.0

    def macro(self) -> float:
        """The mean of all fields."""
        return sum(self.f1(name) for name in FIELDS) / len(FIELDS)

    def __iadd__(self, other: "Tally") -> "Tally":
        """The tally of two sets of documents."""
        self.hits += other.hits
        self.given += other.given
        self.expected += other.expected
        return self


def compare(cv: cvs.CvDocument, truth: Person) -> Tally:
    """One CV as it was read against the person it is about."""
    tally = Tally()
    contact = cv.header.contact
    tally.add("name", [cv.header.full_name], [truth.name])
    tally.add("email", [contact.email], [truth.email])
    tally.add("phone", [_digits(contact.phone)], [_digits(truth.phone)])
    tally.add("title", [cv.header.current_title], [truth.title])
    tally.add("links", [_address(link.url) for link in contact.links], map(_address, truth.links))
    tally.add("company", [job.company for job in cv.experience], [job.company for job in truth.jobs])
    tally.add("position", [job.title for job in cv.experience], [job.title for job in truth.jobs])
    tally.add("start", [job.start_date for job in cv.experience], [job.start for job in truth.jobs])
    tally.add("end", [job.end_date for job in cv.experience], [job.end for job in truth.jobs])
    lines = [line.text for job in cv.experience for line in (*job.responsibilities, *job.deliverables)]
    tally.add("bullets", lines, [bullet for job in truth.jobs for bullet in job.bullets])
    tally.add("institution", [study.institution for study in cv.education], [s.institution for s in truth.studies])
    tally.add("degree", [study.degree for study in cv.education], [study.degree for study in truth.studies])
    tally.add("study_end", [study.end_date for study in cv.education], [study.end for study in truth.studies])
    skills = cv.skills
    named = [
        item.name
        for group in (skills.hard_skills, skills.tools, skills.methodologies, skills.soft_skills)
        for item in group
    ]
    tally.add("skills", named, (*truth.skills, *truth.tools, *truth.soft))
    tally.add(
        "languages",
        [f"{spoken.name} {spoken.level}" for spoken in cv.languages],
        [f"{name} {level}" for name, level in truth.languages],
    )
    return tally


def _digits(text: str | None) -> str | None:
    """A telephone number without what stands between its digits."""
    return re.sub(r"\D", "", text) if text else None


def _address(url: str) -> str:
    """A web address without its scheme."""
    return url.split("://")[-1].removeprefix("www.").rstrip("/")


def leaves(value: object) -> Iterable[str]:
    """Every string of a document that must have been copied."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in _NOT_COPIED:
                yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif isinstance(value, str):
        yield value


def invented(cv: cvs.CvDocument, pdf: bytes) -> list[str]:
    """The strings of a document that another reader of PDF does not find in the file."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    text = "\n".join(page.extract_text() for page in reader.pages)
    addresses = [
        str(link.get_object().get("/A", {}).get("/URI", ""))
        for page in reader.pages
        for link in page.get("/Annots") or ()
    ]
    squeezed = (
        wording.squeezed(re.sub(r"-\n", "", text))
        + " "
        + wording.squeezed(text)
        + " "
        + "".join(wording.squeezed(address) for address in addresses)
    )
    years = {
        date[:4]
        for job in (*cv.experience, *cv.education)
        for date in (job.start_date, job.end_date)
        if date and date != cvs.PRESENT
    }
    wrong = [leaf for leaf in leaves(cv.model_dump(mode="json")) if wording.squeezed(leaf) not in squeezed]
    return wrong + [year for year in years if year not in text]
