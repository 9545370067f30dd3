"""The match score: facts in, a number with its whole explanation out; no model has a say in it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from fitmycv_admin.domain.cvs import document, ladders, periods, wording
from fitmycv_admin.domain.cvs.document import CvDocument, Passage, Where
from fitmycv_admin.domain.cvs.match import (
    FIELD_ID,
    ROLE_ID,
    Answer,
    Evidence,
    Kind,
    MatchScore,
    MissingSkill,
    Part,
    Proof,
    ScorePart,
)
from fitmycv_admin.domain.cvs.offer_document import Importance, OfferDocument

WEIGHTS: Mapping[Part, int] = {Part.TECHNICAL: 35, Part.EXPERIENCE: 30, Part.EDUCATION: 20, Part.SOFT: 15}
BOTH, SHOWN, LISTED, NOTHING = Fraction(1), Fraction(8, 10), Fraction(6, 10), Fraction(0)
_LISTS = frozenset({Where.SKILLS, Where.SUMMARY, Where.HEADER})
_IMPORTANCE = {Importance.REQUIRED: Fraction(2), Importance.NICE: Fraction(1)}
_YEARS, _ROLE, _DUTIES, _DEGREE, _FIELD = Fraction(5), Fraction(2), Fraction(3), Fraction(3), Fraction(1)
_ONE_STEP_BELOW, _TWO_STEPS_BELOW = Fraction(6, 10), Fraction(3, 10)
_MOST_EVIDENCE = 6


class NothingToScore(ValueError):
    """The offer asks for nothing that a CV could be compared with."""


@dataclass(frozen=True, slots=True)
class _Measured:
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


def score(
    cv: CvDocument, offer: OfferDocument, proofs: Iterable[Proof], *, today: date, weights: Mapping[Part, int] = WEIGHTS
) -> MatchScore:
    """The score of `cv` for `offer`.

    `proofs` say which item of the CV answers which requirement; one whose quote does not stand in
    its item counts nothing. Skills that the CV names literally are found without a proof. A part
    for which the offer asks nothing is left out and its weight is shared among the others.

    Raises:
        NothingToScore: the offer asks for nothing.
    """
    evidence = _evidence(cv, offer, proofs)
    measured = {
        Part.TECHNICAL: _technical(offer, evidence),
        Part.EXPERIENCE: _experience(cv, offer, evidence, today),
        Part.EDUCATION: _education(cv, offer, evidence),
        Part.SOFT: _soft(cv, offer, evidence),
    }
    if not any(measured.values()):
        raise NothingToScore
    asked = {part: Fraction(weights[part] if answers else 0) for part, answers in measured.items()}
    effective = dict(zip(asked, apportion(100, list(asked.values())), strict=True))
    subs = {part: _sub_score(answers) for part, answers in measured.items()}
    hundredths = {part: effective[part] * subs[part] for part in measured}
    total = sum(hundredths.values())
    whole = (total + 50) // 100
    points = dict(zip(measured, apportion(whole, [Fraction(h) for h in hundredths.values()]), strict=True))
    parts = tuple(
        ScorePart(
            part=part,
            base_weight=weights[part],
            weight=effective[part],
            sub_score=subs[part],
            hundredths=hundredths[part],
            points=points[part],
            answers=_answers(answers, hundredths[part], effective[part] * 100),
        )
        for part, answers in measured.items()
    )
    return MatchScore(score=whole, hundredths=total, parts=parts, missing=_missing(measured))


def apportion(total: int, shares: Sequence[Fraction]) -> list[int]:
    """`total` split in whole numbers after `shares`, by largest remainder; the parts sum to `total`."""
    whole = sum(shares, Fraction(0))
    if whole == 0:
        return [0] * len(shares)
    exact = [total * share / whole for share in shares]
    parts = [int(value) for value in exact]
    by_remainder = sorted(range(len(shares)), key=lambda i: (parts[i] - exact[i], i))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts


def _sub_score(answers: Sequence[_Measured]) -> int:
    """The weighted mean of the strengths, 0 to 100, rounded half up."""
    if not answers:
        return 0
    shares = sum((answer.share for answer in answers), Fraction(0))
    reached = sum((answer.share * answer.strength for answer in answers), Fraction(0))
    return int(reached / shares * 100 + Fraction(1, 2))


def _answers(answers: Sequence[_Measured], hundredths: int, max_hundredths: int) -> tuple[Answer, ...]:
    """The requirements of a part, its hundredths shared out exactly."""
    got = apportion(hundredths, [answer.share * answer.strength for answer in answers])
    most = apportion(max_hundredths, [answer.share for answer in answers])
    return tuple(
        Answer(
            requirement_id=a.requirement_id,
            kind=a.kind,
            label=a.label,
            importance=a.importance,
            sentence=a.sentence,
            strength=int(a.strength * 100 + Fraction(1, 2)),
            hundredths=g,
            max_hundredths=m,
            evidence=a.evidence,
            need=a.need,
            have=a.have,
        )
        for a, g, m in zip(answers, got, most, strict=True)
    )


def _missing(measured: Mapping[Part, Sequence[_Measured]]) -> tuple[MissingSkill, ...]:
    """The skills without any evidence, required ones first."""
    gaps = [
        answer
        for part in (Part.TECHNICAL, Part.SOFT)
        for answer in measured[part]
        if answer.strength == 0 and answer.kind in (Kind.SKILL, Kind.SOFT_SKILL)
    ]
    gaps.sort(key=lambda answer: answer.importance is not Importance.REQUIRED)
    return tuple(
        MissingSkill(requirement_id=gap.requirement_id, name=gap.label, kind=gap.kind, importance=gap.importance)
        for gap in gaps
    )


# --- evidence -------------------------------------------------------------------------------------

_ByRequirement = Mapping[str, tuple[Evidence, ...]]


def _evidence(cv: CvDocument, offer: OfferDocument, proofs: Iterable[Proof]) -> _ByRequirement:
    """Checked evidence per requirement, in the order of the CV, each item once."""
    order: dict[str, list[tuple[Passage, str]]] = {}
    for passage in document.passages(cv):
        order.setdefault(passage.item_id, []).append((passage, wording.folded(passage.text)))
    position = {item_id: index for index, item_id in enumerate(order)}
    found: dict[str, dict[str, Evidence]] = {}
    for proof in (*proofs, *_literal(offer, order)):
        for passage, plain in order.get(proof.item_id, ()):
            if wording.contains(plain, wording.folded(proof.quote)):
                evidence = Evidence(item_id=proof.item_id, where=passage.where, quote=proof.quote)
                found.setdefault(proof.requirement_id, {}).setdefault(proof.item_id, evidence)
                break
    return {
        requirement: tuple(sorted(items.values(), key=lambda e: position[e.item_id]))
        for requirement, items in found.items()
    }


def _literal(offer: OfferDocument, order: Mapping[str, list[tuple[Passage, str]]]) -> Iterable[Proof]:
    """Proofs that need no judgement: the name of the skill stands in the item."""
    for requirement in (*offer.skills, *offer.soft_skills):
        name = wording.folded(requirement.name)
        for item_id, texts in order.items():
            if any(wording.contains(plain, name) for _, plain in texts):
                yield Proof(requirement_id=requirement.id, item_id=item_id, quote=requirement.name)


def _strength(evidence: Sequence[Evidence]) -> Fraction:
    """Listed and shown 1, shown 0.8, only listed 0.6."""
    listed = any(item.where in _LISTS for item in evidence)
    shown = any(item.where not in _LISTS for item in evidence)
    return BOTH if listed and shown else SHOWN if shown else LISTED if listed else NOTHING


# --- the four parts -------------------------------------------------------------------------------


def _named(requirements: Sequence, kind: Kind, evidence: _ByRequirement) -> list[_Measured]:
    """Skills of one kind; the same name asked twice counts once, at its highest importance."""
    groups: dict[str, list] = {}
    for requirement in requirements:
        groups.setdefault(wording.folded(requirement.name), []).append(requirement)
    measured = []
    for same in groups.values():
        lead = min(same, key=lambda requirement: requirement.importance is not Importance.REQUIRED)
        proofs = _merged([evidence.get(requirement.id, ()) for requirement in same])
        measured.append(
            _Measured(
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


def _technical(offer: OfferDocument, evidence: _ByRequirement) -> list[_Measured]:
    return _named(offer.skills, Kind.SKILL, evidence)


def _experience(cv: CvDocument, offer: OfferDocument, evidence: _ByRequirement, today: date) -> list[_Measured]:
    """Years by union of periods, the role held before, and the duties that were done before."""
    measured = []
    if offer.years is not None:
        months = periods.months_worked(((job.start_date, job.end_date) for job in cv.experience), today)
        asked = Fraction(offer.years.min_years).limit_denominator(100) * 12
        strength = Fraction(1) if asked == 0 else min(Fraction(1), Fraction(months) / asked)
        measured.append(
            _Measured(
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
            _Measured(
                ROLE_ID, Kind.ROLE, offer.title, offer.title, _ROLE, _done(proofs), evidence=proofs[:_MOST_EVIDENCE]
            )
        )
    duties = {wording.folded(duty.sentence): duty for duty in reversed(offer.responsibilities)}
    for duty in reversed(duties.values()):
        proofs = evidence.get(duty.id, ())
        measured.append(
            _Measured(
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


def _education(cv: CvDocument, offer: OfferDocument, evidence: _ByRequirement) -> list[_Measured]:
    """The diploma on the ladder, and its field where the offer names one."""
    wanted = offer.education
    if wanted is None:
        return []
    levels = [(ladders.degree_level(f"{item.degree or ''} {item.field_of_study or ''}"), item) for item in cv.education]
    held = [(level, item) for level, item in levels if level is not None]
    best = max((level for level, _ in held), default=None)
    gap = int(wanted.level) - int(best) if best is not None else None
    strength = (
        NOTHING
        if gap is None or gap > 2
        else Fraction(1)
        if gap <= 0
        else _ONE_STEP_BELOW
        if gap == 1
        else _TWO_STEPS_BELOW
    )
    proofs = tuple(
        Evidence(item_id=item.id, where=Where.EDUCATION, quote=item.degree or item.field_of_study or "")
        for level, item in held
        if level == best
    )
    measured = [
        _Measured(
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
            _Measured(
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


def _soft(cv: CvDocument, offer: OfferDocument, evidence: _ByRequirement) -> list[_Measured]:
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
            _Measured(
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
    return (Fraction(1), _ONE_STEP_BELOW, _TWO_STEPS_BELOW)[max(gap, 0)] if gap <= 2 else NOTHING
