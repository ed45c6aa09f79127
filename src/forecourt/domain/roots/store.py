"""What the room of roots needs from storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.roots.model import Learned, RootCount, RootFilter, RootNumber, StationRoot, StationRoots
from forecourt.domain.trust.held import Use
from forecourt.pki.certificate import Certificate
from forecourt.pki.hash_data import HashData


@dataclass(frozen=True, slots=True, kw_only=True)
class RootEntry:
    """A root as it is written."""

    use: Use
    named: HashData
    certificate: Certificate | None
    learned: Learned
    learned_at: datetime


class RootStore(Protocol):
    """The roots of all stations."""

    def hold(self, station_keys: Sequence[int], uses: Sequence[Use]) -> None:
        """Keep others from writing about the same stations and uses until this unit of work ends."""
        ...

    def of_station(self, station_key: int, use: Use) -> Sequence[StationRoot]:
        """In the order in which they were learned."""
        ...

    def of_stations(self, station_keys: Sequence[int]) -> Mapping[int, StationRoots]:
        """What is known of each of them, for every use."""
        ...

    def note_report(self, station_key: int, use: Use, at: datetime) -> None:
        """The station told all of its roots for this use."""
        ...

    def changed_at(self, station_key: int, use: Use) -> datetime | None:
        """When the station last took or removed a root for this use; None when that is not known."""
        ...

    def note_change(self, station_key: int, use: Use, at: datetime) -> None:
        """The station took or removed a root for this use, which is held."""
        ...

    def add(self, station_key: int, entry: RootEntry) -> RootNumber: ...

    def change(self, number: RootNumber, entry: RootEntry) -> None: ...

    def remove(self, number: RootNumber) -> None: ...

    def is_going(self, numbers: Sequence[RootNumber], errand: ErrandNumber) -> None:
        """This errand is to take them from the station."""
        ...

    def deletions(self, station_key: int) -> Sequence[ErrandNumber]:
        """The errands that are to take roots from the station, and were not sent yet."""
        ...

    def forget(self, station_key: int) -> None:
        """Nothing is known of the station's roots any more."""
        ...

    def strangers(self) -> Sequence[HashData]:
        """What stations name and no certificate that is known here, each once."""
        ...

    def name(self, named: HashData, certificate: Certificate) -> None:
        """All with these hashes are this certificate, for as long as they have none."""
        ...

    def certificates(self, use: Use) -> Sequence[Certificate]:
        """All that are known to be at stations, each once."""
        ...

    def with_certificate(self, fingerprint: str, page: PageRequest) -> Page[StationRoot]:
        """Those of registered stations, newest first."""
        ...

    def search(self, wanted: RootFilter, page: PageRequest) -> Page[StationRoot]:
        """Those of registered stations, newest first."""
        ...

    def counts(self) -> Sequence[RootCount]:
        """Of registered stations; what most have first, and those that are not known here last."""
        ...
