"""A world with a connected station that answers what it is asked."""

from __future__ import annotations

from datetime import datetime, timedelta

from forecourt.domain.errands.model import Claim, Delivery, Errand, ErrandNumber, Order
from forecourt.domain.evse import EvseId, Place
from forecourt.domain.provisioning.model import Registration, Station
from forecourt.domain.remote_control.model import RemoteRequest, RemoteRequestFilter
from forecourt.domain.reservation.model import Reservation, ReservationFilter, ReservationReport
from forecourt.domain.smart_charging.model import Profile
from tests.domain.world import ALL, World
from tests.support.carrying import Carrying
from tests.support.clock import NOON

ORDER = Order(asked_by="token ops")
MINUTE = timedelta(minutes=1)
RAW = ErrandNumber(999_999)
"""The errand of something that was sent as an operator wrote it: no record has it."""


class Site(World):
    """The station is CP-1, and does what a courier would have it do."""

    def __init__(self, *, registration: Registration = Registration.ACCEPTED) -> None:
        super().__init__()
        self.station = self.a_station(registration=registration)
        self.carrying = Carrying(self.services, self.station)
        self.a_tag(max_active_transactions=None)

    # What is asked

    def asks_to_start(
        self,
        id_token: str = "TAG",
        *,
        evse: Place | None = None,
        profile: Profile | None = None,
        order: Order = ORDER,
        station: Station | None = None,
    ) -> Errand:
        return self.services.remote_control.start(
            station or self.station, evse=evse, id_token=id_token, profile=profile, order=order
        )

    def asks_to_stop(self, transaction_id: int, *, station: Station | None = None) -> Errand:
        transaction = self.services.transactions.find(transaction_id)
        return self.services.remote_control.stop(station or self.station, transaction, ORDER)

    def asks_to_reserve(
        self,
        id_token: str = "TAG",
        *,
        place: Place | None = None,
        parent: str | None = None,
        expires_at: datetime = NOON + 10 * MINUTE,
        order: Order = ORDER,
    ) -> Reservation:
        """The reservation as it is when it was asked for."""
        self.services.reservations.reserve(
            self.station,
            place=EvseId(1) if place is None else place,
            id_token=id_token,
            parent=parent,
            expires_at=expires_at,
            order=order,
        )
        return self.reservations()[0]

    # What is carried

    def sends(self) -> Claim:
        """The errand that goes out next."""
        self.carrying.sends()
        return self.carrying.claim

    def is_answered(self, status: str = "Accepted") -> None:
        """What was sent last; the room is told apart from this what was answered."""
        self.carrying.records("{}", None if status == "Accepted" else status)

    def fails(self) -> None:
        self.carrying.fails("InternalError")

    def is_lost(self) -> None:
        self.carrying.loses()

    # What is answered

    def remote_answered(self, status: str = "Accepted") -> None:
        """The next remote start or stop is sent and answered."""
        number = self.sends().number
        self.is_answered(status)
        self.hears_of(number, status)

    def hears_of(self, number: ErrandNumber, status: str = "Accepted") -> None:
        """The answer to a remote start or stop, told by itself."""
        self.services.remote_control.answered(number, status, is_accepted=status == "Accepted")

    def reserve_answered(
        self,
        reservation_id: int,
        status: str = "Accepted",
        *,
        id_token: str = "TAG",
        place: Place | None = None,
        parent: str | None = None,
        expires_at: datetime = NOON + 10 * MINUTE,
        station: Station | None = None,
        errand: ErrandNumber = RAW,
    ) -> Reservation:
        """Heard of any ReserveNow; a raw one unless its errand is named."""
        report = ReservationReport(
            reservation_id=reservation_id,
            place=EvseId(1) if place is None else place,
            id_token=id_token,
            parent=parent,
            expires_at=expires_at,
        )
        asked = station or self.station
        self.services.reservations.reserve_answered(
            asked, errand, report, status=status, is_accepted=status == "Accepted"
        )
        return self.services.reservations.get(reservation_id, asked.identity)

    def release_answered(self, reservation_id: int, status: str = "Accepted") -> None:
        self.services.reservations.release_answered(
            self.station, reservation_id, status=status, is_accepted=status == "Accepted"
        )

    # What time does

    def passes(self, duration: timedelta) -> None:
        """Let time pass, and have the rooms that are due do what is due."""
        self.clock.advance(duration)
        for room in (self.services.remote_control, self.services.reservations):
            if room.is_due():
                room.settle()
            assert not room.is_due()

    # What is known

    def request(self, errand: Errand) -> RemoteRequest:
        return self.services.remote_control.get(errand.number)

    def requests(self) -> list[RemoteRequest]:
        return list(self.services.remote_control.list(RemoteRequestFilter(), ALL).items)

    def reservations(self) -> list[Reservation]:
        return list(self.services.reservations.list(ReservationFilter(), ALL).items)


WHEN_ONLINE = Order(asked_by="token ops", delivery=Delivery.WHEN_ONLINE)
