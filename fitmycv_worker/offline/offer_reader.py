"""Reads the text of a job offer into fields, by rules; what the text does not say stays empty."""

import re
from collections.abc import Iterable, Sequence

from fitmycv_admin.domain.cvs import ladders, wording
from fitmycv_worker.offline import contact, lexicon, offer_terms, skills
from fitmycv_worker.offline.offer_text import Part, Sentence, heading_of, sentences
from fitmycv_worker.pipelines.offer_extraction.schemas import (
    ImportanceWord,
    ReadDegree,
    ReadLanguageNeed,
    ReadOffer,
    ReadSkill,
    ReadSoftSkill,
    ReadYears,
)

_NICE = re.compile(
    r"\b(?:un plus|des plus|atouts?|appreciee?s?|idealement|nice to have|a plus|a bonus|bonus|preferred|preferably"
    r"|desirable"
    r"|ideally|advantageous|von vorteil|wunschenswert|idealerweise|gern gesehen|optional|se valora\w*|deseable"
    r"|valorable"
    r"|not required|souhaitee?s?|ein plus|es un plus|plus apprecie|seria un plus)\b"
)
_YOU = re.compile(
    r"\b(?:vous|votre|vos|tu|ton|tes|you|your|sie|ihr|ihre|du|dein|deine|usted|tu|tus|eres|tienes"
    r"|profil|we are"
    r" looking|recherch\w+|suchen|buscamos|candidat\w*|bewerber\w*)\b"
)
_YEARS = re.compile(
    r"(?P<low>\d{1,2}|\b(?:un|une|one|deux|two|zwei|dos|trois|three|drei|tres|quatre|four|vier|cuatro|cinq|five|funf"
    r"|cinco"
    r"|six|sechs|seis|dix|ten|zehn|diez|einem?|uno)\b)\s*(?:\+|ou plus|or more)?\s*(?:(?:-|–|a|to|bis|et|y|and|und)\s*"
    r"(?P<high>\d{1,2}))?\s*\+?\s*(?:ans?|annees?|years?|yrs?|jahren?|jahre|anos?)\b"
)
_EXPERIENCE = re.compile(r"experien|erfahrung|berufspraxis|anciennete|poste similaire|puesto similar|similar role")
_DEGREE = re.compile(
    r"bac ?\+ ?\d|\b(?:bts|dut|deug|licence|master(?:s|abschluss|studium)?|mastere|mba|msc|bsc|bachelor\w*|phd|doctorat"
    r"|doctorate|promotion|abitur|bachillerato|baccalaureat|ausbildung|berufsausbildung|studium|hochschulstudium"
    r"|hochschulabschluss|grado|licenciatura|ingenieria|formacion profesional|fp|cap|bep|degree|diplome d ingenieur"
    r"|ecole d ingenieurs?|ecole de commerce|diplom|ciclo formativo|grado superior|titre professionnel|high school"
    r"|university degree|undergraduate|postgraduate|diplome d etat|titulacion|universitari[oa]|niveau bac|bac pro"
    r"|bac)\b"
)
_SCRUM_MASTER = re.compile(r"scrum ?master|master ?data|webmaster|bac a sable|cap sur")
_FIELD = re.compile(
    r"\s(?:en|in|im Bereich|de|der|of)\s+(?P<field>[^,.;:()\n/]{3,60}?)(?=\s+(?:ou|or|oder|o|and|et"
    r"|und|y|with|mit"
    r"|avec|con|from|preferred|is|est|required|equivalent)\b|[,.;:()\n/]|$)",
    re.IGNORECASE,
)
_NO_FIELD = re.compile(
    r"^(?:alternance|apprentissage|minimum|a |an |the |une? |votre|related|this|der |einem?|cours"
    r"|poste)",
    re.IGNORECASE,
)
_DUTY = re.compile(
    r"^(?:you will|you ll|vous (?:serez|aurez|assurez|participez|etes charge|intervenez|prenez|realisez)"
    r"|tu (?:seras|participeras|contribueras|auras)|sie (?:sind|ubernehmen|verantworten)"
    r"|du (?:ubernimmst|bist)"
    r"|te encargaras|seras responsable)"
)
_READ_FROM = frozenset({Part.HEAD, Part.NEEDS, Part.NICE, Part.DUTIES})
_LONGEST_DUTY = 600


def read(text: str) -> ReadOffer:
    """The fields of an offer."""
    said = sentences(text)
    title = offer_terms.title(text, said)
    city, region, country = offer_terms.place(text, said)
    named = _skills(said, title)
    return ReadOffer(
        title=title,
        company=offer_terms.company(text, said, title),
        city=city,
        region=region,
        country=country,
        contract=offer_terms.contract(text),
        remote=offer_terms.remote(text),
        salary=offer_terms.salary(said),
        years=_years(said),
        education=_degree(said),
        languages=_languages(said),
        skills=[skill for skill in named if isinstance(skill, ReadSkill)],
        soft_skills=[skill for skill in named if isinstance(skill, ReadSoftSkill)],
        responsibilities=_duties(said),
        benefits=_texts(said, Part.BENEFITS),
    )


def _importance(sentence: Sentence, clause: str = "") -> ImportanceWord:
    """Whether a sentence, or one clause of it, insists."""
    words = wording.folded(clause or sentence.text)
    return "nice" if sentence.part is Part.NICE or _NICE.search(words) else "required"


_CLASSES = {skills.Kind.HARD: "hard_skill", skills.Kind.TOOL: "tool", skills.Kind.METHOD: "methodology"}


