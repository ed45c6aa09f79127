"""The certification tool's cases of reservations by way of Reserve and ReleaseReservation."""

from __future__ import annotations

import pytest

from tests.stories.builders import a_tag
from tests.stories.moments import ago, is_now
from tests.stories.octt.asking import ASKED_BY, assert_ended, carry_out, say
from tests.stories.octt.cases import case
from tests.stories.octt.states import ACCEPTED, status_of
from tests.stories.octt.test_octt_reservation import use
from tests.stories.waiting import eventually
from tests.support.peer import Peer
from tests.support.rest import Json, Rest, RestRefused

ACCEPTS = {"status": "Accepted"}


def reserve(rest: Rest, peer: Peer, status: str = "Accepted", **parameters: Json) -> Json:
    """Reserve and have the station answer so; the reservation as it is stored."""
    wanted = {"connectorId": 1, "idTag": a_tag(rest), "expiryDate": ago(hours=-1), **parameters}
    peer.answers("ReserveNow", {"status": status})
    before = len(peer.calls)
    errand = rest.operate(peer.identity, "Reserve", wanted)
    [reservation] = rest.reservations(stationId=peer.identity)
    words = {**wanted, "reservationId": reservation["reservationId"]}
    assert peer.calls[before:] == [("ReserveNow", words)]
    is_done = status == "Accepted"
    assert_ended(
        errand,
        stationId=peer.identity,
        operation="Reserve",
        action="ReserveNow",
        request=words,
        response={"status": status},
        state="answered" if is_done else "refused",
        reason=None if is_done else f"The station answered {status}.",
    )
    assert_reservation(
        reservation,
        reservationId=reservation["reservationId"],
        stationId=peer.identity,
        connectorId=wanted["connectorId"],
        idTag=wanted["idTag"],
        parentIdTag=wanted.get("parentIdTag"),
        expiryDate=wanted["expiryDate"],
        state="accepted" if is_done else "refused",
        status=status,
        reason=None if is_done else f"The station answered {status}.",
        errand=errand["errand"],
    )
    if is_done:
        assert peer.status(wanted["connectorId"], "Reserved", at=ago()) == {}
        assert status_of(rest, peer, wanted["connectorId"]) == "Reserved"
    return reservation


def assert_reservation(stored: Json, **expected: Json) -> None:
    left = dict(stored)
    assert is_now(left.pop("requestedAt"))
    assert is_now(left.pop("answeredAt"))
    ended_at = left.pop("endedAt")
    assert ended_at is None if expected["state"] == "accepted" else is_now(ended_at)
    assert left == {"transactionId": None, "askedBy": ASKED_BY, **expected}


def state_of(rest: Rest, peer: Peer) -> str:
    [stored] = rest.reservations(stationId=peer.identity)
    state: str = stored["state"]
    return state


def release(rest: Rest, peer: Peer, number: int, status: str) -> None:
    words = {"reservationId": number}
    state = "answered" if status == "Accepted" else "refused"
    sends = ("CancelReservation", words)
    carry_out(rest, peer, "ReleaseReservation", words, sends=sends, answer={"status": status}, state=state)


@case("046")
def test_tc_046_csms_reserve_and_charge(rest: Rest, peer: Peer) -> None:
    reservation = reserve(rest, peer)
    assert peer.authorize(reservation["idTag"]) == ACCEPTED
    use(rest, peer, reservation["idTag"], reservation["reservationId"])
    [stored] = rest.reservations(stationId=peer.identity)
    [transaction] = rest.transactions(stationId=peer.identity)
    assert (stored["state"], stored["transactionId"]) == ("used", transaction["transactionId"])


@case("047")
def test_tc_047_csms_reservation_expires(rest: Rest, peer: Peer) -> None:
    """The station says nothing but that the connector is free: the system knows the time itself."""
    reserve(rest, peer, expiryDate=ago(seconds=-3))
    assert peer.status(1, "Available", at=ago()) == {}
    eventually(lambda: state_of(rest, peer) == "expired", "the reservation has expired")


