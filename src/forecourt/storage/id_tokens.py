"""Id tokens, known and unknown, in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text, false, func, select, true
from sqlalchemy.sql.elements import ColumnElement

from forecourt.domain.authorization.model import IdToken, TokenFilter, UnknownToken, fold
from forecourt.domain.drivers.model import DriverNumber
from forecourt.domain.paging import Page, PageRequest
from forecourt.storage.connection import Row
from forecourt.storage.pages import page_of
from forecourt.storage.schema import (
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
)
from forecourt.storage.sightings import sighting_columns, sightings
from forecourt.storage.unit_of_work import Unit

id_token: Final = Table(
    "id_token",
    metadata,
    Column("folded", Text, primary_key=True),
    text("id_token"),
    text("parent", is_required=False),
    moment("expires_at", is_required=False),
    Column("is_blocked", Boolean, nullable=False),
    Column("max_active", BigInteger),
    text("note"),
    moment("created_at"),
    Column("driver", BigInteger),
)
Index("id_token_of_driver", id_token.c.driver)

unknown_token: Final = Table(
    "unknown_token",
    metadata,
    Column("folded", Text, primary_key=True),
    text("id_token"),
    station_key(),
    *sighting_columns(),
)

_SHOWN: Final = "id_token parent expires_at is_blocked max_active note driver"
_WRITTEN: Final = "folded id_token parent expires_at is_blocked max_active note created_at driver"
_ROW: Final = f"({', '.join('?' for _ in _WRITTEN.split())})"
_ADD: Final = f"INSERT INTO id_token ({', '.join(_WRITTEN.split())}) VALUES "
_AT_ONCE: Final = 500
"""Tokens in one statement."""

_STRANGERS: Final = sightings(unknown_token, ["folded", "id_token", "station_key"])


class IdTokens:
    """The TokenStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def find(self, id_token: str) -> IdToken | None:
        row = self._unit.one(f"SELECT {', '.join(_SHOWN.split())} FROM id_token WHERE folded = ?", (fold(id_token),))
        return None if row is None else _to_token(row)

    def add(self, token: IdToken, at: datetime) -> bool:
        changed = self._unit.execute(f"{_ADD}{_ROW} ON CONFLICT DO NOTHING", _row(token, at))
        return changed > 0

    def add_all(self, tokens: Sequence[IdToken], at: datetime) -> int:
        added = 0
        for start in range(0, len(tokens), _AT_ONCE):
            some = tokens[start : start + _AT_ONCE]
            rows = ", ".join([_ROW] * len(some))
            values = tuple(value for token in some for value in _row(token, at))
            added += self._unit.execute(f"{_ADD}{rows} ON CONFLICT DO NOTHING", values)
            names = ", ".join("?" * len(some))
            folded = tuple(fold(token.id_token) for token in some)
            self._unit.execute(f"DELETE FROM unknown_token WHERE folded IN ({names})", folded)
        return added

    def known(self, id_tokens: Collection[str]) -> frozenset[str]:
        wanted = sorted({fold(one) for one in id_tokens})
        parts = (wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE))
        column = id_token.c.folded
        return frozenset(row[0] for some in parts for row in self._unit.select(select(column).where(column.in_(some))))

    def known_drivers(self, numbers: Collection[DriverNumber]) -> frozenset[DriverNumber]:
        wanted = sorted(numbers)
        parts = (wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE))
        column = metadata.tables["driver"].c.number
        return frozenset(row[0] for some in parts for row in self._unit.select(select(column).where(column.in_(some))))

    def replace(self, token: IdToken) -> bool:
        changed = self._unit.execute(
            "UPDATE id_token SET parent = ?, expires_at = ?, is_blocked = ?, max_active = ?, note = ?, driver = ?"
            " WHERE folded = ?",
            (
                token.parent,
                maybe_to_micros(token.expires_at),
                token.is_blocked,
                token.max_active_transactions,
                token.note,
                token.driver,
                fold(token.id_token),
            ),
        )
        return changed > 0

    def remove(self, id_token: str) -> bool:
        return self._unit.execute("DELETE FROM id_token WHERE folded = ?", (fold(id_token),)) > 0

    def list(self, wanted: TokenFilter, now: datetime, page: PageRequest) -> Page[IdToken]:
        columns = id_token.c
        statement = select(*columns_of(id_token, _SHOWN)).order_by(columns.folded)
        if page.after is not None:
            statement = statement.where(columns.folded > page.after)
        if wanted.search:
            matches = contains(columns.id_token, wanted.search) | contains(columns.note, wanted.search)
            statement = statement.where(matches | contains(columns.parent, wanted.search))
        for condition in _conditions(wanted, now):
            statement = statement.where(condition)
        rows = self._unit.select(paged(statement, page))
        return page_of(rows, page, _to_token, lambda row: fold(row[0]))

    def record_stranger(self, id_token: str, station_key: int, at: datetime) -> None:
        now = to_micros(at)
        self._unit.append(_STRANGERS, (fold(id_token), id_token, station_key, now, now, 1))

    def strangers(self, page: PageRequest) -> Page[UnknownToken]:
        station = metadata.tables["station"]
        columns = unknown_token.c
        statement = (
            select(
                columns.id_token,
                station.c.identity,
                *columns_of(unknown_token, "first_seen_at last_seen_at attempts"),
            )
            .join(station, station.c.key == columns.station_key)
            .order_by(columns.folded)
        )
        if page.after is not None:
            statement = statement.where(columns.folded > page.after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_stranger, lambda row: fold(row[0]))

    def find_stranger(self, id_token: str) -> UnknownToken | None:
        row = self._unit.one(
            "SELECT u.id_token, s.identity, u.first_seen_at, u.last_seen_at, u.attempts FROM unknown_token AS u"
            " JOIN station AS s ON s.key = u.station_key WHERE u.folded = ?",
            (fold(id_token),),
        )
        return None if row is None else _to_stranger(row)

    def forget_stranger(self, id_token: str) -> bool:
        return self._unit.execute("DELETE FROM unknown_token WHERE folded = ?", (fold(id_token),)) > 0

    def prune_strangers(self, keep: int) -> None:
        self._unit.execute(
            "DELETE FROM unknown_token WHERE folded NOT IN"
            " (SELECT folded FROM unknown_token ORDER BY last_seen_at DESC LIMIT ?)",
            (keep,),
        )


