"""Every type of task: its label, what it counts as, where it runs and how long it may take."""

from dataclasses import dataclass

from fitmycv_admin.vocabulary import PlanFeature, TaskType

TASKS = "tasks"
"""The queue of work that people wait for."""
EMAILS = "emails"
"""The queue of messages to send."""
QUEUES = (TASKS, EMAILS)


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of task. `time_limit_s` is for one attempt, `max_attempts` counts starts.

    A task that cost `poison_after` workers their life goes to quarantine instead of being started again.
    """

    type: TaskType
    label_key: str
    feature: PlanFeature | None
    time_limit_s: int
    max_attempts: int = 3
    poison_after: int = 3
    queue: str = TASKS
    visible: bool = True
    needs_model: bool = True


KINDS: dict[TaskType, Kind] = {
    kind.type: kind
    for kind in (
        Kind(TaskType.IMPORT_PDF, "tasks.type.import_pdf", PlanFeature.IMPORT_PDF, time_limit_s=180),
        Kind(TaskType.EXTRACT_OFFER, "tasks.type.extract_offer", None, time_limit_s=120),
        Kind(TaskType.MATCH_SCORE, "tasks.type.match_score", PlanFeature.MATCH_SCORE, time_limit_s=120),
        # Measures the machinery itself: it may be started as often as something is killed under it.
        Kind(
            TaskType.NOOP,
            "tasks.type.noop",
            None,
            time_limit_s=60,
            max_attempts=100,
            poison_after=101,
            visible=False,
            needs_model=False,
        ),
    )
}


def kind_of(type_: str) -> Kind:
    """The kind of a stored type; KeyError for a type that nobody declared."""
    return KINDS[TaskType(type_)]
