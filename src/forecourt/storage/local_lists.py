"""Local authorization lists in the database.

An entry is a row, and not part of a text that holds the whole list: a message acknowledges some hundred entries of
perhaps ten thousand, and then only those are written; and what is due is found by the database, next to the register
of tokens, without reading either list out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text

from forecourt.domain.authorization.model import AuthorizationStatus, fold
from forecourt.domain.errands.intents import ListEntry
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.local_list.model import Due, ListFilter, ListItem, ListKind, ListLine, ListRecord
from forecourt.domain.paging import Page, PageRequest
from forecourt.storage.connection import Row
from forecourt.storage.pages import page_of
from forecourt.storage.schema import (
    maybe_from_micros,
    maybe_to_micros,
    metadata,
    moment,
    station_key,
    text,
    to_micros,
)
from forecourt.storage.unit_of_work import Unit
from forecourt.storage.values import write_values

local_list: Final = Table(
    "local_list",
    metadata,
    station_key(primary_key=True, autoincrement=False),
    Column("is_managed", Boolean, nullable=False),
    Column("follows_all", Boolean, nullable=False),
    Column("version", BigInteger),
    Column("is_content_known", Boolean, nullable=False),
    moment("acknowledged_at", is_required=False),
    Column("last_version", BigInteger, nullable=False),
    Column("reported_version", BigInteger),
    moment("reported_at", is_required=False),
    Column("is_unsupported", Boolean, nullable=False),
    text("failure", is_required=False),
    Column("sending_version", BigInteger),
    Column("sending_errand", BigInteger),
    Column("heard_errand", BigInteger),
    text("asked_by"),
    text("resume_after", is_required=False),
    Column("has_started_over", Boolean, nullable=False),
)

local_list_choice: Final = Table(
    "local_list_choice",
    metadata,
    station_key(primary_key=True),
    Column("folded", Text, primary_key=True),
    text("id_token"),
)
"""The tags that were chosen for a list, unless it follows all."""

local_list_entry: Final = Table(
    "local_list_entry",
    metadata,
    station_key(primary_key=True),
    Column("folded", Text, primary_key=True),
    text("id_token"),
    text("status"),
    moment("expires_at", is_required=False),
    text("parent", is_required=False),
)
"""What stations acknowledged."""

Index("local_list_entry_of_tag", local_list_entry.c.folded)

_FIELDS: Final = [field.name for field in dataclasses.fields(ListRecord)]
_COLUMNS: Final = ", ".join(_FIELDS)
_FIND: Final = f"SELECT {_COLUMNS} FROM local_list WHERE station_key = ?"
_TAKE: Final = (
    f"INSERT INTO local_list (station_key, {_COLUMNS}) VALUES (?, {', '.join('?' * len(_FIELDS))})"
    f" ON CONFLICT (station_key) DO UPDATE SET station_key = excluded.station_key RETURNING {_COLUMNS}"
)
_PUT: Final = f"UPDATE local_list SET {' = ?, '.join(_FIELDS)} = ? WHERE station_key = ?"

_STATUS: Final = "CASE WHEN t.is_blocked THEN 'Blocked' WHEN t.expires_at <= ? THEN 'Expired' ELSE 'Accepted' END"
"""The rule of `forecourt.domain.authorization.model.judge`, where the rows are."""

_CHOSEN: Final = "local_list_choice AS c JOIN id_token AS t ON t.folded = c.folded AND c.station_key = ?"
_EVERY: Final = "id_token AS t"
_LACKED: Final = (
    " LEFT JOIN local_list_entry AS e ON e.station_key = ? AND e.folded = t.folded"
    f" WHERE (e.folded IS NULL OR e.status <> {_STATUS} OR coalesce(e.expires_at, -1) <> coalesce(t.expires_at, -1)"
    " OR coalesce(e.parent, '') <> coalesce(t.parent, ''))"
)
_ITEMS: Final = (
    " UNION SELECT folded FROM local_list_entry WHERE station_key = ? AND folded > ?) AS n"
    " LEFT JOIN id_token AS t ON t.folded = n.folded"
    " LEFT JOIN local_list_entry AS e ON e.station_key = ? AND e.folded = n.folded"
    " LEFT JOIN local_list_choice AS c ON c.station_key = ? AND c.folded = n.folded ORDER BY n.folded LIMIT ?"
)
_OVERVIEW: Final = (
    "SELECT s.identity, (SELECT count(*) FROM local_list_entry AS e WHERE e.station_key = s.key),"
    f" {', '.join(f'l.{name}' for name in _FIELDS)}"
    " FROM station AS s LEFT JOIN local_list AS l ON l.station_key = s.key"
    " WHERE s.removed_at IS NULL AND s.identity > ?"
)
_KINDS: Final[Mapping[ListKind, str]] = {
    ListKind.MANAGED: " AND l.is_managed",
    ListKind.UNMANAGED: " AND (l.is_managed IS NULL OR NOT l.is_managed)",
    ListKind.FAILED: " AND l.failure IS NOT NULL",
    ListKind.NOT_SUPPORTED: " AND l.is_unsupported",
}
_ENTRY: Final = "local_list_entry (station_key, folded, id_token, status, expires_at, parent)"
_REPLACING: Final = (
    " ON CONFLICT (station_key, folded) DO UPDATE SET id_token = excluded.id_token, status = excluded.status,"
    " expires_at = excluded.expires_at, parent = excluded.parent"
)


class LocalListRecords:
    """The LocalListStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    # The record

    def find(self, station_key: int) -> ListRecord:
        row = self._unit.one(_FIND, (station_key,))
        return ListRecord() if row is None else _to_record(row)

    def take(self, station_key: int) -> ListRecord:
        return _to_record(self._unit.upsert(_TAKE, (station_key, *_to_row(ListRecord()))))

    def put(self, station_key: int, record: ListRecord) -> None:
        self._unit.execute(_PUT, (*_to_row(record), station_key))

    # What a list should hold

    def choose(self, station_key: int, id_tokens: Mapping[str, str]) -> None:
        self._unit.execute("DELETE FROM local_list_choice WHERE station_key = ?", (station_key,))
        rows = [(station_key, folded, id_token) for folded, id_token in id_tokens.items()]
        write_values(self._unit, "local_list_choice (station_key, folded, id_token)", rows)

    def unregistered(self, station_key: int, limit: int) -> Sequence[str]:
        rows = self._unit.all(
            "SELECT c.id_token FROM local_list_choice AS c LEFT JOIN id_token AS t ON t.folded = c.folded"
            " WHERE c.station_key = ? AND t.folded IS NULL ORDER BY c.folded LIMIT ?",
            (station_key, limit),
        )
        return [row[0] for row in rows]

    def count_wanted(self, station_key: int, *, follows_all: bool) -> int:
        wanted, of_station = _wanted(station_key, follows_all=follows_all)
        row = self._unit.one(f"SELECT count(*) FROM {wanted}", of_station)
        return 0 if row is None else int(row[0])

    def first_wanted(self, station_key: int, now: datetime, limit: int, *, follows_all: bool) -> Sequence[ListEntry]:
        wanted, of_station = _wanted(station_key, follows_all=follows_all)
        name = _walked(follows_all=follows_all)
        rows = self._unit.all(
            f"SELECT t.id_token, {_STATUS}, t.expires_at, t.parent FROM {wanted} ORDER BY {name} LIMIT ?",
            (to_micros(now), *of_station, limit),
        )
        return [_to_entry(row) for row in rows]

    # What differs

    def due(self, station_key: int, now: datetime, *, follows_all: bool) -> Due:
        wanted, of_station = _wanted(station_key, follows_all=follows_all)
        lacked = self._unit.one(
            f"SELECT count(*), count(e.folded) FROM {wanted}{_LACKED}", (*of_station, station_key, to_micros(now))
        )
        deleted = self._unit.one(f"SELECT count(*) FROM {_superfluous(wanted)}", (station_key, *of_station))
        differing, changes = (0, 0) if lacked is None else lacked
        return Due(differing - changes, changes, 0 if deleted is None else deleted[0])

    def first_due(self, station_key: int, now: datetime, limit: int, *, follows_all: bool) -> Sequence[ListEntry]:
        wanted, of_station = _wanted(station_key, follows_all=follows_all)
        deletions = self._unit.all(
            f"SELECT e.id_token FROM {_superfluous(wanted)} ORDER BY e.folded LIMIT ?",
            (station_key, *of_station, limit),
        )
        found = [ListEntry(row[0]) for row in deletions]
        return found + self._lacked(station_key, now, limit - len(found), "", follows_all=follows_all)

    def next_due(
        self, station_key: int, now: datetime, limit: int, after: str, *, follows_all: bool
    ) -> Sequence[ListEntry]:
        return self._lacked(station_key, now, limit, after, follows_all=follows_all)

    def _lacked(self, station_key: int, now: datetime, limit: int, after: str, *, follows_all: bool) -> list[ListEntry]:
        if limit == 0:
            return []
        wanted, of_station = _wanted(station_key, follows_all=follows_all)
        name = _walked(follows_all=follows_all)
        at = to_micros(now)
        rows = self._unit.all(
            f"SELECT t.id_token, {_STATUS}, t.expires_at, t.parent FROM {wanted}{_LACKED}"
            f" AND {name} > ? ORDER BY {name} LIMIT ?",
            (at, *of_station, station_key, at, after, limit),
        )
        return [_to_entry(row) for row in rows]

    # What the station acknowledged

    def count_acknowledged(self, station_key: int) -> int:
        row = self._unit.one("SELECT count(*) FROM local_list_entry WHERE station_key = ?", (station_key,))
        return 0 if row is None else int(row[0])

    def replace_entries(self, station_key: int, entries: Sequence[ListEntry]) -> None:
        self._unit.execute("DELETE FROM local_list_entry WHERE station_key = ?", (station_key,))
        self.change_entries(station_key, entries)

    def change_entries(self, station_key: int, entries: Sequence[ListEntry]) -> None:
        newest = {fold(one.id_token): one for one in entries}
        for folded, one in newest.items():
            if one.status is None:
                sql = "DELETE FROM local_list_entry WHERE station_key = ? AND folded = ?"
                self._unit.execute(sql, (station_key, folded))
        rows = [
            (station_key, folded, one.id_token, one.status, maybe_to_micros(one.expires_at), one.parent)
            for folded, one in newest.items()
            if one.status is not None
        ]
        write_values(self._unit, _ENTRY, rows, _REPLACING)

    def stations_holding(self, id_token: str, limit: int) -> Sequence[str]:
        rows = self._unit.all(
            "SELECT s.identity FROM local_list_entry AS e JOIN station AS s ON s.key = e.station_key"
            " WHERE e.folded = ? ORDER BY s.identity LIMIT ?",
            (fold(id_token), limit),
        )
        return [row[0] for row in rows]

    def overview(self, wanted: ListFilter, page: PageRequest) -> Page[ListLine]:
        condition = "" if wanted.kind is None else _KINDS[wanted.kind]
        values: list[object] = [page.after or ""]
        if wanted.search:
            condition += " AND lower(s.identity) LIKE ? ESCAPE '\\'"
            values.append(f"%{_escaped(wanted.search.lower())}%")
        rows = self._unit.all(f"{_OVERVIEW}{condition} ORDER BY s.identity LIMIT ?", (*values, page.limit + 1))
        return page_of(rows, page, _to_line, lambda row: row[0])

    def items(self, station_key: int, now: datetime, page: PageRequest, *, follows_all: bool) -> Page[ListItem]:
        after = page.after or ""
        names = (
            ("SELECT folded FROM id_token WHERE folded > ?", (after,))
            if follows_all
            else ("SELECT folded FROM local_list_choice WHERE station_key = ? AND folded > ?", (station_key, after))
        )
        rows = self._unit.all(
            f"SELECT n.folded, t.id_token, {_STATUS}, t.expires_at, t.parent, c.id_token,"
            f" e.id_token, e.status, e.expires_at, e.parent FROM ({names[0]}{_ITEMS}",
            (to_micros(now), *names[1], station_key, after, station_key, station_key, page.limit + 1),
        )
        return page_of(rows, page, lambda row: _to_item(row, follows_all=follows_all), lambda row: row[0])


