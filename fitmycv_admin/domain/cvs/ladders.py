"""Two ladders read from words in four languages: diplomas, and how well a language is spoken."""

import re
from functools import lru_cache

from fitmycv_admin.domain.cvs import wording
from fitmycv_admin.domain.cvs.document import Cefr
from fitmycv_admin.domain.cvs.offer_document import DegreeLevel

_DEGREES: tuple[tuple[DegreeLevel, str], ...] = (
    (DegreeLevel.DOCTORATE, r"ph ?d|doctorat|doctorate|doctoral|doktor(?:at|and)?|promotion|doctorado|bac ?\+ ?8"),
    (
        DegreeLevel.SHORT_CYCLE,
        r"grado superior|tecnico superior|associate(?: s)? degree|staatlich gepruft\w*|techniker\w*"
        r"|fachwirt\w*|meister\w*",
    ),
    (DegreeLevel.VOCATIONAL, r"grado medio|tecnico medio"),
    (
        DegreeLevel.MASTER,
        r"(?<!scrum )master(?: s|s|studium)?|mastere|msc|m sc|m eng|meng|mba|m a|ms|ma|mphil"
        r"|magister|ingenieur\w*|ecole d ingenieur\w*|diplom(?: ing\w*| informatik\w*| kauf\w*)?"
        r"|dess|dea|bac ?\+ ?5|hochschulabschluss|diplom\w+(?:in|er)|postgrado|grande ecole"
        r"|ingenieri?a (?:superior|informatica|industrial)|ingenier[oa]|state examination"
        r"|staatsexamen",
    ),
    (
        DegreeLevel.BACHELOR,
        r"bachelor(?: s|s|studium)?|bsc|b sc|beng|b eng|ba|bs|b a|b s|licence|licenciatur\w*"
        r"|licenciad[oa]|grado|bac ?\+ ?[34]|maitrise|undergraduate degree|university degree|degree"
        r"|titulacion universitaria|diplome universitaire|studium|hochschulstudium|diplome d etat"
        r"|diplomatura|diplomad[oa]|b u t",
    ),
    (DegreeLevel.SHORT_CYCLE, r"bts|dut|deug|deust|bac ?\+ ?2|hnd|foundation degree|but|fp superior|ciclo formativo"),
    (
        DegreeLevel.SECONDARY,
        r"baccalaureat\w*|bac|abitur|fachabitur|fachhochschulreife|bachillerato|high school"
        r"|a levels?|secondary school|matura|bac pro|niveau bac",
    ),
    (
        DegreeLevel.VOCATIONAL,
        r"cap|bep|ausbildung|berufsausbildung|apprenticeship|lehre|formacion profesional|fp"
        r"|vocational|nvq|titre professionnel|kaufmann\w*|kauffrau",
    ),
)
_DEGREE_PATTERNS = tuple((level, re.compile(rf"(?:^| )(?:{words})(?= |$)")) for level, words in _DEGREES)


@lru_cache(maxsize=4096)
def degree_level(text: str) -> DegreeLevel | None:
    """The highest diploma that `text` names, or None when it names none."""
    plain = wording.folded(text)
    found: list[DegreeLevel] = []
    for level, pattern in _DEGREE_PATTERNS:
        if pattern.search(plain):
            found.append(level)
            plain = pattern.sub(" ", plain)
    return max(found) if found else None


