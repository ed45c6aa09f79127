"""What plans need from storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.domain.rollovers.model import (
    Ended,
    Rollover,
    RolloverFilter,
    RolloverNumber,
    StationStep,
    Step,
    StepFilter,
)


class RolloverStore(Protocol):
    """Plans and their stations. Stations that were taken off the register are left out everywhere."""

    def hold(self) -> None:
        """Nobody else makes a plan until this unit of work ends."""
        ...

    def add(self, rollover: Rollover) -> RolloverNumber: ...

    def lock(self, number: RolloverNumber) -> Rollover | None:
        """The plan as it is now; nobody else changes it until this unit of work ends."""
        ...

    def find(self, number: RolloverNumber) -> Rollover | None: ...

    def put(self, rollover: Rollover) -> None: ...

    def put_off(self, number: RolloverNumber, reason: str, at: datetime) -> None:
        """It is to be looked at then, and not before; without reading it."""
        ...

    def open(self) -> Sequence[Rollover]: ...

    def next_due(self, at: datetime) -> RolloverNumber | None:
        """The open plan that has waited for longest to be looked at."""
        ...

    def list(self, wanted: RolloverFilter, page: PageRequest) -> Page[Rollover]:
        """Newest first."""
        ...

    def add_stations(self, number: RolloverNumber, identities: Sequence[str], at: datetime) -> int:
        """How many were new."""
        ...

    def step(self, number: RolloverNumber, identity: str) -> StationStep | None: ...

    def put_steps(self, steps: Sequence[StationStep]) -> None: ...

    def counts(self, number: RolloverNumber) -> Mapping[Step, int]: ...

    def ready(self, number: RolloverNumber, fingerprints: Sequence[str]) -> tuple[int, int]:
        """How many have come so far and are known to have one of these roots; and how many were left without."""
        ...

    def steps(self, wanted: StepFilter, page: PageRequest) -> Page[StationStep]:
        """By station."""
        ...

    def stations(self, station_keys: Sequence[int]) -> Mapping[int, Station]: ...

    def pending(self, number: RolloverNumber, at: datetime, limit: int) -> Sequence[StationStep]:
        """To be begun, or tried again, now."""
        ...

    def errands_ended(self, number: RolloverNumber, limit: int) -> Sequence[tuple[StationStep, Ended]]:
        """Something was under way, and has ended so."""
        ...

    def deletions(self, number: RolloverNumber, limit: int) -> Sequence[StationStep]:
        """A deletion is written down, and was not sent yet."""
        ...

    def stale(self, number: RolloverNumber, before: datetime, limit: int) -> Sequence[StationStep]:
        """Of the ready ones, those that started anew since they were asked, or were asked before that moment."""
        ...

    def came_back(
        self, number: RolloverNumber, since: datetime, at: datetime, limit: int
    ) -> Sequence[tuple[StationStep, bool]]:
        """Of the ready ones, those that are on line by a connection of that moment or later, and are not to be left
        alone until later than now; and whether this system itself did the TLS."""
        ...

    def under_way(self, number: RolloverNumber, limit: int) -> Sequence[StationStep]:
        """Those with an errand that was not seen to."""
        ...

    def fall_back(self, number: RolloverNumber, fingerprints: Sequence[str], at: datetime) -> int:
        """Have the ready ones begin again that are not known to have any of these roots. How many there were."""
        ...

    def hold_of(self, station_key: int) -> Sequence[StationStep]:
        """Nobody else changes the plans of this station until this unit of work ends; its steps in all of them with an
        errand that was not seen to."""
        ...

    def begin_again(self, station_key: int, at: datetime) -> None:
        """In every open plan: another device may stand there."""
        ...

    def cancelled_under_way(self) -> RolloverNumber | None:
        """A plan that was cancelled while something was under way."""
        ...

    def others_without(self, number: RolloverNumber, fingerprints: Sequence[str]) -> int:
        """How many stations that use TLS are not in the plan, and have none of these roots."""
        ...

    def retry(self, number: RolloverNumber, at: datetime) -> int:
        """Have those that failed begin again. How many there were."""
        ...
