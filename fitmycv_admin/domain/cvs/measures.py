"""How far a CV answers each requirement of an offer: the four parts that the score weighs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from fitmycv_admin.domain.cvs import document, ladders, periods, wording
from fitmycv_admin.domain.cvs.document import CvDocument, Where
from fitmycv_admin.domain.cvs.match import FIELD_ID, ROLE_ID, Evidence, Kind
from fitmycv_admin.domain.cvs.offer_document import Importance, OfferDocument

BOTH, SHOWN, LISTED, NOTHING = Fraction(1), Fraction(8, 10), Fraction(6, 10), Fraction(0)
_LISTS = frozenset({Where.SKILLS, Where.SUMMARY, Where.HEADER})
_IMPORTANCE = {Importance.REQUIRED: Fraction(2), Importance.NICE: Fraction(1)}
_YEARS, _ROLE, _DUTIES, _DEGREE, _FIELD = Fraction(5), Fraction(2), Fraction(3), Fraction(3), Fraction(1)
# How much a diploma or a language level counts that is so many steps below the one asked for.
_BELOW = {0: Fraction(1), 1: Fraction(6, 10), 2: Fraction(3, 10)}
_MOST_EVIDENCE = 6


@dataclass(frozen=True, slots=True)
class Measured:
    """One requirement with the share it has in its part and how far the CV goes, 0 to 1."""

    requirement_id: str
    kind: Kind
    label: str
    sentence: str
    share: Fraction
    strength: Fraction
    importance: Importance = Importance.REQUIRED
    evidence: tuple[Evidence, ...] = ()
    need: float | None = None
    have: float | None = None


ByRequirement = Mapping[str, tuple[Evidence, ...]]


def _strength(evidence: Sequence[Evidence]) -> Fraction:
    """Listed and shown 1, shown 0.8, only listed 0.6."""
    listed = any(item.where in _LISTS for item in evidence)
    shown = any(item.where not in _LISTS for item in evidence)
    return BOTH if listed and shown else SHOWN if shown else LISTED if listed else NOTHING


def _named(requirements: Sequence, kind: Kind, evidence: ByRequirement) -> list[Measured]:
    """Skills of one kind; the same name asked twice counts once, at its highest importance."""
    groups: dict[str, list] = {}
    for requirement in requirements:
        groups.setdefault(wording.folded(requirement.name), []).append(requirement)
    measured = []
    for same in groups.values():
        lead = min(same, key=lambda requirement: requirement.importance is not Importance.REQUIRED)
        proofs = _merged([evidence.get(requirement.id, ()) for requirement in same])
        measured.append(
            Measured(
                lead.id,
                kind,
                lead.name,
                lead.sentence,
                _IMPORTANCE[lead.importance],
                _strength(proofs),
                importance=lead.importance,
                evidence=proofs[:_MOST_EVIDENCE],
            )
        )
    return measured


def _merged(groups: Iterable[Iterable[Evidence]]) -> tuple[Evidence, ...]:
    """The evidence of several requirements, each item once."""
    merged: dict[str, Evidence] = {}
    for group in groups:
        for item in group:
            merged.setdefault(item.item_id, item)
    return tuple(merged.values())


def technical(offer: OfferDocument, evidence: ByRequirement) -> list[Measured]:
    return _named(offer.skills, Kind.SKILL, evidence)


def experience(cv: CvDocument, offer: OfferDocument, evidence: ByRequirement, today: date) -> list[Measured]:
    """Years by union of periods, the role held before, and the duties that were done before."""
    measured = []
    if offer.years is not None:
        months = periods.months_worked(((job.start_date, job.end_date) for job in cv.experience), today)
        asked = Fraction(offer.years.min_years).limit_denominator(100) * 12
        strength = Fraction(1) if asked == 0 else min(Fraction(1), Fraction(months) / asked)
        measured.append(
            Measured(
                offer.years.id,
                Kind.YEARS,
                offer.years.sentence,
                offer.years.sentence,
                _YEARS,
                strength,
                importance=offer.years.importance,
                evidence=_dated_jobs(cv),
                need=offer.years.min_years,
                have=round(months / 12, 1),
            )
        )
    if offer.title and (offer.years or offer.responsibilities):
        proofs = evidence.get(ROLE_ID, ())
        measured.append(
            Measured(
                ROLE_ID, Kind.ROLE, offer.title, offer.title, _ROLE, _done(proofs), evidence=proofs[:_MOST_EVIDENCE]
            )
        )
    duties = {wording.folded(duty.sentence): duty for duty in reversed(offer.responsibilities)}
    for duty in reversed(duties.values()):
        proofs = evidence.get(duty.id, ())
        measured.append(
            Measured(
                duty.id,
                Kind.RESPONSIBILITY,
                duty.sentence,
                duty.sentence,
                _DUTIES / len(duties),
                _done(proofs),
                evidence=proofs[:_MOST_EVIDENCE],
            )
        )
    return measured


def _dated_jobs(cv: CvDocument) -> tuple[Evidence, ...]:
    """The jobs that have a start, as evidence of years."""
    return tuple(
        Evidence(
            item_id=job.id,
            where=Where.EXPERIENCE,
            quote=" · ".join(text for text in (job.title, job.company) if text) or str(job.start_date),
        )
        for job in cv.experience
        if job.start_date
    )[:_MOST_EVIDENCE]


def _done(evidence: Sequence[Evidence]) -> Fraction:
    """1 for something done in a job or a project, 0.6 for something only claimed."""
    if any(item.where in (Where.EXPERIENCE, Where.PROJECTS) for item in evidence):
        return Fraction(1)
    return LISTED if evidence else NOTHING


def education(cv: CvDocument, offer: OfferDocument, evidence: ByRequirement) -> list[Measured]:
    """The diploma on the ladder, and its field where the offer names one."""
    wanted = offer.education
    if wanted is None:
        return []
    levels = [(ladders.degree_level(f"{item.degree or ''} {item.field_of_study or ''}"), item) for item in cv.education]
    held = [(level, item) for level, item in levels if level is not None]
    best = max((level for level, _ in held), default=None)
    gap = int(wanted.level) - int(best) if best is not None else None
    strength = NOTHING if gap is None else _BELOW.get(max(gap, 0), NOTHING)
    proofs = tuple(
        Evidence(item_id=item.id, where=Where.EDUCATION, quote=item.degree or item.field_of_study or "")
        for level, item in held
        if level == best
    )
    measured = [
        Measured(
            wanted.id,
            Kind.DEGREE,
            wanted.sentence,
            wanted.sentence,
            _DEGREE,
            strength,
            importance=wanted.importance,
            evidence=proofs[:_MOST_EVIDENCE],
            need=float(wanted.level),
            have=None if best is None else float(best),
        )
    ]
    if wanted.field_of_study:
        found = tuple(item for item in evidence.get(FIELD_ID, ()) if item.where is Where.EDUCATION)
        measured.append(
            Measured(
                FIELD_ID,
                Kind.FIELD,
                wanted.field_of_study,
                wanted.sentence,
                _FIELD,
                Fraction(1) if found else NOTHING,
                importance=wanted.importance,
                evidence=found[:_MOST_EVIDENCE],
            )
        )
    return measured


def soft(cv: CvDocument, offer: OfferDocument, evidence: ByRequirement) -> list[Measured]:
    """Ways of working, as skills; languages by level."""
    measured = _named(offer.soft_skills, Kind.SOFT_SKILL, evidence)
    seen: set[str] = set()
    for wanted in sorted(
        offer.languages, key=lambda w: (w.importance is not Importance.REQUIRED, -(w.cefr.rank if w.cefr else 0))
    ):
        key = wanted.code or ladders.language_code(wanted.name) or wording.folded(wanted.name)
        if key in seen:
            continue
        seen.add(key)
        spoken = [
            item for item in cv.languages if (ladders.language_code(item.name) or wording.folded(item.name)) == key
        ]
        best = max(spoken, key=lambda item: _rank(item) or 0, default=None)
        measured.append(
            Measured(
                wanted.id,
                Kind.LANGUAGE,
                wanted.name,
                wanted.sentence,
                _IMPORTANCE[wanted.importance],
                _language_strength(wanted.cefr, best),
                importance=wanted.importance,
                evidence=()
                if best is None
                else (
                    Evidence(
                        item_id=best.id,
                        where=Where.LANGUAGES,
                        quote=" ".join(text for text in (best.name, best.level) if text),
                    ),
                ),
                need=float(wanted.cefr.rank) if wanted.cefr else None,
                have=float(rank) if best is not None and (rank := _rank(best)) else None,
            )
        )
    return measured


def _rank(spoken: document.LanguageSkill) -> int | None:
    """The place of a spoken language on the ladder, from its stored level or its words."""
    level = spoken.cefr or ladders.cefr(spoken.level or "")
    return level.rank if level else None


def _language_strength(wanted: document.Cefr | None, spoken: document.LanguageSkill | None) -> Fraction:
    """1 when the level is reached or none is asked, less by step; a level nobody states counts as listed."""
    if spoken is None:
        return NOTHING
    if wanted is None:
        return Fraction(1)
    rank = _rank(spoken)
    if rank is None:
        return LISTED
    gap = wanted.rank - rank
    return _BELOW.get(max(gap, 0), NOTHING)
