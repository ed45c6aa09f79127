"""The certification tool's cases of smart charging by way of the library and its tasks."""

from __future__ import annotations

import pytest

from tests.stories.builders import a_tag
from tests.stories.moments import ago, is_now
from tests.stories.octt.asking import carry_out
from tests.stories.octt.cases import case
from tests.stories.octt.profiles import absolute, relative, schedule
from tests.stories.octt.states import ACCEPTED, assert_started, charging
from tests.stories.octt.test_octt_smart_charging import Maker, install
from tests.support.peer import Peer
from tests.support.rest import Json, Rest, RestRefused

ACCEPTS = {"status": "Accepted"}


def kept(rest: Rest, profile: Json) -> Json:
    """Put a profile into the library; its words with the number that it has there."""
    wanted = {name: value for name, value in profile.items() if name != "chargingProfileId"}
    number = rest.add_charging_profile({"name": "A profile", **wanted})["chargingProfileId"]
    return {**profile, "chargingProfileId": number}


def assign(rest: Rest, peer: Peer, connector: int, words: Json, *, status: str = "Accepted", **more: Json) -> Json:
    """Give the station a profile of the library; the assignment as the system believes it to be there."""
    parameters = {"chargingProfile": words["chargingProfileId"], "connectorId": connector, **more}
    sends = ("SetChargingProfile", {"connectorId": connector, "csChargingProfiles": words})
    state = "answered" if status == "Accepted" else "refused"
    errand = carry_out(
        rest,
        peer,
        "AssignChargingProfile",
        parameters,
        sends=sends,
        answer={"status": status},
        state=state,
        warnings=...,
    )
    found = [one for one in rest.charging_profiles(peer.identity) if one["errand"] == errand["errand"]]
    return found[0] if found else None


def believed(rest: Rest, peer: Peer) -> list[tuple[int, str]]:
    """Numbers and states of the profiles that the station is believed to have."""
    return [(one["chargingProfileId"], one["state"]) for one in rest.charging_profiles(peer.identity)]


def assert_assignment(stored: Json, peer: Peer, connector: int, words: Json) -> None:
    """The whole of what is believed; what the words leave out is null."""
    left = dict(stored)
    assert left.pop("assignment") > 0
    assert left.pop("errand") > 0
    assert is_now(left.pop("requestedAt"))
    assert is_now(left.pop("changedAt"))
    told = dict(left.pop("chargingSchedule"))
    assert {name: value for name, value in told.items() if value is not None} == words["chargingSchedule"]
    assert {name: value for name, value in left.items() if value is not None} == {
        "stationId": peer.identity,
        "connectorId": connector,
        "origin": "task",
        "state": "installed",
        "outdated": False,
        **{name: value for name, value in words.items() if name != "chargingSchedule"},
    }


