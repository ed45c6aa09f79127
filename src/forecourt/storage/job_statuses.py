"""What stations report of firmware updates and uploads of diagnostics, in the database."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Column, Index, Table

from forecourt.storage.bulk import Bulk
from forecourt.storage.schema import Key, metadata, moment, station_key, text, to_micros
from forecourt.storage.unit_of_work import Unit

job_status: Final = Table(
    "job_status",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    station_key(),
    text("kind"),
    text("status"),
    moment("received_at"),
    Index("job_status_of_station", "station_key", "kind", "key"),
)

_STATUSES: Final = Bulk(job_status, ["station_key", "kind", "status", "received_at"])


class FirmwareRecords:
    """The FirmwareStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def record_status(self, station_key: int, status: str, at: datetime) -> None:
        self._unit.append(_STATUSES, (station_key, "firmware", status, to_micros(at)))
        self._unit.execute("UPDATE station SET firmware_status = ? WHERE key = ?", (status, station_key))


class DiagnosticsRecords:
    """The DiagnosticsStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def record_status(self, station_key: int, status: str, at: datetime) -> None:
        self._unit.append(_STATUSES, (station_key, "diagnostics", status, to_micros(at)))
        self._unit.execute("UPDATE station SET diagnostics_status = ? WHERE key = ?", (status, station_key))
