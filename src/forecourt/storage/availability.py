"""The state of EVSEs in the database: a history, and the newest report of every place."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table, select

from forecourt.domain.availability.model import EvseStatus, StatusReport
from forecourt.domain.evse import Place
from forecourt.domain.paging import Page, PageRequest
from forecourt.storage.bulk import Bulk
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import (
    Key,
    from_micros,
    maybe_from_micros,
    maybe_to_micros,
    metadata,
    moment,
    paged,
    station_key,
    text,
    to_micros,
    to_number,
    to_place,
)
from forecourt.storage.unit_of_work import Unit

_REPORT: Final = ["station_key", "evse", "status", "error_code", "info", "vendor_id", "vendor_error_code"]


def _report_columns() -> list[Column[str]]:
    return [
        text("status"),
        text("error_code"),
        text("info", is_required=False),
        text("vendor_id", is_required=False),
        text("vendor_error_code", is_required=False),
    ]


evse_status: Final = Table(
    "evse_status",
    metadata,
    station_key(primary_key=True, autoincrement=False),
    Column("evse", BigInteger, primary_key=True, autoincrement=False),
    *_report_columns(),
    moment("reported_at", is_required=False),
    moment("at"),
)

status_history: Final = Table(
    "status_history",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    station_key(),
    Column("evse", BigInteger, nullable=False),
    *_report_columns(),
    moment("reported_at", is_required=False),
    moment("at"),
    Index("status_history_of_station", "station_key", "key"),
)

_COLUMNS: Final = [*_REPORT, "reported_at", "at"]
_PRESENT: Final = Bulk(evse_status, _COLUMNS, key=["station_key", "evse"], newest_by="at")
_HISTORY: Final = Bulk(status_history, _COLUMNS)


class AvailabilityRecords:
    """The AvailabilityStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def record(self, station_key: int, status: EvseStatus) -> None:
        report = status.report
        row = (
            station_key,
            to_number(report.place),
            report.status,
            report.error_code,
            report.info,
            report.vendor_id,
            report.vendor_error_code,
            maybe_to_micros(report.reported_at),
            to_micros(status.at),
        )
        self._unit.append(_HISTORY, row)
        self._unit.append(_PRESENT, row)

    def present(self, station_key: int) -> tuple[EvseStatus, ...]:
        return present_at(self._unit, station_key)

    def history(self, station_key: int, place: Place | None, page: PageRequest) -> Page[EvseStatus]:
        columns = status_history.c
        statement = select(status_history).where(columns.station_key == station_key).order_by(columns.key.desc())
        if place is not None:
            statement = statement.where(columns.evse == to_number(place))
        after = number_after(page)
        if after is not None:
            statement = statement.where(columns.key < after)
        rows = self._unit.select(paged(statement, page))
        return page_of(rows, page, lambda row: _to_status(row[2:]), lambda row: row[0])


def present_at(unit: Unit, station_key: int) -> tuple[EvseStatus, ...]:
    """The newest report of every place of a station, the station as a whole first."""
    rows = unit.all(
        "SELECT evse, status, error_code, info, vendor_id, vendor_error_code, reported_at, at"
        " FROM evse_status WHERE station_key = ? ORDER BY evse",
        (station_key,),
    )
    return tuple(_to_status(row) for row in rows)


def _to_status(row: Row) -> EvseStatus:
    evse, status, error_code, info, vendor_id, vendor_error_code, reported_at, at = row
    report = StatusReport(
        place=to_place(evse),
        status=status,
        error_code=error_code,
        info=info,
        vendor_id=vendor_id,
        vendor_error_code=vendor_error_code,
        reported_at=maybe_from_micros(reported_at),
    )
    return EvseStatus(report, from_micros(at))
