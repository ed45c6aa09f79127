"""What smart charging needs from storage, and what it would like to know of a station."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.evse import Place
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.domain.smart_charging.model import (
    Assignment,
    AssignmentState,
    LibraryProfile,
    Profile,
    ProfileDraft,
    ProfileFilter,
    ToldSchedule,
)


class ProfileStore(Protocol):
    """The library."""

    def add_profile(self, draft: ProfileDraft, at: datetime) -> int:
        """The number of the new profile; numbers begin at 1 and are never used again."""
        ...

    def change_profile(self, number: int, draft: ProfileDraft, at: datetime) -> bool:
        """False when there is no such profile."""
        ...

    def remove_profile(self, number: int) -> bool: ...

    def find_profile(self, number: int) -> LibraryProfile | None: ...

    def profiles(self, wanted: ProfileFilter, page: PageRequest) -> Page[LibraryProfile]:
        """By number."""
        ...


class AssignmentStore(Protocol):
    """What is believed to be on stations, and what they computed from it."""

    def add_assignment(
        self,
        station_key: int,
        place: Place,
        profile: Profile,
        *,
        library: int | None,
        state: AssignmentState,
        at: datetime,
    ) -> int: ...

    def set_errand(self, number: int, errand: ErrandNumber) -> None: ...

    def settle(self, number: int, state: AssignmentState, reason: str | None, at: datetime) -> None: ...

    def settle_ended(self, station_key: int, at: datetime) -> None:
        """Write down that profiles ended with their transactions, which reading them says anyhow: so that what is
        open stays little."""
        ...

    def find_assignment(self, number: int) -> Assignment | None:
        """One that is requested and whose errand has ended counts as unknown, here and in every other answer."""
        ...

    def find_by_errand(self, errand: ErrandNumber) -> Assignment | None:
        """The assignment that this errand carries."""
        ...

    def open_on(self, station_key: int) -> Sequence[Assignment]:
        """What is on a station, may be, or is on its way; oldest first."""
        ...

    def open_of(self, library: int) -> Sequence[Assignment]:
        """The same of one profile of the library, on all stations that are registered."""
        ...

    def placed(self, station: str | None, library: int | None, page: PageRequest) -> Page[Assignment]:
        """Those that are open at stations that are registered, the newest first."""
        ...

    def assignments(self, station_key: int, page: PageRequest) -> Page[Assignment]:
        """All that a station was ever given, newest first."""
        ...

    def running_at(self, station_key: int, place: Place) -> Sequence[int]:
        """The transactions that run there, newest first; more than one only when a stop was lost."""
        ...

    def put_schedule(self, station_key: int, told: ToldSchedule) -> None:
        """Keep it instead of the one before it for that place."""
        ...

    def schedules(self, station_key: int) -> Sequence[ToldSchedule]:
        """By place."""
        ...


class SmartChargingStore(ProfileStore, AssignmentStore, Protocol):
    """Both."""


class KnownSettings(Protocol):
    """Tells what is known of a station's configuration."""

    def value(self, station: Station, name: str) -> str | None:
        """The present value of a setting; None when it is not known."""
        ...
