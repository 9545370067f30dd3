"""The CV as paper: the typed document laid out as its reader would see it, every item with an address."""

from dataclasses import dataclass, field
from typing import Any

import reflex as rx

from fitmycv_admin.domain.cvs.document import (
    PRESENT,
    CvDocument,
    Education,
    Experience,
    Extra,
    Link,
    Place,
    Project,
)
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit import values


@dataclass(frozen=True)
class Piece:
    """A short text with the id of its item; `detail` is a level or an address."""

    id: str = ""
    text: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Entry:
    """A job, a diploma, a project: its heading, period, text, lines and terms.

    A day is "2020-03-01" when the month is known, else empty and the year stands alone.
    """

    id: str = ""
    title: str = ""
    place: str = ""
    start_day: str = ""
    start_year: str = ""
    end_day: str = ""
    end_year: str = ""
    is_present: bool = False
    has_period: bool = False
    text: str = ""
    lines: list[Piece] = field(default_factory=list)
    terms: list[Piece] = field(default_factory=list)


@dataclass(frozen=True)
class Group:
    """Skills of one class, or extras under one heading."""

    kind: str = ""
    heading: str = ""
    pieces: list[Piece] = field(default_factory=list)


@dataclass(frozen=True)
class Paper:
    """A whole CV, ready to be drawn."""

    name: str = ""
    title: str = ""
    contact: list[Piece] = field(default_factory=list)
    summary: Piece = field(default_factory=Piece)
    jobs: list[Entry] = field(default_factory=list)
    skills: list[Group] = field(default_factory=list)
    education: list[Entry] = field(default_factory=list)
    languages: list[Piece] = field(default_factory=list)
    projects: list[Entry] = field(default_factory=list)
    extras: list[Group] = field(default_factory=list)


def of(cv: CvDocument) -> Paper:
    """The paper of a document."""
    skills = cv.skills
    groups = (
        ("hard_skills", skills.hard_skills),
        ("tools", skills.tools),
        ("methodologies", skills.methodologies),
        ("soft_skills", skills.soft_skills),
    )
    return Paper(
        name=cv.header.full_name or "",
        title=cv.header.current_title or "",
        contact=_contact(cv),
        summary=Piece(cv.summary.id, cv.summary.description or ""),
        jobs=[_job(job) for job in cv.experience],
        skills=[Group(kind, "", [Piece(s.id, s.name) for s in items]) for kind, items in groups if items],
        education=[_education(item) for item in cv.education],
        languages=[
            Piece(item.id, item.name, " · ".join(filter(None, (item.level or item.cefr or "", item.certification))))
            for item in cv.languages
        ],
        projects=[_project(item) for item in cv.projects],
        extras=_extras(cv.extras),
    )


def _contact(cv: CvDocument) -> list[Piece]:
    contact = cv.header.contact
    plain = [_place(contact.location), contact.email, contact.phone]
    return [Piece("", text) for text in plain if text] + [_link(link) for link in contact.links]


def _link(link: Link) -> Piece:
    # Only addresses of the web become links: the document came from a file.
    is_web = link.url.lower().startswith(("https://", "http://"))
    return Piece(link.id, link.label or link.url, link.url if is_web else "")


def _place(place: Place) -> str:
    return ", ".join(filter(None, (place.city, place.region, place.country_code)))


def _period(item: Experience | Education | Project) -> dict[str, Any]:
    start, end = item.start_date or "", item.end_date or ""
    is_present = end == PRESENT
    end = "" if is_present else end
    return {
        "start_day": f"{start}-01" if len(start) == 7 else "",
        "start_year": start[:4],
        "end_day": f"{end}-01" if len(end) == 7 else "",
        "end_year": end[:4],
        "is_present": is_present,
        "has_period": bool(start or end or is_present),
    }


def _joined(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)


def _job(job: Experience) -> Entry:
    lines = [*job.responsibilities, *job.deliverables]
    return Entry(
        id=job.id,
        title=job.title or job.company or "",
        place=_joined(job.company if job.title else None, job.department_or_client, _place(job.location)),
        text=job.description or "",
        lines=[Piece(line.id, line.text) for line in lines],
        terms=[Piece(term.id, term.name) for term in job.skills_used],
        **_period(job),
    )


def _education(item: Education) -> Entry:
    return Entry(
        id=item.id,
        title=_joined(item.degree, item.field_of_study) or item.institution or "",
        place=_joined(item.institution if item.degree or item.field_of_study else None, _place(item.location)),
        lines=[Piece(line.id, line.text) for line in item.details],
        **_period(item),
    )


def _project(item: Project) -> Entry:
    return Entry(
        id=item.id,
        title=item.name or item.role or "",
        place=_joined(item.role if item.name else None, item.url),
        text=item.summary or "",
        lines=[Piece(line.id, line.text) for line in item.lines],
        terms=[Piece(term.id, term.name) for term in item.tech_stack],
        **_period(item),
    )


