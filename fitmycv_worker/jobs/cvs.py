"""The work people wait for: importing a PDF, reading an offer, scoring a CV for an offer."""

from collections.abc import Callable
from typing import Any, TypeVar

from fitmycv_admin.core import clock, db
from fitmycv_admin.core.config import settings
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.domain.ai_costs.calls import CallUsage
from fitmycv_admin.domain.cvs import imports, matching, offers
from fitmycv_admin.domain.cvs.document import CvDocument
from fitmycv_admin.domain.cvs.match import MatchScore
from fitmycv_admin.domain.cvs.offer_document import OfferDocument
from fitmycv_admin.domain.settings import features
from fitmycv_admin.vocabulary import CallName, TaskType
from fitmycv_worker.context import TaskContext
from fitmycv_worker.job import Finish, job
from fitmycv_worker.llm.answers import Dialect
from fitmycv_worker.llm.client import Model
from fitmycv_worker.pipelines.offer_extraction import pipeline as offer_extraction
from fitmycv_worker.pipelines.pdf_import import pipeline as pdf_import
from fitmycv_worker.pipelines.scoring import pipeline as scoring

Document = TypeVar("Document", CvDocument, OfferDocument, MatchScore)
_STEP = "read"


@job(TaskType.IMPORT_PDF)
def import_pdf(task: TaskContext) -> Finish:
    """Read the stored file; the CV is made when the task completes."""
    with db.transaction() as session:
        file = imports.file_of(session, task.task_id)
        content = file.content if file else None
    if content is None:
        raise NotFound

    def work(**given: Any) -> CvDocument:
        return pdf_import.run(given.pop("model"), content, **given)

    cv, used = _once(task, CallName.IMPORT_PDF_EXTRACT, CvDocument, work)
    return lambda session: imports.finish(session, task.task_id, cv, model=used["model"])


@job(TaskType.EXTRACT_OFFER)
def extract_offer(task: TaskContext) -> Finish:
    """Read the text of the offer."""
    with db.transaction() as session:
        text = offers.text_of(session, task.task_id)
    if text is None:
        raise NotFound

    def work(**given: Any) -> OfferDocument:
        return offer_extraction.run(given.pop("model"), text, **given)

    offer, used = _once(task, CallName.EXTRACT_OFFER, OfferDocument, work)
    return lambda session: offers.finish(session, task.task_id, offer, model=used["model"], tokens_used=used["tokens"])


@job(TaskType.MATCH_SCORE)
def match_score(task: TaskContext) -> Finish:
    """Compare the documents as they were when the score was asked for."""
    with db.transaction() as session:
        cv, offer = matching.documents_of(session, task.task_id)

    def work(**given: Any) -> MatchScore:
        return scoring.run(
            given.pop("model"),
            CvDocument.model_validate(cv),
            OfferDocument.model_validate(offer),
            today=clock.now().date(),
            **given,
        )

    score, used = _once(task, CallName.MATCH_SCORE, MatchScore, work)
    return lambda session: matching.finish(session, task.task_id, score, model=used["model"])


def _once(
    task: TaskContext, call: CallName, shape: type[Document], work: Callable[..., Document]
) -> tuple[Document, dict[str, Any]]:
    """What the work gives, with the model that served and the tokens it used; a second attempt pays nothing again."""
    kept = task.done(_STEP)
    if kept is not None:
        return shape.model_validate(kept["document"]), kept["used"]
    used: dict[str, Any] = {"model": "", "tokens": 0}

    def record(usage: CallUsage) -> None:
        task.record(usage)
        used["model"] = usage.model_served or usage.model_requested
        used["tokens"] += usage.prompt_tokens + usage.completion_tokens

    with db.transaction() as session:
        feature = features.of_call(session, call)
    with _model() as model:
        document = work(
            model=model,
            model_name=task.model_for(call),
            feature_key=feature,
            record=record,
            progress=lambda percent, word: task.progress(percent, f"tasks.step.{word}"),
        )
    task.checkpoint(_STEP, {"document": document.model_dump(mode="json"), "used": used})
    return document, used


def _model() -> Model:
    now = settings()
    return Model(
        api_key=now.openai_api_key,
        base_url=now.openai_base_url or None,
        local_engine=now.has_local_engine,
        dialect=Dialect.CHAT if now.openai_dialect == "chat" else None,
    )
