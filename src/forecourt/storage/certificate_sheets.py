"""What is remembered of each station's certificates, in the database: the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, or_, select

from forecourt.domain.certificates.model import (
    CalendarEntry,
    CalendarFilter,
    OrderNumber,
    OrderState,
    Seen,
    Sheet,
    Shown,
)
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.storage.certificate_tables import certificate_order, station_certificate
from forecourt.storage.connection import Row
from forecourt.storage.pages import page_of
from forecourt.storage.schema import (
    contains,
    from_micros,
    maybe_from_micros,
    maybe_to_micros,
    metadata,
    paged,
    to_micros,
)
from forecourt.storage.stations import STATION_COLUMNS, is_in_group, to_station
from forecourt.storage.unit_of_work import Unit

_COLUMNS: Final = [column.name for column in station_certificate.columns if column.name != "station_key"]
_SELECT: Final = f"SELECT station_key, {', '.join(_COLUMNS)} FROM station_certificate WHERE station_key = ?"
_HOLD: Final = (
    "INSERT INTO station_certificate (station_key, alarm_step, failures, requests) VALUES (?, 0, 0, 0)"
    " ON CONFLICT (station_key) DO UPDATE SET failures = station_certificate.failures"
    f" RETURNING station_key, {', '.join(_COLUMNS)}"
)
"""Changes nothing, and locks the row where several write at once."""

_PUT: Final = f"UPDATE station_certificate SET {', '.join(f'{name} = ?' for name in _COLUMNS)} WHERE station_key = ?"
_DUE: Final = (
    "SELECT c.station_key FROM station_certificate AS c JOIN station AS s ON s.key = c.station_key"
    " WHERE c.{column} <= ? AND s.removed_at IS NULL ORDER BY c.{column}, c.station_key LIMIT ?"
)
_REGULAR: Final = (
    "SELECT c.station_key FROM station_certificate AS c JOIN station AS s ON s.key = c.station_key"
    " WHERE c.retry_at IS NULL AND c.renew_end <= ? AND c.renew_third <= ? AND s.removed_at IS NULL"
    " ORDER BY c.renew_end, c.station_key LIMIT ?"
)
_REVOKED: Final = (
    "SELECT c.station_key FROM revoked_certificate AS r CROSS JOIN station_certificate AS c"
    " JOIN station AS s ON s.key = c.station_key"
    " WHERE r.key > ? AND c.cover_serial = r.serial AND c.cover_issuer_hash = r.issuer_hash"
    " AND s.removed_at IS NULL LIMIT ?"
)
"""CROSS JOIN has SQLite begin with what was revoked lately, and not with all stations."""
_FREED: Final = (
    "SELECT c.station_key FROM station_certificate AS c JOIN station AS s ON s.key = c.station_key"
    " WHERE c.covered_until IS NULL AND c.fingerprint IS NOT NULL AND s.removed_at IS NULL AND NOT EXISTS (SELECT 1"
    " FROM revoked_certificate AS r WHERE r.issuer_hash = c.issuer_hash AND r.serial = c.serial) LIMIT ?"
)
_KEPT_OLD: Final = (
    "SELECT c.station_key FROM station_certificate AS c JOIN station AS s ON s.key = c.station_key"
    " JOIN certificate_order AS o ON o.number = c.waits_for JOIN link AS l ON l.station_key = c.station_key"
    " WHERE c.waits_for IS NOT NULL AND l.fingerprint = c.fingerprint AND l.connected_at > o.changed_at"
    " AND s.removed_at IS NULL LIMIT ?"
)


class SheetRecords:
    """The part of the CertificateStore that is about stations."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def hold(self, station_key: int) -> Sheet:
        return _to_sheet(self._unit.upsert(_HOLD, (station_key,)))

    def sheet(self, station_key: int) -> Sheet:
        row = self._unit.one(_SELECT, (station_key,))
        return Sheet(station_key=station_key) if row is None else _to_sheet(row)

    def put(self, sheet: Sheet) -> None:
        self._unit.execute(_PUT, (*_written(sheet), sheet.station_key))

    def find_station(self, station_key: int) -> Station | None:
        sql = f"SELECT {', '.join(STATION_COLUMNS)} FROM station WHERE key = ? AND removed_at IS NULL"
        row = self._unit.one(sql, (station_key,))
        return None if row is None else to_station(row)

    def group(self, station_key: int) -> str | None:
        row = self._unit.one("SELECT station_group FROM station WHERE key = ?", (station_key,))
        return None if row is None else row[0] or None

    def to_renew(self, at: datetime, before: timedelta, limit: int) -> Sequence[int]:
        found = self._keys(_DUE.format(column="retry_at"), to_micros(at), limit)
        regular = self._keys(_REGULAR, to_micros(at + before), to_micros(at), limit)
        return [*found, *regular][:limit]

    def to_tell_of(self, at: datetime, limit: int) -> Sequence[int]:
        return self._keys(_DUE.format(column="alarm_at"), to_micros(at), limit)

    def newest_revocation(self) -> int:
        row = self._unit.one("SELECT max(key) FROM revoked_certificate")
        return 0 if row is None else row[0] or 0

    def misjudged(self, after: int, limit: int) -> Sequence[int]:
        return [*self._keys(_REVOKED, after, limit), *self._keys(_FREED, limit)][:limit]

    def kept_old(self, limit: int) -> Sequence[int]:
        return self._keys(_KEPT_OLD, limit)

    def was_shown_since(self, station_key: int, fingerprint: str, since: datetime) -> bool:
        sql = "SELECT 1 FROM link WHERE station_key = ? AND fingerprint = ? AND connected_at > ?"
        return self._unit.one(sql, (station_key, fingerprint, to_micros(since))) is not None

    def _keys(self, sql: str, *parameters: object) -> list[int]:
        return [row[0] for row in self._unit.all(sql, parameters)]

    def calendar(self, wanted: CalendarFilter, page: PageRequest) -> Page[CalendarEntry]:
        station, sheets, orders = metadata.tables["station"], station_certificate.c, certificate_order
        newest = orders.alias("newest")
        last = select(func.max(orders.c.number)).where(orders.c.station_key == sheets.station_key).scalar_subquery()
        ends = func.coalesce(sheets.covered_until, 0)
        statement = (
            select(
                station.c.identity,
                station.c.station_group,
                newest.c.number,
                newest.c.state,
                sheets.station_key,
                *(sheets[name] for name in _COLUMNS),
            )
            .select_from(
                station_certificate.join(station, station.c.key == sheets.station_key).outerjoin(
                    newest, newest.c.number == last
                )
            )
            .where(station.c.removed_at.is_(None), or_(sheets.fingerprint.is_not(None), newest.c.number.is_not(None)))
            .order_by(ends, sheets.station_key)
        )
        if page.after is not None:
            moment, key = _position(page.after)
            statement = statement.where(or_(ends > moment, (ends == moment) & (sheets.station_key > key)))
        if wanted.station is not None:
            statement = statement.where(station.c.identity == wanted.station)
        if wanted.search:
            found = [contains(one, wanted.search) for one in (station.c.identity, sheets.subject, sheets.fingerprint)]
            statement = statement.where(or_(*found))
        if wanted.group is not None:
            statement = statement.where(is_in_group(wanted.group))
        if wanted.expires_before is not None:
            statement = statement.where(ends < to_micros(wanted.expires_before))
        if wanted.is_renewed is not None:
            planned = sheets.renew_end
            statement = statement.where(planned.is_not(None) if wanted.is_renewed else planned.is_(None))
        rows = self._unit.select(paged(statement, page))
        return page_of(rows, page, _to_entry, _place)


