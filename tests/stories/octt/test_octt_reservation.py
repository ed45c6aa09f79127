"""The certification tool's cases of reservations, said exactly as written (OCPP 1.6 §3.11, §5.2, §5.13)."""

from __future__ import annotations

from itertools import count

import pytest

from tests.stories.builders import a_tag
from tests.stories.moments import ago
from tests.stories.octt.asking import say
from tests.stories.octt.cases import case
from tests.stories.octt.states import ACCEPTED, assert_started, status_of
from tests.stories.waiting import eventually
from tests.support.peer import Peer
from tests.support.rest import Json, Rest

ACCEPTS = {"status": "Accepted"}

_numbers = count(7_000_001)
"""Numbers for reservations that no other reservation has."""


def reserve(rest: Rest, peer: Peer, tag: str, answer: str = "Accepted", **more: Json) -> int:
    """Ask for a reservation of connector 1; its number."""
    number = next(_numbers)
    words = {"connectorId": 1, "expiryDate": ago(hours=-1), "idTag": tag, "reservationId": number, **more}
    state = "answered" if answer == "Accepted" else "refused"
    say(rest, peer, "ReserveNow", words, {"status": answer}, state=state, warnings=...)
    if answer == "Accepted":
        assert peer.status(words["connectorId"], "Reserved", at=ago(minutes=1)) == {}
        assert status_of(rest, peer, words["connectorId"]) == "Reserved"
    assert state_of(rest, peer, number) == ("accepted" if answer == "Accepted" else "refused")
    return number


def state_of(rest: Rest, peer: Peer, number: int) -> str:
    """What the system believes of a reservation."""
    [stored] = [one for one in rest.reservations(stationId=peer.identity) if one["reservationId"] == number]
    state: str = stored["state"]
    return state


def use(rest: Rest, peer: Peer, tag: str, reservation: int) -> None:
    """Charge with a reservation."""
    at = ago(seconds=30)
    assert peer.status(1, "Preparing", at=at) == {}
    transaction_id = assert_started(peer.start(1, tag, 0, at, reservation=reservation))
    assert peer.status(1, "Charging", at=at) == {}
    stored = rest.transaction(transaction_id)
    assert (stored["idTag"], stored["reservationId"], stored["active"]) == (tag, reservation, True)
    assert state_of(rest, peer, reservation) == "used"


@case("046")
def test_tc_046_csms_reserve_and_charge(rest: Rest, peer: Peer) -> None:
    tag = a_tag(rest)
    number = reserve(rest, peer, tag)
    assert peer.authorize(tag) == ACCEPTED
    use(rest, peer, tag, number)


@case("047")
def test_tc_047_csms_reservation_expires(rest: Rest, peer: Peer) -> None:
    number = reserve(rest, peer, a_tag(rest), expiryDate=ago(seconds=-3))
    assert peer.status(1, "Available", at=ago()) == {}
    assert status_of(rest, peer) == "Available"
    assert rest.transactions(stationId=peer.identity) == []
    eventually(lambda: state_of(rest, peer, number) == "expired", "the reservation has expired")


@case("048_1")
def test_tc_048_1_csms_reserve_a_faulted_connector(rest: Rest, peer: Peer) -> None:
    assert peer.status(1, "Faulted", "GroundFailure", at=ago(minutes=1)) == {}
    reserve(rest, peer, a_tag(rest), "Faulted")


@case("048_2")
def test_tc_048_2_csms_reserve_an_occupied_connector(rest: Rest, peer: Peer) -> None:
    assert peer.status(1, "Preparing", at=ago(minutes=1)) == {}
    reserve(rest, peer, a_tag(rest), "Occupied")


@case("048_3")
def test_tc_048_3_csms_reserve_an_unavailable_connector(rest: Rest, peer: Peer) -> None:
    say(rest, peer, "ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}, ACCEPTS)
    assert peer.status(1, "Unavailable", at=ago(minutes=1)) == {}
    reserve(rest, peer, a_tag(rest), "Unavailable")
    assert status_of(rest, peer) == "Unavailable"


@case("048_4")
def test_tc_048_4_csms_reservation_refused(rest: Rest, peer: Peer) -> None:
    reserve(rest, peer, a_tag(rest), "Rejected")


@case("049")
def test_tc_049_csms_reserve_the_station(rest: Rest, peer: Peer) -> None:
    reserve(rest, peer, a_tag(rest), connectorId=0)


@case("051")
def test_tc_051_csms_cancel_a_reservation(rest: Rest, peer: Peer) -> None:
    number = reserve(rest, peer, a_tag(rest))
    say(rest, peer, "CancelReservation", {"reservationId": number}, ACCEPTS, warnings=...)
    assert peer.status(1, "Available", at=ago()) == {}
    assert status_of(rest, peer) == "Available"
    assert state_of(rest, peer, number) == "cancelled"


@case("052")
def test_tc_052_csms_cancelling_refused(rest: Rest, peer: Peer) -> None:
    number = reserve(rest, peer, a_tag(rest))
    words = {"reservationId": number}
    say(rest, peer, "CancelReservation", words, {"status": "Rejected"}, state="refused", warnings=...)
    assert status_of(rest, peer) == "Reserved"
    assert state_of(rest, peer, number) == "accepted"


@case("053")
def test_tc_053_csms_another_tag_of_the_group(rest: Rest, peer: Peer) -> None:
    group = f"G{next(_numbers)}"
    holder, other = a_tag(rest, parentIdTag=group), a_tag(rest, parentIdTag=group)
    number = reserve(rest, peer, holder, parentIdTag=group)
    assert peer.authorize(other) == {"idTagInfo": {"status": "Accepted", "parentIdTag": group}}
    at = ago(seconds=30)
    assert peer.status(1, "Preparing", at=at) == {}
    answer = peer.start(1, other, 0, at, reservation=number)
    assert answer["idTagInfo"] == {"status": "Accepted", "parentIdTag": group}
    assert peer.status(1, "Charging", at=at) == {}
    stored = rest.transaction(answer["transactionId"])
    assert (stored["idTag"], stored["reservationId"], stored["parentIdTag"]) == (other, number, group)
    assert state_of(rest, peer, number) == "used"


@pytest.mark.parametrize("kind", ["Operative", "Inoperative"])
def test_a_change_of_availability_may_wait_for_the_transaction(rest: Rest, peer: Peer, kind: str) -> None:
    """OCPP 1.6 §5.3: Scheduled is a promise, no refusal."""
    say(rest, peer, "ChangeAvailability", {"connectorId": 0, "type": kind}, {"status": "Scheduled"})
