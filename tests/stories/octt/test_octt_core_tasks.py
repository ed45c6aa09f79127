"""The certification tool's Core cases by way of tasks, which follow what comes of what they asked for."""

from __future__ import annotations

import pytest

from tests.stories.builders import a_tag
from tests.stories.moments import ago, is_now
from tests.stories.octt.asking import ASKED_BY, carry_out
from tests.stories.octt.cases import case
from tests.stories.octt.states import ACCEPTED, assert_started, charging, finish
from tests.stories.octt.test_octt_core import ACCEPTS, REJECTS
from tests.stories.records import assert_transaction
from tests.support.peer import Peer
from tests.support.rest import Json, Rest, RestRefused


def start(rest: Rest, peer: Peer, words: Json, answer: Json = ACCEPTS) -> int:
    """Ask for a start that the station answers so; the number of the errand."""
    state = "answered" if answer == ACCEPTS else "refused"
    sends = ("RemoteStartTransaction", words)
    errand = carry_out(rest, peer, "StartCharging", words, sends=sends, answer=answer, state=state)
    number: int = errand["errand"]
    return number


def stop(rest: Rest, peer: Peer, transaction_id: int, answer: Json = ACCEPTS) -> int:
    state = "answered" if answer == ACCEPTS else "refused"
    words = {"transactionId": transaction_id}
    sends = ("RemoteStopTransaction", words)
    errand = carry_out(rest, peer, "StopCharging", words, sends=sends, answer=answer, state=state)
    number: int = errand["errand"]
    return number


def assert_request(rest: Rest, peer: Peer, errand: int, *, is_open: bool = False, **expected: Json) -> None:
    """The remote request has these fields, and was carried out just now."""
    request = dict(rest.remote_request(errand))
    for name in ("requestedAt", "sentAt", "answeredAt"):
        assert is_now(request.pop(name))
    ended_at = request.pop("endedAt")
    assert ended_at is None if is_open else is_now(ended_at)
    assert request == {
        "errand": errand,
        "stationId": peer.identity,
        "connectorId": None,
        "idTag": None,
        "transactionId": None,
        "reason": None,
        "outcomeUnknown": False,
        "askedBy": ASKED_BY,
        **expected,
    }
    assert rest.remote_requests(stationId=peer.identity) == [rest.remote_request(errand)]


@case("010")
def test_tc_010_csms_start_charging_cable_first(rest: Rest, peer: Peer) -> None:
    tag, at = a_tag(rest), ago()
    assert peer.status(1, "Preparing", at=at) == {}
    errand = start(rest, peer, {"connectorId": 1, "idTag": tag})
    asked: Json = {"kind": "start", "connectorId": 1, "idTag": tag, "status": "Accepted"}
    assert_request(rest, peer, errand, state="accepted", is_open=True, **asked)
    assert peer.authorize(tag) == ACCEPTED
    at = ago()
    transaction_id = assert_started(peer.start(1, tag, 70, at))
    assert peer.status(1, "Charging", at=at) == {}
    assert_request(rest, peer, errand, state="started", transactionId=transaction_id, **asked)
    assert_transaction(
        rest,
        transaction_id,
        stationId=peer.identity,
        connectorId=1,
        idTag=tag,
        startTimestamp=at,
        meterStart=70,
        remoteStart=errand,
    )


@case("011_1")
def test_tc_011_1_csms_start_charging_then_cable(rest: Rest, peer: Peer) -> None:
    """The station chooses the connector."""
    tag = a_tag(rest)
    errand = start(rest, peer, {"idTag": tag})
    assert peer.authorize(tag) == ACCEPTED
    at = ago()
    assert peer.status(1, "Preparing", at=at) == {}
    transaction_id = assert_started(peer.start(1, tag, 0, at))
    assert peer.status(1, "Charging", at=at) == {}
    assert_request(
        rest, peer, errand, kind="start", state="started", idTag=tag, status="Accepted", transactionId=transaction_id
    )
    assert rest.transaction(transaction_id)["remoteStart"] == errand


