"""The text of an offer as sentences that know under which kind of heading they stand."""

import re
from dataclasses import dataclass
from enum import StrEnum

from fitmycv_admin.domain.cvs import wording


class Part(StrEnum):
    """What a stretch of an offer is about."""

    HEAD = "head"
    DUTIES = "duties"
    NEEDS = "needs"
    NICE = "nice"
    BENEFITS = "benefits"
    EMPLOYER = "employer"
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence or bullet, the part it stands in, and the number of its line."""

    text: str
    part: Part
    line: int
    bullet: bool


_HEADINGS: tuple[tuple[Part, str], ...] = (
    (
        Part.NICE,
        r"nice to have\w*|bonus(?: points)?|les? plus|atouts?|preferred(?: \w+){0,2}|desirable|good to have"
        r"|pluses"
        r"|von vorteil|wunschenswert|das ware toll|se valora\w*|deseable\w*|valorable\w*|requisitos deseables"
        r"|ce serait un plus|serait un plus|optional|idealerweise|pluspunkte|plus apprecies",
    ),
    (
        Part.NEEDS,
        r"(?:\w+ ){0,3}profile?|profil recherche|votre profil|ton profil|le profil|profil souhaite"
        r"|requirements"
        r"|(?:key |minimum |basic )?qualifications|(?:required |key )?skills|what we (?:are looking|look) for"
        r"|who you are|about you|you have|your profile|what you(?: ll| will)? (?:bring|need)|must haves?"
        r"|experience"
        r"|competences(?: \w+){0,2}|pre ?requis|qui es tu|qui etes vous|vous|ce que nous recherchons"
        r"|anforderungen"
        r"|ihr profil|dein profil|das bringst du mit|das bringen sie mit|was du mitbringst|was sie mitbringen"
        r"|qualifikation\w*|voraussetzungen|ihre qualifikation\w*|requisitos(?: \w+){0,2}|perfil(?: \w+){0,2}"
        r"|que buscamos|lo que buscamos|conocimientos|formation(?: et experience)?|profil et competences"
        r"|competences requises|das zeichnet dich aus|tu perfil|wen wir suchen|requisitos minimos"
        r"|what you bring to the table|stack(?: technique)?|tech stack|environnement technique",
    ),
    (
        Part.DUTIES,
        r"(?:vos |tes |les |la |votre |ta )?missions?(?: \w+){0,2}|(?:key |main |your )?responsibilities"
        r"|the role"
        r"|what you(?: ll| will)(?: be)? do\w*|your (?:role|tasks|mission)|duties|job description"
        r"|your day to day"
        r"|description du poste|le poste|votre role|activites(?: \w+)?|taches(?: \w+)?"
        r"|vos (?:futures )?responsabilites"
        r"|ihre aufgaben|deine aufgaben|aufgaben(?:gebiet|bereich)?|das erwartet (?:dich|sie)"
        r"|stellenbeschreibung"
        r"|tatigkeiten|ihre tatigkeiten|funciones(?: \w+){0,2}|tus funciones|responsabilidades|tareas"
        r"|descripcion del puesto|que haras|lo que haras|responsabilites|role|about the (?:role|job)|position"
        r"|was dich erwartet|was sie erwartet|das machst du|tu mision|mision|contexte et missions",
    ),
    (
        Part.BENEFITS,
        r"(?:our |the )?benefits|perks(?: \w+){0,2}|what we offer|we offer|avantages(?: \w+){0,3}"
        r"|nous offrons"
        r"|ce que nous (?:offrons|proposons)|nous vous (?:offrons|proposons)|on t offre"
        r"|remuneration(?: \w+){0,3}"
        r"|wir bieten(?: \w+)?|unser angebot|das bieten wir(?: \w+)?|benefits|ihre vorteile|deine vorteile"
        r"|(?:que )?(?:te )?ofrecemos|beneficios|que ofrecemos|lo que ofrecemos|conditions|compensation"
        r"|salary(?: and benefits)?|warum wir|why join us|pourquoi nous rejoindre|was wir (?:dir "
        r"|ihnen )?bieten",
    ),
    (
        Part.EMPLOYER,
        r"about us|about the company|who we are|qui sommes nous|l entreprise|notre entreprise"
        r"|a propos(?: de .*)?"
        r"|about .{2,30}|uber uns|wer wir sind|das unternehmen|uber .{2,30}|sobre nosotros|quienes somos"
        r"|la empresa"
        r"|sobre .{2,30}|company description|la societe|presentation(?: \w+){0,3}|contexte|the company"
        r"|our company",
    ),
    (
        Part.PROCESS,
        r"(?:recruitment |hiring |interview )?process|how to apply|processus(?: de recrutement)?"
        r"|pour postuler"
        r"|bewerbung(?:sprozess)?|so bewerben sie sich|proceso(?: de seleccion)?|kontakt|contact|candidature"
        r"|deroulement des entretiens|como aplicar|ansprechpartner\w*",
    ),
)
_PATTERNS = tuple((part, re.compile(rf"^(?:{words})$")) for part, words in _HEADINGS)
_LABEL = re.compile(r"^(?P<label>[^:.!?\n]{3,45}?)\s*:\s*(?P<rest>.*)$")
_BULLET = re.compile(r"^\s*(?:[-–—•●▪■◦‣∙·*➢►▶✓✔]|\d{1,2}[.)])\s+")
_END = re.compile(r"(?<=[.!?;])\s+(?=[\"'«(]?[A-ZÀ-Þ0-9])|;\s+")


def sentences(text: str) -> list[Sentence]:
    """The sentences of an offer, each with its part."""
    out: list[Sentence] = []
    part = Part.HEAD
    for number, (line, bullet) in enumerate(_lines(text)):
        heading = None if bullet and len(line) > 40 else heading_of(line)
        if heading is not None:
            part = heading
            continue
        labelled = _LABEL.match(line)
        if labelled and not bullet and (inline := heading_of(labelled.group("label"))):
            part, line = inline, labelled.group("rest")
        out += [Sentence(piece.strip(), part, number, bullet) for piece in _END.split(line) if piece.strip()]
    return out


def heading_of(line: str) -> Part | None:
    """The part that a line opens when it is nothing but a heading."""
    if len(line) > 60 or line.rstrip().endswith((".", ",", ";")):
        return None
    plain = wording.folded(line)
    return next((part for part, pattern in _PATTERNS if pattern.match(plain)), None)


def _lines(text: str) -> list[tuple[str, bool]]:
    """Lines without bullets' marks; hard-wrapped ones joined."""
    out: list[tuple[str, bool]] = []
    open_line = False
    longest = max((len(line) for line in text.splitlines()), default=0)
    for raw in text.splitlines():
        line = re.sub(r"\s+", " ", raw.replace("**", "").strip().lstrip("#")).strip()
        if not line:
            open_line = False
            continue
        mark = _BULLET.match(raw)
        bare = _BULLET.sub("", line) if mark else line
        if open_line and not mark and (bare[:1].islower() or len(out[-1][0]) > 70) and heading_of(bare) is None:
            out[-1] = (f"{out[-1][0]} {bare}", out[-1][1])
        else:
            out.append((bare, bool(mark)))
        open_line = not bare.endswith((".", "!", "?", ":")) and len(raw) > 0.7 * min(longest, 110) and len(raw) > 60
    return out
