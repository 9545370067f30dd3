"""A score as people read it: a ring, four parts with their weights, each requirement with its evidence."""

from dataclasses import dataclass, field
from typing import Any

import reflex as rx

from fitmycv_admin.domain.cvs.match import Answer, Kind, MatchScore, ScorePart
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit import badge, progress, values
from fitmycv_admin.ui.kit.controls import link

_VERDICTS = ((80, "excellent"), (60, "good"), (40, "partial"), (0, "weak"))
_FULL = 95


@dataclass(frozen=True)
class ProofView:
    """A line of the CV that answers a requirement."""

    item_id: str
    where: str
    quote: str


@dataclass(frozen=True)
class AnswerView:
    """A requirement; `level` is full, partial or none; points are of the whole score."""

    id: str
    kind: str
    label: str
    importance: str
    sentence: str
    level: str
    points: float
    max_points: float
    need: float
    have: float
    has_need: bool
    has_have: bool
    proofs: list[ProofView] = field(default_factory=list)


@dataclass(frozen=True)
class PartView:
    """One of the four parts: its weight in percent, its own score, the points it brings."""

    name: str
    weight: int
    base_weight: int
    sub_score: int
    points: int
    is_asked: bool
    answers: list[AnswerView] = field(default_factory=list)


@dataclass(frozen=True)
class MissingView:
    """A skill the offer names and the CV does not show."""

    id: str
    name: str
    importance: str


@dataclass(frozen=True)
class Scorecard:
    """A score with its whole explanation, ready to be drawn."""

    score: int = 0
    verdict: str = "weak"
    parts: list[PartView] = field(default_factory=list)
    missing: list[MissingView] = field(default_factory=list)


def verdict(score: int) -> str:
    """The word for a score: excellent from 80, good from 60, partial from 40, weak below."""
    return next(word for least, word in _VERDICTS if score >= least)


def of(score: MatchScore) -> Scorecard:
    """The card of a score."""
    return Scorecard(
        score=score.score,
        verdict=verdict(score.score),
        parts=[_part(part) for part in score.parts],
        missing=[MissingView(m.requirement_id, m.name, m.importance.value) for m in score.missing],
    )


def _part(part: ScorePart) -> PartView:
    return PartView(
        name=part.part.value,
        weight=part.weight,
        base_weight=part.base_weight,
        sub_score=part.sub_score,
        points=part.points,
        is_asked=part.asked,
        answers=[_answer(answer) for answer in part.answers],
    )


def _answer(answer: Answer) -> AnswerView:
    level = "full" if answer.strength >= _FULL else "none" if answer.strength == 0 else "partial"
    return AnswerView(
        id=answer.requirement_id,
        kind=answer.kind.value,
        label=answer.label,
        importance=answer.importance.value,
        # Where the requirement is a whole sentence, it is its own source.
        sentence="" if answer.sentence == answer.label else answer.sentence,
        level=level,
        points=answer.hundredths / 100,
        max_points=answer.max_hundredths / 100,
        need=answer.need or 0,
        have=answer.have or 0,
        has_need=answer.need is not None,
        has_have=answer.have is not None,
        proofs=[ProofView(e.item_id, e.where.value, e.quote) for e in answer.evidence],
    )


# --- drawing --------------------------------------------------------------------------------------


def score_mark(score: Any) -> rx.Component:
    """A score in a list: the number, with a word for those who do not see its colour."""
    word = rx.cond(score >= 80, "excellent", rx.cond(score >= 60, "good", rx.cond(score >= 40, "partial", "weak")))
    tone = rx.cond(score >= 60, "pill pill-ok", rx.cond(score >= 40, "pill pill-warn", "pill pill-bad"))
    return rx.el.span(
        values.number(score, decimals=0),
        rx.el.span("/100 · ", t_word("cvs.verdict", word), class_name="visually-hidden"),
        class_name=tone,
        title=t_word("cvs.verdict", word),
    )


def match_link(row: Any, title: Any, detail: Any) -> rx.Component:
    """A score as a line that leads to its explanation."""
    url: Any = "/cvs/" + row.cv_id.to(str) + "/match/" + row.offer_id.to(str)
    stale = rx.cond(row.is_stale, badge.pill(t("cvs.score.stale"), tone="warn"), rx.fragment())
    return rx.el.li(
        rx.el.div(
            link(title, href=url, look="rows-link"), rx.el.div(detail, class_name="sub clip"), class_name="rows-text"
        ),
        stale,
        score_mark(row.score),
        class_name="rows-item",
        key=row.id.to(str),
    )


def ring(scorecard: Any, previous: Any) -> rx.Component:
    """The score, its verdict, the score before, and the four parts."""
    before = rx.cond(previous >= 0, t("cvs.score.before", score=previous), t("cvs.score.how"))
    return rx.el.div(
        progress.score_ring(scorecard.score, t_word("cvs.verdict", scorecard.verdict), before),
        progress.score_bars(rx.foreach(scorecard.parts, _bar)),
        class_name="stack",
    )