_LANGUAGES = {
    "fr": "francais french franzosisch frances",
    "en": "anglais english englisch ingles",
    "de": "allemand german deutsch aleman",
    "es": "espagnol spanish spanisch espanol castellano",
    "it": "italien italian italienisch italiano",
    "pt": "portugais portuguese portugiesisch portugues",
    "nl": "neerlandais dutch niederlandisch neerlandes holandes nederlands",
    "ar": "arabe arabic arabisch",
    "zh": "chinois chinese chinesisch chino mandarin mandarino",
    "ja": "japonais japanese japanisch japones",
    "ru": "russe russian russisch ruso",
    "pl": "polonais polish polnisch polaco polski",
    "tr": "turc turkish turkisch turco",
    "ca": "catalan katalanisch catala",
    "eu": "basque baskisch euskera vasco",
    "gl": "galicien galician galicisch gallego",
    "ro": "roumain romanian rumanisch rumano",
    "el": "grec greek griechisch griego",
    "sv": "suedois swedish schwedisch sueco",
    "da": "danois danish danisch danes",
    "no": "norvegien norwegian norwegisch noruego",
    "fi": "finnois finnish finnisch finlandes",
    "cs": "tcheque czech tschechisch checo",
    "hu": "hongrois hungarian ungarisch hungaro",
    "uk": "ukrainien ukrainian ukrainisch ucraniano",
    "he": "hebreu hebrew hebraisch hebreo",
    "hi": "hindi",
    "ko": "coreen korean koreanisch coreano",
    "vi": "vietnamien vietnamese vietnamesisch vietnamita",
    "fa": "persan persian farsi persisch persa",
    "hr": "croate croatian kroatisch croata",
    "bg": "bulgare bulgarian bulgarisch bulgaro",
    "br": "breton",
    "sr": "serbe serbian serbisch serbio",
    "sk": "slovaque slovak slowakisch eslovaco",
    "wo": "wolof",
    "la": "latin latein",
}
_CODE_OF = {name: code for code, names in _LANGUAGES.items() for name in names.split()}
_COMPOUND = re.compile(r"(?:kenntnissen?|sprachig)$")
LANGUAGE_NAMES = frozenset(_CODE_OF)

_LEVELS: tuple[tuple[Cefr, str], ...] = (
    (
        Cefr.NATIVE,
        r"langue maternelle|maternel(?:le)?|natif|native|native or bilingual|mother tongue"
        r"|muttersprach\w*|lengua materna|materna?|nativ[oa]|bilingue?|bilingual|zweisprachig",
    ),
    (Cefr.C2, r"c2|mastery|proficient user|maitrise complete|annahernd muttersprachlich"),
    (
        Cefr.C1,
        r"c1|full professional|fluent\w*|courante?|couramment|fliessend\w*|fluid[oa]|fluidez"
        r"|verhandlungssicher\w*|avancee?|advanced|avanzad[oa]|fortgeschritten\w*|tres bon niveau"
        r"|sehr gut\w*|muy alto|excellent",
    ),
    (
        Cefr.B2,
        r"b2|professional working|professionnel\w*|professional|profesional|upper intermediate"
        r"|bon niveau|good|gut\w*|alto|operationnel|independent user|lu ecrit parle",
    ),
    (
        Cefr.B1,
        r"b1|intermediaire|intermediate|mittelstufe|intermedi[oa]|limited working|conversational"
        r"|medio|konversationssicher|niveau moyen|niveau technique|technique",
    ),
    (
        Cefr.A2,
        r"a2|elementary|elementaire|scolaire|grundkenntnisse|pre intermediate|elemental"
        r"|schulkenntnisse",
    ),
    (Cefr.A1, r"a1|debutante?|notions|beginner|basic|basique|anfanger|principiante|basic[oa]|bases"),
)
_LEVEL_PATTERNS = tuple((level, re.compile(rf"(?:^| )(?:{words})(?= |$)")) for level, words in _LEVELS)
_EXACT_LEVEL = re.compile(r"(?:^| )([abc][12])(?= |$|\+)")


@lru_cache(maxsize=4096)
def language_code(name: str) -> str | None:
    """The ISO 639-1 code of a language named in French, English, German or Spanish."""
    words = (_COMPOUND.sub("", word) for word in wording.folded(name).split())
    return next((_CODE_OF[word] for word in words if word in _CODE_OF), None)


@lru_cache(maxsize=4096)
def cefr(text: str) -> Cefr | None:
    """The level that `text` states; a level of the European scale wins over words about it."""
    plain = wording.folded(text)
    exact = _EXACT_LEVEL.search(plain)
    if exact:
        return Cefr(exact.group(1).upper())
    return next((level for level, pattern in _LEVEL_PATTERNS if pattern.search(plain)), None)