@case("011_2")
def test_tc_011_2_csms_start_charging_without_cable(rest: Rest, peer: Peer) -> None:
    """It stays open for as long as somebody may still plug in; a start for another tag has nothing to do with it."""
    tag, other, at = a_tag(rest), a_tag(rest), ago()
    errand = start(rest, peer, {"connectorId": 1, "idTag": tag})
    assert peer.authorize(tag) == ACCEPTED
    assert peer.status(1, "Preparing", at=at) == {}
    assert peer.status(1, "Available", at=at) == {}
    assert rest.transactions(stationId=peer.identity) == []
    transaction_id = assert_started(peer.start(1, other, 0, ago()))
    assert rest.transaction(transaction_id)["remoteStart"] is None
    assert_request(
        rest, peer, errand, is_open=True, kind="start", state="accepted", connectorId=1, idTag=tag, status="Accepted"
    )


@case("012")
def test_tc_012_csms_stop_charging(rest: Rest, peer: Peer) -> None:
    transaction_id = charging(peer, a_tag(rest))
    errand = stop(rest, peer, transaction_id)
    asked: Json = {"kind": "stop", "transactionId": transaction_id, "status": "Accepted"}
    assert_request(rest, peer, errand, state="accepted", is_open=True, **asked)
    finish(peer, transaction_id, "Remote", at=ago())
    assert_request(rest, peer, errand, state="stopped", **asked)
    stored = rest.transaction(transaction_id)
    assert (stored["active"], stored["reason"], stored["stoppedBy"]) == (False, "Remote", "station")
    assert (stored["remoteStart"], stored["remoteStop"]) == (None, errand)


@case("026")
def test_tc_026_csms_start_charging_rejected(rest: Rest, peer: Peer) -> None:
    """A start that follows all the same is somebody's at the station."""
    tag = a_tag(rest)
    errand = start(rest, peer, {"connectorId": 1, "idTag": tag}, REJECTS)
    transaction_id = assert_started(peer.start(1, tag, 0, ago()))
    assert_request(rest, peer, errand, kind="start", state="refused", connectorId=1, idTag=tag, status="Rejected")
    assert rest.transaction(transaction_id)["remoteStart"] is None


@case("028")
def test_tc_028_csms_stop_charging_rejected(rest: Rest, peer: Peer) -> None:
    transaction_id = charging(peer, a_tag(rest))
    errand = stop(rest, peer, transaction_id, REJECTS)
    assert_request(rest, peer, errand, kind="stop", state="refused", transactionId=transaction_id, status="Rejected")
    assert rest.transaction(transaction_id)["active"] is True


def test_a_transaction_of_another_station_cannot_be_stopped_here(rest: Rest, peer: Peer) -> None:
    with pytest.raises(RestRefused) as refused:
        rest.ask(peer.identity, "StopCharging", {"transactionId": 2**31 - 1})
    assert refused.value.status == 422
    assert [one["field"] for one in refused.value.problem["errors"]] == ["transactionId"]
    assert rest.errands(stationId=peer.identity) == []
    assert peer.calls == []


# Configuration

