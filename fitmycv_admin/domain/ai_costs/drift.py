"""Whether the rollups say what the calls say: compared every night, and a day counted anew when they do not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from fitmycv_admin.domain.actors import Actor


@dataclass(frozen=True, slots=True)
class CheckRow:
    """What the last comparison of a day found: the most that a rollup differs from the calls; 0 and 0 is right."""

    id: int
    day: date
    checked_at: datetime
    drift_nano: int
    drift_calls: int
    repaired_at: datetime | None

    @property
    def is_right(self) -> bool:
        """Nothing differs, or it was counted anew since."""
        return self.repaired_at is not None or (self.drift_nano == 0 and self.drift_calls == 0)


def check(db: Session) -> tuple[CheckRow, ...]:
    """Compare the last three whole days, and note what was found; newest day first."""
    raise NotImplementedError


def state(db: Session, by: Actor) -> Sequence[CheckRow]:
    """The last comparison of each of the last days compared, newest day first; empty before the first night."""
    raise NotImplementedError


def repair(db: Session, by: Actor, day: date) -> CheckRow:
    """Count a day of the workspace's zone anew from its calls. Raises Invalid when calls of it were forgotten."""
    raise NotImplementedError
