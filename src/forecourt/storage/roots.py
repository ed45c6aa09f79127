"""Root certificates at stations, in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Column, ColumnElement, Index, Table, Text, func, or_, select

from forecourt.domain.configuration.model import as_number, fold
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.roots.model import (
    ADDITIONAL_CHECK,
    ROOT_USES,
    STORE_LENGTH,
    KnownRoots,
    Learned,
    RootCount,
    RootFilter,
    RootNumber,
    StationRoot,
    StationRoots,
)
from forecourt.domain.roots.store import RootEntry
from forecourt.domain.trust.held import Use
from forecourt.domain.trust.naming import bare_serial
from forecourt.pki.certificate import Certificate
from forecourt.pki.errors import PkiError
from forecourt.pki.hash_data import HashData
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import (
    Key,
    columns_of,
    from_micros,
    maybe_from_micros,
    metadata,
    moment,
    paged,
    station_key,
    text,
    to_micros,
)
from forecourt.storage.trust import parsed
from forecourt.storage.unit_of_work import Unit
from forecourt.storage.values import write_values

root_report: Final = Table(
    "root_report",
    metadata,
    station_key(primary_key=True, autoincrement=False),
    Column("purpose", Text, primary_key=True),
    moment("reported_at", is_required=False),
    moment("changed_at", is_required=False),
)
"""When a station last told all its roots for a purpose, and when it last took or removed one of them. Also the row by
which what is known of them is locked."""

station_root: Final = Table(
    "station_root",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    station_key(),
    text("purpose"),
    text("algorithm"),
    text("issuer_name_hash"),
    text("issuer_key_hash"),
    text("serial"),
    text("fingerprint", is_required=False),
    text("subject", is_required=False),
    text("pem", is_required=False),
    text("learned"),
    moment("learned_at"),
    Column("deletion", BigInteger),
    sqlite_autoincrement=True,
)
"""The hashes are kept to the letter. Fingerprint, subject and PEM are those of the certificate that they name, where
one is known. ``deletion`` is the errand that is to take it from the station."""

_columns = station_root.c
Index("root_of_station", _columns.station_key, _columns.purpose, _columns.number)
Index("root_by_fingerprint", _columns.fingerprint)

_FIELDS: Final = "number purpose algorithm issuer_name_hash issuer_key_hash serial pem learned learned_at"
_WRITTEN: Final = (
    *("purpose", "algorithm", "issuer_name_hash", "issuer_key_hash", "serial"),
    *("fingerprint", "subject", "pem", "learned", "learned_at"),
)
_ROOTS: Final = (
    f"SELECT s.identity, {', '.join(f'r.{name}' for name in _FIELDS.split())}, e.number, r.station_key"
    " FROM station_root AS r JOIN station AS s ON s.key = r.station_key"
    " LEFT JOIN errand AS e ON e.number = r.deletion AND e.ended_at IS NULL WHERE r.station_key"
)
_OF_STATION: Final = f"{_ROOTS} = ? AND r.purpose = ? ORDER BY r.number"
_SETTINGS: Final = "SELECT station_key, folded, value FROM setting WHERE folded IN (?, ?) AND station_key"
_LIMIT: Final = fold(STORE_LENGTH)
_CHECKS: Final = fold(ADDITIONAL_CHECK)
_ADD: Final = (
    f"INSERT INTO station_root (station_key, {', '.join(_WRITTEN)}) VALUES (?{', ?' * len(_WRITTEN)}) RETURNING number"
)
_CHANGE: Final = f"UPDATE station_root SET {', '.join(f'{name} = ?' for name in _WRITTEN)} WHERE number = ?"
_COUNTS: Final = (
    "SELECT r.purpose, r.fingerprint, min(r.subject), count(DISTINCT r.station_key),"
    " count(DISTINCT CASE WHEN r.learned = 'reported' THEN r.station_key END)"
    " FROM station_root AS r JOIN station AS s ON s.key = r.station_key WHERE s.removed_at IS NULL"
    " GROUP BY r.purpose, r.fingerprint ORDER BY r.fingerprint IS NULL, 4 DESC, r.purpose, r.fingerprint"
)


class RootRecords:
    """The RootStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def hold(self, station_keys: Sequence[int], uses: Sequence[Use]) -> None:
        """In the same order everywhere, so that two of them cannot wait for one another."""
        purposes = sorted(use.value for use in uses)
        write_values(
            self._unit,
            "root_report (station_key, purpose)",
            [(key, purpose) for key in sorted(station_keys) for purpose in purposes],
            " ON CONFLICT (station_key, purpose) DO UPDATE SET reported_at = root_report.reported_at",
        )

    def of_station(self, station_key: int, use: Use) -> Sequence[StationRoot]:
        return [_to_root(row[:-1]) for row in self._unit.all(_OF_STATION, (station_key, use.value))]

    def of_stations(self, station_keys: Sequence[int]) -> Mapping[int, StationRoots]:
        among = f" IN ({', '.join('?' * len(station_keys)) or 'NULL'})"
        roots: dict[tuple[int, Use], list[StationRoot]] = {(key, use): [] for key in station_keys for use in ROOT_USES}
        for row in self._unit.all(f"{_ROOTS}{among} ORDER BY r.number", station_keys):
            one = _to_root(row[:-1])
            roots[row[-1], one.use].append(one)
        told = self._unit.all(
            f"SELECT station_key, purpose, reported_at FROM root_report WHERE station_key{among}", station_keys
        )
        reported = {(key, Use(purpose)): maybe_from_micros(at) for key, purpose, at in told}
        settings = self._unit.all(f"{_SETTINGS}{among}", (_LIMIT, _CHECKS, *station_keys))
        values = {(key, folded): value for key, folded, value in settings}
        return {
            key: StationRoots(
                known={use: KnownRoots(use, roots[key, use], reported.get((key, use))) for use in ROOT_USES},
                limit=as_number(values.get((key, _LIMIT))),
                checks=_to_truth(values.get((key, _CHECKS))),
            )
            for key in station_keys
        }

    def note_report(self, station_key: int, use: Use, at: datetime) -> None:
        self._unit.execute(
            "UPDATE root_report SET reported_at = ? WHERE station_key = ? AND purpose = ?",
            (to_micros(at), station_key, use.value),
        )

    def changed_at(self, station_key: int, use: Use) -> datetime | None:
        row = self._unit.one(
            "SELECT changed_at FROM root_report WHERE station_key = ? AND purpose = ?", (station_key, use.value)
        )
        return None if row is None else maybe_from_micros(row[0])

    def note_change(self, station_key: int, use: Use, at: datetime) -> None:
        self._unit.execute(
            "UPDATE root_report SET changed_at = ? WHERE station_key = ? AND purpose = ?",
            (to_micros(at), station_key, use.value),
        )

    def add(self, station_key: int, entry: RootEntry) -> RootNumber:
        return RootNumber(self._unit.upsert(_ADD, (station_key, *_written(entry)))[0])

    def change(self, number: RootNumber, entry: RootEntry) -> None:
        self._unit.execute(_CHANGE, (*_written(entry), number))

    def remove(self, number: RootNumber) -> None:
        self._unit.execute("DELETE FROM station_root WHERE number = ?", (number,))

    def is_going(self, numbers: Sequence[RootNumber], errand: ErrandNumber) -> None:
        among = ", ".join("?" * len(numbers)) or "NULL"
        self._unit.execute(f"UPDATE station_root SET deletion = ? WHERE number IN ({among})", (errand, *numbers))

    def deletions(self, station_key: int) -> Sequence[ErrandNumber]:
        sql = (
            "SELECT DISTINCT e.number FROM station_root AS r JOIN errand AS e ON e.number = r.deletion"
            " AND e.state = 'queued' WHERE r.station_key = ? ORDER BY e.number"
        )
        return [ErrandNumber(row[0]) for row in self._unit.all(sql, (station_key,))]

    def forget(self, station_key: int) -> None:
        self._unit.execute(
            "UPDATE root_report SET reported_at = NULL, changed_at = NULL WHERE station_key = ?", (station_key,)
        )
        self._unit.execute("DELETE FROM station_root WHERE station_key = ?", (station_key,))

    def strangers(self) -> Sequence[HashData]:
        names = "algorithm, issuer_name_hash, issuer_key_hash, serial"
        rows = self._unit.all(f"SELECT DISTINCT {names} FROM station_root WHERE fingerprint IS NULL ORDER BY {names}")
        return [HashData(*row) for row in rows]

    def name(self, named: HashData, certificate: Certificate) -> None:
        self._unit.execute(
            "UPDATE station_root SET fingerprint = ?, subject = ?, pem = ? WHERE fingerprint IS NULL"
            " AND algorithm = ? AND issuer_name_hash = ? AND issuer_key_hash = ? AND serial = ?",
            (
                *(certificate.fingerprint, certificate.subject, certificate.pem),
                *(named.algorithm, named.issuer_name_hash, named.issuer_key_hash, named.serial),
            ),
        )

    def certificates(self, use: Use) -> Sequence[Certificate]:
        sql = (
            "SELECT min(pem) FROM station_root WHERE purpose = ? AND fingerprint IS NOT NULL"
            " GROUP BY fingerprint ORDER BY fingerprint"
        )
        found = (_readable(row[0]) for row in self._unit.all(sql, (use.value,)))
        return [one for one in found if one is not None]

    def with_certificate(self, fingerprint: str, page: PageRequest) -> Page[StationRoot]:
        return self._listed(page, _columns.fingerprint == fingerprint)

    def search(self, wanted: RootFilter, page: PageRequest) -> Page[StationRoot]:
        conditions: list[ColumnElement[bool]] = []
        if wanted.station is not None:
            conditions.append(metadata.tables["station"].c.identity == wanted.station)
        if wanted.use is not None:
            conditions.append(_columns.purpose == wanted.use.value)
        if wanted.hash is not None:
            serial = bare_serial(wanted.hash)
            named = (_columns.fingerprint, _columns.issuer_name_hash, _columns.issuer_key_hash)
            among = [func.lower(column) == wanted.hash for column in named]
            conditions.append(or_(*among, func.upper(_columns.serial).in_([serial, f"0{serial}", f"0X{serial}"])))
        if wanted.is_known is not None:
            is_named = _columns.fingerprint.is_not(None)
            conditions.append(is_named if wanted.is_known else ~is_named)
        return self._listed(page, *conditions)

    def _listed(self, page: PageRequest, *conditions: ColumnElement[bool]) -> Page[StationRoot]:
        station, errand = metadata.tables["station"], metadata.tables["errand"]
        statement = (
            select(station.c.identity, *columns_of(station_root, _FIELDS), errand.c.number)
            .join(station, station.c.key == _columns.station_key)
            .outerjoin(errand, (errand.c.number == _columns.deletion) & errand.c.ended_at.is_(None))
            .where(station.c.removed_at.is_(None), *conditions)
            .order_by(_columns.number.desc())
        )
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.number < after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_root, lambda row: row[1])

    def counts(self) -> Sequence[RootCount]:
        return [
            RootCount(use=Use(use), fingerprint=fingerprint, subject=subject, stations=stations, reported=reported)
            for use, fingerprint, subject, stations, reported in self._unit.all(_COUNTS)
        ]


def _written(entry: RootEntry) -> Row:
    named, certificate = entry.named, entry.certificate
    return (
        entry.use.value,
        named.algorithm,
        named.issuer_name_hash,
        named.issuer_key_hash,
        named.serial,
        None if certificate is None else certificate.fingerprint,
        None if certificate is None else certificate.subject,
        None if certificate is None else certificate.pem,
        entry.learned.value,
        to_micros(entry.learned_at),
    )


def _readable(pem: str) -> Certificate | None:
    """None for what a former version could read and this one cannot: it is as if it was not known, and no other root or
    station suffers from it."""
    try:
        return parsed(pem)
    except PkiError:
        return None


def _to_truth(value: str | None) -> bool | None:
    return None if value is None else value.strip().lower() == "true"


def _to_root(row: Row) -> StationRoot:
    identity, number, use, algorithm, name_hash, key_hash, serial, pem, learned, learned_at, *deletion = row
    return StationRoot(
        number=RootNumber(number),
        station=identity,
        use=Use(use),
        named=HashData(algorithm, name_hash, key_hash, serial),
        certificate=None if pem is None else _readable(pem),
        learned=Learned(learned),
        learned_at=from_micros(learned_at),
        is_going=any(one is not None for one in deletion),
    )
