"""One task in the shapes that its page draws; numbers and instants stay raw."""

from dataclasses import dataclass, field
from typing import Any

from fitmycv_admin.domain.tasks.detail import TaskCard


@dataclass(frozen=True)
class AttemptLine:
    """One start."""

    attempt: int
    worker: str
    started_at: str
    run_ms: int
    outcome: str
    error: str


@dataclass(frozen=True)
class StepLine:
    """One step that is done."""

    step: str
    attempt: int
    at: str


@dataclass(frozen=True)
class CallLine:
    """One model call."""

    id: str
    at: str
    call_name: str
    model: str
    status: str
    prompt: int
    cached: int
    completion: int
    duration_ms: int | None
    cost_nano: int | None


@dataclass(frozen=True)
class MomentLine:
    """One line of the timeline; `label` is a catalogue key, `params` are its words."""

    id: str
    at: str
    label: str
    params: dict[str, Any]
    credits: int | None
    cost_nano: int | None


@dataclass(frozen=True)
class Shown:
    """The task as the page draws it."""

    id: str = ""
    type: str = "noop"
    title: str = ""
    state: str = "queued"
    user: str = ""
    user_id: str = ""
    feature: str = ""
    attempt: int = 0
    max_attempts: int = 0
    percent: int = 0
    step_key: str = ""
    worker: str = ""
    messages: int = 0
    error_key: str = ""
    error_params: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    fingerprint: str = ""
    same_error: int = 0
    cost_nano: int = 0
    unpriced: int = 0
    is_quarantined: bool = False
    may_cancel: bool = False
    may_retry: bool = False
    may_requeue: bool = False
    may_release: bool = False


def shown(found: TaskCard) -> Shown:
    """The facts."""
    return Shown(
        id=str(found.id), type=found.type, title=found.title,
        state=_state(found), user=found.user, user_id=str(found.user_id or ""),
        feature=found.feature, attempt=found.attempt, max_attempts=found.max_attempts, percent=found.percent,
        step_key=found.step_key, worker=found.worker, messages=found.dispatch_seq, error_key=found.error_key,
        error_params=found.error_params, error=found.error, fingerprint=found.fingerprint,
        same_error=found.same_error_24h, cost_nano=found.cost_nano, unpriced=found.unpriced,
        may_cancel=found.may_cancel, may_retry=found.may_retry,
        may_requeue=found.may_requeue, may_release=found.may_release, is_quarantined=found.is_quarantined,
    )  # fmt: skip


def _state(found: TaskCard) -> str:
    if found.is_quarantined:
        return "quarantined"
    return "cancelling" if found.is_cancelling else found.state


def moments(found: TaskCard) -> list[MomentLine]:
    """The timeline, oldest first."""
    return [
        MomentLine(
            str(number), one.at.isoformat(), f"console.moment.{one.kind}", one.params, one.credits, one.cost_nano
        )
        for number, one in enumerate(found.moments)
    ]


def attempts(found: TaskCard) -> list[AttemptLine]:
    """Every start."""
    return [
        AttemptLine(
            row.attempt, row.worker, row.started_at.isoformat(), row.run_ms, row.outcome or "running", row.error
        )
        for row in found.attempts
    ]


def steps(found: TaskCard) -> list[StepLine]:
    """Every step that is done."""
    return [StepLine(row.step, row.attempt, row.at.isoformat()) for row in found.steps]


def calls(found: TaskCard) -> list[CallLine]:
    """Every model call."""
    return [
        CallLine(
            str(row.id), row.at.isoformat(), row.call_name, row.model, row.status, row.prompt_tokens,
            row.cached_tokens, row.completion_tokens, row.duration_ms, row.cost_nano,
        )
        for row in found.calls
    ]  # fmt: skip