def _skills(said: Sequence[Sentence], title: str | None) -> list[ReadSkill | ReadSoftSkill]:
    """Every skill of the list that the offer names, each once, insisting when it insists anywhere."""
    found: dict[int, ReadSkill | ReadSoftSkill] = {}
    for sentence in said:
        if sentence.part not in _READ_FROM or (title and sentence.text.startswith(title) and len(sentence.text) < 120):
            continue
        for hit in skills.find(sentence.text):
            kind = hit.skill.kind
            if kind is skills.Kind.SOFT and not _asks(sentence):
                continue
            importance = _importance(sentence)
            known = found.get(hit.skill.number)
            if known is not None and (known.importance == "required" or importance == "nice"):
                continue
            found[hit.skill.number] = (
                ReadSoftSkill(name=hit.text, importance=importance, sentence=sentence.text)
                if kind is skills.Kind.SOFT
                else ReadSkill.model_validate(
                    {
                        "name": hit.text,
                        "skill_class": _CLASSES[kind],
                        "importance": importance,
                        "sentence": sentence.text,
                    }
                )
            )
    return list(found.values())


def _asks(sentence: Sentence) -> bool:
    """Whether a sentence is about the person sought."""
    return sentence.part in (Part.NEEDS, Part.NICE) or bool(_YOU.search(wording.folded(sentence.text)))


def _years(said: Sequence[Sentence]) -> ReadYears | None:
    """The smallest number of years of experience asked, insisting ones first."""
    found: list[ReadYears] = []
    for sentence in said:
        words = offer_terms.spaced(sentence.text)
        if sentence.part is Part.EMPLOYER or not _EXPERIENCE.search(words):
            continue
        for match in _YEARS.finditer(words):
            low = offer_terms.number(match.group("low"))
            high = offer_terms.number(match.group("high")) if match.group("high") else None
            if low is not None and low <= 30:
                found.append(
                    ReadYears(
                        min_years=low,
                        max_years=high if high and high > low else None,
                        importance=_importance(sentence),
                        sentence=sentence.text,
                    )
                )
    found.sort(key=lambda years: years.importance == "nice")
    return found[0] if found else None


def _degree(said: Sequence[Sentence]) -> ReadDegree | None:
    """The lowest diploma of the first sentence that asks for one."""
    for sentence in said:
        words = _SCRUM_MASTER.sub(" ", wording.folded(sentence.text))
        if sentence.part in (Part.EMPLOYER, Part.BENEFITS, Part.PROCESS) or not _DEGREE.search(words):
            continue
        named = [ladders.degree_level(match.group()) for match in _DEGREE.finditer(words)]
        levels = [level for level in named if level is not None]
        if not levels:
            continue
        level = min(levels)
        field = next(
            (
                m.group("field").strip()
                for m in _FIELD.finditer(sentence.text)
                if not _NO_FIELD.match(m.group("field")) and _is_field(m.group("field"))
            ),
            None,
        )
        return ReadDegree.model_validate(
            {
                "level": level.name.lower(),
                "field_of_study": field,
                "importance": _importance(sentence),
                "sentence": sentence.text,
            }
        )
    return None


def _is_field(text: str) -> bool:
    """Whether some words could be a field of study: few, and none of them about time or work."""
    words = wording.folded(text)
    return len(words.split()) <= 6 and not re.search(r"\d|experien|erfahrung|ans\b|years|jahre|anos|alternance", words)


_ABOUT_LANGUAGE = re.compile(
    r"courant|maitris|langue|speak|fluen|fluid|kenntnis|sprach|idioma|nivel|niveau|level|bilingu|parle|written"
    r"|spoken|ecrit"
    r"|oral|proficien|native|mother|lire|toeic|lu ecrit|fliess|verhandlungssicher|wort und schrift|command of|skills"
    r"|\b[abc][12]\b|professionnel|indispensable|required|obligatoire|erforderlich|imprescindible|exige"
)


def _languages(said: Sequence[Sentence]) -> list[ReadLanguageNeed]:
    """The languages that must be spoken, with the level named closest to each."""
    found: dict[str, ReadLanguageNeed] = {}
    for sentence in said:
        if sentence.part in (Part.EMPLOYER, Part.BENEFITS, Part.PROCESS):
            continue
        if not (_ABOUT_LANGUAGE.search(wording.folded(sentence.text)) or len(sentence.text) < 40):
            continue
        for clause in re.split(r",|;|\bet\b|\band\b|\bund\b|\by\b", sentence.text):
            for word in re.findall(r"[^\W\d_]+", clause):
                code = ladders.language_code(word) if len(word) > 4 else None
                if code is None or code in found:
                    continue
                words = re.findall(r"[^\W\d_]{5,}", sentence.text)
                alone = sum(ladders.language_code(other) is not None for other in words) == 1
                level = ladders.cefr(clause) or (ladders.cefr(sentence.text) if alone else None)
                found[code] = ReadLanguageNeed.model_validate(
                    {
                        "name": word,
                        "level": level.value if level else None,
                        "importance": _importance(sentence, "" if alone else clause),
                        "sentence": sentence.text,
                    }
                )
    return list(found.values())


def _duties(said: Sequence[Sentence]) -> list[str]:
    """What the person will do."""
    duties = _texts(said, Part.DUTIES)
    return duties or [s.text for s in said if _DUTY.match(wording.folded(s.text)) and len(s.text) <= _LONGEST_DUTY]


def _texts(said: Iterable[Sentence], part: Part) -> list[str]:
    """The sentences of one part."""
    return [
        s.text
        for s in said
        if s.part is part
        and 12 < len(s.text) <= _LONGEST_DUTY
        and heading_of(s.text) is None
        and not contact.EMAIL.search(s.text)
        and not lexicon.is_place(s.text)
    ]