def _conditions(wanted: TokenFilter, now: datetime) -> Iterator[ColumnElement[bool]]:
    columns = id_token.c
    if wanted.group is not None:
        yield func.lower(columns.parent) == func.lower(wanted.group)
    if wanted.is_blocked is not None:
        yield columns.is_blocked == (true() if wanted.is_blocked else false())
    if wanted.is_expired is not None:
        is_expired = columns.expires_at <= to_micros(now)
        yield is_expired if wanted.is_expired else columns.expires_at.is_(None) | ~is_expired
    if wanted.is_charging is not None:
        transactions = metadata.tables["station_transaction"].c
        charging = select(transactions.folded_token).where(transactions.stopped_at.is_(None))
        yield columns.folded.in_(charging) if wanted.is_charging else columns.folded.not_in(charging)
    if wanted.driver is not None:
        yield columns.driver == wanted.driver


def _row(token: IdToken, at: datetime) -> Row:
    return (
        fold(token.id_token),
        token.id_token,
        token.parent,
        maybe_to_micros(token.expires_at),
        token.is_blocked,
        token.max_active_transactions,
        token.note,
        to_micros(at),
        token.driver,
    )


def _to_token(row: Row) -> IdToken:
    name, parent, expires_at, is_blocked, max_active, note, driver = row
    return IdToken(
        id_token=name,
        parent=parent,
        expires_at=maybe_from_micros(expires_at),
        is_blocked=bool(is_blocked),
        max_active_transactions=max_active,
        note=note,
        driver=driver,
    )


def _to_stranger(row: Row) -> UnknownToken:
    name, station, first_seen_at, last_seen_at, attempts = row
    return UnknownToken(name, station, from_micros(first_seen_at), from_micros(last_seen_at), attempts)
