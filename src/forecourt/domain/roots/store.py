"""What the room of roots needs from storage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.roots.model import Learned, RootCount, RootNumber, StationRoot
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

    def hold(self, station_key: int, use: Use) -> None:
        """Keep others from writing about the same station and use until this unit of work ends."""
        ...

    def of_station(self, station_key: int, use: Use) -> Sequence[StationRoot]:
        """In the order in which they were learned."""
        ...

    def reported_at(self, station_key: int, use: Use) -> datetime | None: ...

    def note_report(self, station_key: int, use: Use, at: datetime) -> None:
        """The station told all of its roots for this use."""
        ...

    def add(self, station_key: int, entry: RootEntry) -> RootNumber: ...

    def change(self, number: RootNumber, entry: RootEntry) -> None: ...

    def remove(self, number: RootNumber) -> None: ...

    def is_going(self, number: RootNumber, errand: ErrandNumber) -> None:
        """This errand is to take it from the station."""
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

    def counts(self) -> Sequence[RootCount]:
        """Of registered stations; what most have first, and those that are not known here last."""
        ...
