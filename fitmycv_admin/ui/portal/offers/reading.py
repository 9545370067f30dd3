"""What was read in an offer, laid out as a sheet; each requirement keeps its sentence."""

from dataclasses import dataclass, field
from typing import Any

import reflex as rx

from fitmycv_admin.domain.cvs.offer_document import (
    OfferDocument,
    Salary,
    SkillRequirement,
    SoftSkillRequirement,
    nice_skills,
    required_skills,
)
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit import values


@dataclass(frozen=True)
class Asked:
    """A requirement: its name, its level if it has one, and the sentence that asks for it."""

    id: str
    name: str
    sentence: str
    importance: str = "required"
    level: int = -1


@dataclass(frozen=True)
class Pay:
    """A salary in cents; -1 where the offer gives no figure."""

    low: int = -1
    high: int = -1
    currency: str = "EUR"
    period: str = ""
    sentence: str = ""


@dataclass(frozen=True)
class Reading:
    """An offer, ready to be drawn. Empty words and -1 mean that the offer does not say."""

    company: str = ""
    place: str = ""
    contract: str = ""
    remote: str = ""
    pay: Pay = field(default_factory=Pay)
    years: float = -1
    years_sentence: str = ""
    degree: int = -1
    degree_field: str = ""
    degree_sentence: str = ""
    required: list[Asked] = field(default_factory=list)
    nice: list[Asked] = field(default_factory=list)
    soft: list[Asked] = field(default_factory=list)
    languages: list[Asked] = field(default_factory=list)
    duties: list[Asked] = field(default_factory=list)
    benefits: list[Asked] = field(default_factory=list)


def of(offer: OfferDocument) -> Reading:
    """The sheet of an offer."""
    place = offer.location
    return Reading(
        company=offer.company or "",
        place=", ".join(filter(None, (place.city, place.region, place.country_code))),
        contract=offer.contract.value if offer.contract else "",
        remote=offer.remote.value if offer.remote else "",
        pay=_pay(offer.salary),
        years=offer.years.min_years if offer.years else -1,
        years_sentence=offer.years.sentence if offer.years else "",
        degree=int(offer.education.level) if offer.education else -1,
        degree_field=(offer.education.field_of_study or "") if offer.education else "",
        degree_sentence=offer.education.sentence if offer.education else "",
        required=[_skill(skill) for skill in required_skills(offer)],
        nice=[_skill(skill) for skill in nice_skills(offer)],
        soft=[_skill(skill) for skill in offer.soft_skills],
        languages=[
            Asked(item.id, item.name, item.sentence, item.importance.value, item.cefr.rank if item.cefr else -1)
            for item in offer.languages
        ],
        duties=[Asked(item.id, item.sentence, "") for item in offer.responsibilities],
        benefits=[Asked(item.id, item.sentence, "") for item in offer.benefits],
    )


def _skill(skill: SkillRequirement | SoftSkillRequirement) -> Asked:
    return Asked(skill.id, skill.name, skill.sentence, skill.importance.value)


def _pay(salary: Salary | None) -> Pay:
    if salary is None:
        return Pay()
    low = -1 if salary.min_cents is None else salary.min_cents
    high = -1 if salary.max_cents is None else salary.max_cents
    return Pay(low, high, salary.currency or "EUR", salary.period.value if salary.period else "", salary.sentence)


# --- drawing --------------------------------------------------------------------------------------


def sheet(offer: Any, title: Any) -> rx.Component:
    """The offer as a sheet."""
    return rx.el.article(
        rx.el.header(
            rx.el.h2(title, class_name="sheet-name"),
            rx.el.div(
                offer.company,
                rx.cond((offer.company != "") & (offer.place != ""), " · ", ""),
                offer.place,
                class_name="sheet-title",
            ),
            rx.el.div(*_marks(offer), class_name="chips"),
        ),
        rx.cond(offer.pay.sentence != "", _section("cvs.offer.pay", _amount(offer.pay), _said(offer.pay.sentence)), ""),
        _skills("cvs.offer.required", offer.required),
        _skills("cvs.offer.nice", offer.nice),
        rx.cond(
            offer.years >= 0,
            _section(
                "cvs.offer.years", rx.el.b(t("cvs.offer.years_least", years=offer.years)), _said(offer.years_sentence)
            ),
            "",
        ),
        rx.cond(offer.degree >= 0, _section("cvs.offer.degree", _degree(offer), _said(offer.degree_sentence)), ""),
        rx.cond(
            offer.languages.length() > 0,
            _section("cvs.offer.languages", rx.el.ul(rx.foreach(offer.languages, _language), class_name="plain")),
            "",
        ),
        _skills("cvs.offer.soft", offer.soft),
        _sentences("cvs.offer.duties", offer.duties),
        _sentences("cvs.offer.benefits", offer.benefits),
        class_name="sheet",
        id="reading",
        aria_label=t("cvs.offer.title"),
    )


def _section(title: str, *content: Any) -> rx.Component:
    return rx.el.section(rx.el.h3(t(title)), *content)


def _marks(offer: Any) -> tuple[rx.Component, ...]:
    contract = rx.el.span(t_word("cvs.contract", offer.contract), class_name="chip")
    remote = rx.el.span(t_word("cvs.remote", offer.remote), class_name="chip")
    return (
        rx.cond(offer.contract != "", contract, rx.fragment()),
        rx.cond(offer.remote != "", remote, rx.fragment()),
    )


def _amount(pay: Any) -> rx.Component:
    low, high = values.money_cents(pay.low, pay.currency), values.money_cents(pay.high, pay.currency)
    both = rx.fragment(low, rx.cond((pay.high >= 0) & (pay.high != pay.low), rx.fragment(" – ", high), rx.fragment()))
    figures = rx.cond(pay.low >= 0, both, rx.cond(pay.high >= 0, high, ""))
    period = rx.cond(pay.period != "", rx.fragment(" ", t_word("cvs.pay", pay.period)), rx.fragment())
    return rx.el.b(figures, rx.cond((pay.low >= 0) | (pay.high >= 0), period, rx.fragment()), class_name="tabular")


def _degree(offer: Any) -> rx.Component:
    more = rx.cond(offer.degree_field != "", rx.fragment(", ", offer.degree_field), rx.fragment())
    return rx.el.b(t_word("cvs.degree", offer.degree), more)


def _said(sentence: Any) -> rx.Component:
    return rx.cond(sentence != "", rx.el.p(t("cvs.quote", text=sentence), class_name="said"), rx.fragment())


def _skills(title: str, skills: Any) -> rx.Component:
    return rx.cond(
        skills.length() > 0,
        _section(title, rx.el.ul(rx.foreach(skills, _asked), class_name="plain asked")),
        rx.fragment(),
    )


def _asked(skill: Any) -> rx.Component:
    return rx.el.li(rx.el.b(skill.name), _said(skill.sentence), id="asked-" + skill.id, key=skill.id)


def _language(language: Any) -> rx.Component:
    level = rx.cond(
        language.level >= 0, rx.el.span(" · ", t_word("cvs.cefr", language.level), class_name="sub"), rx.fragment()
    )
    note = rx.cond(
        language.importance == "nice", rx.el.span(" · ", t("cvs.importance.nice"), class_name="sub"), rx.fragment()
    )
    return rx.el.li(rx.el.b(language.name), level, note, _said(language.sentence), key=language.id)


def _sentences(title: str, items: Any) -> rx.Component:
    return rx.cond(items.length() > 0, _section(title, rx.el.ul(rx.foreach(items, _sentence))), rx.fragment())


def _sentence(item: Any) -> rx.Component:
    return rx.el.li(item.name, key=item.id)
