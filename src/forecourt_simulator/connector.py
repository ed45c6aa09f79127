"""One connector of a simulated station: its status, its meter, its car and its transaction."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from forecourt.dialects.v16.messages.charging_profiles import ChargingProfile
from forecourt.dialects.v16.messages.status_notification import ChargePointStatus
from forecourt_simulator.curve import Battery


class Occurrence(enum.Enum):
    """What can happen to a connector."""

    PREPARED = "a cable was plugged in or a tag was accepted"
    STARTED = "a transaction began"
    EV_PAUSED = "the car takes no more energy"
    EV_RESUMED = "the car takes energy again"
    STOPPED = "the transaction ended"
    RELEASED = "the cable was unplugged or the driver did not come"
    DISABLED = "the connector was taken out of service"
    ENABLED = "the connector was put into service"
    RESERVED = "the connector is kept for a tag"
    FREED = "the reservation ended unused"


TRANSITIONS: Final[Mapping[ChargePointStatus, Mapping[Occurrence, ChargePointStatus]]] = {
    "Available": {
        Occurrence.PREPARED: "Preparing",
        Occurrence.DISABLED: "Unavailable",
        Occurrence.RESERVED: "Reserved",
    },
    "Reserved": {
        Occurrence.PREPARED: "Preparing",
        Occurrence.DISABLED: "Unavailable",
        Occurrence.FREED: "Available",
    },
    "Preparing": {Occurrence.STARTED: "Charging", Occurrence.RELEASED: "Available"},
    "Charging": {Occurrence.EV_PAUSED: "SuspendedEV", Occurrence.STOPPED: "Finishing"},
    "SuspendedEV": {Occurrence.EV_RESUMED: "Charging", Occurrence.STOPPED: "Finishing"},
    "Finishing": {
        Occurrence.PREPARED: "Preparing",
        Occurrence.RELEASED: "Available",
        Occurrence.DISABLED: "Unavailable",
    },
    "Unavailable": {Occurrence.ENABLED: "Available"},
}
"""Status → occurrence → next status, a part of the table of OCPP 1.6 §4.9. What is not here does not happen."""


@dataclass(slots=True)
class Meter:
    """An energy register in Wh. It counts up and never down."""

    energy_wh: float = 0.0

    def add(self, energy_wh: float) -> None:
        """Raises ValueError for a negative amount."""
        if energy_wh < 0.0:
            raise ValueError(f"a meter cannot run backwards: {energy_wh} Wh")
        self.energy_wh += energy_wh

    @property
    def reading_wh(self) -> int:
        return int(self.energy_wh)


@dataclass(eq=False, slots=True)
class Transaction:
    """A transaction as its station knows it."""

    connector_id: int
    id_tag: str
    meter_start_wh: int
    started_at: datetime
    transaction_id: int | None = None
    """None until StartTransaction was answered; negative when the station gave up asking."""
    parent_id_tag: str | None = None
    is_over: bool = False


@dataclass(eq=False, slots=True)
class Connector:
    """The state of one connector, numbered from 1."""

    id: int
    status: ChargePointStatus = "Available"
    reported: ChargePointStatus | None = None
    """The status that the central system has confirmed last."""
    posted: ChargePointStatus | None = None
    """The status that is on its way to the central system, or was told last."""
    meter: Meter = field(default_factory=Meter)
    car: Battery | None = None
    """The car that is plugged in, or None."""
    transaction: Transaction | None = None
    accepted_tag: str | None = None
    """The tag that may start the next transaction."""
    accepted_reservation: int | None = None
    """The reservation that the accepted tag will use up."""
    accepted_profile: ChargingProfile | None = None
    """The charging profile of the next transaction."""
    asked_tag: str | None = None
    """The tag that Authorize is being asked about."""
    give_up_at: float | None = None
    """Simulated seconds at which a preparation ends without a transaction."""
    sample_at: float = 0.0
    is_to_be_disabled: bool = False
    advanced_at: float = 0.0

    @property
    def may_be_used(self) -> bool:
        """True when a transaction may begin here, by whoever may use a reservation."""
        return not self.is_busy and self.status in ("Available", "Preparing", "Reserved")

    @property
    def is_busy(self) -> bool:
        return self.transaction is not None

    def may(self, occurrence: Occurrence) -> bool:
        return occurrence in TRANSITIONS.get(self.status, {})

    def pass_on(self, occurrence: Occurrence) -> None:
        """Go to the next status. Raises ImpossibleTransition when the table has none."""
        try:
            self.status = TRANSITIONS[self.status][occurrence]
        except KeyError:
            raise ImpossibleTransition(self, occurrence) from None


class ImpossibleTransition(Exception):
    """Something that cannot happen to a connector in its status."""

    def __init__(self, connector: Connector, occurrence: Occurrence) -> None:
        super().__init__(f"connector {connector.id} is {connector.status}, so this cannot be: {occurrence.value}")
        self.status = connector.status
        self.occurrence = occurrence
