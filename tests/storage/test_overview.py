"""Figures of the whole system: what they count, and that none of them reads the past."""

from __future__ import annotations

from datetime import datetime, timedelta

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.authorization.model import AuthorizationStatus, Verdict
from forecourt.domain.evse import EvseId
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import StationKey, UnknownStation
from forecourt.domain.transactions.metering import POWER, Reading, Sample
from forecourt.domain.transactions.model import StartReport, Stop
from forecourt.storage.database import Database
from forecourt.storage.overview import OverviewRecords
from tests.storage.bench import Bench
from tests.storage.explaining import explained
from tests.support.clock import NOON

HOUR = timedelta(hours=1)
ACCEPTED = Verdict(AuthorizationStatus.ACCEPTED)


def start(bench: Bench, key: StationKey, at: datetime, meter: int = 0) -> int:
    report = StartReport(evse=EvseId(1), id_token="T", started_at=at, meter_start_wh=meter)
    with bench.committed():
        return bench.transactions.start(key, report, ACCEPTED, frozenset(), at)


def stop(bench: Bench, number: int, at: datetime, meter: int) -> None:
    with bench.committed():
        done = Stop(stopped_at=at, meter_stop_wh=meter, reason="Local", id_token=None, received_at=at)
        bench.transactions.stop(number, done, frozenset())


def measure(bench: Bench, key: StationKey, number: int, watts: int | None, at: datetime) -> None:
    sample = Sample(str(watts), None, None, POWER, None, None, "W")
    with bench.committed():
        readings = [Reading(at, [] if watts is None else [sample])]
        bench.transactions.add_readings(key, EvseId(1), number, readings)


def test_stations_are_counted_by_what_is_known_of_them(bench: Bench) -> None:
    one, two, gone = bench.add_station("A"), bench.add_station("B"), bench.add_station("C")
    now = NOON
    with bench.committed():
        for number, key in enumerate((one, two, gone)):
            bench.links.open(key, LinkId(number), node="n", address="a", subprotocol="ocpp1.6", at=now)
        bench.links.close(two, LinkId(1))
        bench.stations.remove(gone, now)
        bench.stations.record_strangers([UnknownStation("X", "a", "ocpp1.6", now, now, 1)], 10)
    with bench.reading():
        figures = OverviewRecords(bench.unit).stations()
    assert (figures.total, figures.online, figures.offline, figures.unknown) == (2, 1, 1, 1)
    assert figures.by_profile[SecurityProfile.NONE] == 2
    assert figures.by_profile[SecurityProfile.TLS_CERTIFICATE] == 0


def test_energy_counts_where_a_transaction_ended_and_its_registers_can_be_true(bench: Bench) -> None:
    key = bench.add_station()
    month, day = NOON - 20 * HOUR * 24, NOON - 12 * HOUR
    for number, (at, meter) in enumerate(
        [(day, 10), (day - HOUR, 200), (month, 3000), (month - HOUR, 40_000), (NOON, -500_000)]
    ):
        stop(bench, start(bench, key, NOON - (50 + number) * HOUR * 24), at, meter)
    start(bench, key, NOON)
    with bench.reading():
        records = OverviewRecords(bench.unit)
        figures = records.charging(day_began=day, month_began=month, measured_since=NOON)
    assert (figures.energy_today_wh, figures.energy_month_wh, figures.active) == (10, 3210, 1)


def test_power_is_the_newest_that_was_measured_and_not_too_old(bench: Bench) -> None:
    key = bench.add_station()
    fresh, old, ended, silent = (start(bench, key, NOON + number * HOUR) for number in range(4))
    measure(bench, key, fresh, 5000, NOON)
    measure(bench, key, fresh, 7000, NOON + HOUR)
    measure(bench, key, fresh, None, NOON + 2 * HOUR)  # a reading without power
    measure(bench, key, old, 11_000, NOON - 2 * HOUR)
    measure(bench, key, ended, 13_000, NOON + HOUR)
    stop(bench, ended, NOON + HOUR, 1)
    with bench.reading():
        figures = OverviewRecords(bench.unit).charging(day_began=NOON, month_began=NOON, measured_since=NOON)
    assert (figures.active, figures.measured, figures.power_w) == (3, 1, 7000)
    assert silent


def test_no_figure_reads_meter_values_or_transactions_as_a_whole(sqlite_database: Database) -> None:
    bench = Bench(sqlite_database)
    key = bench.add_station()
    for number in range(300):
        stop(bench, start(bench, key, NOON + number * HOUR), NOON + number * HOUR, 1)
    with bench.reading(), explained(bench) as plans:
        OverviewRecords(bench.unit).charging(day_began=NOON, month_began=NOON, measured_since=NOON)
    power, energy, active = plans
    assert "USING INDEX meter_value_of_transaction" in power
    for plan in (power, active):  # either partial index of what runs will do
        assert "USING COVERING INDEX transaction_" in plan
    assert "SEARCH station_transaction USING COVERING INDEX transaction_by_stop" in energy
