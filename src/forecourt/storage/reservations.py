"""Reservations in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Table, func, select
from sqlalchemy.sql import Select

from forecourt.domain.authorization.model import fold
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.evse import Place
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.reservation.model import Reservation, ReservationFilter, ReservationState
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import (
    Key,
    columns_of,
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

reservation: Final = Table(
    "reservation",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    station_key(),
    Column("reservation_id", BigInteger, nullable=False),
    Column("evse", BigInteger, nullable=False),
    text("id_token"),
    text("folded_token"),
    text("parent", is_required=False),
    moment("expires_at"),
    text("state"),
    text("asked_by", is_required=False),
    Column("errand", BigInteger),
    text("status", is_required=False),
    text("reason", is_required=False),
    Column("transaction_id", BigInteger),
    moment("requested_at"),
    moment("answered_at", is_required=False),
    moment("status_seen_at", is_required=False),
    moment("ended_at", is_required=False),
    sqlite_autoincrement=True,
)

_columns = reservation.c
_is_open = _columns.ended_at.is_(None)
Index("reservation_by_number", _columns.reservation_id, _columns.station_key, _columns.key)
Index("reservation_of_station", _columns.station_key, _columns.key)
Index("reservation_open", _columns.expires_at, sqlite_where=_is_open, postgresql_where=_is_open)

_SHOWN: Final = (
    "key reservation_id evse id_token parent expires_at state asked_by errand status reason transaction_id"
    " requested_at answered_at status_seen_at ended_at"
)
_FIELDS: Final = f"s.identity, {', '.join(f'r.{name}' for name in _SHOWN.split())}"
_FROM: Final = " FROM reservation AS r JOIN station AS s ON s.key = r.station_key"
_SELECT: Final = f"SELECT {_FIELDS}{_FROM}"
_ADD: Final = (
    "INSERT INTO reservation (station_key, reservation_id, evse, id_token, folded_token, parent, expires_at, state,"
    " asked_by, errand, status, reason, transaction_id, requested_at, answered_at, status_seen_at,"
    " ended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING key"
)
_CHANGE: Final = (
    "UPDATE reservation SET reservation_id = ?, evse = ?, id_token = ?, folded_token = ?, parent = ?, expires_at = ?,"
    " state = ?, asked_by = ?, errand = ?, status = ?, reason = ?, transaction_id = ?, requested_at = ?,"
    " answered_at = ?, status_seen_at = ?, ended_at = ? WHERE key = ?"
)
_NEWEST_OF_EACH: Final = (
    " WHERE r.reservation_id = ? AND r.key = (SELECT n.key FROM reservation AS n"
    " WHERE n.reservation_id = r.reservation_id AND n.station_key = r.station_key"
    " ORDER BY n.ended_at IS NOT NULL, n.key DESC LIMIT 1)"
)
_EXPIRED: Final = " WHERE r.ended_at IS NULL AND r.expires_at <= ? AND (r.state <> 'requested' OR r.expires_at <= ?)"
_OUT_OF_USE: Final = (
    f"SELECT e.status, {_FIELDS}{_FROM}"
    " JOIN evse_status AS e ON e.station_key = r.station_key AND e.evse IN (0, r.evse)"
    " WHERE r.ended_at IS NULL AND r.state = 'accepted'"
    " AND (r.status_seen_at IS NULL OR e.at > r.status_seen_at)"
)


class ReservationRecords:
    """The ReservationStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, station_key: int, reservation: Reservation) -> Reservation:
        row = self._unit.upsert(_ADD, (station_key, *_written(reservation)))
        return replace(reservation, key=row[0])

    def add_numbered(self, station_key: int, reservation: Reservation) -> Reservation:
        """Its key is the number, unless a raw request has used that on any station."""
        while True:
            added = self.add(station_key, reservation)
            used = self._unit.one(
                "SELECT 1 FROM reservation WHERE reservation_id = ? AND key <> ? LIMIT 1", (added.key, added.key)
            )
            if used is None:
                numbered = replace(added, reservation_id=added.key)
                self.change(numbered)
                return numbered
            self._unit.execute("DELETE FROM reservation WHERE key = ?", (added.key,))

    def change(self, reservation: Reservation) -> None:
        self._unit.execute(_CHANGE, (*_written(reservation), reservation.key))

    def newest(self, station_key: int, reservation_id: int) -> Reservation | None:
        row = self._unit.one(
            f"{_SELECT} WHERE r.reservation_id = ? AND r.station_key = ?"
            " ORDER BY r.ended_at IS NOT NULL, r.key DESC LIMIT 1",
            (reservation_id, station_key),
        )
        return None if row is None else _to_reservation(row)

    def asked_with(self, station_key: int, reservation_id: int, errand: ErrandNumber) -> Reservation | None:
        row = self._unit.one(
            f"{_SELECT} WHERE r.reservation_id = ? AND r.station_key = ? AND r.errand = ?",
            (reservation_id, station_key, errand),
        )
        return None if row is None else _to_reservation(row)

    def status_seen_at(self, station_key: int, place: Place) -> datetime | None:
        sql = "SELECT max(at) FROM evse_status WHERE station_key = ? AND evse IN (0, ?)"
        row = self._unit.one(sql, (station_key, to_number(place)))
        return None if row is None else maybe_from_micros(row[0])

    def named(self, reservation_id: int, station: str | None, limit: int) -> Sequence[Reservation]:
        if station is None:
            rows = self._unit.all(f"{_SELECT}{_NEWEST_OF_EACH} LIMIT {limit:d}", (reservation_id,))
        else:
            rows = self._unit.all(f"{_SELECT}{_NEWEST_OF_EACH} AND s.identity = ?", (reservation_id, station))
        return [_to_reservation(row) for row in rows]

    def expired(self, at: datetime, unanswered_at: datetime) -> Sequence[Reservation]:
        rows = self._unit.all(_SELECT + _EXPIRED, (to_micros(at), to_micros(unanswered_at)))
        return [_to_reservation(row) for row in rows]

    def has_expired(self, at: datetime, unanswered_at: datetime) -> bool:
        sql = f"SELECT 1 FROM reservation AS r{_EXPIRED} LIMIT 1"
        return self._unit.one(sql, (to_micros(at), to_micros(unanswered_at))) is not None

    def out_of_use(self, statuses: frozenset[str]) -> Sequence[tuple[Reservation, str]]:
        marks = ", ".join("?" * len(statuses))
        rows = self._unit.all(f"{_OUT_OF_USE} AND e.status IN ({marks})", sorted(statuses))
        return [(_to_reservation(row[1:]), row[0]) for row in rows]

    def list(self, wanted: ReservationFilter, page: PageRequest) -> Page[Reservation]:
        station = metadata.tables["station"]
        statement = (
            select(station.c.identity, *columns_of(reservation, _SHOWN))
            .join(station, station.c.key == _columns.station_key)
            .order_by(_columns.key.desc())
        )
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.key < after)
        rows = self._unit.select(paged(_filtered(statement, wanted), page))
        return page_of(rows, page, _to_reservation, lambda row: row[1])


