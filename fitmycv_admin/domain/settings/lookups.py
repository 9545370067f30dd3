"""Typed reading of settings; readings are at most five seconds old."""

import json
import time
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from fitmycv_admin.core.db import on_commit
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.settings import catalogue
from fitmycv_admin.domain.settings.catalogue import Category, Kind
from fitmycv_admin.models import Setting
from fitmycv_admin.vocabulary import Permission

FRESH_SECONDS = 5.0
_WRITTEN = "settings_written"

# Values by database, since one process may speak to several in turn.
_cache: dict[str, tuple[float, dict[str, str]]] = {}


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting with what is needed to show and edit it. `version` 0: nothing stored, the default holds."""

    name: str
    category: Category
    kind: Kind
    value: str
    default: str
    low: float
    high: float
    step: float
    choices: tuple[str, ...]
    version: int
    updated_at: datetime | None


def text(db: Session, name: str) -> str:
    """The value as it is stored, else its default. Raises NotFound for a name nobody declared."""
    return _values(db).get(name, catalogue.known(name).default)


def flag(db: Session, name: str) -> bool:
    """Whether a switch is on."""
    return text(db, name) == "1"


def whole(db: Session, name: str) -> int:
    """The value of a whole number."""
    return int(text(db, name))


def decimal(db: Session, name: str) -> float:
    """The value of a number."""
    return float(text(db, name))


def words(db: Session, name: str) -> tuple[str, ...]:
    """The items of an ordered list."""
    return tuple(json.loads(text(db, name)))


def zone(db: Session) -> ZoneInfo:
    """The workspace's time zone: the one days and months of reports are counted in."""
    return ZoneInfo(text(db, "workspace_zone"))


def every(db: Session, by: Actor) -> tuple[SettingRow, ...]:
    """All settings in the order of the catalogue, never from the cache. Needs settings.read."""
    by.must(Permission.SETTINGS_READ)
    stored = {row.setting_name: row for row in db.exec(select(Setting))}
    return tuple(_row(setting, stored.get(setting.name)) for setting in catalogue.CATALOGUE.values())


def changed(db: Session) -> None:
    """What this transaction wrote is read from the database until it has committed, then by everybody."""
    db.info[_WRITTEN] = True
    on_commit(db, lambda: forget(db))


def forget(db: Session) -> None:
    """Read the stored values again at the next question."""
    db.info.pop(_WRITTEN, None)
    _cache.pop(_database(db), None)


def _values(db: Session) -> dict[str, str]:
    written = db.info.get(_WRITTEN, False)
    held = _cache.get(_database(db))
    if held is not None and not written and time.monotonic() - held[0] < FRESH_SECONDS:
        return held[1]
    at = time.monotonic()
    values = dict(db.exec(select(Setting.setting_name, Setting.value)).all())
    if not written:  # what this transaction wrote is nobody else's yet
        _cache[_database(db)] = (at, values)
    return values


def _database(db: Session) -> str:
    return str(db.get_bind().engine.url)


def _row(setting: catalogue.Known, stored: Setting | None) -> SettingRow:
    return SettingRow(
        name=setting.name,
        category=setting.category,
        kind=setting.kind,
        value=stored.value if stored else setting.default,
        default=setting.default,
        low=setting.low,
        high=setting.high,
        step=setting.step,
        choices=setting.choices,
        version=stored.version if stored else 0,
        updated_at=stored.updated_at if stored else None,
    )
