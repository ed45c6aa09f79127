"""Meter values in the database: one row per reading, with the figures of interest as columns.

A row per sampled value would cost a third of the throughput. What was sent stands beside the figures, word for
word, as a compact JSON array, and is expanded on reading.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import BigInteger, Column, Double, Index, Table, select

from forecourt.domain.evse import Place
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.transactions.metering import Reading, Registers, Sample, StoredReading, registers
from forecourt.domain.transactions.model import Now
from forecourt.storage.bulk import Bulk
from forecourt.storage.connection import Row
from forecourt.storage.pages import page_of, pair_after
from forecourt.storage.schema import (
    Key,
    columns_of,
    from_micros,
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

meter_value: Final = Table(
    "meter_value",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    station_key(),
    Column("evse", BigInteger, nullable=False),
    Column("transaction_id", BigInteger),
    moment("taken_at"),
    Column("energy_wh", Double),
    Column("power_w", Double),
    Column("soc_percent", Double),
    text("samples"),
)
# By transaction and not by time: both rise, so that all who charge now write to one end of this index, and few pages
# change. The newest of a transaction are found without the others.
Index(
    "meter_value_of_transaction",
    meter_value.c.transaction_id,
    meter_value.c.key,
    sqlite_where=meter_value.c.transaction_id.is_not(None),
    postgresql_where=meter_value.c.transaction_id.is_not(None),
)

_READINGS: Final = Bulk(
    meter_value,
    ["station_key", "evse", "transaction_id", "taken_at", "energy_wh", "power_w", "soc_percent", "samples"],
)

_BEYOND: Final = (2**62, 2**62)

_AT_ONCE: Final = 2000
"""Readings that are in memory at a time."""
_OF_ONE: Final = (
    " FROM meter_value WHERE transaction_id = ?"
    " AND station_key = (SELECT station_key FROM station_transaction WHERE id = ?)"
)
_EDGE: Final = 20
"""Readings, the first and the last that came, among which the earliest and the latest are looked for."""
_SPAN: Final = (
    f"SELECT min(taken_at), max(taken_at) FROM (SELECT * FROM (SELECT taken_at{_OF_ONE} ORDER BY key LIMIT {_EDGE})"
    f" AS first_ones UNION ALL SELECT * FROM (SELECT taken_at{_OF_ONE} ORDER BY key DESC LIMIT {_EDGE}) AS last_ones)"
    " AS edges"
)
_FIGURES: Final = f"SELECT key, taken_at, energy_wh, power_w, soc_percent{_OF_ONE} AND key > ? ORDER BY key LIMIT ?"
_SAMPLES: Final = f"SELECT key, taken_at, samples{_OF_ONE} AND key > ? ORDER BY key LIMIT ?"
_NEWEST_SAMPLES: Final = f"SELECT key, taken_at, samples{_OF_ONE} AND key < ? ORDER BY key DESC LIMIT ?"
_LAST: Final = 10
"""Readings among which the newest figure of each kind is looked for; stations may send the kinds by turns."""
_NEWEST: Final = (
    "SELECT * FROM (SELECT transaction_id, taken_at, energy_wh, power_w, soc_percent"
    f"{_OF_ONE} ORDER BY key DESC LIMIT {_LAST}) AS newest_of_{{}}"
)
_TOGETHER: Final = 100
"""Transactions in one statement."""
_FIRST_PART: Final = 100
_FIRST_KEY, _LAST_KEY = -1, 2**63 - 1
_MICROS: Final = 1_000_000

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Sample]).decode


class MeterValues:
    """The part of the TransactionStore that keeps meter values."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add_readings(
        self, station_key: int, place: Place, transaction_id: int | None, readings: Sequence[Reading]
    ) -> None:
        evse = to_number(place)
        for taken_at, samples in readings:
            self._unit.append(
                _READINGS,
                (
                    station_key,
                    evse,
                    transaction_id,
                    to_micros(taken_at),
                    *registers(samples),
                    _encode(samples).decode(),
                ),
            )

    def newest_figures(self, transaction_ids: Collection[int]) -> Mapping[int, Now]:
        wanted = [*transaction_ids]
        rows = [
            row
            for start in range(0, len(wanted), _TOGETHER)
            for row in self._newest_of(wanted[start : start + _TOGETHER])
        ]
        found: dict[int, list[Row]] = {}
        for row in rows:
            found.setdefault(row[0], []).append(row)
        return {number: _to_now(of_one) for number, of_one in found.items()}

    def _newest_of(self, some: Sequence[int]) -> Sequence[Row]:
        sql = " UNION ALL ".join(_NEWEST.format(index) for index in range(len(some)))
        return self._unit.all(sql, [number for one in some for number in (one, one)])

    def span_of_readings(self, transaction_id: int) -> tuple[float, float] | None:
        row = self._unit.one(_SPAN, (transaction_id,) * 4)
        return None if row is None or row[0] is None else (row[0] / _MICROS, row[1] / _MICROS)

    def figures(self, transaction_id: int) -> Iterator[tuple[float, float | None, float | None, float | None]]:
        for _key, taken_at, energy_wh, power_w, soc_percent in self._in_parts(_FIGURES, transaction_id, _FIRST_KEY):
            yield taken_at / _MICROS, energy_wh, power_w, soc_percent

    def samples(
        self, transaction_id: int, *, is_newest_first: bool = False
    ) -> Iterator[tuple[float, Sequence[Sample]]]:
        sql, start = (_NEWEST_SAMPLES, _LAST_KEY) if is_newest_first else (_SAMPLES, _FIRST_KEY)
        for _key, taken_at, samples in self._in_parts(sql, transaction_id, start):
            yield taken_at / _MICROS, _decode(samples)

    def _in_parts(self, sql: str, transaction_id: int, key: int) -> Iterator[Row]:
        size = _FIRST_PART
        while True:
            rows = self._unit.all(sql, (transaction_id, transaction_id, key, size))
            yield from rows
            if len(rows) < size:
                return
            key, size = rows[-1][0], _AT_ONCE

    def readings(self, transaction_id: int, page: PageRequest) -> Page[StoredReading]:
        transaction = metadata.tables["station_transaction"]
        columns = meter_value.c
        statement = (
            select(*columns_of(meter_value, "taken_at key evse transaction_id energy_wh power_w soc_percent samples"))
            .join(
                transaction,
                (transaction.c.id == columns.transaction_id) & (transaction.c.station_key == columns.station_key),
            )
            .where(transaction.c.id == transaction_id, columns.transaction_id == transaction_id)
            .order_by(columns.taken_at, columns.key)
        )
        position = pair_after(page, beyond=_BEYOND)
        if position is not None:
            taken_at, key = position
            is_later = (columns.taken_at > taken_at) | ((columns.taken_at == taken_at) & (columns.key > key))
            statement = statement.where(is_later)
        rows = self._unit.select(paged(statement, page))
        return page_of(rows, page, _to_reading, lambda row: f"{row[0]}-{row[1]}")


def _to_now(newest_first: Sequence[Row]) -> Now:
    energy_wh, power_w, soc_percent = (
        next((row[column] for row in newest_first if row[column] is not None), None) for column in (2, 3, 4)
    )
    return Now(power_w, energy_wh, soc_percent, from_micros(newest_first[0][1]))


def _to_reading(row: Row) -> StoredReading:
    taken_at, _key, evse, transaction_id, energy_wh, power_w, soc_percent, samples = row
    reading = Reading(from_micros(taken_at), _decode(samples))
    return StoredReading(to_place(evse), transaction_id, reading, Registers(energy_wh, power_w, soc_percent))
