"""What the meter of a simulated connector says: sampled values for MeterValues (OCPP 1.6 §7.43)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from forecourt.dialects.v16.messages.metering import MeterValue, ReadingContext, SampledValue
from forecourt_simulator.connector import Connector

VOLTS: Final = 230.0
PHASES: Final = 3


def read_meter(
    connector: Connector, measurands: Iterable[str], *, context: ReadingContext, taken_at: datetime
) -> MeterValue:
    """The wanted measurands of this moment; the state of charge only while a car is plugged in."""
    values = _all_values(connector, context)
    return MeterValue(timestamp=taken_at, sampled_value=[values[name] for name in measurands if name in values])


def _all_values(connector: Connector, context: ReadingContext) -> dict[str, SampledValue]:
    car = connector.car
    power_w = car.power_w if car is not None and connector.status == "Charging" else 0.0
    current_a = power_w / (VOLTS * PHASES)
    values = {
        "Energy.Active.Import.Register": SampledValue(
            value=str(connector.meter.reading_wh),
            context=context,
            measurand="Energy.Active.Import.Register",
            unit="Wh",
        ),
        "Power.Active.Import": SampledValue(
            value=f"{power_w:.1f}", context=context, measurand="Power.Active.Import", unit="W"
        ),
        "Current.Import": SampledValue(
            value=f"{current_a:.2f}", context=context, measurand="Current.Import", phase="L1", unit="A"
        ),
        "Voltage": SampledValue(value=f"{VOLTS:.1f}", context=context, measurand="Voltage", phase="L1-N", unit="V"),
    }
    if car is not None:
        soc = f"{car.soc * 100:.1f}"
        values["SoC"] = SampledValue(value=soc, context=context, measurand="SoC", location="EV", unit="Percent")
    return values
