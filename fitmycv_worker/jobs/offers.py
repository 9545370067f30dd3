"""Reads a job offer: by the pipeline, kept by the story of offers."""

from fitmycv_admin.core import db
from fitmycv_admin.domain.cvs import offers
from fitmycv_admin.domain.cvs.errors import OfferNotFound
from fitmycv_admin.domain.cvs.offer_document import OfferDocument
from fitmycv_admin.vocabulary import CallName, TaskType
from fitmycv_worker.context import TaskContext
from fitmycv_worker.job import Finish, job
from fitmycv_worker.model import metered
from fitmycv_worker.pipelines.offer_extraction import pipeline

_STEP = "document"


@job(TaskType.EXTRACT_OFFER)
def extract_offer(task: TaskContext) -> Finish:
    """What an offer asks for; a document that an earlier attempt paid for is not paid for again."""
    kept = task.done(_STEP) or _read(task)
    document = OfferDocument.model_validate(kept["document"])
    model, tokens = str(kept["model"]), int(str(kept["tokens"]))
    return lambda session: offers.finish(session, task.task_id, document, model=model, tokens_used=tokens)


def _read(task: TaskContext) -> dict[str, object]:
    with db.transaction() as session:
        text = offers.text_of(session, task.task_id)
    if text is None:
        raise OfferNotFound
    with metered(task, CallName.EXTRACT_OFFER) as calls:
        document = pipeline.run(
            calls.model, text, model_name=calls.name, feature_key=calls.feature_key, record=calls.record,
            progress=task.step,
        )  # fmt: skip
    kept = {"document": document.model_dump(mode="json"), "model": calls.served, "tokens": calls.tokens}
    task.checkpoint(_STEP, kept)
    return kept