def _extras(extras: list[Extra]) -> list[Group]:
    groups: dict[tuple[str, str], list[Piece]] = {}
    for extra in extras:
        key = (extra.kind.value, extra.section or "")
        groups.setdefault(key, []).append(Piece(extra.id, extra.name, extra.summary or ""))
    return [Group(kind, heading, items) for (kind, heading), items in groups.items()]


# --- drawing --------------------------------------------------------------------------------------


def sheet(paper: Any) -> rx.Component:
    """The paper itself."""
    return rx.el.article(
        rx.el.header(
            rx.el.h2(
                rx.cond(paper.name != "", paper.name, t("cvs.paper.no_name")), class_name="sheet-name", id="item-header"
            ),
            rx.el.div(paper.title, class_name="sheet-title"),
            rx.el.div(rx.foreach(paper.contact, _contact_piece), class_name="sheet-contact"),
        ),
        rx.cond(
            paper.summary.text != "",
            _section(t("cvs.paper.summary"), rx.el.p(paper.summary.text, id=_anchor(paper.summary.id))),
            rx.fragment(),
        ),
        _entries(t("cvs.paper.experience"), paper.jobs),
        _if_any(paper.skills, _section(t("cvs.paper.skills"), rx.foreach(paper.skills, _skill_group))),
        _entries(t("cvs.paper.education"), paper.education),
        _if_any(
            paper.languages,
            _section(t("cvs.paper.languages"), rx.el.ul(rx.foreach(paper.languages, _language), class_name="plain")),
        ),
        _entries(t("cvs.paper.projects"), paper.projects),
        rx.foreach(paper.extras, _extra_group),
        class_name="sheet",
        aria_label=t("cvs.paper.label"),
    )


def _if_any(items: Any, content: rx.Component) -> rx.Component:
    return rx.cond(items.length() > 0, content, rx.fragment())


def _section(title: Any, *content: rx.Component) -> rx.Component:
    return rx.el.section(rx.el.h3(title), *content)


def _anchor(item_id: Any) -> Any:
    return "item-" + item_id


def _contact_piece(piece: Any) -> rx.Component:
    link = rx.el.a(
        piece.text, href=piece.detail, class_name="link", rel="noopener noreferrer nofollow", target="_blank"
    )
    return rx.el.span(rx.cond(piece.detail != "", link, piece.text), key=piece.text)


def _entries(title: Any, entries: Any) -> rx.Component:
    return _if_any(entries, _section(title, rx.foreach(entries, _entry)))


def _entry(entry: Any) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.b(entry.title, id=_anchor(entry.id)),
            rx.cond(entry.has_period, rx.el.span(*_dates(entry), class_name="sub tabular"), rx.fragment()),
            class_name="sheet-entry-head",
        ),
        rx.cond(entry.place != "", rx.el.div(entry.place, class_name="sheet-place"), rx.fragment()),
        rx.cond(entry.text != "", rx.el.p(entry.text), rx.fragment()),
        _if_any(entry.lines, rx.el.ul(rx.foreach(entry.lines, _line))),
        _if_any(entry.terms, rx.el.div(rx.foreach(entry.terms, _chip), class_name="chips")),
        class_name="sheet-entry",
        key=entry.id,
    )


def _dates(entry: Any) -> tuple[Any, ...]:
    start = rx.cond(entry.start_day != "", values.date_text(entry.start_day, "month"), entry.start_year)
    known_end = rx.cond(entry.end_day != "", values.date_text(entry.end_day, "month"), entry.end_year)
    end = rx.cond(entry.is_present, t("cvs.paper.present"), known_end)
    dash = rx.cond((entry.start_year != "") & (entry.is_present | (entry.end_year != "")), " – ", "")
    return start, dash, end


def _line(piece: Any) -> rx.Component:
    return rx.el.li(piece.text, id=_anchor(piece.id), key=piece.id)


def _chip(piece: Any) -> rx.Component:
    return rx.el.span(piece.text, class_name="chip", id=_anchor(piece.id), key=piece.id)


def _skill_group(group: Any) -> rx.Component:
    return rx.el.div(
        rx.el.span(t_word("cvs.paper.skills", group.kind), class_name="sub"),
        rx.el.div(rx.foreach(group.pieces, _chip), class_name="chips"),
        class_name="sheet-skills",
        key=group.kind,
    )


def _language(piece: Any) -> rx.Component:
    level = rx.cond(piece.detail != "", rx.el.span(" · ", piece.detail, class_name="sub"), rx.fragment())
    return rx.el.li(rx.el.b(piece.text), level, id=_anchor(piece.id), key=piece.id)


def _extra_group(group: Any) -> rx.Component:
    title = rx.cond(group.heading != "", group.heading, t_word("cvs.paper.extra", group.kind))
    return rx.el.section(rx.el.h3(title), rx.el.ul(rx.foreach(group.pieces, _extra)), key=group.kind + group.heading)


def _extra(piece: Any) -> rx.Component:
    more = rx.cond(piece.detail != "", rx.el.span(" · ", piece.detail, class_name="sub"), rx.fragment())
    return rx.el.li(piece.text, more, id=_anchor(piece.id), key=piece.id)
