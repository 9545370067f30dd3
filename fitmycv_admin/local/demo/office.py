"""CVs, offers and the tasks of the demo: real documents, real scores, and tasks in every state."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fitmycv_admin.domain.cvs import scoring
from fitmycv_admin.domain.cvs.document import CvDocument
from fitmycv_admin.domain.cvs.match import Kind, MatchScore
from fitmycv_admin.domain.cvs.offer_document import OfferDocument
from fitmycv_admin.local.demo import papers
from fitmycv_admin.local.demo.papers import TRADES, Trade
from fitmycv_admin.local.demo.people import ACCOUNTS, Person
from fitmycv_admin.local.demo.stage import Stage
from fitmycv_admin.models import CvFile, CvVersion, JobOffer, LinkHistory
from fitmycv_admin.vocabulary import CvSource, Language, OfferSource, PlanFeature, TaskState, TaskType

MODEL = "gpt-4.1-mini-2025-04-14"
_REFUSALS = ("imports.refused.scanned", "imports.refused.encrypted", "imports.refused.too_many_pages")


@dataclass(slots=True)
class Cv:
    """A CV of the story."""

    id: UUID
    name: str
    at: datetime
    document: CvDocument
    version: int = 1
    shown: MatchScore | None = None
    changed: datetime | None = None


@dataclass(slots=True)
class Offer:
    """An offer of the story; `document` is None while it was not read."""

    id: UUID
    at: datetime
    document: OfferDocument | None
    text: str
    title: str


@dataclass(slots=True)
class Work:
    """A task of the story. `feature` is what it costs credits for, if anything."""

    id: UUID
    person: Person
    type: TaskType
    title: str
    at: datetime
    state: TaskState = TaskState.COMPLETED
    seconds: float = 4.0
    feature: PlanFeature | None = None
    cv: Cv | None = None
    offer: Offer | None = None
    payload: dict[str, Any] = field(default_factory=dict)
    score: MatchScore | None = None
    error_key: str | None = None
    attempts: int = 1

    @property
    def started(self) -> datetime:
        """When a worker took it."""
        return self.at + timedelta(milliseconds=180)

    @property
    def finished(self) -> datetime:
        """When it ended."""
        return self.started + timedelta(seconds=self.seconds)

    @property
    def ended(self) -> bool:
        """Whether it is in a terminal state."""
        return self.state not in (TaskState.QUEUED, TaskState.RUNNING)


@dataclass(slots=True)
class Desk:
    """Everything one customer made."""

    person: Person
    cvs: list[Cv] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    works: list[Work] = field(default_factory=list)


def furnish(stage: Stage, people: list[Person]) -> list[Desk]:
    """Insert CVs with their versions, and offers; the tasks are only thought out, in order of time."""
    desks = [_desk(stage, person) for person in people if person.is_customer and person.active]
    _unfinished(stage, desks)
    _show_scores(desks)
    for table, rows in (
        (JobOffer, [_offer_row(desk.person, offer) for desk in desks for offer in desk.offers]),
        (CvFile, [_cv_row(desk.person, cv) for desk in desks for cv in desk.cvs]),
        (CvVersion, [row for desk in desks for cv in desk.cvs for row in _versions(stage, cv)]),
        (LinkHistory, [_link(stage, desk.person, offer) for desk in desks for offer in desk.offers[1:2]]),
    ):
        stage.insert(table, rows)
    return desks


def _desk(stage: Stage, person: Person) -> Desk:
    desk = Desk(person)
    own = person.email == ACCOUNTS[0].email
    english = person.language == Language.EN
    trade = TRADES[0] if own else stage.one(TRADES[4:] if english else TRADES[:4])
    since = person.verified or person.since
    for number in range(3 if own else stage.dice.choices((1, 2, 3), (5, 3, 1))[0]):
        _import(stage, desk, trade, stage.moment(since), number)
    for _ in range(4 if own else stage.dice.randrange(1, 5)):
        _read_offer(stage, desk, trade, stage.moment(since))
    for _ in range(min(24, 4 + int(person.weight * 5))):
        _score(stage, desk)
    for _ in range(stage.dice.choices((0, 1, 2), (6, 3, 1))[0]):
        _failure(stage, desk, since)
    desk.works.sort(key=lambda work: work.at)
    return desk


def _work(stage: Stage, desk: Desk, kind: TaskType, title: str, at: datetime, **more: Any) -> Work:
    work = Work(stage.id(at), desk.person, kind, title, at, **more)
    desk.works.append(work)
    return work


def _import(stage: Stage, desk: Desk, trade: Trade, at: datetime, number: int) -> None:
    name = f"CV {trade.title}" + (f" ({number + 1})" if number else "")
    done = at + timedelta(seconds=stage.dice.uniform(4, 14))
    made = Cv(stage.id(done), name, done, papers.cv(stage, desk.person, trade))
    made.version = stage.dice.choices((1, 2, 3, 4), (5, 3, 2, 1))[0]
    made.changed = stage.moment(done) if made.version > 1 else done
    desk.cvs.append(made)
    digest = hashlib.sha256(made.id.bytes).hexdigest()
    file_id = str(stage.id(at))
    _work(
        stage, desk, TaskType.IMPORT_PDF, name, at,
        seconds=(done - at).total_seconds(), feature=PlanFeature.IMPORT_PDF, cv=made,
        payload={"file_id": file_id, "file_name": f"{name}.pdf", "sha256": digest, "pages": stage.dice.randrange(1, 4)},
        attempts=2 if stage.chance(0.06) else 1,
    )  # fmt: skip


def _read_offer(stage: Stage, desk: Desk, trade: Trade, at: datetime) -> None:
    document, text = papers.offer(stage, trade)
    text += f"\nRéférence : DEMO-{stage.word()[:6]}"
    made = Offer(stage.id(at), at, document, text, document.title or "")
    desk.offers.append(made)
    _work(
        stage, desk, TaskType.EXTRACT_OFFER, made.title, at,
        seconds=stage.dice.uniform(2, 6), offer=made, payload={"offer_id": str(made.id)},
    )  # fmt: skip


def _score(stage: Stage, desk: Desk) -> None:
    """A score; now and then it is cancelled or its worker is lost first."""
    cv, offer = stage.one(desk.cvs), stage.one(desk.offers)
    if offer.document is None:
        return
    at = stage.moment(max(cv.at, offer.at) + timedelta(minutes=2))
    state = TaskState.CANCELLED if stage.chance(0.04) else TaskState.COMPLETED
    work = _work(
        stage, desk, TaskType.MATCH_SCORE, offer.title, at,
        seconds=stage.dice.uniform(1.2, 5), feature=PlanFeature.MATCH_SCORE, cv=cv, offer=offer, state=state,
        payload={"cv_id": str(cv.id), "offer_id": str(offer.id), "cv_version": cv.version},
        attempts=2 if stage.chance(0.03) else 1,
    )  # fmt: skip
    if state == TaskState.COMPLETED:
        work.score = scoring.score(cv.document, offer.document, (), today=at.date())


def _failure(stage: Stage, desk: Desk, since: datetime) -> None:
    """A PDF nobody can read, or a worker that was lost three times."""
    lost = stage.chance(0.25)
    at = stage.moment(since)
    _work(
        stage, desk, TaskType.IMPORT_PDF, "Scan", at,
        seconds=64.0 if lost else 1.4, feature=PlanFeature.IMPORT_PDF, state=TaskState.FAILED,
        error_key="tasks.error.worker_lost" if lost else stage.one(_REFUSALS), attempts=3 if lost else 1,
        payload={"file_id": str(stage.id(at)), "file_name": "Scan.pdf", "sha256": stage.word() * 4, "pages": 1},
    )  # fmt: skip


def _unfinished(stage: Stage, desks: list[Desk]) -> None:
    """What waits and what runs at the end of the story: real work, which the workers of this machine will do."""
    for place, desk in enumerate(desks[1:6]):
        at = stage.now - timedelta(seconds=40 - 7 * place)
        document, text = papers.offer(stage, TRADES[place % 4])
        title = document.title or ""
        offer = Offer(stage.id(at), at, None, f"{text}\nRéférence : DEMO-{stage.word()[:6]}", title)
        desk.offers.append(offer)
        state = TaskState.RUNNING if place < 2 else TaskState.QUEUED
        _work(
            stage, desk, TaskType.EXTRACT_OFFER, title, at,
            offer=offer, state=state, payload={"offer_id": str(offer.id)},
        )  # fmt: skip
    for place, desk in enumerate(desks[6:8]):
        cv, offer, at = desk.cvs[0], desk.offers[0], stage.now - timedelta(seconds=20 - 9 * place)
        _work(
            stage, desk, TaskType.MATCH_SCORE, offer.title, at,
            feature=PlanFeature.MATCH_SCORE, cv=cv, offer=offer, state=TaskState.QUEUED,
            payload={"cv_id": str(cv.id), "offer_id": str(offer.id), "cv_version": cv.version},
        )  # fmt: skip


def _offer_row(person: Person, offer: Offer) -> dict[str, Any]:
    digest = hashlib.sha256(" ".join(offer.text.split()).encode()).hexdigest()
    return {
        "id": offer.id,
        "user_id": person.id,
        "source_type": OfferSource.TEXT,
        "source_value": f"text:{digest}",
        "content_hash": digest,
        "source_text": offer.text,
        "title": offer.title,
        "content": offer.document.model_dump(mode="json") if offer.document else None,
        "extraction_model": MODEL if offer.document else None,
        "tokens_used": 1200 + len(offer.text) // 3 if offer.document else 0,
        "extracted_at": offer.at + timedelta(seconds=5) if offer.document else None,
        "created_at": offer.at,
    }


def _show_scores(desks: list[Desk]) -> None:
    """Put the last score of each CV on it."""
    for desk in desks:
        for work in desk.works:
            if work.score is not None and work.cv is not None:
                work.cv.shown = work.score


def _cv_row(person: Person, cv: Cv) -> dict[str, Any]:
    score = cv.shown
    found = [] if score is None else [
        answer.label for part in score.parts for answer in part.answers
        if answer.evidence and answer.kind in (Kind.SKILL, Kind.SOFT_SKILL)
    ]  # fmt: skip
    return {
        "id": cv.id,
        "user_id": person.id,
        "filename": cv.name,
        "content": cv.document.model_dump(mode="json"),
        "content_version": cv.version,
        "source_type": CvSource.PDF,
        "source_value": f"{cv.name}.pdf",
        "language": cv.document.language,
        "match_score": score.score if score else None,
        "match_score_status": "done" if score else "idle",
        "score_breakdown": {part.part.value: part.sub_score for part in score.parts} if score else None,
        "missing_skills": [skill.name for skill in score.missing] if score else None,
        "matching_skills": found if score else None,
        "created_at": cv.at,
        "updated_at": cv.changed or cv.at,
    }


def _versions(stage: Stage, cv: Cv) -> list[dict[str, Any]]:
    """The versions of a CV: the summary grew with each."""
    rows = []
    for number in range(1, cv.version + 1):
        draft = cv.document.model_copy(deep=True)
        if number < cv.version and draft.summary.description:
            draft.summary.description = draft.summary.description.split(",")[0] + "."
        at = cv.at + ((cv.changed or cv.at) - cv.at) * (number - 1) / max(cv.version - 1, 1)
        rows.append(
            {
                "id": stage.id(at),
                "cv_file_id": cv.id,
                "version": number,
                "content": draft.model_dump(mode="json"),
                "changelog": None if number == 1 else "Résumé complété",
                "change_type": "import" if number == 1 else "manual",
                "source_file": f"{cv.name}.pdf" if number == 1 else None,
                "match_score": cv.shown.score if cv.shown and number == cv.version else None,
                "created_at": at,
            }
        )
    return rows


def _link(stage: Stage, person: Person, offer: Offer) -> dict[str, Any]:
    return {
        "id": stage.id(offer.at),
        "user_id": person.id,
        "url": f"https://emploi.example/offres/{stage.word()}",
        "domain": "emploi.example",
        "title": offer.title,
        "created_at": offer.at,
        "used_at": offer.at,
    }
