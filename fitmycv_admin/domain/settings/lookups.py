"""Typed reading and writing of settings; readings are at most five seconds old."""

import json
import time
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import on_commit
from fitmycv_admin.core.errors import Conflict
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.audit import trail
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


def write(db: Session, by: Actor, name: str, value: str, *, version: int | None = None, reason: str = "") -> str:
    """Store a value and audit the change; returns the value in its one spelling. Needs settings.write.

    `version` is the one the person edited (0 when nothing was stored): Conflict when somebody was faster.
    Raises Invalid, with the setting as field, when the value does not fit.
    """
    by.must(Permission.SETTINGS_WRITE)
    setting = catalogue.known(name)
    accepted = setting.checked(value)
    row = db.exec(select(Setting).where(col(Setting.setting_name) == name).with_for_update()).one_or_none()
    if version is not None and version != (row.version if row else 0):
        raise Conflict
    before = row.value if row else setting.default
    if row is None:
        row = Setting(setting_name=name, value=accepted, category=setting.category.value, updated_by=by.user_id)
    elif before != accepted:
        row.value, row.version, row.updated_by, row.updated_at = accepted, row.version + 1, by.user_id, clock.now()
    db.add(row)
    if before != accepted:
        trail.record(db, by, "setting.changed", "setting", name, {name: before}, {name: accepted}, reason)
    db.info[_WRITTEN] = True
    on_commit(db, lambda: forget(db))
    db.flush()
    return accepted


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