@case("048_1")
def test_tc_048_1_csms_reserve_a_faulted_connector(rest: Rest, peer: Peer) -> None:
    assert peer.status(1, "Faulted", "GroundFailure", at=ago(minutes=1)) == {}
    reserve(rest, peer, "Faulted")


@case("048_2")
def test_tc_048_2_csms_reserve_an_occupied_connector(rest: Rest, peer: Peer) -> None:
    assert peer.status(1, "Preparing", at=ago(minutes=1)) == {}
    reserve(rest, peer, "Occupied")


@case("048_3")
def test_tc_048_3_csms_reserve_an_unavailable_connector(rest: Rest, peer: Peer) -> None:
    say(rest, peer, "ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}, ACCEPTS)
    assert peer.status(1, "Unavailable", at=ago(minutes=1)) == {}
    reserve(rest, peer, "Unavailable")


@case("048_4")
def test_tc_048_4_csms_reservation_refused(rest: Rest, peer: Peer) -> None:
    reserve(rest, peer, "Rejected")


@case("049")
def test_tc_049_csms_reserve_the_station(rest: Rest, peer: Peer) -> None:
    reserve(rest, peer, connectorId=0)


@case("051")
def test_tc_051_csms_release(rest: Rest, peer: Peer) -> None:
    number = reserve(rest, peer)["reservationId"]
    release(rest, peer, number, "Accepted")
    assert peer.status(1, "Available", at=ago()) == {}
    assert state_of(rest, peer) == "cancelled"
    with pytest.raises(RestRefused) as refused:
        rest.ask(peer.identity, "ReleaseReservation", {"reservationId": number})
    assert refused.value.status == 409


@case("052")
def test_tc_052_csms_release_refused(rest: Rest, peer: Peer) -> None:
    """The reservation stands."""
    number = reserve(rest, peer)["reservationId"]
    release(rest, peer, number, "Rejected")
    assert state_of(rest, peer) == "accepted"
    assert status_of(rest, peer) == "Reserved"


@case("053")
def test_tc_053_csms_another_tag_of_the_group(rest: Rest, peer: Peer) -> None:
    group = f"G-{peer.identity}"
    holder, other = a_tag(rest, parentIdTag=group), a_tag(rest, parentIdTag=group)
    reservation = reserve(rest, peer, idTag=holder, parentIdTag=group)
    assert peer.authorize(other) == {"idTagInfo": {"status": "Accepted", "parentIdTag": group}}
    at = ago()
    assert peer.status(1, "Preparing", at=at) == {}
    answer = peer.start(1, other, 0, at, reservation=reservation["reservationId"])
    assert answer["idTagInfo"] == {"status": "Accepted", "parentIdTag": group}
    [stored] = rest.reservations(stationId=peer.identity)
    assert (stored["state"], stored["transactionId"]) == ("used", answer["transactionId"])


def test_the_group_of_the_tag_is_reserved_for_unless_another_is_named(rest: Rest, peer: Peer) -> None:
    group = f"G-{peer.identity}"
    peer.answers("ReserveNow", ACCEPTS)
    parameters = {"connectorId": 1, "idTag": a_tag(rest, parentIdTag=group), "expiryDate": ago(hours=-1)}
    rest.operate(peer.identity, "Reserve", parameters)
    assert peer.calls[-1][1]["parentIdTag"] == group


def test_a_raw_reservation_is_known_too(rest: Rest, peer: Peer) -> None:
    """What a raw operation teaches and what a task teaches is the same."""
    tag, until = a_tag(rest), ago(hours=-1)
    words = {"connectorId": 1, "idTag": tag, "expiryDate": until, "reservationId": 8_000_001}
    say(rest, peer, "ReserveNow", words, ACCEPTS, warnings=...)
    [stored] = rest.reservations(stationId=peer.identity)
    assert_reservation(
        stored,
        reservationId=8_000_001,
        stationId=peer.identity,
        connectorId=1,
        idTag=tag,
        parentIdTag=None,
        expiryDate=until,
        state="accepted",
        status="Accepted",
        reason=None,
        errand=None,
        askedBy=None,
    )
    release(rest, peer, 8_000_001, "Accepted")
    assert state_of(rest, peer) == "cancelled"
