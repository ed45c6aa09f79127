"""How a reservation is given up (OCPP 1.6 §5.1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.errands.intents import CancelReservation
from forecourt.domain.errors import Kind
from forecourt.domain.evse import WHOLE_STATION, EvseId, Place
from forecourt.domain.reservation.model import ReservationState
from tests.domain.charging import MINUTE, ORDER, Site
from tests.domain.reservation.reserving import accepted, reported, state_of
from tests.domain.world import refused
from tests.support.clock import NOON


def test_a_reservation_is_given_up() -> None:
    """OCTT 051."""
    site = Site()
    reservation_id = accepted(site)

    errand = site.services.reservations.release(site.station, reservation_id, ORDER)
    claim = site.sends()
    assert (claim.number, claim.intent) == (errand.number, CancelReservation(reservation_id))
    site.is_answered()
    site.release_answered(reservation_id)

    found = site.services.reservations.get(reservation_id)
    assert (found.state, found.ended_at) == (ReservationState.CANCELLED, NOON)


def test_a_reservation_stands_when_the_station_does_not_give_it_up() -> None:
    """OCTT 052."""
    site = Site()
    reservation_id = accepted(site)

    site.release_answered(reservation_id, "Rejected")

    found = site.services.reservations.get(reservation_id)
    assert (found.state, found.status, found.ended_at) == (ReservationState.ACCEPTED, "Rejected", None)


def test_only_an_open_reservation_of_the_station_can_be_given_up() -> None:
    site = Site()
    site.reserve_answered(500, station=site.a_station("CP-2"))
    site.reserve_answered(400, "Rejected")

    for number in (500, 600):
        with refused(Kind.INVALID, field="reservationId", about=str(number)):
            site.services.reservations.release(site.station, number, ORDER)
    with refused(Kind.CONFLICT, field="reservationId", about="refused"):
        site.services.reservations.release(site.station, 400, ORDER)


@pytest.mark.parametrize("status", ["Faulted", "Unavailable"])
@pytest.mark.parametrize(
    ("place", "reported_place", "is_ended"),
    [
        (EvseId(1), EvseId(1), True),
        (EvseId(1), WHOLE_STATION, True),
        (EvseId(1), EvseId(2), False),
        (WHOLE_STATION, WHOLE_STATION, True),
        (WHOLE_STATION, EvseId(1), False),
    ],
)
def test_an_evse_that_goes_out_of_use_ends_its_reservations(
    status: str, place: Place, reported_place: Place, is_ended: bool
) -> None:
    """OCPP 1.6 §5.13."""
    site = Site()
    reservation_id = accepted(site, place=place)
    site.clock.advance(MINUTE)

    reported(site, reported_place, status)
    site.passes(timedelta())

    found = site.services.reservations.get(reservation_id)
    assert (found.state is ReservationState.CANCELLED) is is_ended
    assert (status in (found.reason or "")) is is_ended


def test_other_states_and_older_reports_end_no_reservation() -> None:
    site = Site()
    reported(site, EvseId(1), "Faulted")
    site.clock.advance(MINUTE)
    reservation_id = accepted(site)
    site.passes(timedelta())
    site.clock.advance(MINUTE)
    reported(site, EvseId(1), "Reserved")
    site.passes(timedelta())

    assert state_of(site, reservation_id) is ReservationState.ACCEPTED


@pytest.mark.parametrize("is_known_before", [True, False])
def test_a_station_whose_clock_is_slow_ends_its_reservations_too(is_known_before: bool) -> None:
    """States count from the station's own time stamps, and its clock is an hour behind."""
    site = Site()
    hour = timedelta(hours=1)
    if is_known_before:
        reported(site, EvseId(1), "Available", at=NOON - hour)
    reservation_id = accepted(site)
    site.clock.advance(MINUTE)

    reported(site, EvseId(1), "Faulted", at=NOON + MINUTE - hour)
    site.passes(timedelta())

    assert state_of(site, reservation_id) is ReservationState.CANCELLED


def test_what_was_out_of_use_before_ends_no_reservation_whatever_the_clock_says() -> None:
    site = Site()
    reported(site, EvseId(1), "Faulted", at=NOON - MINUTE)
    first = accepted(site)
    site.clock.advance(MINUTE)
    reported(site, EvseId(1), "Faulted", at=NOON)
    second = accepted(site)
    site.passes(timedelta())

    assert state_of(site, first) is ReservationState.CANCELLED
    assert state_of(site, second) is ReservationState.ACCEPTED
