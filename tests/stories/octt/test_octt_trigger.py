"""The certification tool's cases of remote triggers (OCPP 1.6 §5.17)."""

from __future__ import annotations

from tests.stories.moments import ago, is_now
from tests.stories.octt.asking import say
from tests.stories.octt.cases import case
from tests.stories.octt.states import status_of
from tests.support.peer import Peer
from tests.support.rest import Json, Rest

ACCEPTS = {"status": "Accepted"}


def trigger(rest: Rest, peer: Peer, message: str, answer: str = "Accepted", **more: Json) -> Json:
    state = "answered" if answer == "Accepted" else "refused"
    return say(rest, peer, "TriggerMessage", {"requestedMessage": message, **more}, {"status": answer}, state=state)


@case("054")
def test_tc_054_csms_five_triggers(rest: Rest, peer: Peer) -> None:
    """In this order, each message sent before the next trigger."""
    at = ago(seconds=5)
    trigger(rest, peer, "MeterValues", connectorId=1)
    reading = {"timestamp": at, "sampledValue": [{"value": "17", "context": "Trigger"}]}
    assert peer.meter_values(1, [reading]) == {}
    trigger(rest, peer, "Heartbeat")
    assert is_now(peer.heartbeat()["currentTime"])
    trigger(rest, peer, "StatusNotification", connectorId=1)
    assert peer.status(1, "Finishing", at=at) == {}
    trigger(rest, peer, "DiagnosticsStatusNotification")
    assert peer.diagnostics_status("Idle") == {}
    trigger(rest, peer, "FirmwareStatusNotification")
    assert peer.firmware_status("Idle") == {}
    assert peer.calls == [
        ("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 1}),
        ("TriggerMessage", {"requestedMessage": "Heartbeat"}),
        ("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1}),
        ("TriggerMessage", {"requestedMessage": "DiagnosticsStatusNotification"}),
        ("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"}),
    ], "nothing else was sent"
    assert status_of(rest, peer) == "Finishing"
    station = rest.station(peer.identity)
    assert (station["diagnosticsStatus"], station["firmwareStatus"]) == ("Idle", "Idle")


def test_a_trigger_for_a_message_that_the_station_does_not_have(rest: Rest, peer: Peer) -> None:
    """Case 054 allows this answer for FirmwareStatusNotification."""
    trigger(rest, peer, "FirmwareStatusNotification", "NotImplemented")


@case("055")
def test_tc_055_csms_trigger_rejected(rest: Rest, peer: Peer) -> None:
    trigger(rest, peer, "MeterValues", "Rejected")
