"""Scores a CV for an offer: evidence by the pipeline, the number by code, kept by the story of matching."""

from fitmycv_admin.core import clock, db
from fitmycv_admin.domain.cvs import matching
from fitmycv_admin.domain.cvs.document import CvDocument
from fitmycv_admin.domain.cvs.match import MatchScore
from fitmycv_admin.domain.cvs.offer_document import OfferDocument
from fitmycv_admin.vocabulary import CallName, TaskType
from fitmycv_worker.context import TaskContext
from fitmycv_worker.job import Finish, job
from fitmycv_worker.model import metered
from fitmycv_worker.pipelines.scoring import pipeline

_STEP = "score"


@job(TaskType.MATCH_SCORE)
def match_score(task: TaskContext) -> Finish:
    """The score with its evidence; one that an earlier attempt paid for is not paid for again."""
    kept = task.done(_STEP) or _compare(task)
    score, model = MatchScore.model_validate(kept["score"]), str(kept["model"])
    return lambda session: matching.finish(session, task.task_id, score, model=model)


def _compare(task: TaskContext) -> dict[str, object]:
    with db.transaction() as session:
        cv, offer = matching.documents_of(session, task.task_id)
    with metered(task, CallName.MATCH_SCORE) as calls:
        score = pipeline.run(
            calls.model, CvDocument.model_validate(cv), OfferDocument.model_validate(offer), model_name=calls.name,
            feature_key=calls.feature_key, today=clock.now().date(), record=calls.record, progress=task.step,
        )  # fmt: skip
    kept = {"score": score.model_dump(mode="json"), "model": calls.served}
    task.checkpoint(_STEP, kept)
    return kept
