"""An answer belongs to the request that it answers, and to no other that looks like it (OCPP 1.6 §5.11, §5.13)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.errands.model import Order, Priority
from forecourt.domain.remote_control.model import RequestState
from forecourt.domain.reservation.model import Reservation, ReservationState
from tests.dialects.v16.desk import Desk
from tests.domain.charging import WHEN_ONLINE
from tests.domain.world import a_start
from tests.schemas.official import Json
from tests.support.clock import NOON

EXPIRY = "2026-01-01T12:10:00Z"
FIRST = Order(asked_by="token ops", priority=Priority.HIGH)


def to_reserve(**more: Json) -> Json:
    return {"connectorId": 1, "idTag": "TAG", "expiryDate": EXPIRY, **more}


@pytest.mark.parametrize("status", ["Accepted", "Rejected"])
def test_a_raw_start_after_a_lost_answer_says_nothing_of_the_lost_one(status: str) -> None:
    desk = Desk()
    lost = desk.asks("StartCharging", {"idTag": "TAG"})
    desk.carrying.sends()
    desk.carrying.loses()

    desk.asks("RemoteStartTransaction", {"idTag": "TAG"})
    desk.hears({"status": status})

    request = desk.request(lost)
    assert (request.state, request.status, request.is_outcome_unknown) == (RequestState.FAILED, None, True)


@pytest.mark.parametrize("operation", ["StopCharging", "RemoteStopTransaction"])
def test_a_stop_after_a_lost_answer_says_nothing_of_the_lost_one(operation: str) -> None:
    desk = Desk()
    number = desk.starts(desk.station)
    lost = desk.asks("StopCharging", {"transactionId": number})
    desk.carrying.sends()
    desk.carrying.loses()

    desk.asks(operation, {"transactionId": number})
    desk.hears({"status": "Rejected"})

    assert (desk.request(lost).state, desk.request(lost).status) == (RequestState.FAILED, None)


def waiting(desk: Desk) -> Reservation:
    """A reservation that is still to be sent."""
    desk.asks("Reserve", to_reserve(), order=WHEN_ONLINE)
    return desk.reservations()[0]


def of(desk: Desk, reservation: Reservation) -> Reservation:
    """As it is now."""
    [found] = [one for one in desk.reservations() if one.key == reservation.key]
    return found


def test_a_refused_raw_reservation_changes_nothing_of_one_with_its_number_that_waits() -> None:
    desk = Desk()
    asked = waiting(desk)
    desk.asks("ReserveNow", to_reserve(idTag="OTHER", reservationId=asked.reservation_id), order=FIRST)

    _, sent = desk.hears({"status": "Rejected"})

    assert sent["idTag"] == "OTHER"
    assert of(desk, asked) == asked
    assert desk.services.reservations.get(asked.reservation_id) == asked
    desk.hears({"status": "Accepted"})
    assert of(desk, asked).state is ReservationState.ACCEPTED


def test_an_accepted_raw_reservation_stands_until_the_one_that_waits_replaces_it() -> None:
    desk = Desk()
    asked = waiting(desk)
    desk.asks("ReserveNow", to_reserve(idTag="OTHER", reservationId=asked.reservation_id), order=FIRST)
    desk.hears({"status": "Accepted"})
    assert of(desk, asked) == asked
    raw = desk.services.reservations.get(asked.reservation_id)
    assert (raw.state, raw.id_token, raw.errand) == (ReservationState.ACCEPTED, "OTHER", None)

    desk.hears({"status": "Accepted"})

    assert (of(desk, raw).state, of(desk, raw).ended_at) == (ReservationState.CANCELLED, NOON)
    kept = desk.services.reservations.get(asked.reservation_id)
    assert (kept.key, kept.state, kept.id_token) == (asked.key, ReservationState.ACCEPTED, "TAG")
    report = a_start(reservation_id=asked.reservation_id)
    number = desk.services.transactions.start(desk.station, report).transaction_id
    assert (of(desk, asked).transaction_id, of(desk, raw).transaction_id) == (number, None)


def test_one_that_cannot_be_sent_fails_beside_a_raw_one_with_its_number() -> None:
    desk = Desk()
    asked = waiting(desk)
    desk.asks("ReserveNow", to_reserve(reservationId=asked.reservation_id), order=FIRST)
    desk.hears({"status": "Accepted"})
    assert asked.errand is not None

    desk.services.errands.cancel(asked.errand)

    assert of(desk, asked).state is ReservationState.FAILED
    assert desk.services.reservations.get(asked.reservation_id).state is ReservationState.ACCEPTED


@pytest.mark.parametrize("status", ["Accepted", "Rejected"])
@pytest.mark.parametrize("state", [ReservationState.USED, ReservationState.EXPIRED, ReservationState.CANCELLED])
def test_a_late_answer_changes_nothing_of_what_became_of_a_reservation(state: ReservationState, status: str) -> None:
    desk = Desk()
    asked = waiting(desk)
    desk.carrying.sends()
    desk.carrying.loses()
    match state:
        case ReservationState.USED:
            report = a_start(reservation_id=asked.reservation_id)
            desk.services.transactions.start(desk.station, report)
        case ReservationState.EXPIRED:
            desk.passes(timedelta(minutes=10))
        case _:
            desk.release_answered(asked.reservation_id)
    before = of(desk, asked)
    assert before.state is state

    desk.clock.advance(timedelta(minutes=1))
    desk.carrying.hears_late(status=status)

    assert desk.reservations() == [replace(before, status=status, answered_at=desk.clock.now())]


@pytest.mark.parametrize(
    ("status", "state"), [("Accepted", ReservationState.ACCEPTED), ("Occupied", ReservationState.REFUSED)]
)
def test_a_late_answer_says_what_was_not_known(status: str, state: ReservationState) -> None:
    desk = Desk()
    asked = waiting(desk)
    desk.carrying.sends()
    desk.carrying.loses()

    desk.carrying.hears_late(status=status)

    assert [one.state for one in desk.reservations()] == [state]
    assert of(desk, asked).status == status
