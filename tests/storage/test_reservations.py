"""Tests of reservations in the database, against the promises of ReservationStore."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forecourt.domain.availability.model import EvseStatus, StatusReport
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.evse import WHOLE_STATION, EvseId, Place
from forecourt.domain.paging import PageRequest
from forecourt.domain.reservation.model import OUT_OF_USE, Reservation, ReservationFilter, ReservationState
from forecourt.storage.reservations import ReservationRecords
from tests.storage.bench import HIGHEST, LOWEST, UNUSUAL_TEXTS, Bench, all_pages
from tests.support.clock import NOON

MINUTE = timedelta(minutes=1)
EDGE = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
RESERVATION = Reservation(
    key=0,
    station="CP-1",
    reservation_id=5,
    place=EvseId(1),
    id_token="Card",
    parent=None,
    expires_at=NOON + MINUTE,
    state=ReservationState.ACCEPTED,
    asked_by=None,
    requested_at=NOON,
    answered_at=NOON,
)


@pytest.fixture
def reservations(bench: Bench) -> ReservationRecords:
    return ReservationRecords(bench.unit)


def add(bench: Bench, reservations: ReservationRecords, key: int, reservation: Reservation) -> Reservation:
    with bench.committed():
        return reservations.add(key, reservation)


@pytest.mark.parametrize(
    "reservation",
    [
        RESERVATION,
        replace(RESERVATION, reservation_id=HIGHEST, transaction_id=LOWEST, place=WHOLE_STATION, expires_at=EDGE),
        replace(RESERVATION, reservation_id=LOWEST, errand=ErrandNumber(HIGHEST), ended_at=EDGE, answered_at=None),
        *[
            replace(RESERVATION, id_token=text, parent=text, asked_by=text, status=text, reason=text)
            for text in UNUSUAL_TEXTS
        ],
    ],
)
def test_a_reservation_is_kept_exactly(
    bench: Bench, reservations: ReservationRecords, reservation: Reservation
) -> None:
    key = bench.add_station()
    added = add(bench, reservations, key, reservation)
    assert added == replace(reservation, key=added.key)
    with bench.reading():
        assert reservations.newest(key, reservation.reservation_id) == added
        assert reservations.named(reservation.reservation_id, None, 2) == [added]
        assert reservations.list(ReservationFilter(), PageRequest()).items == [added]


def test_a_number_is_new_to_all_stations(bench: Bench, reservations: ReservationRecords) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    first = add(bench, reservations, other, replace(RESERVATION, reservation_id=-1)).key
    for number in (first + 4, first + 6):
        add(bench, reservations, other, replace(RESERVATION, reservation_id=number))
    given = []
    for _ in range(3):
        with bench.committed():
            given.append(reservations.add_numbered(key, replace(RESERVATION, reservation_id=0)))
        with bench.reading():
            assert reservations.newest(key, given[-1].reservation_id) == given[-1]
    assert [one.reservation_id - first for one in given] == [3, 5, 7]
    assert bench.count("reservation") == 6


def test_the_newest_of_a_station_counts(bench: Bench, reservations: ReservationRecords) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    add(bench, reservations, key, RESERVATION)
    newest = add(bench, reservations, key, RESERVATION)
    there = replace(add(bench, reservations, other, RESERVATION), station="CP-2")
    with bench.reading():
        assert reservations.newest(key, 5) == newest
        assert reservations.newest(other, 5) == there
        assert reservations.newest(other, 6) is None
        assert sorted(one.station for one in reservations.named(5, None, 2)) == ["CP-1", "CP-2"]
        assert reservations.named(5, "CP-1", 2) == [newest]
        assert reservations.named(5, "CP-3", 2) == []
        assert len(reservations.named(5, None, 1)) == 1


def test_a_change_is_kept(bench: Bench, reservations: ReservationRecords) -> None:
    key = bench.add_station()
    other = add(bench, reservations, key, replace(RESERVATION, reservation_id=6))
    added = add(bench, reservations, key, RESERVATION)
    changed = replace(
        added,
        place=WHOLE_STATION,
        id_token="Other",
        parent="G",
        expires_at=EDGE,
        state=ReservationState.USED,
        status="Occupied",
        reason="So.",
        transaction_id=9,
        errand=ErrandNumber(3),
        answered_at=None,
        status_seen_at=EDGE,
        ended_at=NOON,
    )
    with bench.committed():
        reservations.change(changed)
    with bench.reading():
        assert reservations.newest(key, 5) == changed
        assert reservations.newest(key, 6) == other
        assert reservations.list(ReservationFilter(id_token="OTHER"), PageRequest()).items == [changed]


def test_open_reservations_expire(bench: Bench, reservations: ReservationRecords) -> None:
    key = bench.add_station()
    kept = add(bench, reservations, key, RESERVATION)
    asked = add(bench, reservations, key, replace(RESERVATION, state=ReservationState.REQUESTED))
    add(bench, reservations, key, replace(RESERVATION, ended_at=NOON))
    at = NOON + MINUTE
    with bench.reading():
        for now, unanswered_at, expected in [
            (NOON, NOON, []),
            (at, NOON, [kept]),
            (at, at, [kept, asked]),
        ]:
            found = sorted(reservations.expired(now, unanswered_at), key=lambda one: one.key)
            assert found == expected
            assert reservations.has_expired(now, unanswered_at) is bool(expected)


@pytest.mark.parametrize(
    ("place", "status", "at", "state", "is_found"),
    [
        (EvseId(1), "Faulted", NOON + MINUTE, ReservationState.ACCEPTED, True),
        (WHOLE_STATION, "Unavailable", NOON + MINUTE, ReservationState.ACCEPTED, True),
        (EvseId(2), "Faulted", NOON + MINUTE, ReservationState.ACCEPTED, False),
        (EvseId(1), "Reserved", NOON + MINUTE, ReservationState.ACCEPTED, False),
        (EvseId(1), "Faulted", NOON, ReservationState.ACCEPTED, False),
        (WHOLE_STATION, "Faulted", NOON, ReservationState.ACCEPTED, False),
        (EvseId(1), "Faulted", NOON + MINUTE, ReservationState.UNKNOWN, False),
    ],
)
def test_an_accepted_reservation_is_found_when_its_evse_went_out_of_use(
    bench: Bench,
    reservations: ReservationRecords,
    place: Place,
    status: str,
    at: datetime,
    state: ReservationState,
    is_found: bool,
) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    added = add(bench, reservations, key, replace(RESERVATION, state=state, status_seen_at=NOON))
    add(bench, reservations, other, RESERVATION)
    report = StatusReport(place=place, status=status, error_code="NoError")
    with bench.committed():
        bench.availability.record(key, EvseStatus(report, at))
    with bench.reading():
        assert reservations.out_of_use(OUT_OF_USE) == ([(added, status)] if is_found else [])


def test_a_state_counts_when_none_was_known_before(bench: Bench, reservations: ReservationRecords) -> None:
    key = bench.add_station()
    added = add(bench, reservations, key, RESERVATION)
    faulted(bench, key, EvseId(1), NOON - MINUTE)
    with bench.reading():
        assert reservations.out_of_use(OUT_OF_USE) == [(added, "Faulted")]


def test_the_newest_state_of_an_evse_or_its_station_is_the_one_that_was_seen(
    bench: Bench, reservations: ReservationRecords
) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    places: list[Place] = [EvseId(1), WHOLE_STATION, EvseId(2), EvseId(3)]
    for minute, place in enumerate(places):
        faulted(bench, key, place, NOON + minute * MINUTE)
    with bench.reading():
        seen = [reservations.status_seen_at(key, place) for place in [*places, EvseId(4)]]
        assert seen == [NOON + minute * MINUTE for minute in (1, 1, 2, 3, 1)]
        assert reservations.status_seen_at(other, EvseId(1)) is None


def faulted(bench: Bench, key: int, place: Place, at: datetime) -> None:
    report = StatusReport(place=place, status="Faulted", error_code="NoError")
    with bench.committed():
        bench.availability.record(key, EvseStatus(report, at))


def test_of_several_with_one_number_the_open_one_counts(bench: Bench, reservations: ReservationRecords) -> None:
    key = bench.add_station()
    asked = add(bench, reservations, key, replace(RESERVATION, errand=ErrandNumber(7)))
    ended = add(bench, reservations, key, replace(RESERVATION, ended_at=NOON))
    with bench.reading():
        assert reservations.newest(key, 5) == asked
        assert reservations.named(5, None, 2) == reservations.named(5, "CP-1", 2) == [asked]
    with bench.committed():
        reservations.change(replace(asked, ended_at=NOON))
    with bench.reading():
        assert reservations.newest(key, 5) == ended
        assert reservations.named(5, None, 2) == [ended]


def test_a_reservation_is_found_by_its_errand(bench: Bench, reservations: ReservationRecords) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    asked = add(bench, reservations, key, replace(RESERVATION, errand=ErrandNumber(7)))
    add(bench, reservations, key, RESERVATION)
    with bench.reading():
        assert reservations.asked_with(key, 5, ErrandNumber(7)) == asked
        for found in [(key, 5, ErrandNumber(8)), (key, 6, ErrandNumber(7)), (other, 5, ErrandNumber(7))]:
            assert reservations.asked_with(*found) is None


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ReservationFilter(), [3, 2, 1, 0]),
        (ReservationFilter(station="CP-1"), [3, 1]),
        (ReservationFilter(place=WHOLE_STATION), [0]),
        (ReservationFilter(id_token="cARD"), [3, 2, 0]),
        (ReservationFilter(states=frozenset({ReservationState.USED})), [2]),
        (ReservationFilter(states=frozenset()), []),
        (ReservationFilter(is_open=True), [3, 1, 0]),
        (ReservationFilter(is_open=False), [2]),
        (ReservationFilter(since=NOON + MINUTE, until=NOON + 3 * MINUTE), [2, 1]),
        (ReservationFilter(station="CP-1", is_open=True, id_token="Card"), [3]),
    ],
)
def test_lists_are_filtered_and_paged(
    bench: Bench, reservations: ReservationRecords, wanted: ReservationFilter, expected: list[int]
) -> None:
    keys = [bench.add_station("CP-2"), bench.add_station("CP-1")]
    for number in range(4):
        reservation = replace(
            RESERVATION,
            reservation_id=number,
            place=WHOLE_STATION if number == 0 else EvseId(number),
            id_token="Other" if number == 1 else "Card",
            state=ReservationState.USED if number == 2 else ReservationState.ACCEPTED,
            ended_at=NOON if number == 2 else None,
            requested_at=NOON + number * MINUTE,
        )
        add(bench, reservations, keys[number % 2], reservation)
    with bench.reading():
        for limit in (1, 2, 10):
            found = all_pages(lambda page: reservations.list(wanted, page), limit)
            assert [one.reservation_id for one in found] == expected


def test_those_that_run_later_than_a_moment_are_found(bench: Bench, reservations: ReservationRecords) -> None:
    key = bench.add_station()
    open_one = add(bench, reservations, key, replace(RESERVATION, reservation_id=1, expires_at=NOON + 3 * MINUTE))
    ended = replace(RESERVATION, reservation_id=2, expires_at=NOON + 9 * MINUTE, ended_at=NOON + MINUTE)
    add(bench, reservations, key, ended)

    def found(after: datetime) -> list[int]:
        page = reservations.list(ReservationFilter(runs_after=after), PageRequest())
        return [one.reservation_id for one in page.items]

    assert found(NOON) == [2, 1]
    assert found(NOON + MINUTE) == [1]
    assert found(open_one.expires_at) == []
