"""What a simulated station answers to its central system, and what follows from it."""

from __future__ import annotations

from typing import Literal

import pytest
from msgspec import UNSET

from forecourt.dialects.v16.messages.change_availability import ChangeAvailabilityRequest, ChangeAvailabilityResponse
from forecourt.dialects.v16.messages.change_configuration import (
    ChangeConfigurationRequest,
    ChangeConfigurationResponse,
    ConfigurationStatus,
)
from forecourt.dialects.v16.messages.clear_cache import ClearCacheRequest, ClearCacheResponse
from forecourt.dialects.v16.messages.data_transfer import DataTransferRequest, DataTransferResponse
from forecourt.dialects.v16.messages.get_configuration import GetConfigurationRequest, GetConfigurationResponse
from forecourt.dialects.v16.messages.remote_start_transaction import (
    RemoteStartTransactionRequest,
    RemoteStartTransactionResponse,
)
from forecourt.dialects.v16.messages.remote_stop_transaction import (
    RemoteStopTransactionRequest,
    RemoteStopTransactionResponse,
)
from forecourt.dialects.v16.messages.reset import ResetRequest, ResetResponse
from forecourt.dialects.v16.messages.stop_transaction import Reason, StopTransactionRequest
from forecourt.dialects.v16.messages.trigger_message import (
    MessageTrigger,
    TriggerMessageRequest,
    TriggerMessageResponse,
)
from forecourt.dialects.v16.messages.unlock_connector import UnlockConnectorRequest, UnlockConnectorResponse
from forecourt.ocpp.action import Message, Sender
from forecourt_simulator.commands.answering import answer
from forecourt_simulator.commands.dispatch import CannotAnswer
from forecourt_simulator.vocabulary import ACTIONS
from tests.simulator.worlds import World, a_car, a_charging_world, a_world, ask


def stop_reasons(world: World) -> list[Reason | None]:
    words = [letter.words for letter in world.letters()]
    return [None if one.reason is UNSET else one.reason for one in words if isinstance(one, StopTransactionRequest)]


def test_a_remote_start_asks_about_the_tag_first() -> None:
    world = a_world()
    world.station.plug_in(2, a_car(), world.now)
    world.letters()
    request = RemoteStartTransactionRequest(id_tag="TAG", connector_id=2)
    assert ask(world, request) == RemoteStartTransactionResponse(status="Accepted")
    assert world.sent()[:1] == ["Authorize"]
    assert world.station.connectors[2].is_busy


def test_a_remote_start_without_asking_starts_when_the_car_comes() -> None:
    world = a_world()
    world.station.configuration.change("AuthorizeRemoteTxRequests", "false")
    assert ask(world, RemoteStartTransactionRequest(id_tag="TAG")) == RemoteStartTransactionResponse(status="Accepted")
    assert "StartTransaction" not in world.sent()
    world.station.plug_in(1, a_car(), world.now)
    assert "StartTransaction" in world.sent()


@pytest.mark.parametrize("connector_id", [1, 9, 0])
def test_a_remote_start_where_none_can_begin_is_rejected(connector_id: int) -> None:
    world = a_charging_world()
    request = RemoteStartTransactionRequest(id_tag="TAG", connector_id=connector_id)
    assert ask(world, request) == RemoteStartTransactionResponse(status="Rejected")


def test_a_remote_stop_knows_its_own_transactions_only() -> None:
    world = a_charging_world()
    rejected = RemoteStopTransactionResponse(status="Rejected")
    assert ask(world, RemoteStopTransactionRequest(transaction_id=8)) == rejected
    accepted = RemoteStopTransactionResponse(status="Accepted")
    assert ask(world, RemoteStopTransactionRequest(transaction_id=7)) == accepted
    assert stop_reasons(world) == ["Remote"]
    assert ask(world, RemoteStopTransactionRequest(transaction_id=7)) == rejected


@pytest.mark.parametrize(("kind", "reason"), [("Hard", "HardReset"), ("Soft", "SoftReset")])
def test_a_reset_ends_transactions_and_then_boots(kind: Literal["Hard", "Soft"], reason: str) -> None:
    world = a_charging_world()
    assert ask(world, ResetRequest(type=kind)) == ResetResponse(status="Accepted")
    assert world.station.is_restart_due is (kind == "Hard")
    assert stop_reasons(world) == [reason]
    assert world.station.is_restart_due
    world.station.disconnect()
    world.station.finish_restart(world.now)
    world.station.connect(world.now)
    assert world.sent()[0] == "BootNotification"


def test_unlocking_ends_the_transaction_and_unknown_connectors_are_not_supported() -> None:
    world = a_charging_world()
    assert ask(world, UnlockConnectorRequest(connector_id=1)) == UnlockConnectorResponse(status="Unlocked")
    assert stop_reasons(world) == ["UnlockCommand"]
    assert ask(world, UnlockConnectorRequest(connector_id=3)) == UnlockConnectorResponse(status="NotSupported")