def _escaped(text: str) -> str:
    """For LIKE: no character is special."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _to_line(row: Row) -> ListLine:
    identity, acknowledged, is_managed, *_ = row
    return ListLine(identity, ListRecord() if is_managed is None else _to_record(tuple(row[2:])), acknowledged)


def _wanted(station_key: int, *, follows_all: bool) -> tuple[str, tuple[int, ...]]:
    """Where the entries come from that a list should hold, and the parameters of that."""
    return (_EVERY, ()) if follows_all else (_CHOSEN, (station_key,))


def _walked(*, follows_all: bool) -> str:
    """The column along which the database walks: ordered by it, it stops as soon as it has found enough."""
    return "t.folded" if follows_all else "c.folded"


def _superfluous(wanted: str) -> str:
    return (
        "local_list_entry AS e WHERE e.station_key = ?"
        f" AND NOT EXISTS (SELECT 1 FROM {wanted} WHERE t.folded = e.folded)"
    )


def _to_entry(row: Row) -> ListEntry:
    id_token, status, expires_at, parent = row
    return ListEntry(id_token, status, maybe_from_micros(expires_at), parent)


def _to_item(row: Row, *, follows_all: bool) -> ListItem:
    registered, chosen, acknowledged = row[1:5], row[5], row[6:10]
    wanted = None
    if registered[0] is not None and (follows_all or chosen is not None):
        wanted = _to_entry(registered)
    elif chosen is not None and not follows_all:
        wanted = ListEntry(chosen, AuthorizationStatus.INVALID.value)
    held = None if acknowledged[0] is None else _to_entry(acknowledged)
    name = wanted.id_token if wanted is not None else acknowledged[0]
    return ListItem(name, wanted, held)


def _to_row(record: ListRecord) -> Row:
    return (
        record.is_managed,
        record.follows_all,
        record.version,
        record.is_content_known,
        maybe_to_micros(record.acknowledged_at),
        record.last_version,
        record.reported_version,
        maybe_to_micros(record.reported_at),
        record.is_unsupported,
        record.failure,
        record.sending_version,
        record.sending_errand,
        record.heard_errand,
        record.asked_by,
        record.resume_after,
        record.has_started_over,
    )


def _to_record(row: Row) -> ListRecord:
    is_managed, follows_all, version, is_known, acknowledged_at, last_version, reported_version, reported_at = row[:8]
    is_unsupported, failure, sending_version, sending_errand, heard_errand = row[8:13]
    asked_by, resume_after, has_started_over = row[13:]
    return ListRecord(
        is_managed=bool(is_managed),
        follows_all=bool(follows_all),
        version=version,
        is_content_known=bool(is_known),
        acknowledged_at=maybe_from_micros(acknowledged_at),
        last_version=last_version,
        reported_version=reported_version,
        reported_at=maybe_from_micros(reported_at),
        is_unsupported=bool(is_unsupported),
        failure=failure,
        sending_version=sending_version,
        sending_errand=None if sending_errand is None else ErrandNumber(sending_errand),
        heard_errand=None if heard_errand is None else ErrandNumber(heard_errand),
        asked_by=asked_by,
        resume_after=resume_after,
        has_started_over=bool(has_started_over),
    )
