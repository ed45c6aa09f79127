"""The state of EVSEs in the database: a history, and the newest report of every place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table, select, tuple_

from forecourt.domain.availability.model import ConnectorFilter, ConnectorState, EvseStatus, StatusReport
from forecourt.domain.evse import Place
from forecourt.domain.paging import Page, PageRequest
from forecourt.storage.bulk import Bulk
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import (
    Key,
    columns_of,
    contains,
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
_STATUS: Final = "evse status error_code info vendor_id vendor_error_code reported_at at"
_COUNTS: Final = (
    "SELECT evse_status.status, count(*) FROM evse_status JOIN station ON station.key = evse_status.station_key"
    " WHERE evse_status.evse > 0 AND station.removed_at IS NULL GROUP BY evse_status.status ORDER BY evse_status.status"
)
_ERROR_CODES: Final = "SELECT DISTINCT error_code FROM evse_status ORDER BY error_code"
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

    def connectors(self, wanted: ConnectorFilter, page: PageRequest) -> Page[ConnectorState]:
        station, link, columns = metadata.tables["station"], metadata.tables["link"], evse_status.c
        statement = (
            select(station.c.identity, link.c.node, *columns_of(evse_status, _STATUS))
            .join(station, station.c.key == columns.station_key)
            .outerjoin(link, link.c.station_key == columns.station_key)
            .where(station.c.removed_at.is_(None))
            .order_by(station.c.identity, columns.evse)
        )
        if page.after is not None:
            evse, _, identity = page.after.partition("-")
            number = int(evse) if evse.isdecimal() and len(evse) < 19 else 0
            statement = statement.where(tuple_(station.c.identity, columns.evse) > tuple_(identity, number))
        if wanted.station:
            statement = statement.where(contains(station.c.identity, wanted.station))
        if wanted.status is not None:
            statement = statement.where(columns.status == wanted.status)
        if wanted.error_code is not None:
            statement = statement.where(columns.error_code == wanted.error_code)
        if wanted.is_online is not None:
            statement = statement.where(link.c.node.is_not(None) if wanted.is_online else link.c.node.is_(None))
        rows = self._unit.select(paged(statement, page))
        return page_of(rows, page, _to_connector, lambda row: f"{row[2]}-{row[0]}")

    def counts(self) -> Mapping[str, int]:
        return {str(status): int(number) for status, number in self._unit.all(_COUNTS)}

    def error_codes(self) -> Sequence[str]:
        return [row[0] for row in self._unit.all(_ERROR_CODES)]


def present_of(unit: Unit, station_keys: Sequence[int]) -> Mapping[int, tuple[EvseStatus, ...]]:
    """The same as `present_at` for many stations, in one question."""
    columns = evse_status.c
    found: defaultdict[int, tuple[EvseStatus, ...]] = defaultdict(tuple)
    statement = select(columns.station_key, *columns_of(evse_status, _STATUS))
    for row in unit.select(statement.where(columns.station_key.in_(station_keys)).order_by(columns.evse)):
        found[row[0]] += (_to_status(row[1:]),)
    return found


def present_at(unit: Unit, station_key: int) -> tuple[EvseStatus, ...]:
    """The newest report of every place of a station, the station as a whole first."""
    rows = unit.all(
        "SELECT evse, status, error_code, info, vendor_id, vendor_error_code, reported_at, at"
        " FROM evse_status WHERE station_key = ? ORDER BY evse",
        (station_key,),
    )
    return tuple(_to_status(row) for row in rows)


def _to_connector(row: Row) -> ConnectorState:
    return ConnectorState(row[0], row[1] is not None, _to_status(row[2:]))


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