@case("056")
@pytest.mark.parametrize(("unit", "limit"), [("A", 6.0), ("W", 6000.0)])
def test_tc_056_csms_assign_a_default_profile(rest: Rest, peer: Peer, unit: str, limit: float) -> None:
    profile = absolute(1, "TxDefaultProfile")
    profile["chargingSchedule"]["chargingRateUnit"] = unit
    profile["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] = limit
    words = kept(rest, profile)
    assert_assignment(assign(rest, peer, 1, words), peer, 1, words)


@case("057")
@pytest.mark.parametrize("made", [absolute, relative], ids=["absolute", "relative"])
def test_tc_057_csms_assign_to_the_running_transaction(rest: Rest, peer: Peer, made: Maker) -> None:
    """Nobody has to know the number of the transaction."""
    transaction_id = charging(peer, a_tag(rest))
    words = {**kept(rest, made(1, "TxProfile")), "transactionId": transaction_id}
    assert_assignment(assign(rest, peer, 1, words), peer, 1, words)


def test_a_profile_for_a_transaction_needs_one(rest: Rest, peer: Peer) -> None:
    """OCPP 1.6 §3.13.1."""
    words = kept(rest, relative(1, "TxProfile"))
    with pytest.raises(RestRefused) as refused:
        rest.ask(
            peer.identity, "AssignChargingProfile", {"chargingProfile": words["chargingProfileId"], "connectorId": 1}
        )
    assert refused.value.status == 409
    assert peer.calls == []


@case("059")
@pytest.mark.parametrize("made", [absolute, relative], ids=["absolute", "relative"])
def test_tc_059_csms_start_charging_with_a_profile(rest: Rest, peer: Peer, made: Maker) -> None:
    tag, words = a_tag(rest), kept(rest, made(1, "TxProfile"))
    parameters = {"connectorId": 1, "idTag": tag, "chargingProfile": words["chargingProfileId"]}
    sends = ("RemoteStartTransaction", {"connectorId": 1, "idTag": tag, "chargingProfile": words})
    errand = carry_out(rest, peer, "StartCharging", parameters, sends=sends, answer=ACCEPTS)
    assert peer.authorize(tag) == ACCEPTED
    at = ago()
    assert peer.status(1, "Preparing", at=at) == {}
    transaction_id = assert_started(peer.start(1, tag, 0, at))
    assert peer.status(1, "Charging", at=at) == {}
    request = rest.remote_request(errand["errand"])
    assert (request["state"], request["transactionId"]) == ("started", transaction_id)


@case("066")
def test_tc_066_csms_fetch_the_schedule(rest: Rest, peer: Peer) -> None:
    at = ago()
    words = {"connectorId": 1, "duration": 600, "chargingRateUnit": "A"}
    result = schedule(duration=600)
    answer = {"status": "Accepted", "connectorId": 1, "scheduleStart": at, "chargingSchedule": result}
    carry_out(rest, peer, "FetchSchedule", words, sends=("GetCompositeSchedule", words), answer=answer)
    [told] = rest.schedules(peer.identity)
    assert is_now(told.pop("toldAt"))
    computed = told.pop("chargingSchedule")
    assert {name: value for name, value in computed.items() if value is not None} == result
    assert told == {"connectorId": 1, "scheduleStart": at, "duration": 600}


def remove(rest: Rest, peer: Peer, assignment: Json, status: str = "Accepted") -> None:
    sends = ("ClearChargingProfile", {"id": assignment["chargingProfileId"]})
    state = "answered" if status == "Accepted" else "refused"
    parameters = {"assignment": assignment["assignment"]}
    carry_out(rest, peer, "RemoveChargingProfile", parameters, sends=sends, answer={"status": status}, state=state)


@case("067")
def test_tc_067_csms_clear_assigned_profiles(rest: Rest, peer: Peer) -> None:
    """In the tool's order; what is cleared raw is believed to be gone, too."""
    transaction_id = charging(peer, a_tag(rest))
    station = kept(rest, absolute(1, "ChargePointMaxProfile", stack_level=2))
    default = kept(rest, absolute(2, "TxDefaultProfile", stack_level=2))
    running = {**kept(rest, absolute(3, "TxProfile", stack_level=2)), "transactionId": transaction_id}
    first = assign(rest, peer, 0, station)
    assign(rest, peer, 1, default)
    assign(rest, peer, 1, running, transactionId=transaction_id)
    numbers = [words["chargingProfileId"] for words in (station, default, running)]
    assert len(set(numbers)) == 3
    assert believed(rest, peer) == [(number, "installed") for number in numbers]
    remove(rest, peer, first)
    assert believed(rest, peer) == [(number, "installed") for number in numbers[1:]]
    words = {"connectorId": 1, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 2}
    clear(rest, peer, words)
    assert believed(rest, peer) == [(numbers[2], "installed")]
    clear(rest, peer, {})
    assert believed(rest, peer) == []
    assert [action for action, _ in peer.calls] == ["SetChargingProfile"] * 3 + ["ClearChargingProfile"] * 3


def clear(rest: Rest, peer: Peer, words: Json) -> None:
    carry_out(rest, peer, "ClearChargingProfile", words, sends=("ClearChargingProfile", words), answer=ACCEPTS)


def test_a_refused_profile_is_not_believed_to_be_there(rest: Rest, peer: Peer) -> None:
    assert assign(rest, peer, 1, kept(rest, absolute(1, "TxDefaultProfile")), status="Rejected") is None
    assert believed(rest, peer) == []


def test_the_same_slot_is_replaced(rest: Rest, peer: Peer) -> None:
    """OCPP 1.6 §3.13.2: the same purpose and level; also by a profile that was sent raw."""
    assign(rest, peer, 1, kept(rest, absolute(1, "TxDefaultProfile")))
    install(rest, peer, 1, absolute(900_001, "TxDefaultProfile"))
    assert believed(rest, peer) == [(900_001, "installed")]


def test_a_profile_that_the_station_does_not_have_is_gone(rest: Rest, peer: Peer) -> None:
    assignment = assign(rest, peer, 1, kept(rest, absolute(1, "TxDefaultProfile")))
    remove(rest, peer, assignment, "Unknown")
    assert believed(rest, peer) == []
