"""Reservations from request to end (OCPP 1.6 §3.11, §5.1, §5.13)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from forecourt.domain.availability.model import StatusReport
from forecourt.domain.errands.intents import CancelReservation, Reserve
from forecourt.domain.errands.model import ErrandState
from forecourt.domain.errors import Kind
from forecourt.domain.evse import WHOLE_STATION, EvseId, Place
from forecourt.domain.reservation.model import Reservation, ReservationFilter, ReservationState
from forecourt.domain.transactions.model import Doubt
from tests.domain.charging import MINUTE, ORDER, WHEN_ONLINE, Site
from tests.domain.world import ALL, a_start, refused
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


# Who may use it


@pytest.mark.parametrize(
    ("id_token", "is_doubtful"), [("TAG", False), ("tag", False), ("FRIEND", False), ("fleet", False), ("OTHER", True)]
)
def test_the_token_or_its_group_may_use_it(id_token: str, is_doubtful: bool) -> None:
    """OCPP 1.6 §5.13. OCTT 053 starts with the name of the group itself."""
    site = Site()
    site.a_tag("FRIEND", parent="Fleet")
    site.a_tag("OTHER", parent="Others")
    reservation_id = accepted(site, parent="FLEET")

    number = started(site, reservation_id, id_token)

    doubts = site.services.transactions.get(number).doubts
    assert (Doubt.RESERVED_FOR_OTHER in doubts) is is_doubtful
    assert site.services.reservations.get(reservation_id).transaction_id == number


def test_a_number_that_nobody_reserved_is_no_doubt() -> None:
    """Some stations send 0 or -1 for none."""
    site = Site()

    for number in (0, -1, 77):
        assert site.services.transactions.get(started(site, number, minute=number)).doubts <= {Doubt.FROM_THE_FUTURE}


def test_a_reservation_of_another_station_is_none_of_this_start() -> None:
    site = Site()
    other = site.a_station("CP-2")
    site.reserve_answered(5, station=other)

    started(site, 5)

    assert state_of(site, 5) is ReservationState.ACCEPTED


def test_a_reservation_is_used_once() -> None:
    site = Site()
    reservation_id = accepted(site)
    first = started(site, reservation_id)

    started(site, reservation_id, minute=1)

    assert site.services.reservations.get(reservation_id).transaction_id == first


@pytest.mark.parametrize(("minute", "is_used"), [(9, True), (14, True), (16, False)])
def test_a_start_that_is_reported_late_may_have_used_it_in_time(minute: int, is_used: bool) -> None:
    site = Site()
    reservation_id = accepted(site)
    site.passes(10 * MINUTE)
    site.passes(20 * MINUTE)

    started(site, reservation_id, minute=minute)

    assert (state_of(site, reservation_id) is ReservationState.USED) is is_used


# Giving it up


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


# Raw requests


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
