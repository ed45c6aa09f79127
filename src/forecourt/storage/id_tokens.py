"""Id tokens, known and unknown, in the database."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Table, Text, select

from forecourt.domain.authorization.model import IdToken, UnknownToken, fold
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
)

unknown_token: Final = Table(
    "unknown_token",
    metadata,
    Column("folded", Text, primary_key=True),
    text("id_token"),
    station_key(),
    *sighting_columns(),
)

_STRANGERS: Final = sightings(unknown_token, ["folded", "id_token", "station_key"])


class IdTokens:
    """The TokenStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def find(self, id_token: str) -> IdToken | None:
        row = self._unit.one(
            "SELECT id_token, parent, expires_at, is_blocked, max_active, note FROM id_token WHERE folded = ?",
            (fold(id_token),),
        )
        return None if row is None else _to_token(row)

    def add(self, token: IdToken, at: datetime) -> bool:
        changed = self._unit.execute(
            "INSERT INTO id_token (folded, id_token, parent, expires_at, is_blocked, max_active, note, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                fold(token.id_token),
                token.id_token,
                token.parent,
                maybe_to_micros(token.expires_at),
                token.is_blocked,
                token.max_active_transactions,
                token.note,
                to_micros(at),
            ),
        )
        return changed > 0

    def replace(self, token: IdToken) -> bool:
        changed = self._unit.execute(
            "UPDATE id_token SET parent = ?, expires_at = ?, is_blocked = ?, max_active = ?, note = ? WHERE folded = ?",
            (
                token.parent,
                maybe_to_micros(token.expires_at),
                token.is_blocked,
                token.max_active_transactions,
                token.note,
                fold(token.id_token),
            ),
        )
        return changed > 0

    def remove(self, id_token: str) -> bool:
        return self._unit.execute("DELETE FROM id_token WHERE folded = ?", (fold(id_token),)) > 0

    def list(self, search: str | None, page: PageRequest) -> Page[IdToken]:
        columns = id_token.c
        names = "id_token parent expires_at is_blocked max_active note"
        statement = select(*columns_of(id_token, names)).order_by(columns.folded)
        if page.after is not None:
            statement = statement.where(columns.folded > page.after)
        if search:
            matches = contains(columns.id_token, search) | contains(columns.note, search)
            statement = statement.where(matches | contains(columns.parent, search))
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

    def forget_stranger(self, id_token: str) -> bool:
        return self._unit.execute("DELETE FROM unknown_token WHERE folded = ?", (fold(id_token),)) > 0

    def prune_strangers(self, keep: int) -> None:
        self._unit.execute(
            "DELETE FROM unknown_token WHERE folded NOT IN"
            " (SELECT folded FROM unknown_token ORDER BY last_seen_at DESC LIMIT ?)",
            (keep,),
        )


def _to_token(row: Row) -> IdToken:
    name, parent, expires_at, is_blocked, max_active, note = row
    return IdToken(
        id_token=name,
        parent=parent,
        expires_at=maybe_from_micros(expires_at),
        is_blocked=bool(is_blocked),
        max_active_transactions=max_active,
        note=note,
    )


def _to_stranger(row: Row) -> UnknownToken:
    name, station, first_seen_at, last_seen_at, attempts = row
    return UnknownToken(name, station, from_micros(first_seen_at), from_micros(last_seen_at), attempts)
