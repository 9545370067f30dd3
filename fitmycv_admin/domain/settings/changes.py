"""Changing a setting: noticed by a second editor, audited, and every value it ever had is kept with its version."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from fitmycv_admin.core import clock, ids
from fitmycv_admin.core.errors import Conflict
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.domain.settings import catalogue, lookups
from fitmycv_admin.models import Setting, SettingVersion
from fitmycv_admin.vocabulary import Permission


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One value of a setting. `valid_until` is when the next one replaced it; None while it holds."""

    version: int
    value: str
    valid_from: datetime | None
    valid_until: datetime | None
    changed_by: UUID | None


def change(
    db: Session, by: Actor, name: str, value: str, *, expected_version: int | None = None, reason: str = ""
) -> str:
    """Store a value with its version and audit the change; the value in its one spelling. Needs settings.write.

    `expected_version` is the one that the person edited (0: nothing stored yet): Conflict when somebody was faster;
    None overwrites. Raises Invalid, with the setting as field, when the value does not fit; NotFound for a name that
    nobody declared.
    """
    by.must(Permission.SETTINGS_WRITE)
    setting = catalogue.known(name)
    accepted = setting.checked(value)
    row = _locked(db, name)
    if expected_version is not None and expected_version != (row.version if row else 0):
        raise Conflict
    before = row.value if row else setting.default
    if row is not None and before == accepted:
        return accepted
    if row is None:
        row = _first(db, by, setting, accepted)
    else:
        row.value, row.version, row.updated_by, row.updated_at = accepted, row.version + 1, by.user_id, clock.now()
        db.add(row)
    db.add(
        SettingVersion(
            setting_name=name, version=row.version, value=accepted, changed_by=by.user_id, valid_from=clock.now()
        )
    )
    if before != accepted:
        trail.record(db, by, "setting.changed", "setting", name, {name: before}, {name: accepted}, reason)
    db.flush()
    lookups.changed(db)
    return accepted


def versions(db: Session, name: str) -> tuple[VersionRow, ...]:
    """Every value a setting had, newest first; version 0 is the default that held before anything was stored."""
    setting = catalogue.known(name)
    kept = db.exec(
        select(SettingVersion).where(SettingVersion.setting_name == name).order_by(col(SettingVersion.version).desc())
    ).all()
    rows: list[VersionRow] = []
    until: datetime | None = None
    for row in kept:
        rows.append(VersionRow(row.version, row.value, row.valid_from, until, row.changed_by))
        until = row.valid_from
    return (*rows, VersionRow(0, setting.default, None, until, None))


def version_at(db: Session, name: str, moment: datetime) -> VersionRow:
    """The value that held at an instant."""
    return next(row for row in versions(db, name) if row.valid_from is None or row.valid_from <= moment)


def _locked(db: Session, name: str) -> Setting | None:
    query = select(Setting).where(col(Setting.setting_name) == name).with_for_update()
    return db.exec(query.execution_options(populate_existing=True)).one_or_none()


def _first(db: Session, by: Actor, setting: catalogue.Known, value: str) -> Setting:
    """The row of a setting that had none; raises Conflict when somebody made it at the same moment."""
    values = {
        "id": ids.new_id(),
        "setting_name": setting.name,
        "value": value,
        "category": setting.category.value,
        "updated_by": by.user_id,
    }
    made = insert(Setting).values(values).on_conflict_do_nothing().returning(col(Setting.id))
    if db.execute(made).first() is None:
        raise Conflict
    row = _locked(db, setting.name)
    if row is None:
        raise Conflict
    return row
