"""Reservations that operators ask for in the words of OCPP (OCPP 1.6 §5.13)."""

from __future__ import annotations

from dataclasses import replace

from forecourt.domain.evse import WHOLE_STATION, EvseId
from forecourt.domain.reservation.model import Reservation, ReservationState
from tests.domain.charging import MINUTE, Site
from tests.domain.reservation.reserving import EXPIRY, started, state_of
from tests.support.clock import NOON


def test_what_was_reserved_raw_is_known_from_the_answer() -> None:
    site = Site()

    kept = site.reserve_answered(-5, place=WHOLE_STATION, id_token="Raw", parent="G")
    other = site.reserve_answered(6, "Occupied")

    assert kept == Reservation(
        key=kept.key,
        station="CP-1",
        reservation_id=-5,
        place=WHOLE_STATION,
        id_token="Raw",
        parent="G",
        expires_at=EXPIRY,
        state=ReservationState.ACCEPTED,
        asked_by=None,
        status="Accepted",
        requested_at=NOON,
        answered_at=NOON,
    )
    assert other.state is ReservationState.REFUSED
    site.release_answered(-5)
    assert state_of(site, -5) is ReservationState.CANCELLED
    site.release_answered(77)
    assert len(site.reservations()) == 2


def test_the_same_number_again_replaces_an_open_reservation() -> None:
    """OCPP 1.6 §5.13."""
    site = Site()
    first = site.reserve_answered(5)

    second = site.reserve_answered(5, id_token="OTHER", place=EvseId(2), expires_at=NOON + MINUTE)

    assert second == replace(first, id_token="OTHER", place=EvseId(2), expires_at=NOON + MINUTE)
    assert len(site.reservations()) == 1


def test_a_station_that_refuses_to_replace_a_reservation_keeps_it() -> None:
    site = Site()
    first = site.reserve_answered(5)

    second = site.reserve_answered(5, "Occupied", id_token="OTHER")

    assert second == replace(first, status="Occupied")


def test_a_number_may_be_used_again_and_the_old_reservation_stays_on_record() -> None:
    site = Site()
    site.reserve_answered(5)
    number = started(site, 5)
    again = site.reserve_answered(5)

    newest, old = site.reservations()
    assert newest == again
    assert (old.state, old.transaction_id) == (ReservationState.USED, number)
