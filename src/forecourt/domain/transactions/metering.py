"""Meter values: what a station measured at one moment (OCPP 1.6 §7.33, §7.43)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from forecourt.domain.evse import Place

ENERGY_REGISTER: Final = "Energy.Active.Import.Register"
POWER: Final = "Power.Active.Import"
STATE_OF_CHARGE: Final = "SoC"

_KILO: Final = frozenset({"kWh", "kW"})


class Sample(NamedTuple):
    """One sampled value, as sent: ``value`` is text because it may also hold signed data."""

    value: str
    context: str | None
    format: str | None
    measurand: str | None
    """None means the energy register (OCPP 1.6 §7.31)."""
    phase: str | None
    location: str | None
    unit: str | None


class Reading(NamedTuple):
    """All that was sampled at one moment."""

    taken_at: datetime
    samples: Sequence[Sample]


class Registers(NamedTuple):
    """The figures of a reading that lists and plots want, in their base units; None where not sampled."""

    energy_wh: float | None
    power_w: float | None
    soc_percent: float | None


@dataclass(frozen=True, slots=True)
class StoredReading:
    """A reading and where it was taken."""

    place: Place
    transaction_id: int | None
    reading: Reading
    registers: Registers


def registers(samples: Sequence[Sample]) -> Registers:
    """The figures of interest. Power sampled per phase is summed where no total is given."""
    energy = power = soc = None
    phases: list[float | None] = []
    for value, _context, form, measurand, phase, _location, unit in samples:
        if form == "SignedData":
            continue
        if measurand is None or measurand == ENERGY_REGISTER:
            if phase is None and energy is None:
                energy = _number(value, unit)
        elif measurand == POWER:
            if phase is None:
                power = _number(value, unit)
            else:
                phases.append(_number(value, unit))
        elif measurand == STATE_OF_CHARGE and soc is None:
            soc = _number(value, unit)
    return Registers(energy, _sum(phases) if power is None else power, soc)


def _sum(phases: Sequence[float | None]) -> float | None:
    """The total, or None when there is none or a part of it cannot be read."""
    readable = [one for one in phases if one is not None]
    return sum(readable) if readable and len(readable) == len(phases) else None


def _number(text: str, unit: str | None) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if not -1e15 < number < 1e15:  # also false for NaN: neither can be added up or drawn
        return None
    return number * 1000 if unit in _KILO else number
