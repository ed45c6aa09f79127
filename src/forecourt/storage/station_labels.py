"""Labels of stations in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Column, Index, Table, Text, select
from sqlalchemy.sql.elements import ColumnElement

from forecourt.storage.schema import metadata, station_key
from forecourt.storage.unit_of_work import Unit

station_label: Final = Table(
    "station_label",
    metadata,
    station_key(primary_key=True, autoincrement=False),
    Column("label", Text, primary_key=True),
)
_columns = station_label.c
Index("station_label_by_label", _columns.label, _columns.station_key)

_ALL: Final = (
    "SELECT DISTINCT station_label.label FROM station_label JOIN station ON station.key = station_label.station_key"
    " WHERE station.removed_at IS NULL ORDER BY station_label.label"
)


def put_labels(unit: Unit, key: int, labels: Sequence[str]) -> None:
    """These, and no others."""
    unit.execute("DELETE FROM station_label WHERE station_key = ?", (key,))
    for label in labels:
        unit.execute("INSERT INTO station_label (station_key, label) VALUES (?, ?)", (key, label))


def labels_of(unit: Unit, keys: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    """The labels of many stations, in one question."""
    found: defaultdict[int, tuple[str, ...]] = defaultdict(tuple)
    statement = select(_columns.station_key, _columns.label).where(_columns.station_key.in_(keys))
    for key, label in unit.select(statement):
        found[key] += (label,)
    return defaultdict(tuple, {key: tuple(sorted(labels)) for key, labels in found.items()})


def all_labels(unit: Unit) -> list[str]:
    """Every label that a registered station has."""
    return [row[0] for row in unit.all(_ALL)]


def has_label(key: ColumnElement[int] | Column[int], label: str) -> ColumnElement[bool]:
    """The condition that a station has a label."""
    return key.in_(select(_columns.station_key).where(_columns.label == label))
