"""The drivers at one station: they come, charge, leave, and pause for a random time."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from forecourt_simulator.connector import Connector
from forecourt_simulator.curve import Battery, ChargingCurve
from forecourt_simulator.moment import Moment
from forecourt_simulator.station import Station


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How drivers spend their time: shortest and longest, in simulated seconds."""

    arrival: tuple[float, float] = (0.0, 600.0)
    """From the start of the simulation to the first car."""
    charging: tuple[float, float] = (1_200.0, 5_400.0)
    pause: tuple[float, float] = (300.0, 2_400.0)
    fumbling: tuple[float, float] = (5.0, 40.0)
    """Between two things that a driver does with plug and tag."""


class Drivers:
    """Decides what the next driver at each connector does, by the connector's status alone."""

    def __init__(self, tags: Sequence[str], *, random: random.Random, rhythm: Rhythm | None = None) -> None:
        self._tags = tags
        self._random = random
        self._rhythm = rhythm or Rhythm()
        self._act_at: dict[int, float] = {}
        self._leave_at: dict[int, float] = {}
        self._tag: dict[int, str] = {}

    def act(self, station: Station, now: Moment) -> None:
        for connector in station.connectors.values():
            act_at = self._act_at.setdefault(connector.id, now.seconds + self._some(self._rhythm.arrival))
            if act_at <= now.seconds:
                self._act_at[connector.id] = now.seconds + self._some(self._rhythm.fumbling)
                self._act_at_connector(station, connector, now)

    def _act_at_connector(self, station: Station, connector: Connector, now: Moment) -> None:
        match connector.status:
            case "Available" | "Preparing" if connector.car is None:
                self._tag[connector.id] = self._random.choice(self._tags)
                self._leave_at[connector.id] = now.seconds + self._some(self._rhythm.charging)
                station.plug_in(connector.id, self._some_car(), now)
            case "Preparing" if connector.asked_tag is None:
                self._show_tag_or_leave(station, connector, now)
            case "Charging" if self._leave_at.get(connector.id, 0.0) > now.seconds:
                pass
            case "Charging" | "SuspendedEV" if connector.transaction is not None:
                station.present_tag(connector.id, connector.transaction.id_tag, now)
            case "Finishing" | "Unavailable" if connector.car is not None:
                self._leave(station, connector, now)
            case _:
                pass

    def _show_tag_or_leave(self, station: Station, connector: Connector, now: Moment) -> None:
        """A driver shows the tag once; who was refused leaves."""
        tag = self._tag.pop(connector.id, None)
        if tag is None:
            self._leave(station, connector, now)
        else:
            station.present_tag(connector.id, tag, now)

    def _leave(self, station: Station, connector: Connector, now: Moment) -> None:
        station.unplug(connector.id, now)
        self._act_at[connector.id] = now.seconds + self._some(self._rhythm.pause)

    def _some(self, bounds: tuple[float, float]) -> float:
        return self._random.uniform(*bounds)

    def _some_car(self) -> Battery:
        power_w = self._random.choice((3_700.0, 7_400.0, 11_000.0, 22_000.0))
        return Battery(
            soc=self._random.uniform(0.1, 0.7),
            capacity_wh=self._random.choice((28_000.0, 40_000.0, 58_000.0, 77_000.0)),
            curve=ChargingCurve(full_power_w=power_w),
        )
