"""Tasks: their types, states and outcomes, and what they take."""

from enum import StrEnum


class TaskType(StrEnum):
    """Slow work that a person asked for; one function of the worker each."""

    IMPORT_PDF = "import_pdf"
    EXTRACT_OFFER = "extract_offer"
    MATCH_SCORE = "match_score"
    NOOP = "noop"


class TaskState(StrEnum):
    """Where a task is; the last three are terminal."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


TERMINAL_TASK_STATES = (TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED)


class Payer(StrEnum):
    """What a unit of work takes from its person."""

    CREDITS = "credits"
    QUOTA = "quota"
    NONE = "none"


class ReservationState(StrEnum):
    """Where a reservation is: open, or settled one way; a captured one may be given back later."""

    HELD = "held"
    CAPTURED = "captured"
    RELEASED = "released"
    RETURNED = "returned"


class TaskOutcome(StrEnum):
    """How a task ended, as far as paying goes."""

    USABLE = "usable"
    NOTHING_USABLE = "nothing_usable"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED_BEFORE_OUTPUT = "cancelled_before_output"
    CANCELLED_AFTER_OUTPUT = "cancelled_after_output"
