"""Fills a database with a large network's past: ``python -m benchmarks.seeding DATABASE_URL``.

10,000 stations with two connectors each, 20,000 id tags, 1,000,000 transactions over the last two years of which 3,000
go on, 20,000,000 meter values (the first transaction has 20,000), and 200,000 each of messages and status reports.
``--share 0.01`` makes a hundredth of that. It is invented and always the same, so that two runs can be compared.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from forecourt.domain.transactions.metering import ENERGY_REGISTER, POWER, Sample
from forecourt.storage.admission_tables import station_access
from forecourt.storage.availability import evse_status, status_history
from forecourt.storage.bulk import Bulk
from forecourt.storage.connection import Connection, Row
from forecourt.storage.database import Database
from forecourt.storage.id_tokens import id_token
from forecourt.storage.links import link
from forecourt.storage.messages import message
from forecourt.storage.meter_values import meter_value
from forecourt.storage.schema import to_micros
from forecourt.storage.security_events import security_event
from forecourt.storage.stations import station
from forecourt.storage.transactions import transaction

YEARS: Final = timedelta(days=730)
ROWS_AT_ONCE: Final = 20_000
SECOND: Final = 1_000_000
VALUES_OF_THE_FIRST: Final = 20_000
_STATUSES: Final = ("Available", "Available", "Available", "Charging", "Preparing", "SuspendedEV", "Faulted")
_MODELS: Final = (("Ladewerk", "LW-22"), ("Voltfeld", "Duo 11"), ("Nordstrom", "HPC 150"))

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Size:
    """How much there is of everything."""

    stations: int = 10_000
    tags: int = 20_000
    transactions: int = 1_000_000
    active: int = 3_000
    values_per_transaction: int = 20
    messages: int = 200_000
    reports: int = 200_000

    def share(self, part: float) -> Size:
        return Size(
            stations=max(int(self.stations * part), 10),
            tags=max(int(self.tags * part), 10),
            transactions=max(int(self.transactions * part), 100),
            active=max(int(self.active * part), 5),
            messages=max(int(self.messages * part), 100),
            reports=max(int(self.reports * part), 100),
        )


def seed(url: str, size: Size, *, now: datetime, say: Callable[[str], None] = print) -> None:
    """Bring an empty database up to date and fill it. Raises StorageError."""
    database = Database(url)
    database.migrate()
    connection = database.connect()
    try:
        if database.is_sqlite:
            connection.execute("PRAGMA synchronous = OFF")  # what is invented may be lost
        past = _Past(size, now)
        for name, bulk, rows in past.tables():
            began = time.monotonic()
            count = _fill(connection, bulk, rows)
            say(f"{count:>12,} {name} in {time.monotonic() - began:.1f} s")
        _count_on(connection, database, size)
        connection.begin()
        connection.execute("ANALYZE")
        connection.commit()
    finally:
        connection.close()


def _fill(connection: Connection, bulk: Bulk, rows: Iterator[Row]) -> int:
    count = 0
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == ROWS_AT_ONCE:
            count += _write(connection, bulk, batch)
            batch = []
    return count + _write(connection, bulk, batch)


def _write(connection: Connection, bulk: Bulk, rows: list[Row]) -> int:
    connection.begin()
    connection.write_rows(bulk, rows)
    connection.commit()
    return len(rows)


def _count_on(connection: Connection, database: Database, size: Size) -> None:
    """The keys that were given are not given again."""
    if database.is_sqlite:
        return
    connection.begin()
    for table, column, last in (("station", "key", size.stations), ("station_transaction", "id", size.transactions)):
        connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), {last})")
    connection.commit()


class _Past:
    """Everything that has happened."""

    def __init__(self, size: Size, now: datetime) -> None:
        self._size = size
        self._now = to_micros(now)
        self._start = to_micros(now - YEARS)
        self._random = random.Random(1)

    def tables(self) -> Iterator[tuple[str, Bulk, Iterator[Row]]]:
        columns = "key identity description registration created_at booted_at vendor model serial_number"
        yield "stations", Bulk(station, f"{columns} firmware_version station_group".split()), self._stations()
        columns = "station_key profile leniencies trusted_organisations has_own_certificate"
        yield "accesses", Bulk(station_access, columns.split()), self._accesses()
        columns = "station_key link_id epoch node address subprotocol connected_at is_to_close profile listener is_tls"
        yield "links", Bulk(link, columns.split()), self._links()
        columns = "station_key evse status error_code reported_at at"
        yield "connectors", Bulk(evse_status, columns.split()), self._connectors()
        yield "status reports", Bulk(status_history, columns.split()), self._reports()
        yield (
            "id tags",
            Bulk(id_token, ["folded", "id_token", "is_blocked", "max_active", "note", "created_at"]),
            self._tags(),
        )
        columns = "id station_key evse id_token folded_token status started_at meter_start_wh start_received_at"
        ended = "stopped_at meter_stop_wh reason stop_received_at doubts"
        yield "transactions", Bulk(transaction, f"{columns} {ended}".split()), self._transactions()
        columns = "station_key evse transaction_id taken_at energy_wh power_w soc_percent samples"
        yield "meter values", Bulk(meter_value, columns.split()), self._meter_values()
        columns = "station_key direction action message_id request response at answered_at"
        yield "messages", Bulk(message, columns.split()), self._messages()
        columns = "station_key occurred_at type tech_info is_critical received_at"
        yield "security events", Bulk(security_event, columns.split()), self._events()

    def _stations(self) -> Iterator[Row]:
        for key in range(1, self._size.stations + 1):
            vendor, model = _MODELS[key % len(_MODELS)]
            serial, group = f"SN{key:08}", f"Site {key % 200:03}"
            facts = (vendor, model, serial, f"{1 + key % 4}.{key % 10}.0", group)
            yield (key, f"CP-{key:05}", f"Bay {key}", "Accepted", self._start, self._now - key * SECOND, *facts)

    def _accesses(self) -> Iterator[Row]:
        for key in range(1, self._size.stations + 1):
            yield (key, key % 4, "", "", key % 4 == 3)

    def _links(self) -> Iterator[Row]:
        for key in range(1, self._size.stations + 1):
            node = None if key % 20 == 0 else "seeded"
            since = self._now - 3600 * SECOND
            yield (key, key, 1, node, f"10.{key % 200}.{key % 250}.7", "ocpp1.6", since, False, key % 4, "wss", True)

    def _connectors(self) -> Iterator[Row]:
        for key in range(1, self._size.stations + 1):
            for evse in (1, 2):
                status = _STATUSES[(key + evse) % len(_STATUSES)]
                error = "GroundFailure" if status == "Faulted" else "NoError"
                at = self._now - key * SECOND
                yield (key, evse, status, error, at, at)

    def _reports(self) -> Iterator[Row]:
        step = (self._now - self._start) // self._size.reports
        for number in range(self._size.reports):
            at = self._start + number * step
            key = 1 + number % self._size.stations
            yield (key, 1 + number % 2, _STATUSES[number % len(_STATUSES)], "NoError", at, at)

    def _tags(self) -> Iterator[Row]:
        for number in range(self._size.tags):
            yield (f"tag{number:06}", f"TAG{number:06}", number % 100 == 0, 1, "", self._start)

    def _transactions(self) -> Iterator[Row]:
        for number in range(1, self._size.transactions + 1):
            station_key, evse, started_at = self._place(number)
            tag = f"tag{number % self._size.tags:06}"
            begun = (number, station_key, evse, tag.upper(), tag, "Accepted", started_at, 1000 * number, started_at)
            if number > self._size.transactions - self._size.active:
                yield (*begun, None, None, None, None, "")
            else:
                stopped_at = started_at + 3600 * SECOND
                yield (*begun, stopped_at, 1000 * number + 11_000, "Local", stopped_at, "")

    def _place(self, number: int) -> tuple[int, int, int]:
        """Where and when a transaction began: they are spread evenly, and those of today go on."""
        size = self._size
        step = (self._now - self._start - 7200 * SECOND) // size.transactions
        started_at = self._start + number * step
        if number > size.transactions - size.active:
            started_at = self._now - 1800 * SECOND
        return 1 + number % size.stations, 1 + number // size.stations % 2, started_at

    def _meter_values(self) -> Iterator[Row]:
        usual = self._size.values_per_transaction
        for number in range(1, self._size.transactions + 1):
            station_key, evse, started_at = self._place(number)
            count = VALUES_OF_THE_FIRST if number == 1 else usual
            step = 3600 * SECOND // count
            is_active = number > self._size.transactions - self._size.active
            for index in range(count // 2 if is_active else count):
                energy, power = 1000 * number + 550.0 * index, 11_000.0 - 100 * (index % 7)
                taken_at = started_at + index * step
                yield (station_key, evse, number, taken_at, energy, power, None, _samples(energy, power))

    def _messages(self) -> Iterator[Row]:
        for number in range(self._size.messages):
            at = self._now - (self._size.messages - number) * SECOND
            key = 1 + number % self._size.stations
            yield (key, "in", "Heartbeat", str(number), "{}", '{"currentTime":"2026-01-01T00:00:00Z"}', at, at)

    def _events(self) -> Iterator[Row]:
        for number in range(self._size.reports // 10):
            at = self._now - (self._size.reports - number) * 60 * SECOND
            yield (1 + number % self._size.stations, at, "SettingSystemTime", str(number), False, at)


def _samples(energy: float, power: float) -> str:
    return _SAMPLES.replace("<E>", f"{energy:.0f}").replace("<P>", f"{power:.0f}")


def _sample_text() -> str:
    energy = Sample("<E>", "Sample.Periodic", None, ENERGY_REGISTER, None, None, "Wh")
    power = Sample("<P>", "Sample.Periodic", None, POWER, None, None, "W")
    return _encode([energy, power]).decode()


_SAMPLES: Final = _sample_text()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("url", help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME; an empty database")
    arguments.add_argument("--share", type=float, default=1.0, help="make only this part of it")
    given = arguments.parse_args()
    seed(given.url, Size().share(given.share) if given.share != 1.0 else Size(), now=datetime.now(UTC))


if __name__ == "__main__":
    main()
