"""Reservations that a station keeps, and what happens at its place."""

from __future__ import annotations

from datetime import datetime

from forecourt.domain.availability.model import StatusReport
from forecourt.domain.errands.intents import Reserve
from forecourt.domain.evse import Place
from forecourt.domain.reservation.model import ReservationState
from tests.domain.charging import MINUTE, Site
from tests.domain.world import a_start
from tests.support.clock import NOON

EXPIRY = NOON + 10 * MINUTE


def accepted(site: Site, id_token: str = "TAG", *, parent: str | None = None, place: Place | None = None) -> int:
    """The number of a reservation that the station keeps."""
    reservation = site.asks_to_reserve(id_token, parent=parent, place=place)
    claim = site.sends()
    site.is_answered()
    assert isinstance(claim.intent, Reserve)
    site.reserve_answered(
        reservation.reservation_id,
        id_token=id_token,
        parent=claim.intent.parent,
        place=claim.intent.place,
        errand=claim.number,
    )
    return reservation.reservation_id


def started(site: Site, reservation_id: int, id_token: str = "TAG", *, minute: int = 0) -> int:
    report = a_start(id_token, reservation_id=reservation_id, started_at=NOON + minute * MINUTE)
    return site.services.transactions.start(site.station, report).transaction_id


def reported(site: Site, place: Place, status: str, *, at: datetime | None = None) -> None:
    report = StatusReport(place=place, status=status, error_code="NoError", reported_at=at)
    site.services.availability.report(site.station, report)


def state_of(site: Site, reservation_id: int) -> ReservationState:
    return site.services.reservations.get(reservation_id).state