def _bar(part: Any) -> rx.Component:
    label = t_word("cvs.part", part.name)
    asked = rx.el.div(
        progress.score_bar(label, part.sub_score),
        rx.el.div(t("cvs.part.brings", weight=part.weight, points=part.points), class_name="meta part-note"),
    )
    unasked = rx.el.div(
        rx.el.div(rx.el.span(label), rx.el.span(t("cvs.part.not_asked"), class_name="meta"), class_name="spread sub"),
    )
    return rx.el.div(rx.cond(part.is_asked, asked, unasked), key=part.name, custom_attrs={"data-part": part.name})


def missing_list(scorecard: Any) -> rx.Component:
    """What the CV does not show, required first; nothing here is ever added by itself."""
    chips = rx.el.ul(rx.foreach(scorecard.missing, _missing), class_name="chips")
    return rx.cond(
        scorecard.missing.length() > 0,
        rx.el.div(chips, rx.el.p(t("cvs.missing.advice"), class_name="meta"), class_name="stack stack-2"),
        rx.el.p(t("cvs.missing.none"), class_name="sub"),
    )


def _missing(skill: Any) -> rx.Component:
    tone = rx.cond(skill.importance == "required", "pill pill-bad", "pill")
    return rx.el.li(
        skill.name,
        rx.el.span(" · ", t_word("cvs.importance", skill.importance), class_name="pill-note"),
        class_name=tone,
        key=skill.id,
    )


def part_details(part: Any) -> rx.Component:
    """The requirements of a part, each with its evidence."""
    return rx.cond(
        part.is_asked,
        rx.el.section(
            rx.el.div(
                rx.el.h2(t_word("cvs.part", part.name)),
                rx.el.span(t("cvs.part.points", points=part.points, weight=part.weight), class_name="push sub tabular"),
                class_name="card-head",
            ),
            rx.el.div(rx.foreach(part.answers, _requirement), class_name="requirements"),
            class_name="card",
            key=part.name,
        ),
        rx.fragment(),
    )


def _requirement(answer: Any) -> rx.Component:
    return rx.el.details(
        rx.el.summary(
            rx.el.span(answer.label, class_name="requirement-label"),
            _level(answer),
            rx.el.span(
                values.number(answer.points, decimals=1),
                " / ",
                values.number(answer.max_points, decimals=1),
                class_name="meta tabular",
            ),
        ),
        rx.el.div(
            _figures(answer),
            rx.cond(
                answer.sentence != "",
                rx.el.p(
                    rx.el.span(t("cvs.match.offer_says"), " ", class_name="meta"), t("cvs.quote", text=answer.sentence)
                ),
                rx.fragment(),
            ),
            rx.cond(
                answer.proofs.length() > 0,
                rx.el.ul(rx.foreach(answer.proofs, _proof), class_name="stack stack-2"),
                rx.el.p(t("cvs.match.no_proof"), class_name="sub"),
            ),
            class_name="stack stack-2 requirement-body",
        ),
        class_name="requirement",
        key=answer.id,
        custom_attrs={"data-level": answer.level},
    )


def _level(answer: Any) -> rx.Component:
    look = rx.match(
        answer.level, ("full", "pill pill-ok"), ("partial", "pill pill-warn"), ("none", "pill pill-bad"), "pill"
    )
    return rx.el.span(t_word("cvs.level", answer.level), class_name=look)


def _figures(answer: Any) -> rx.Component:
    """Asked and found, where they are numbers: years as they are, diplomas and languages by their words."""
    found = rx.cond(answer.has_have, answer.have, -1)
    return rx.cond(
        answer.has_need,
        rx.match(
            answer.kind,
            (Kind.YEARS.value, rx.el.p(t("cvs.match.years", need=answer.need, have=answer.have), class_name="sub")),
            (Kind.DEGREE.value, _ladder("cvs.degree", answer.need, found)),
            (Kind.LANGUAGE.value, _ladder("cvs.cefr", answer.need, found)),
            rx.fragment(),
        ),
        rx.fragment(),
    )


def _ladder(words: str, need: Any, have: Any) -> rx.Component:
    return rx.el.p(t("cvs.match.ladder", need=t_word(words, need), have=t_word(words, have)), class_name="sub")


def _proof(proof: Any) -> rx.Component:
    return rx.el.li(
        rx.el.a(
            rx.el.span("← ", aria_hidden="true"),
            rx.el.span(t_word("cvs.where", proof.where), " ", class_name="meta"),
            t("cvs.quote", text=proof.quote),
            href="#item-" + proof.item_id,
            class_name="quote proof",
        ),
        key=proof.item_id,
    )
