"""What reservations need from storage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.evse import Place
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.reservation.model import Reservation, ReservationFilter


class ReservationStore(Protocol):
    """Reservations of all stations. A number may be used again on a station; of those with one number the open one
    counts, and else the newest."""

    def add(self, station_key: int, reservation: Reservation) -> Reservation:
        """Keep a new one. Its key is given here."""
        ...

    def add_numbered(self, station_key: int, reservation: Reservation) -> Reservation:
        """Keep a new one and give it a number, too: one above 0 that no reservation of any station has had."""
        ...

    def change(self, reservation: Reservation) -> None:
        """Keep what became of one."""
        ...

    def newest(self, station_key: int, reservation_id: int) -> Reservation | None:
        """The one that counts. Of several open ones, which come of a raw request under the number of one that waits
        to be sent, it is the newest."""
        ...

    def asked_with(self, station_key: int, reservation_id: int, errand: ErrandNumber) -> Reservation | None:
        """The one that was asked for with an errand."""
        ...

    def named(self, reservation_id: int, station: str | None, limit: int) -> Sequence[Reservation]:
        """The one that counts, of each station that has this number, or of one station."""
        ...

    def status_seen_at(self, station_key: int, place: Place) -> datetime | None:
        """From when the newest state counts that is known of an EVSE or of its station."""
        ...

    def expired(self, at: datetime, unanswered_at: datetime) -> Sequence[Reservation]:
        """Open ones whose time passed at ``at``, or at ``unanswered_at`` for those that have no answer yet."""
        ...

    def has_expired(self, at: datetime, unanswered_at: datetime) -> bool: ...

    def out_of_use(self, statuses: frozenset[str]) -> Sequence[tuple[Reservation, str]]:
        """Accepted ones whose EVSE, or station, has one of these states, and not since before they were accepted (by
        the time stamps of the station; see :attr:`Reservation.status_seen_at`); with the state."""
        ...

    def list(self, wanted: ReservationFilter, page: PageRequest) -> Page[Reservation]:
        """Newest first."""
        ...