def _place(row: Row) -> str:
    sheet = _to_sheet(row[4:])
    return f"{0 if sheet.covered_until is None else to_micros(sheet.covered_until)}.{row[4]}"


def _position(after: str) -> tuple[int, int]:
    """Where a page begins. What is no position asks for nothing that exists."""
    moment, _, key = after.partition(".")
    if moment.isdecimal() and key.isdecimal() and len(after) < 40 and len(moment) < 19 and len(key) < 19:
        return int(moment), int(key)
    return 2**62, 0


def _to_entry(row: Row) -> CalendarEntry:
    identity, group, number, state = row[:4]
    return CalendarEntry(
        station=identity,
        group=group or "",
        sheet=_to_sheet(row[4:]),
        order=None if number is None else OrderNumber(number),
        order_state=None if state is None else OrderState(state),
    )


def _written(sheet: Sheet) -> tuple[object, ...]:
    shown = sheet.shown
    return (
        *((None,) * 11 if shown is None else _written_shown(shown)),
        maybe_to_micros(sheet.covered_until),
        sheet.cover_issuer_hash,
        sheet.cover_serial,
        sheet.waits_for,
        maybe_to_micros(sheet.renew_end),
        maybe_to_micros(sheet.renew_third),
        maybe_to_micros(sheet.retry_at),
        maybe_to_micros(sheet.alarm_at),
        sheet.alarm_step,
        sheet.failures,
        sheet.requests,
        maybe_to_micros(sheet.requests_since),
    )


def _written_shown(shown: Shown) -> tuple[object, ...]:
    return (
        shown.fingerprint,
        shown.subject,
        shown.issuer,
        shown.issuer_hash,
        shown.serial,
        shown.key_kind,
        to_micros(shown.not_before),
        to_micros(shown.not_after),
        shown.seen.value,
        to_micros(shown.seen_at),
        shown.order,
    )


def _to_sheet(row: Row) -> Sheet:
    covered_until, cover_issuer_hash, cover_serial, waits_for, renew_end, renew_third, retry_at = row[12:19]
    alarm_at, alarm_step, failures, requests, requests_since = row[19:]
    return Sheet(
        station_key=row[0],
        shown=_to_shown(row[1:12]),
        covered_until=maybe_from_micros(covered_until),
        cover_issuer_hash=cover_issuer_hash,
        cover_serial=cover_serial,
        waits_for=None if waits_for is None else OrderNumber(waits_for),
        renew_end=maybe_from_micros(renew_end),
        renew_third=maybe_from_micros(renew_third),
        retry_at=maybe_from_micros(retry_at),
        alarm_at=maybe_from_micros(alarm_at),
        alarm_step=alarm_step,
        failures=failures,
        requests=requests,
        requests_since=maybe_from_micros(requests_since),
    )


def _to_shown(row: Row) -> Shown | None:
    fingerprint, subject, issuer, issuer_hash, serial, key_kind, not_before, not_after, seen, seen_at, order = row
    if fingerprint is None:
        return None
    return Shown(
        fingerprint=fingerprint,
        subject=subject,
        issuer=issuer,
        issuer_hash=issuer_hash,
        serial=serial,
        key_kind=key_kind,
        not_before=from_micros(not_before),
        not_after=from_micros(not_after),
        seen=Seen(seen),
        seen_at=from_micros(seen_at),
        order=None if order is None else OrderNumber(order),
    )
