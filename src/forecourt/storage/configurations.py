"""The configuration of stations in the database: what they told, and what is desired."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Boolean, Column, Table, Text

from forecourt.domain.configuration.model import BootNote, Desired, Setting, Snapshot, fold
from forecourt.storage.connection import Row
from forecourt.storage.schema import (
    from_micros,
    maybe_from_micros,
    metadata,
    moment,
    station_key,
    text,
    to_micros,
)
from forecourt.storage.unit_of_work import Unit
from forecourt.storage.values import write_values

configuration: Final = Table(
    "configuration",
    metadata,
    station_key(primary_key=True, autoincrement=False),
    moment("completed_at"),
)

setting: Final = Table(
    "setting",
    metadata,
    station_key(primary_key=True),
    Column("folded", Text, primary_key=True),
    text("name"),
    text("value", is_required=False),
    Column("is_read_only", Boolean, nullable=False),
    Column("is_unknown", Boolean, nullable=False),
    Column("awaits_restart", Boolean, nullable=False),
    text("coming", is_required=False),
    moment("learned_at"),
)

desired_setting: Final = Table(
    "desired_setting",
    metadata,
    station_key(primary_key=True),
    Column("folded", Text, primary_key=True),
    text("name"),
    text("value"),
    text("asked_by"),
    moment("asked_at"),
)

_COLUMNS: Final = "name, value, is_read_only, is_unknown, awaits_restart, coming, learned_at"
_SETTINGS: Final = f"setting (station_key, folded, {_COLUMNS})"
_REPLACING: Final = " ON CONFLICT (station_key, folded) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in _COLUMNS.split(", ")
)
_UNSETTLED: Final = (
    "EXISTS (SELECT 1 FROM setting AS t WHERE t.station_key = s.key AND (t.awaits_restart OR t.coming IS NOT NULL))"
)
_OF_STATION: Final = "FROM station AS s LEFT JOIN configuration AS c ON c.station_key = s.key WHERE s.key = ?"
_AT_BOOT_QUIETLY: Final = f"SELECT c.completed_at, {_UNSETTLED}, false {_OF_STATION}"
# Each state has a partial index. Asked for both at once, the database reads every errand that the station ever had.
_AT_BOOT: Final = (
    f"SELECT c.completed_at, {_UNSETTLED},"
    " (EXISTS (SELECT 1 FROM errand AS e WHERE e.station_key = s.key AND e.operation = ? AND e.state = 'queued')"
    " OR EXISTS (SELECT 1 FROM errand AS e WHERE e.station_key = s.key AND e.operation = ? AND e.state = 'sent'))"
    f" {_OF_STATION}"
)
_RESTARTED: Final = "UPDATE setting SET awaits_restart = false WHERE station_key = ? AND awaits_restart"
_DESIRE: Final = (
    "INSERT INTO desired_setting (station_key, folded, name, value, asked_by, asked_at) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (station_key, folded) DO UPDATE SET name = excluded.name, value = excluded.value,"
    " asked_by = excluded.asked_by, asked_at = excluded.asked_at"
)
_SUSPECTS: Final = (
    "SELECT s.identity, s.key FROM station AS s WHERE s.removed_at IS NULL AND s.identity > ?"
    " AND EXISTS (SELECT 1 FROM desired_setting AS d LEFT JOIN setting AS t"
    " ON t.station_key = d.station_key AND t.folded = d.folded WHERE d.station_key = s.key"
    " AND (t.folded IS NULL OR t.is_unknown"
    " OR d.value <> coalesce(CASE WHEN t.awaits_restart THEN t.coming ELSE coalesce(t.coming, t.value) END, '')))"
    " ORDER BY s.identity LIMIT ?"
)


class Configurations:
    """The ConfigurationStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def snapshot(self, station_key: int) -> Snapshot:
        rows = self._unit.all(f"SELECT {_COLUMNS} FROM setting WHERE station_key = ?", (station_key,))
        completed = self._unit.one("SELECT completed_at FROM configuration WHERE station_key = ?", (station_key,))
        settings = {fold(one.name): one for one in map(_to_setting, rows)}
        return Snapshot(settings, maybe_from_micros(None if completed is None else completed[0]))

    def setting(self, station_key: int, name: str) -> Setting | None:
        sql = f"SELECT {_COLUMNS} FROM setting WHERE station_key = ? AND folded = ?"
        row = self._unit.one(sql, (station_key, fold(name)))
        return None if row is None else _to_setting(row)

    def put(self, station_key: int, settings: Sequence[Setting]) -> None:
        write_values(self._unit, _SETTINGS, [_to_row(station_key, one) for one in settings], _REPLACING)

    def replace(self, station_key: int, settings: Sequence[Setting]) -> None:
        self._unit.execute("DELETE FROM setting WHERE station_key = ?", (station_key,))
        self.put(station_key, settings)

    def complete(self, station_key: int, at: datetime) -> None:
        self._unit.execute(
            "INSERT INTO configuration (station_key, completed_at) VALUES (?, ?)"
            " ON CONFLICT (station_key) DO UPDATE SET completed_at = excluded.completed_at",
            (station_key, to_micros(at)),
        )

    def note_at_boot(self, station_key: int, operation: str | None) -> BootNote:
        if operation is None:
            row = self._unit.one(_AT_BOOT_QUIETLY, (station_key,))
        else:
            row = self._unit.one(_AT_BOOT, (operation, operation, station_key))
        if row is None:
            return BootNote(None, is_unsettled=False, is_being_read=False)
        completed_at, is_unsettled, is_being_read = row
        return BootNote(maybe_from_micros(completed_at), bool(is_unsettled), bool(is_being_read))

    def restarted(self, station_key: int) -> None:
        self._unit.execute(_RESTARTED, (station_key,))

    def desired(self, station_key: int) -> Sequence[Desired]:
        rows = self._unit.all(
            "SELECT name, value, asked_by, asked_at FROM desired_setting WHERE station_key = ? ORDER BY folded",
            (station_key,),
        )
        return [Desired(name, value, asked_by, from_micros(asked_at)) for name, value, asked_by, asked_at in rows]

    def put_desired(self, station_key: int, desired: Desired) -> None:
        name, at = desired.name, to_micros(desired.asked_at)
        self._unit.execute(_DESIRE, (station_key, fold(name), name, desired.value, desired.asked_by, at))

    def remove_desired(self, station_key: int, name: str) -> bool:
        sql = "DELETE FROM desired_setting WHERE station_key = ? AND folded = ?"
        return self._unit.execute(sql, (station_key, fold(name))) > 0

    def suspects(self, after: str | None, limit: int) -> Sequence[tuple[str, int]]:
        return [(identity, key) for identity, key in self._unit.all(_SUSPECTS, (after or "", limit))]


def _to_row(station_key: int, one: Setting) -> Row:
    return (
        station_key,
        fold(one.name),
        one.name,
        one.value,
        one.is_read_only,
        one.is_unknown,
        one.awaits_restart,
        one.coming,
        to_micros(one.learned_at),
    )


def _to_setting(row: Row) -> Setting:
    name, value, is_read_only, is_unknown, awaits_restart, coming, learned_at = row
    return Setting(
        name=name,
        value=value,
        is_read_only=bool(is_read_only),
        is_unknown=bool(is_unknown),
        awaits_restart=bool(awaits_restart),
        coming=coming,
        learned_at=from_micros(learned_at),
    )
