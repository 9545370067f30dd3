"""What every part of the demo data shares: one dice, one clock that never reads the time, fast inserts."""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb
from sqlalchemy import insert
from sqlmodel import Session, SQLModel

DAYS = 90
ZONE = ZoneInfo("Europe/Paris")
# How busy an hour is in Paris, from midnight; people write CVs in the evening and at their desk.
_HOURS = (2, 1, 1, 0, 0, 1, 2, 5, 11, 16, 18, 17, 13, 15, 18, 18, 16, 14, 13, 14, 16, 14, 9, 5)
_WEEKDAYS = (1.15, 1.2, 1.15, 1.05, 0.85, 0.4, 0.55)

Item = TypeVar("Item")


@dataclass(slots=True)
class Stage:
    """A session, the instant the story ends, and a dice that falls the same way each time."""

    db: Session
    now: datetime
    dice: random.Random = field(default_factory=lambda: random.Random(20261123))

    @property
    def start(self) -> datetime:
        """The instant the story begins."""
        return self.now - timedelta(days=DAYS)

    def id(self, at: datetime) -> uuid.UUID:
        """A UUIDv7 of that instant."""
        millis = int(at.timestamp() * 1000)
        value = (millis & ((1 << 48) - 1)) << 80 | self.dice.getrandbits(80)
        value = value & ~(0xF << 76) | (0x7 << 76)
        return uuid.UUID(int=value & ~(0x3 << 62) | (0x2 << 62))

    def word(self) -> str:
        """Ten letters and digits, as an item of a document has for id."""
        return f"{self.dice.getrandbits(40):010x}"

    def chance(self, share: float) -> bool:
        """True in that share of the cases."""
        return self.dice.random() < share

    def one(self, items: Sequence[Item]) -> Item:
        """One of them."""
        return self.dice.choice(items)

    def some(self, items: Sequence[Item], count: int) -> list[Item]:
        """That many of them at most, each once, in their order."""
        chosen = set(self.dice.sample(range(len(items)), min(count, len(items))))
        return [item for place, item in enumerate(items) if place in chosen]

    def busy(self, day: int) -> float:
        """How busy a day of the story is against an ordinary one: growth, weekdays and weekends."""
        weekday = (self.start + timedelta(days=day)).astimezone(ZONE).weekday()
        return _WEEKDAYS[weekday] * (0.55 + 0.9 * day / DAYS)

    def moment(self, after: datetime, before: datetime | None = None) -> datetime:
        """An instant between two, on a day and at an hour when people are there."""
        end = before or self.now
        span = max((end - after).total_seconds(), 1.0)
        for _ in range(6):
            day = after + timedelta(seconds=self.dice.random() * span)
            at = self.at_hour(day)
            if after <= at <= end and self.chance(_WEEKDAYS[at.astimezone(ZONE).weekday()] / 1.2):
                return at
        return after + timedelta(seconds=self.dice.random() * span)

    def at_hour(self, day: datetime) -> datetime:
        """An instant of that day of Paris, more likely at a busy hour."""
        local = day.astimezone(ZONE)
        hour = self.dice.choices(range(24), _HOURS)[0]
        chosen = local.replace(hour=hour, minute=self.dice.randrange(60), second=self.dice.randrange(60), microsecond=0)
        return chosen.astimezone(self.now.tzinfo) + timedelta(milliseconds=self.dice.randrange(1000))

    def insert(self, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows that all have the same keys; what they leave out takes its default."""
        if rows:
            self.db.execute(insert(table), list(rows))

    def copy(self, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
        """Insert many rows at once; every column without a default of the database must be given."""
        if not rows:
            return
        columns = list(rows[0])
        statement = f"COPY {table.__tablename__} ({', '.join(columns)}) FROM STDIN"
        raw = self.db.connection().connection.driver_connection
        assert raw is not None
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([Jsonb(value) if isinstance(value, dict | list) else value for value in row.values()])
