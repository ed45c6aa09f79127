"""The certification tool's Core cases that the system starts, said exactly as an operator writes them (OCPP 1.6 §5)."""

from __future__ import annotations

import pytest

from tests.stories.builders import a_tag
from tests.stories.moments import ago
from tests.stories.octt.asking import say
from tests.stories.octt.cases import case
from tests.stories.octt.states import (
    ACCEPTED,
    a_link,
    assert_boot_accepted,
    assert_started,
    boot,
    charging,
    finish,
    status_of,
)
from tests.stories.records import assert_transaction
from tests.support.peer import Peer
from tests.support.rest import Json, Rest
from tests.support.running import RunningSystem

ACCEPTS = {"status": "Accepted"}
REJECTS = {"status": "Rejected"}
INTERVAL = {"key": "MeterValueSampleInterval", "value": "60"}


def known_settings(rest: Rest, identity: str) -> dict[str, Json]:
    """What the system knows of the station's configuration."""
    return {one["key"]: one for one in rest.configuration(identity)}


@case("061")
def test_tc_061_csms_clear_cache(rest: Rest, peer: Peer) -> None:
    say(rest, peer, "ClearCache", {}, ACCEPTS)


@case("010")
def test_tc_010_csms_remote_start_cable_first(rest: Rest, peer: Peer) -> None:
    tag, at = a_tag(rest), ago(minutes=1)
    assert peer.status(1, "Preparing", at=at) == {}
    say(rest, peer, "RemoteStartTransaction", {"connectorId": 1, "idTag": tag}, ACCEPTS)
    assert peer.authorize(tag) == ACCEPTED
    transaction_id = assert_started(peer.start(1, tag, 70, at))
    assert peer.status(1, "Charging", at=at) == {}
    assert_transaction(
        rest, transaction_id, stationId=peer.identity, connectorId=1, idTag=tag, startTimestamp=at, meterStart=70
    )
    assert status_of(rest, peer) == "Charging"


@case("011_1")
def test_tc_011_1_csms_remote_start_then_cable(rest: Rest, peer: Peer) -> None:
    tag, at = a_tag(rest), ago(minutes=1)
    say(rest, peer, "RemoteStartTransaction", {"idTag": tag}, ACCEPTS)
    assert peer.authorize(tag) == ACCEPTED
    assert peer.status(1, "Preparing", at=at) == {}
    transaction_id = assert_started(peer.start(1, tag, 70, at))
    assert peer.status(1, "Charging", at=at) == {}
    assert_transaction(
        rest, transaction_id, stationId=peer.identity, connectorId=1, idTag=tag, startTimestamp=at, meterStart=70
    )


@case("011_2")
def test_tc_011_2_csms_remote_start_without_cable(rest: Rest, peer: Peer) -> None:
    tag, at = a_tag(rest), ago(minutes=1)
    say(rest, peer, "RemoteStartTransaction", {"connectorId": 1, "idTag": tag}, ACCEPTS)
    assert peer.authorize(tag) == ACCEPTED
    assert peer.status(1, "Preparing", at=at) == {}
    assert peer.status(1, "Available", at=at) == {}
    assert rest.transactions(stationId=peer.identity) == []
    assert status_of(rest, peer) == "Available"


@case("012")
def test_tc_012_csms_remote_stop(rest: Rest, peer: Peer) -> None:
    tag, at, end = a_tag(rest), ago(minutes=30), ago(minutes=1)
    transaction_id = charging(peer, tag, at=at)
    say(rest, peer, "RemoteStopTransaction", {"transactionId": transaction_id}, ACCEPTS)
    finish(peer, transaction_id, "Remote", at=end)
    assert_transaction(
        rest,
        transaction_id,
        stationId=peer.identity,
        connectorId=1,
        idTag=tag,
        startTimestamp=at,
        meterStart=0,
        active=False,
        stopTimestamp=end,
        meterStop=1000,
        reason="Remote",
        energyWh=1000,
    )


@case("013")
def test_tc_013_csms_hard_reset(system: RunningSystem, rest: Rest) -> None:
    reset(system, rest, "Hard")


@case("014")
def test_tc_014_csms_soft_reset(system: RunningSystem, rest: Rest) -> None:
    reset(system, rest, "Soft")


def reset(system: RunningSystem, rest: Rest, kind: str) -> None:
    """The station does what it is told, and comes back."""
    with a_link(system) as peer:
        boot(peer)
        say(rest, peer, "Reset", {"type": kind}, ACCEPTS)
        identity, booted_at = peer.identity, rest.station(peer.identity)["bootedAt"]
        peer.lose_power()
    with Peer(system.stations_url, identity) as peer:
        assert_boot_accepted(peer.boot())
        assert peer.status(1, "Available", at=ago(seconds=1)) == {}
        assert rest.station(identity)["bootedAt"] > booted_at
        assert status_of(rest, peer) == "Available"


@case("017_1")
def test_tc_017_1_csms_unlock_a_loose_cable(rest: Rest, peer: Peer) -> None:
    say(rest, peer, "UnlockConnector", {"connectorId": 1}, {"status": "Unlocked"})
    assert status_of(rest, peer) == "Available"


