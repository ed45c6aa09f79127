"""Meter values: readings of one moment, each with what was measured, where and in which unit."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.moments import read_in_utc
from forecourt.ocpp.action import Message

ReadingContext = Literal[
    "Interruption.Begin",
    "Interruption.End",
    "Sample.Clock",
    "Sample.Periodic",
    "Transaction.Begin",
    "Transaction.End",
    "Trigger",
    "Other",
]

ValueFormat = Literal["Raw", "SignedData"]

Measurand = Literal[
    "Energy.Active.Export.Register",
    "Energy.Active.Import.Register",
    "Energy.Reactive.Export.Register",
    "Energy.Reactive.Import.Register",
    "Energy.Active.Export.Interval",
    "Energy.Active.Import.Interval",
    "Energy.Reactive.Export.Interval",
    "Energy.Reactive.Import.Interval",
    "Power.Active.Export",
    "Power.Active.Import",
    "Power.Offered",
    "Power.Reactive.Export",
    "Power.Reactive.Import",
    "Power.Factor",
    "Current.Import",
    "Current.Export",
    "Current.Offered",
    "Voltage",
    "Frequency",
    "Temperature",
    "SoC",
    "RPM",
]

Phase = Literal["L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"]

Location = Literal["Cable", "EV", "Inlet", "Outlet", "Body"]

UnitOfMeasure = Literal[
    "Wh",
    "kWh",
    "varh",
    "kvarh",
    "W",
    "kW",
    "VA",
    "kVA",
    "var",
    "kvar",
    "A",
    "V",
    "K",
    "Celcius",
    "Celsius",
    "Fahrenheit",
    "Percent",
    "Hertz",
]
"""``Celcius`` is the first edition's spelling; both are right since the errata of 2025 (OCPP-J 1.6 errata 2.1)."""


class SampledValue(Message, frozen=True, kw_only=True):
    """One reading; with no field but ``value`` it is the imported active energy in Wh (OCPP 1.6 §7.43)."""

    value: Annotated[str, Meta(description="The reading as decimal text, or signed data in hexadecimal; any length.")]
    context: Annotated[
        ReadingContext | UnsetType, Meta(description="Why the reading was taken; absent for Sample.Periodic.")
    ] = UNSET
    format: Annotated[
        ValueFormat | UnsetType, Meta(description="Whether value is a plain number or signed data; absent for Raw.")
    ] = UNSET
    measurand: Annotated[
        Measurand | UnsetType, Meta(description="What was measured; absent for Energy.Active.Import.Register.")
    ] = UNSET
    phase: Annotated[
        Phase | UnsetType, Meta(description="The phase or pair of phases; absent for an overall value.")
    ] = UNSET
    location: Annotated[Location | UnsetType, Meta(description="Where it was measured; absent for Outlet.")] = UNSET
    unit: Annotated[
        UnitOfMeasure | UnsetType, Meta(description="The unit of value; absent for Wh where energy was measured.")
    ] = UNSET


class MeterValue(Message, frozen=True, kw_only=True):
    """The readings of one moment (OCPP 1.6 §7.33)."""

    timestamp: Annotated[datetime, Meta(description="When the readings were taken.")]
    sampled_value: Annotated[list[SampledValue], Meta(description="The readings; normally at least one.")]

    def __post_init__(self) -> None:
        read_in_utc(self, "timestamp")