def _filtered(statement: Select[Any], wanted: ReservationFilter) -> Select[Any]:
    if wanted.station is not None:
        statement = statement.where(metadata.tables["station"].c.identity == wanted.station)
    if wanted.place is not None:
        statement = statement.where(_columns.evse == to_number(wanted.place))
    if wanted.id_token is not None:
        statement = statement.where(_columns.folded_token == fold(wanted.id_token))
    if wanted.states is not None:
        statement = statement.where(_columns.state.in_(sorted(state.value for state in wanted.states)))
    if wanted.is_open is not None:
        statement = statement.where(_is_open if wanted.is_open else ~_is_open)
    if wanted.since is not None:
        statement = statement.where(_columns.requested_at >= to_micros(wanted.since))
    if wanted.until is not None:
        statement = statement.where(_columns.requested_at < to_micros(wanted.until))
    if wanted.runs_after is not None:
        ends_at = func.coalesce(_columns.ended_at, _columns.expires_at)
        statement = statement.where(ends_at > to_micros(wanted.runs_after))
    return statement


def _written(reservation: Reservation) -> tuple[object, ...]:
    """Everything but the keys."""
    return (
        reservation.reservation_id,
        to_number(reservation.place),
        reservation.id_token,
        fold(reservation.id_token),
        reservation.parent,
        to_micros(reservation.expires_at),
        reservation.state.value,
        reservation.asked_by,
        reservation.errand,
        reservation.status,
        reservation.reason,
        reservation.transaction_id,
        to_micros(reservation.requested_at),
        maybe_to_micros(reservation.answered_at),
        maybe_to_micros(reservation.status_seen_at),
        maybe_to_micros(reservation.ended_at),
    )


def _to_reservation(row: Row) -> Reservation:
    station, key, reservation_id, evse, id_token, parent, expires_at, state, asked_by, errand, status, reason = row[:12]
    transaction_id, requested_at, answered_at, status_seen_at, ended_at = row[12:]
    return Reservation(
        key=key,
        station=station,
        reservation_id=reservation_id,
        place=to_place(evse),
        id_token=id_token,
        parent=parent,
        expires_at=from_micros(expires_at),
        state=ReservationState(state),
        asked_by=asked_by,
        errand=None if errand is None else ErrandNumber(errand),
        status=status,
        reason=reason,
        transaction_id=transaction_id,
        requested_at=from_micros(requested_at),
        answered_at=maybe_from_micros(answered_at),
        status_seen_at=maybe_from_micros(status_seen_at),
        ended_at=maybe_from_micros(ended_at),
    )