def test_a_busy_connector_goes_out_of_service_when_its_transaction_ended() -> None:
    world = a_charging_world()
    request = ChangeAvailabilityRequest(connector_id=0, type="Inoperative")
    assert ask(world, request) == ChangeAvailabilityResponse(status="Scheduled")
    assert [one.status for one in world.station.connectors.values()] == ["Charging", "Unavailable"]
    world.station.present_tag(1, "TAG", world.now)
    assert world.station.connectors[1].status == "Unavailable"
    request = ChangeAvailabilityRequest(connector_id=0, type="Operative")
    assert ask(world, request) == ChangeAvailabilityResponse(status="Accepted")
    assert [one.status for one in world.station.connectors.values()] == ["Preparing", "Available"]
    request = ChangeAvailabilityRequest(connector_id=3, type="Operative")
    assert ask(world, request) == ChangeAvailabilityResponse(status="Rejected")


def test_configuration_is_read_whatever_the_case_of_the_key() -> None:
    response = ask(a_world(), GetConfigurationRequest(key=["numberofconnectors", "Nonsense"]))
    assert isinstance(response, GetConfigurationResponse)
    assert response.configuration_key is not UNSET
    [key] = response.configuration_key
    assert (key.key, key.value, key.readonly) == ("NumberOfConnectors", "2", True)
    assert response.unknown_key == ["Nonsense"]


def test_all_keys_are_read_when_none_is_named() -> None:
    response = ask(a_world(), GetConfigurationRequest())
    assert isinstance(response, GetConfigurationResponse)
    assert response.configuration_key is not UNSET
    assert {"HeartbeatInterval", "ConnectionTimeOut"} <= {key.key for key in response.configuration_key}
    assert response.unknown_key is UNSET


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("MeterValueSampleInterval", "5", "Accepted"),
        ("heartbeatinterval", "60", "Accepted"),
        ("HeartbeatInterval", "-1", "Rejected"),
        ("HeartbeatInterval", "soon", "Rejected"),
        ("AuthorizeRemoteTxRequests", "maybe", "Rejected"),
        ("MeterValuesSampledData", "SoC,RPM", "Rejected"),
        ("NumberOfConnectors", "9", "Rejected"),
        ("Nonsense", "1", "NotSupported"),
        ("LightIntensity", "101", "Rejected"),
        ("ConnectorPhaseRotation", "0.RST, 1.STR", "Accepted"),
        ("ConnectorPhaseRotation", "RST", "Rejected"),
        ("StopTxnSampledData", "", "Accepted"),
        ("WebSocketPingInterval", "30", "RebootRequired"),
    ],
)
def test_a_key_takes_only_what_it_can_mean(key: str, value: str, status: ConfigurationStatus) -> None:
    response = ask(a_world(), ChangeConfigurationRequest(key=key, value=value))
    assert response == ChangeConfigurationResponse(status=status)


def test_a_changed_sample_interval_is_obeyed() -> None:
    world = a_world()
    ask(world, ChangeConfigurationRequest(key="MeterValueSampleInterval", value="20"))
    ask(world, ChangeConfigurationRequest(key="MeterValuesSampledData", value="SoC"))
    world.station.plug_in(1, a_car(), world.now)
    world.station.present_tag(1, "TAG", world.now)
    world.letters()
    world.wait(60)
    assert world.sent() == ["MeterValues"] * 3


@pytest.mark.parametrize(
    ("trigger", "sent"),
    [
        ("BootNotification", ["BootNotification"]),
        ("Heartbeat", ["Heartbeat"]),
        ("StatusNotification", ["StatusNotification"] * 3),
        ("MeterValues", ["MeterValues"] * 2),
        ("DiagnosticsStatusNotification", ["DiagnosticsStatusNotification"]),
        ("FirmwareStatusNotification", ["FirmwareStatusNotification"]),
    ],
)
def test_every_trigger_is_followed_by_its_message(trigger: MessageTrigger, sent: list[str]) -> None:
    world = a_world()
    assert ask(world, TriggerMessageRequest(requested_message=trigger)) == TriggerMessageResponse(status="Accepted")
    assert world.sent()[: len(sent)] == sent


def test_a_trigger_for_an_unknown_connector_is_rejected() -> None:
    request = TriggerMessageRequest(requested_message="MeterValues", connector_id=4)
    assert ask(a_world(), request) == TriggerMessageResponse(status="Rejected")


def test_data_transfer_is_echoed_for_the_simulators_own_vendor_only() -> None:
    world = a_world()
    known = DataTransferRequest(vendor_id="forecourt.simulator", data="hello")
    assert ask(world, known) == DataTransferResponse(status="Accepted", data="hello")
    assert ask(world, DataTransferRequest(vendor_id="x")) == DataTransferResponse(status="UnknownVendorId")


def test_there_is_an_answer_to_every_action_that_a_central_system_may_send() -> None:
    sent = {action.request for action in ACTIONS if action.sender is not Sender.STATION}
    assert sent <= set(answer.registry)


def test_what_no_action_is_has_no_answer() -> None:
    assert ask(a_world(), Message()) is None


def test_the_cache_can_be_cleared() -> None:
    assert ask(a_world(), ClearCacheRequest()) == ClearCacheResponse(status="Accepted")


def test_more_keys_than_the_station_gives_at_once_are_refused() -> None:
    with pytest.raises(CannotAnswer, match="at most 50"):
        ask(a_world(), GetConfigurationRequest(key=["HeartbeatInterval"] * 51))
