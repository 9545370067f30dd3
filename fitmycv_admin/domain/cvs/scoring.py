"""The match score: facts in, a number with its whole explanation out; no model has a say in it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction

from fitmycv_admin.domain.cvs import document, measures, wording
from fitmycv_admin.domain.cvs.document import CvDocument, Passage
from fitmycv_admin.domain.cvs.match import (
    Answer,
    Evidence,
    Kind,
    MatchScore,
    MissingSkill,
    Part,
    Proof,
    ScorePart,
)
from fitmycv_admin.domain.cvs.measures import ByRequirement, Measured
from fitmycv_admin.domain.cvs.offer_document import Importance, OfferDocument

WEIGHTS: Mapping[Part, int] = {Part.TECHNICAL: 35, Part.EXPERIENCE: 30, Part.EDUCATION: 20, Part.SOFT: 15}


class NothingToScore(ValueError):
    """The offer asks for nothing that a CV could be compared with."""


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
        Part.TECHNICAL: measures.technical(offer, evidence),
        Part.EXPERIENCE: measures.experience(cv, offer, evidence, today),
        Part.EDUCATION: measures.education(cv, offer, evidence),
        Part.SOFT: measures.soft(cv, offer, evidence),
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


def _sub_score(answers: Sequence[Measured]) -> int:
    """The weighted mean of the strengths, 0 to 100, rounded half up."""
    if not answers:
        return 0
    shares = sum((answer.share for answer in answers), Fraction(0))
    reached = sum((answer.share * answer.strength for answer in answers), Fraction(0))
    return int(reached / shares * 100 + Fraction(1, 2))


def _answers(answers: Sequence[Measured], hundredths: int, max_hundredths: int) -> tuple[Answer, ...]:
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


def _missing(measured: Mapping[Part, Sequence[Measured]]) -> tuple[MissingSkill, ...]:
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


def _evidence(cv: CvDocument, offer: OfferDocument, proofs: Iterable[Proof]) -> ByRequirement:
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
