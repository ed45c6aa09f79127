"""The figures of a reading: which samples count, and in which unit (OCPP 1.6 §7.31, §7.43)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.domain.transactions.metering import ENERGY_REGISTER, POWER, STATE_OF_CHARGE, Registers, Sample, registers

NONE = Registers(None, None, None)


def sample(
    value: str,
    measurand: str | None = None,
    unit: str | None = None,
    *,
    phase: str | None = None,
    form: str | None = None,
) -> Sample:
    return Sample(value, None, form, measurand, phase, None, unit)


def energy(wh: float) -> Registers:
    return Registers(wh, None, None)


def power(w: float) -> Registers:
    return Registers(None, w, None)


def soc(percent: float) -> Registers:
    return Registers(None, None, percent)


FIGURES = [
    # No measurand means the energy register, no unit means Wh
    ([sample("1234")], energy(1234)),
    ([sample("1234", None, "Wh")], energy(1234)),
    ([sample("1.5", None, "kWh")], energy(1500)),
    ([sample("1234", ENERGY_REGISTER)], energy(1234)),
    ([sample("1.5", ENERGY_REGISTER, "kWh")], energy(1500)),
    ([sample("0")], energy(0)),
    ([sample("-3")], energy(-3)),
    ([sample("1e3")], energy(1000)),
    # The total and not a phase
    ([sample("10", phase="L1"), sample("30")], energy(30)),
    ([sample("30"), sample("10", phase="L1")], energy(30)),
    ([sample("10", phase="L1")], NONE),
    ([sample("1"), sample("2")], energy(1)),
    # Power
    ([sample("7400", POWER)], power(7400)),
    ([sample("7.4", POWER, "kW")], power(7400)),
    ([sample("7400", POWER, "W")], power(7400)),
    ([sample("1", POWER, "kW", phase=phase) for phase in ("L1", "L2", "L3")], power(3000)),
    ([sample("1000", POWER, phase="L1"), sample("2", POWER, "kW", phase="L2")], power(3000)),
    ([sample("1000", POWER, phase="L1"), sample("3100", POWER)], power(3100)),
    ([sample("3100", POWER), sample("1000", POWER, phase="L1")], power(3100)),
    ([sample("0", POWER), sample("1000", POWER, phase="L1")], power(0)),
    # State of charge
    ([sample("80", STATE_OF_CHARGE, "Percent")], soc(80)),
    ([sample("80.5", STATE_OF_CHARGE)], soc(80.5)),
    # What is no figure of interest, or no figure
    ([], NONE),
    ([sample("230", "Voltage", "V")], NONE),
    ([sample("5", "Energy.Active.Export.Register")], NONE),
    ([sample("5", "Power.Offered", "kW")], NONE),
    ([sample("deadbeef", form="SignedData")], NONE),
    ([sample("1234", form="SignedData")], NONE),
    ([sample("1234", form="SignedData"), sample("7", form="Raw")], energy(7)),
    ([sample("")], NONE),
    ([sample("about 3")], NONE),
    ([sample("1,5")], NONE),
    ([sample("NaN")], NONE),
    ([sample("inf")], NONE),
    ([sample("-Infinity", POWER)], NONE),
    ([sample("1e400")], NONE),
    ([sample("1e15")], NONE),
    ([sample("x"), sample("5")], energy(5)),
    # An unreadable phase must not pass for a phase without power
    ([sample("NaN", POWER, phase="L1")], NONE),
    # All at once
    (
        [sample("1.2", None, "kWh"), sample("11", POWER, "kW"), sample("55", STATE_OF_CHARGE)],
        Registers(1200, 11000, 55),
    ),
]


@pytest.mark.parametrize(("samples", "figures"), FIGURES)
def test_the_figures_of_a_reading(samples: list[Sample], figures: Registers) -> None:
    assert registers(samples) == pytest.approx(figures)


@given(st.lists(st.builds(sample, st.text(max_size=12), st.sampled_from([None, POWER, STATE_OF_CHARGE]))))
def test_no_text_of_a_station_stops_the_reading(samples: list[Sample]) -> None:
    for figure in registers(samples):
        assert figure is None or -1e18 < figure < 1e18
