"""A battery takes full power, then tapers, and is never more than full."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt_simulator.connector import Meter
from forecourt_simulator.curve import Battery, ChargingCurve

CURVE = ChargingCurve(full_power_w=11_000.0, taper_from=0.8, end_power_w=1_000.0)


@pytest.mark.parametrize(
    ("soc", "power_w"), [(0.0, 11_000.0), (0.8, 11_000.0), (0.9, 6_000.0), (0.999999, 1_000.05), (1.0, 0.0)]
)
def test_power_is_constant_and_then_falls_to_the_end(soc: float, power_w: float) -> None:
    assert CURVE.power_w(soc) == pytest.approx(power_w, rel=1e-6)


def test_an_hour_at_full_power_is_as_many_watt_hours() -> None:
    car = Battery(soc=0.1, capacity_wh=100_000.0, curve=CURVE)
    assert car.charge(3_600.0) == pytest.approx(11_000.0)
    assert car.soc == pytest.approx(0.21)


def test_the_taper_makes_the_last_fifth_slower_than_the_first() -> None:
    early, late = Battery(soc=0.0, curve=CURVE), Battery(soc=0.8, curve=CURVE)
    assert late.charge(3_600.0) < 0.75 * early.charge(3_600.0)


def test_a_full_battery_takes_nothing_and_what_was_taken_is_its_room() -> None:
    car = Battery(soc=0.95, capacity_wh=40_000.0, curve=CURVE)
    assert car.charge(100_000.0) == pytest.approx(2_000.0)
    assert car.is_full
    assert car.power_w == 0.0
    assert car.charge(100_000.0) == 0.0


@given(soc=st.floats(0.0, 1.0), steps=st.lists(st.floats(0.0, 5_000.0), max_size=20))
def test_charging_never_takes_energy_back(soc: float, steps: list[float]) -> None:
    car, meter = Battery(soc=soc), Meter()
    for seconds in steps:
        before, level = meter.reading_wh, car.soc
        meter.add(car.charge(seconds))
        assert meter.reading_wh >= before
        assert level <= car.soc <= 1.0


def test_a_meter_refuses_to_run_backwards() -> None:
    meter = Meter(5.0)
    with pytest.raises(ValueError, match="cannot run backwards"):
        meter.add(-0.1)
    assert meter.energy_wh == 5.0