KEYS = [
    {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
    {"key": "MeterValueSampleInterval", "readonly": False, "value": "30"},
    {"key": "NumberOfConnectors", "readonly": True, "value": "2"},
]


def refresh(rest: Rest, peer: Peer) -> None:
    answer = {"configurationKey": KEYS}
    carry_out(rest, peer, "RefreshConfiguration", {}, sends=("GetConfiguration", {"key": []}), answer=answer)


def setting(rest: Rest, peer: Peer, key: str) -> Json:
    [found] = [one for one in rest.configuration(peer.identity) if one["key"] == key]
    return found


def apply(rest: Rest, peer: Peer, key: str, value: str, status: str) -> None:
    state = "refused" if status in ("Rejected", "NotSupported") else "answered"
    sends = ("ChangeConfiguration", {"key": key, "value": value})
    carry_out(rest, peer, "ApplyConfiguration", {}, sends=sends, answer={"status": status}, state=state, warnings=...)


@case("019_1")
def test_tc_019_1_csms_refresh_all_keys(rest: Rest, peer: Peer) -> None:
    refresh(rest, peer)
    shown = [(one["key"], one["value"], one["readonly"]) for one in rest.configuration(peer.identity)]
    assert shown == [(one["key"], one["value"], one["readonly"]) for one in KEYS]
    assert all(is_now(one["learnedAt"]) for one in rest.configuration(peer.identity))


@case("019_2")
def test_tc_019_2_csms_refresh_one_key(rest: Rest, peer: Peer) -> None:
    words = {"key": ["SupportedFeatureProfiles", "NoSuchKey"]}
    known = {"key": "SupportedFeatureProfiles", "readonly": True, "value": "Core,SmartCharging"}
    answer = {"configurationKey": [known], "unknownKey": ["NoSuchKey"]}
    sends = ("GetConfiguration", words)
    carry_out(rest, peer, "RefreshConfiguration", {"keys": words["key"]}, sends=sends, answer=answer)
    assert setting(rest, peer, "SupportedFeatureProfiles")["value"] == "Core,SmartCharging"
    assert setting(rest, peer, "NoSuchKey")["supported"] is False


@case("021")
def test_tc_021_csms_apply_a_desired_value(rest: Rest, peer: Peer) -> None:
    """What the station has already is not sent."""
    refresh(rest, peer)
    rest.desire(peer.identity, "HeartbeatInterval", "300")
    wanted = rest.desire(peer.identity, "MeterValueSampleInterval", "60")
    assert (wanted["value"], wanted["desired"], wanted["drift"]) == ("30", "60", True)
    assert wanted["desiredBy"] == ASKED_BY
    apply(rest, peer, "MeterValueSampleInterval", "60", "Accepted")
    present = setting(rest, peer, "MeterValueSampleInterval")
    assert (present["value"], present["desired"], present["drift"]) == ("60", "60", False)
    with pytest.raises(RestRefused) as refused:
        rest.ask(peer.identity, "ApplyConfiguration")
    assert refused.value.status == 409


def test_a_value_that_awaits_a_restart_is_told_apart(rest: Rest, peer: Peer) -> None:
    """OCPP 1.6 §5.3: RebootRequired is a success."""
    refresh(rest, peer)
    rest.desire(peer.identity, "MeterValueSampleInterval", "60")
    apply(rest, peer, "MeterValueSampleInterval", "60", "RebootRequired")
    present = setting(rest, peer, "MeterValueSampleInterval")
    assert (present["value"], present["pendingValue"], present["awaitsRestart"]) == ("30", "60", True)
    peer.boot()
    present = setting(rest, peer, "MeterValueSampleInterval")
    assert (present["value"], present["pendingValue"], present["awaitsRestart"]) == ("30", "60", False)


@case("040_1")
def test_tc_040_1_csms_desired_key_is_not_supported(rest: Rest, peer: Peer) -> None:
    rest.desire(peer.identity, "VendorKey", "on")
    apply(rest, peer, "VendorKey", "on", "NotSupported")
    present = setting(rest, peer, "VendorKey")
    assert (present["supported"], present["value"], present["drift"]) == (False, None, True)


@case("040_2")
def test_tc_040_2_csms_desired_value_is_refused(rest: Rest, peer: Peer) -> None:
    refresh(rest, peer)
    wanted = rest.desire(peer.identity, "MeterValueSampleInterval", "-1")
    assert wanted["warnings"]
    apply(rest, peer, "MeterValueSampleInterval", "-1", "Rejected")
    present = setting(rest, peer, "MeterValueSampleInterval")
    assert (present["value"], present["desired"], present["drift"]) == ("30", "-1", True)
