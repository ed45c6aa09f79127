"""Lines from what was measured: few points, every peak, gaps as gaps."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from forecourt.domain.evse import EvseId
from forecourt.domain.transactions.measuring import MOST_READ
from forecourt.domain.transactions.metering import ENERGY_REGISTER, POWER, STATE_OF_CHARGE, Reading, Sample
from forecourt.domain.transactions.series import (
    MAX_LINES,
    MAX_POINTS,
    Line,
    Measured,
    drawn,
    mean_power,
    values,
)
from tests.domain.world import World, a_stop
from tests.support.clock import NOON

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def a_sample(
    value: str,
    measurand: str | None = None,
    unit: str | None = None,
    *,
    phase: str | None = None,
    location: str | None = None,
    form: str | None = None,
) -> Sample:
    return Sample(value, None, form, measurand, phase, location, unit)


def a_line(*points: tuple[float, float], until: float = 1000) -> Line:
    line = Line(0, until)
    for at, value in points:
        line.add(at, value)
    return line


class Meter:
    """A transaction, and what is measured of it."""

    def __init__(self) -> None:
        self.world = World()
        self.station = self.world.a_station()
        self.number = self.world.starts(self.station, meter_start_wh=1000)

    def reads(self, at: datetime, *samples: Sample) -> None:
        transactions = self.world.services.transactions
        transactions.record_readings(self.station, EvseId(1), self.number, [Reading(at, samples)])

    def measured(self, measurand: str) -> Measured:
        return self.world.services.transactions.measured(self.number, measurand)

    def ends(self, at: datetime, meter_stop_wh: int = 2000) -> None:
        self.world.services.transactions.stop(
            self.station, a_stop(self.number, stopped_at=at, meter_stop_wh=meter_stop_wh)
        )


def points_of(measured: Measured) -> list[list[tuple[float, float]]]:
    """Minutes since noon, and the value."""
    return [
        [((at - NOON.timestamp()) / 60, round(value, 6)) for at, value in piece]
        for one in measured.series
        for piece in one.pieces
    ]


def test_few_values_are_drawn_as_they_are() -> None:
    series = a_line((10, 1), (20, 3), (30, 2)).series("", MAX_POINTS)
    assert series.pieces == [[(10, 1), (20, 3), (30, 2)]]
    assert (series.count, series.lowest, series.highest, series.last) == (3, 1, 3, 2)


def test_of_many_values_every_peak_is_kept() -> None:
    points = [(float(second), 0.0) for second in range(100_000)]
    points[12_345] = (12_345.0, 99.0)
    points[77_777] = (77_777.0, -99.0)
    (series,) = drawn({"": a_line(*points, until=100_000)})
    flat = [point for piece in series.pieces for point in piece]
    assert len(series.pieces) == 1
    assert len(flat) <= MAX_POINTS
    assert (12_345.0, 99.0) in flat
    assert (77_777.0, -99.0) in flat
    assert flat == sorted(flat)
    assert (flat[0][0], flat[-1][0]) == (0.0, 99_999.0)


def test_many_lines_share_the_points() -> None:
    lines = {
        str(n): a_line(*((second, second % 7) for second in range(10_000)), until=10_000) for n in range(MAX_LINES)
    }
    count = sum(len(piece) for series in drawn(lines) for piece in series.pieces)
    assert MAX_POINTS / 4 < count <= MAX_POINTS


def test_a_gap_is_longer_than_what_is_usual() -> None:
    steady = [(60.0 * minute, 1.0) for minute in range(10)]
    later = [(60.0 * minute, 1.0) for minute in range(20, 30)]
    series = a_line(*steady, *later, until=1800).series("", MAX_POINTS)
    assert [len(piece) for piece in series.pieces] == [10, 10]
    late = a_line(*steady, (660, 1.0), until=1800).series("", MAX_POINTS)
    assert len(late.pieces) == 1, "one that is late makes no gap"


def test_short_pauses_are_no_gaps_however_often_a_station_measures() -> None:
    seconds = [(float(second), 1.0) for second in range(20)]
    series = a_line(*seconds, (70, 1.0), until=100).series("", MAX_POINTS)
    assert len(series.pieces) == 1


def test_values_in_any_order_make_one_line() -> None:
    series = a_line((30, 3), (10, 1), (20, 2)).series("", MAX_POINTS)
    assert series.pieces == [[(10, 1), (20, 2), (30, 3)]]
    assert series.last == 3


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (a_sample("1.5", POWER, "kW"), ("", "W", 1500.0)),
        (a_sample("7"), ("", "Wh", 7.0)),
        (a_sample("16", "Current.Import", phase="L1"), ("L1", "A", 16.0)),
        (a_sample("50", "Temperature", "Fahrenheit", location="Cable"), ("Cable", "°C", 10.0)),
        (a_sample("300", "Temperature", "K", location="Outlet"), ("", "°C", 26.85)),
        (a_sample("30", "Temperature"), ("", "°C", 30.0)),
        (a_sample("50", "SoC", location="EV"), ("EV", "%", 50.0)),
        (a_sample("3", "Vendor.Thing", "bananas"), ("", "bananas", 3.0)),
    ],
)
def test_values_are_drawn_in_one_unit(sample: Sample, expected: tuple[str, str, float]) -> None:
    """OCPP 1.6 §7.31, §7.45."""
    ((name, unit, value),) = values([sample], sample.measurand or ENERGY_REGISTER)
    assert (name, unit, round(value, 6)) == expected


@pytest.mark.parametrize("value", ["", "x", "nan", "inf", "1e300"])
def test_what_is_no_number_is_not_drawn(value: str) -> None:
    assert not [*values([a_sample(value, POWER, "W")], POWER)]


def test_signed_data_and_other_measurands_are_not_drawn() -> None:
    assert not [*values([a_sample("1", POWER, form="SignedData"), a_sample("1", "Voltage")], POWER)]


def test_mean_power_is_energy_by_time() -> None:
    assert mean_power([[(0, 0), (3600, 7000), (7200, 7000)], [(9000, 1)]]) == [
        [(0, 7000), (3600, 7000), (3600, 0), (7200, 0)]
    ]


# Of a transaction


def test_energy_counts_from_the_start_and_ends_with_the_stop() -> None:
    meter = Meter()
    meter.reads(NOON + 10 * MINUTE, a_sample("1500"))
    meter.ends(NOON + 20 * MINUTE, 3000)
    measured = meter.measured(ENERGY_REGISTER)
    assert points_of(measured) == [[(0, 0), (10, 500), (20, 2000)]]
    assert (measured.unit, measured.starts_at, measured.ends_at) == ("Wh", NOON, NOON + 20 * MINUTE)


def test_power_is_measured_or_worked_out() -> None:
    meter = Meter()
    meter.world.clock.advance(HOUR)
    meter.reads(NOON + HOUR, a_sample("8000"))
    derived = meter.measured(POWER)
    assert derived.is_derived
    assert points_of(derived) == [[(0, 7000), (60, 7000)]]
    meter.reads(NOON + HOUR, a_sample("3", POWER, "kW"))
    measured = meter.measured(POWER)
    assert not measured.is_derived
    assert points_of(measured) == [[(60, 3000)]]


def test_what_lies_far_outside_of_the_transaction_is_counted_and_not_drawn() -> None:
    meter = Meter()
    meter.reads(NOON - 10 * HOUR, a_sample("1", POWER))
    meter.reads(NOON + MINUTE, a_sample("2", POWER))
    meter.reads(NOON + 10 * HOUR, a_sample("3", POWER))
    meter.ends(NOON + HOUR)
    measured = meter.measured(POWER)
    assert (points_of(measured), measured.outside) == ([[(1, 2)]], 2)


def test_where_the_clock_of_the_station_was_wrong_the_readings_give_the_time() -> None:
    meter = Meter()
    meter.reads(NOON - 10 * HOUR, a_sample("1", POWER))
    meter.reads(NOON - 9 * HOUR, a_sample("2", POWER))
    meter.ends(NOON + HOUR)
    measured = meter.measured(POWER)
    assert points_of(measured) == [[(-600, 1), (-540, 2)]]
    assert (measured.starts_at, measured.ends_at) == (NOON - 10 * HOUR, NOON - 9 * HOUR)


def test_phases_are_lines_of_their_own_and_not_without_end() -> None:
    meter = Meter()
    meter.reads(NOON, *(a_sample("230", "Voltage", "V", phase=f"L{n}") for n in range(MAX_LINES + 3)))
    assert [one.name for one in meter.measured("Voltage").series] == [f"L{n}" for n in range(MAX_LINES)]


def test_what_a_station_measures_is_told_by_its_first_and_last_readings() -> None:
    meter = Meter()
    meter.reads(NOON, a_sample("1"), a_sample("1", "Voltage"))
    for minute in range(60):
        meter.reads(NOON + minute * MINUTE, a_sample("1"))
    meter.reads(NOON, a_sample("1", STATE_OF_CHARGE))
    found = meter.world.services.transactions.measurands(meter.number)
    assert found == [ENERGY_REGISTER, "Voltage", STATE_OF_CHARGE]


def test_without_values_nothing_is_drawn() -> None:
    meter = Meter()
    assert meter.measured("Voltage").is_empty
    assert MOST_READ > 20_000
