"""Imports a PDF: read by the pipeline, kept by the story of imports."""

from fitmycv_admin.core import db
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.cvs import imports
from fitmycv_admin.domain.cvs.document import CvDocument
from fitmycv_admin.vocabulary import CallName, TaskType
from fitmycv_worker.context import TaskContext
from fitmycv_worker.job import Finish, job
from fitmycv_worker.model import metered
from fitmycv_worker.pipelines.pdf_import import pipeline

_STEP = "document"


class FileGone(FitMyCvError):
    """The file of this import is no longer kept: it ended before."""

    key = "tasks.error.file_gone"


@job(TaskType.IMPORT_PDF)
def import_pdf(task: TaskContext) -> Finish:
    """The CV of a file; a document that an earlier attempt paid for is not paid for again."""
    kept = task.done(_STEP) or _read(task)
    document, model = CvDocument.model_validate(kept["document"]), str(kept["model"])
    return lambda session: imports.finish(session, task.task_id, document, model=model)


def _read(task: TaskContext) -> dict[str, object]:
    with db.transaction() as session:
        file = imports.file_of(session, task.task_id)
    if file is None:
        raise FileGone
    with metered(task, CallName.IMPORT_PDF_EXTRACT) as calls:
        document = pipeline.run(
            calls.model, file.content, model_name=calls.name, feature_key=calls.feature_key, record=calls.record,
            progress=task.step,
        )  # fmt: skip
    kept = {"document": document.model_dump(mode="json"), "model": calls.served}
    task.checkpoint(_STEP, kept)
    return kept