@case("017_2")
def test_tc_017_2_csms_unlock_a_fixed_cable(rest: Rest, peer: Peer) -> None:
    say(rest, peer, "UnlockConnector", {"connectorId": 1}, {"status": "NotSupported"}, state="refused")


@case("018_1")
def test_tc_018_1_csms_unlock_during_a_transaction(rest: Rest, peer: Peer) -> None:
    tag, end = a_tag(rest), ago(minutes=1)
    transaction_id = charging(peer, tag)
    say(rest, peer, "UnlockConnector", {"connectorId": 1}, {"status": "Unlocked"})
    assert peer.status(1, "Finishing", at=end) == {}
    assert peer.stop(transaction_id, 500, end, reason="UnlockCommand") == {}
    assert peer.status(1, "Available", at=end) == {}
    stored = rest.transaction(transaction_id)
    assert (stored["active"], stored["reason"], stored["energyWh"]) == (False, "UnlockCommand", 500)
    assert status_of(rest, peer) == "Available"


@case("019_1")
@pytest.mark.parametrize("words", [{}, {"key": []}], ids=["no list", "empty list"])
def test_tc_019_1_csms_read_all_keys(rest: Rest, peer: Peer, words: Json) -> None:
    """OCPP 1.6 §5.8: an empty list and none at all mean the same."""
    keys = [
        {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
        {"key": "NumberOfConnectors", "readonly": True, "value": "2"},
        {"key": "AuthorizationKey", "readonly": False},
    ]
    say(rest, peer, "GetConfiguration", words, {"configurationKey": keys})
    known = known_settings(rest, peer.identity)
    assert {name: (one["value"], one["readonly"]) for name, one in known.items()} == {
        "HeartbeatInterval": ("300", False),
        "NumberOfConnectors": ("2", True),
        "AuthorizationKey": (None, False),
    }


@case("019_2")
def test_tc_019_2_csms_read_one_key(rest: Rest, peer: Peer) -> None:
    key = {"key": "SupportedFeatureProfiles", "readonly": True, "value": "Core,SmartCharging"}
    words = {"key": ["SupportedFeatureProfiles"]}
    say(rest, peer, "GetConfiguration", words, {"configurationKey": [key], "unknownKey": []})
    assert known_settings(rest, peer.identity)["SupportedFeatureProfiles"]["value"] == "Core,SmartCharging"


@case("021")
def test_tc_021_csms_change_a_key(rest: Rest, peer: Peer) -> None:
    say(rest, peer, "ChangeConfiguration", INTERVAL, ACCEPTS)
    assert known_settings(rest, peer.identity)["MeterValueSampleInterval"]["value"] == "60"


@case("026")
def test_tc_026_csms_remote_start_rejected(rest: Rest, peer: Peer) -> None:
    words = {"connectorId": 1, "idTag": a_tag(rest)}
    say(rest, peer, "RemoteStartTransaction", words, REJECTS, state="refused")
    assert rest.transactions(stationId=peer.identity) == []


@case("028")
def test_tc_028_csms_remote_stop_rejected(rest: Rest, peer: Peer) -> None:
    """The tool wants a transaction that is not there; the operator must be able to ask for it."""
    transaction_id = charging(peer, a_tag(rest))
    errand = say(
        rest, peer, "RemoteStopTransaction", {"transactionId": 2**31 - 1}, REJECTS, state="refused", warnings=...
    )
    assert str(2**31 - 1) in " ".join(errand["warnings"])
    assert rest.transaction(transaction_id)["active"] is True


@case("030")
def test_tc_030_csms_unlock_fails(rest: Rest, peer: Peer) -> None:
    say(rest, peer, "UnlockConnector", {"connectorId": 1}, {"status": "UnlockFailed"}, state="refused")


@case("031")
@pytest.mark.parametrize("connector", [0, 99])
def test_tc_031_csms_unlock_an_unknown_connector(rest: Rest, peer: Peer, connector: int) -> None:
    words = {"connectorId": connector}
    say(rest, peer, "UnlockConnector", words, {"status": "NotSupported"}, state="refused", warnings=...)


@case("040_1")
def test_tc_040_1_csms_change_an_unknown_key(rest: Rest, peer: Peer) -> None:
    words = {"key": "No such key, {ü}", "value": ""}
    say(rest, peer, "ChangeConfiguration", words, {"status": "NotSupported"}, state="refused", warnings=...)
    assert known_settings(rest, peer.identity).get(words["key"], {}).get("value") is None


@case("040_2")
def test_tc_040_2_csms_change_to_a_refused_value(rest: Rest, peer: Peer) -> None:
    say(rest, peer, "ChangeConfiguration", INTERVAL, ACCEPTS)
    words = {"key": "MeterValueSampleInterval", "value": "-1"}
    say(rest, peer, "ChangeConfiguration", words, REJECTS, state="refused", warnings=...)
    assert known_settings(rest, peer.identity)["MeterValueSampleInterval"]["value"] == "60"
