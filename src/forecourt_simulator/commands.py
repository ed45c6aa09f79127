"""How a simulated station answers what the central system asks of it: one function for each request.

Answers come before what follows from them: the session keeps our own calls back while a request is open.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Final

from msgspec import UNSET

from forecourt.dialects.v16.messages.change_availability import (
    AvailabilityStatus,
    ChangeAvailabilityRequest,
    ChangeAvailabilityResponse,
)
from forecourt.dialects.v16.messages.change_configuration import ChangeConfigurationRequest, ChangeConfigurationResponse
from forecourt.dialects.v16.messages.data_transfer import DataTransferRequest, DataTransferResponse
from forecourt.dialects.v16.messages.diagnostics_status_notification import (
    DIAGNOSTICS_STATUS_NOTIFICATION,
    DiagnosticsStatusNotificationRequest,
)
from forecourt.dialects.v16.messages.firmware_status_notification import (
    FIRMWARE_STATUS_NOTIFICATION,
    FirmwareStatusNotificationRequest,
)
from forecourt.dialects.v16.messages.get_configuration import GetConfigurationRequest, GetConfigurationResponse
from forecourt.dialects.v16.messages.heartbeat import HEARTBEAT, HeartbeatRequest
from forecourt.dialects.v16.messages.remote_start_transaction import (
    RemoteStartTransactionRequest,
    RemoteStartTransactionResponse,
)
from forecourt.dialects.v16.messages.remote_stop_transaction import (
    RemoteStopTransactionRequest,
    RemoteStopTransactionResponse,
)
from forecourt.dialects.v16.messages.reset import ResetRequest, ResetResponse
from forecourt.dialects.v16.messages.trigger_message import TriggerMessageRequest, TriggerMessageResponse
from forecourt.dialects.v16.messages.unlock_connector import UnlockConnectorRequest, UnlockConnectorResponse
from forecourt.ocpp.action import Message
from forecourt_simulator.connector import Connector
from forecourt_simulator.mailbox import Letter
from forecourt_simulator.moment import Moment
from forecourt_simulator.station import Station

ECHO_VENDOR: Final = "forecourt.simulator"
"""The vendor whose DataTransfer is answered with its own data."""


@singledispatch
def answer(request: Message, station: Station, now: Moment) -> Message | None:
    """The response to a request, or None for what this station does not support."""
    return None


@answer.register
def _remote_start(
    request: RemoteStartTransactionRequest, station: Station, now: Moment
) -> RemoteStartTransactionResponse:
    connector = _find_free(station, None if request.connector_id is UNSET else request.connector_id)
    if connector is None:
        return RemoteStartTransactionResponse(status="Rejected")
    if station.configuration.flag("AuthorizeRemoteTxRequests"):
        station.ask(connector, request.id_tag)
    else:
        station.accept(connector, request.id_tag, now)
    return RemoteStartTransactionResponse(status="Accepted")


@answer.register
def _remote_stop(request: RemoteStopTransactionRequest, station: Station, now: Moment) -> RemoteStopTransactionResponse:
    connector = station.find_transaction(request.transaction_id)
    if connector is None:
        return RemoteStopTransactionResponse(status="Rejected")
    station.stop(connector, "Remote", now)
    return RemoteStopTransactionResponse(status="Accepted")


@answer.register
def _reset(request: ResetRequest, station: Station, now: Moment) -> ResetResponse:
    station.restart = request.type
    for connector in station.connectors.values():
        station.stop(connector, "HardReset" if request.type == "Hard" else "SoftReset", now)
    return ResetResponse(status="Accepted")


@answer.register
def _unlock(request: UnlockConnectorRequest, station: Station, now: Moment) -> UnlockConnectorResponse:
    connector = station.connectors.get(request.connector_id)
    if connector is None:
        return UnlockConnectorResponse(status="NotSupported")
    station.stop(connector, "UnlockCommand", now)
    return UnlockConnectorResponse(status="Unlocked")


@answer.register
def _change_availability(
    request: ChangeAvailabilityRequest, station: Station, now: Moment
) -> ChangeAvailabilityResponse:
    if request.connector_id not in {0, *station.connectors}:
        return ChangeAvailabilityResponse(status="Rejected")
    chosen = [one for one in station.connectors.values() if request.connector_id in {0, one.id}]
    if request.connector_id == 0:
        station.is_operative = request.type == "Operative"
        for letter in station.status_letters(0, now):
            station.mailbox.post(letter)
    status: AvailabilityStatus = "Accepted"
    for connector in chosen:
        if request.type == "Operative":
            station.enable(connector, now)
        elif not station.disable(connector, now):
            status = "Scheduled"
    return ChangeAvailabilityResponse(status=status)


@answer.register
def _get_configuration(request: GetConfigurationRequest, station: Station, now: Moment) -> GetConfigurationResponse:
    return station.configuration.read([] if request.key is UNSET else request.key)


@answer.register
def _change_configuration(
    request: ChangeConfigurationRequest, station: Station, now: Moment
) -> ChangeConfigurationResponse:
    return ChangeConfigurationResponse(status=station.configuration.change(request.key, request.value))


@answer.register
def _data_transfer(request: DataTransferRequest, station: Station, now: Moment) -> DataTransferResponse:
    if request.vendor_id.casefold() != ECHO_VENDOR:
        return DataTransferResponse(status="UnknownVendorId")
    return DataTransferResponse(status="Accepted", data=request.data)


@answer.register
def _trigger(request: TriggerMessageRequest, station: Station, now: Moment) -> TriggerMessageResponse:
    number = None if request.connector_id is UNSET else request.connector_id
    if number is not None and number not in station.connectors:
        return TriggerMessageResponse(status="Rejected")
    if request.requested_message == "BootNotification":
        station.post_boot()
    for letter in _triggered(request, number, station, now):
        station.mailbox.post_first(letter)
    return TriggerMessageResponse(status="Accepted")


def _triggered(request: TriggerMessageRequest, number: int | None, station: Station, now: Moment) -> list[Letter]:
    match request.requested_message:
        case "BootNotification":
            return []
        case "Heartbeat":
            return [Letter(HEARTBEAT, HeartbeatRequest())]
        case "StatusNotification":
            return list(station.status_letters(number, now))
        case "MeterValues":
            chosen = [one for one in station.connectors.values() if number in {None, one.id}]
            return [station.meter_letter(connector, "Trigger", now) for connector in chosen]
        case "DiagnosticsStatusNotification":
            return [Letter(DIAGNOSTICS_STATUS_NOTIFICATION, DiagnosticsStatusNotificationRequest(status="Idle"))]
        case "FirmwareStatusNotification":
            return [Letter(FIRMWARE_STATUS_NOTIFICATION, FirmwareStatusNotificationRequest(status="Idle"))]


def _find_free(station: Station, connector_id: int | None) -> Connector | None:
    """The named connector or any, if a transaction may begin there."""
    for connector in station.connectors.values():
        is_free = connector.status in {"Available", "Preparing"} and connector.asked_tag is None
        if connector_id in {None, connector.id} and is_free and connector.accepted_tag is None:
            return connector
    return None
