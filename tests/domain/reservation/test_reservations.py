"""Reservations from request to end (OCPP 1.6 §3.11, §5.1, §5.13)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.errands.intents import Reserve
from forecourt.domain.errands.model import ErrandState
from forecourt.domain.errors import Kind
from forecourt.domain.evse import WHOLE_STATION, EvseId
from forecourt.domain.reservation.model import Reservation, ReservationFilter, ReservationState
from tests.domain.charging import MINUTE, ORDER, WHEN_ONLINE, Site
from tests.domain.reservation.reserving import EXPIRY, accepted, reported, started, state_of
from tests.domain.world import ALL, refused
from tests.support.clock import NOON


def test_a_reservation_is_followed_to_its_transaction() -> None:
    """OCTT 046."""
    site = Site()
    asked = site.asks_to_reserve()
    assert asked == Reservation(
        key=asked.key,
        station="CP-1",
        reservation_id=asked.reservation_id,
        place=EvseId(1),
        id_token="TAG",
        parent=None,
        expires_at=EXPIRY,
        state=ReservationState.REQUESTED,
        asked_by="token ops",
        errand=asked.errand,
        requested_at=NOON,
    )
    assert asked.reservation_id > 0

    claim = site.sends()
    assert claim.number == asked.errand
    assert claim.intent == Reserve(asked.reservation_id, EvseId(1), "TAG", None, EXPIRY)
    site.is_answered()
    site.clock.advance(MINUTE)
    kept = site.reserve_answered(asked.reservation_id, errand=claim.number)
    assert (kept.state, kept.status, kept.answered_at) == (ReservationState.ACCEPTED, "Accepted", NOON + MINUTE)
    assert (kept.errand, kept.asked_by, kept.ended_at) == (asked.errand, "token ops", None)

    number = started(site, asked.reservation_id, minute=1)
    used = site.services.reservations.get(asked.reservation_id)
    assert (used.state, used.transaction_id, used.ended_at) == (ReservationState.USED, number, NOON + MINUTE)
    assert site.services.transactions.get(number).doubts == frozenset()


def test_numbers_are_unique_and_pass_by_those_that_people_chose() -> None:
    site = Site()
    other = site.a_station("CP-2")
    for number in (2, 3, 4, 0, -1):
        site.reserve_answered(number, station=other)

    numbers = [site.asks_to_reserve().reservation_id for _ in range(3)]

    assert len({*numbers, 2, 3, 4}) == 6
    assert min(numbers) > 0


@pytest.mark.parametrize("status", ["Faulted", "Occupied", "Rejected", "Unavailable"])
def test_a_station_may_refuse(status: str) -> None:
    """OCTT 048_1 to 048_4: whether it can be reserved is asked of the station, in whatever state it is."""
    site = Site()
    reported(site, EvseId(1), "Unavailable")
    reservation_id = site.asks_to_reserve().reservation_id
    number = site.sends().number
    site.is_answered(status)

    found = site.reserve_answered(reservation_id, status, errand=number)

    assert (found.state, found.status, found.ended_at) == (ReservationState.REFUSED, status, NOON)
    assert status in (found.reason or "")


def test_a_reservation_that_was_not_carried_has_failed_and_says_why() -> None:
    site = Site()
    offline = site.a_station("CP-2")
    site.services.reservations.reserve(
        offline, place=EvseId(1), id_token="TAG", parent=None, expires_at=EXPIRY, order=ORDER
    )
    [reservation] = site.reservations()
    assert (reservation.state, reservation.ended_at) == (ReservationState.FAILED, NOON)
    assert "not connected" in (reservation.reason or "")
    assert reservation.errand is not None


def test_a_reservation_whose_answer_was_lost_is_unknown_until_it_expires() -> None:
    site = Site()
    reservation_id = site.asks_to_reserve().reservation_id
    site.sends()
    site.is_lost()
    lost = site.services.reservations.get(reservation_id)
    assert (lost.state, lost.ended_at) == (ReservationState.UNKNOWN, None)
    assert "not known" in (lost.reason or "")

    site.passes(10 * MINUTE)

    assert state_of(site, reservation_id) is ReservationState.EXPIRED


def test_an_unknown_reservation_is_believed_when_a_transaction_names_it() -> None:
    site = Site()
    reservation_id = site.asks_to_reserve().reservation_id
    site.sends()
    site.is_lost()

    number = started(site, reservation_id)

    assert site.services.reservations.get(reservation_id).transaction_id == number


def test_a_reservation_expires_by_itself() -> None:
    """OCTT 047."""
    site = Site()
    reservation_id = accepted(site)

    site.passes(10 * MINUTE - timedelta(seconds=1))
    assert state_of(site, reservation_id) is ReservationState.ACCEPTED
    site.passes(timedelta(seconds=1))

    found = site.services.reservations.get(reservation_id)
    assert (found.state, found.ended_at) == (ReservationState.EXPIRED, EXPIRY)


def test_a_reservation_that_waits_for_its_answer_does_not_expire_meanwhile() -> None:
    site = Site()
    reservation_id = site.asks_to_reserve().reservation_id
    number = site.sends().number
    site.passes(11 * MINUTE)
    assert state_of(site, reservation_id) is ReservationState.REQUESTED

    site.is_answered()
    site.reserve_answered(reservation_id, "Rejected", errand=number)

    assert state_of(site, reservation_id) is ReservationState.REFUSED


def test_a_reservation_that_was_never_answered_ends_in_the_end() -> None:
    site = Site()
    reservation_id = site.asks_to_reserve().reservation_id
    site.sends()

    site.passes(timedelta(hours=1))

    assert state_of(site, reservation_id) is ReservationState.EXPIRED


def test_a_reservation_is_not_sent_after_its_time() -> None:
    site = Site()
    reservation = site.asks_to_reserve(order=WHEN_ONLINE)
    assert reservation.errand is not None

    assert site.services.errands.get(reservation.errand).expires_at == EXPIRY
    site.clock.advance(10 * MINUTE)
    site.services.errands.settle()

    assert site.services.errands.get(reservation.errand).state is ErrandState.EXPIRED
    assert state_of(site, reservation.reservation_id) is ReservationState.FAILED


def test_a_time_that_has_passed_is_refused() -> None:
    site = Site()

    with refused(Kind.INVALID, field="expiryDate"):
        site.asks_to_reserve(expires_at=NOON)
    assert site.reservations() == []


def test_the_group_is_that_of_the_tag_unless_another_one_is_named() -> None:
    """OCTT 053."""
    site = Site()
    site.a_tag("MEMBER", parent="FLEET")

    assert site.asks_to_reserve("member").parent == "FLEET"
    assert site.asks_to_reserve("MEMBER", parent="OTHER").parent == "OTHER"
    assert site.asks_to_reserve("NOBODY").parent is None


def test_what_is_wrong_with_the_tag_is_a_warning() -> None:
    site = Site()
    site.a_tag("BLOCKED", is_blocked=True)

    reservation = site.asks_to_reserve("BLOCKED")

    assert reservation.errand is not None
    assert "blocked" in site.services.errands.get(reservation.errand).warnings[0]


# Questions


def test_reservations_are_listed_newest_first_and_filtered() -> None:
    site = Site()
    one = site.reserve_answered(1, "Rejected")
    site.clock.advance(MINUTE)
    two = site.reserve_answered(2, id_token="Two", place=WHOLE_STATION)
    three = site.reserve_answered(3, station=site.a_station("CP-2"))
    for wanted, expected in [
        (ReservationFilter(), [three, two, one]),
        (ReservationFilter(station="CP-1"), [two, one]),
        (ReservationFilter(place=EvseId(1)), [three, one]),
        (ReservationFilter(place=WHOLE_STATION), [two]),
        (ReservationFilter(id_token="TWO"), [two]),
        (ReservationFilter(states=frozenset({ReservationState.REFUSED, ReservationState.USED})), [one]),
        (ReservationFilter(is_open=True), [three, two]),
        (ReservationFilter(is_open=False), [one]),
        (ReservationFilter(since=NOON + MINUTE), [three, two]),
        (ReservationFilter(until=NOON + MINUTE), [one]),
    ]:
        assert list(site.services.reservations.list(wanted, ALL).items) == expected, wanted


def test_a_number_that_several_stations_have_needs_its_station() -> None:
    site = Site()
    other = site.a_station("CP-2")
    here, there = site.reserve_answered(5), site.reserve_answered(5, station=other)
    reservations = site.services.reservations

    assert (reservations.get(5, "CP-1"), reservations.get(5, "CP-2")) == (here, there)
    with refused(Kind.CONFLICT, about="stationId"):
        reservations.get(5)
    for number, station in ((6, None), (5, "CP-3")):
        with refused(Kind.NOT_FOUND, about=str(number)):
            reservations.get(number, station)
