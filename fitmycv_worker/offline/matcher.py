"""Finds which passages of a CV answer which requirements, by names of the same thing and shared words."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from fitmycv_admin.domain.cvs import wording
from fitmycv_admin.domain.cvs.match import Kind
from fitmycv_worker.offline import skills
from fitmycv_worker.pipelines.scoring.schemas import Answers, Found, Need, Passage, Question

_STEM = 6  # letters; long enough to tell words apart, short enough to forgive endings in four languages
_SHARED = 2
_COVERED = 0.34
_EMPTY = frozenset(re.findall(r"\w+", (
    "avec dans pour vous nous votre notre leur sont aux des les une sur par que qui est the and for with you your our "
    "will are that this from have has und der die das den dem mit von fur sie wir ihr ihre auf bei zum zur ein eine "
    "einen einer los las del con por para una como sus team work works working ainsi comme plus tout tous toutes entre "
    "sein etre avoir including etc within across into new all any other more than assurer participer support "
    "ensure")))
_RANK = frozenset(re.findall(r"\w+", (
    "senior junior confirme confirmee lead principal stagiaire alternant alternance h f m w d hf fh x in the de du "
    "des en "
    "et und and der die das la le a an of for pour fur stage apprenti experimente expert intern trainee")))
_FIELDS = tuple(frozenset(names.split("|")) for names in (
    "computer science|informatique|informatik|informatica|ingenieria informatica|computer engineering|software "
    "engineering",
    "mechanical engineering|genie mecanique|maschinenbau|ingenieria mecanica|mecanique",
    "electrical engineering|genie electrique|elektrotechnik|ingenieria electrica|electrotechnique",
    "business administration|gestion|bwl|betriebswirtschaft|betriebswirtschaftslehre|administracion de empresas"
    "|management",
    "accounting|comptabilite|rechnungswesen|contabilidad|comptabilite gestion", "economics|economie|volkswirtschaft"
                                                                                "|economia",
    "marketing|mercadotecnia", "law|droit|rechtswissenschaft|jura|derecho", "nursing|soins infirmiers|krankenpflege"
                                                                            "|enfermeria",
    "mathematics|mathematiques|mathematik|matematicas", "physics|physique|physik|fisica", "chemistry|chimie|chemie"
                                                                                          "|quimica",
    "human resources|ressources humaines|personalwesen|recursos humanos", "civil engineering|genie civil"
                                                                          "|bauingenieurwesen"))


def match(question: Question) -> Answers:
    """Every passage that answers a requirement, with the words that do."""
    weights = _weights(question)
    found: list[Found] = []
    for need in question.requirements:
        if need.kind in (Kind.SKILL, Kind.SOFT_SKILL):
            found += _by_name(need, question.passages)
        elif need.kind == Kind.ROLE:
            found += _by_role(need, question.passages)
        elif need.kind == Kind.FIELD:
            found += _by_field(need, question.passages)
        else:
            found += _by_words(need, question.passages, weights)
    return Answers(matches=found)


def _by_name(need: Need, passages: Sequence[Passage]) -> list[Found]:
    """Passages that name the skill, in any spelling or language the list knows."""
    wanted = skills.classify(need.text)
    words = wording.folded(need.text)
    found = []
    for passage in passages:
        if passage.where == "languages":
            continue
        if wording.contains(wording.folded(passage.text), words):
            found.append(Found(requirement_id=need.id, item_id=passage.id, quote=need.text))
        elif wanted is not None:
            quote = _alias_in(wanted, passage)
            if quote:
                found.append(Found(requirement_id=need.id, item_id=passage.id, quote=quote))
    return found


def _alias_in(wanted: skills.SkillClass, passage: Passage) -> str | None:
    """The words of a passage that name a skill of the wanted class."""
    if skills.classify(passage.text) is wanted:
        return passage.text
    return next((hit.text for hit in skills.find(passage.text) if hit.skill is wanted), None)


def _by_role(need: Need, passages: Sequence[Passage]) -> list[Found]:
    """Jobs with a title that shares most of its words with the offer's."""
    wanted = _title_stems(need.text)
    found = []
    for passage in passages:
        if passage.where not in ("experience", "header") or not wanted:
            continue
        title = passage.text.split(" · ")[0]
        held = _title_stems(title)
        if len(wanted & held) * 2 >= max(len(wanted), min(len(held), len(wanted) + 1)) and wanted & held:
            found.append(Found(requirement_id=need.id, item_id=passage.id, quote=title))
    return found


def _title_stems(title: str) -> set[str]:
    """The stems of a title without rank and gender."""
    return {word[:_STEM] for word in wording.folded(title).split() if word not in _RANK and len(word) > 1}


def _by_field(need: Need, passages: Sequence[Passage]) -> list[Found]:
    """Diplomas in the field, or in what it is called in another language."""
    plain = wording.folded(need.text)
    known = (names for names in _FIELDS if any(wording.contains(plain, name) for name in names))
    names = next(known, frozenset([plain]))
    return [Found(requirement_id=need.id, item_id=passage.id, quote=passage.text) for passage in passages
            if passage.where == "education"
            and any(wording.contains(wording.folded(passage.text), name) for name in names)]


def _by_words(need: Need, passages: Sequence[Passage], weights: dict[str, float]) -> list[Found]:
    """Passages of jobs and projects that share the telling words of a duty."""
    wanted = _stems(need.text)
    whole = sum(weights.get(stem, 1.0) for stem in wanted)
    found = []
    for passage in passages:
        if passage.where not in ("experience", "projects") or not whole:
            continue
        shared = wanted & _stems(passage.text)
        covered = sum(weights.get(stem, 1.0) for stem in shared) / whole
        if len(shared) >= _SHARED and covered >= _COVERED:
            found.append(Found(requirement_id=need.id, item_id=passage.id, quote=passage.text))
    return found


def _stems(text: str) -> set[str]:
    """The telling words of a text by their first letters; names of one skill are one word."""
    stems = {word[:_STEM] for word in wording.folded(text).split() if len(word) > 3 and word not in _EMPTY}
    for hit in skills.find(text):
        stems -= {word[:_STEM] for word in wording.folded(hit.text).split()}
        stems.add(f"#{hit.skill.number}")
    return stems


def _weights(question: Question) -> dict[str, float]:
    """How telling each word is: the rarer in offer and CV, the more."""
    texts = [_stems(item.text) for item in (*question.requirements, *question.passages)]
    counts = Counter(stem for stems in texts for stem in stems)
    return {stem: math.log(1 + len(texts) / count) * (1.5 if re.match("#", stem) else 1.0)
            for stem, count in counts.items()}
