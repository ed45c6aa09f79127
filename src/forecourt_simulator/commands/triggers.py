"""Answers to TriggerMessage and ExtendedTriggerMessage: the message follows (OCPP 1.6 §5.17; whitepaper A02, §5)."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import UNSET, UnsetType

from forecourt.dialects.v16.messages.datatypes import TriggerMessageStatus
from forecourt.dialects.v16.messages.extended_trigger_message import (
    ExtendedMessageTrigger,
    ExtendedTriggerMessageRequest,
    ExtendedTriggerMessageResponse,
)
from forecourt.dialects.v16.messages.heartbeat import HEARTBEAT, HeartbeatRequest
from forecourt.dialects.v16.messages.trigger_message import (
    MessageTrigger,
    TriggerMessageRequest,
    TriggerMessageResponse,
)
from forecourt_simulator.commands.dispatch import answer
from forecourt_simulator.commands.security import sign_letter
from forecourt_simulator.mailbox import Letter
from forecourt_simulator.misbehaviour import Misbehaviour
from forecourt_simulator.moment import Moment
from forecourt_simulator.station import Station

_Wanted: TypeAlias = MessageTrigger | ExtendedMessageTrigger


@answer.register
def _trigger(request: TriggerMessageRequest, station: Station, now: Moment) -> TriggerMessageResponse:
    if request.requested_message == "FirmwareStatusNotification":
        return TriggerMessageResponse(status=_post(station, [station.firmware.letter()]))
    return TriggerMessageResponse(status=_say(request.requested_message, request.connector_id, station, now))


@answer.register
def _extended(request: ExtendedTriggerMessageRequest, station: Station, now: Moment) -> ExtendedTriggerMessageResponse:
    if request.requested_message == "SignChargePointCertificate":
        if station.security.does(Misbehaviour.REJECTS_RENEWAL):
            return ExtendedTriggerMessageResponse(status="Rejected")
        return ExtendedTriggerMessageResponse(status=_post(station, [sign_letter(station)]))
    if request.requested_message == "FirmwareStatusNotification":
        return ExtendedTriggerMessageResponse(status=_post(station, [station.firmware.signed_letter()]))
    return ExtendedTriggerMessageResponse(status=_say(request.requested_message, request.connector_id, station, now))


def _say(wanted: _Wanted, connector_id: int | UnsetType, station: Station, now: Moment) -> TriggerMessageStatus:
    number = None if connector_id is UNSET else connector_id
    if number is not None and number not in station.connectors:
        return "Rejected"
    if wanted == "BootNotification":
        station.post_boot()
        return "Accepted"
    return _post(station, _letters(wanted, number, station, now))


def _letters(wanted: _Wanted, number: int | None, station: Station, now: Moment) -> list[Letter]:
    match wanted:
        case "Heartbeat":
            return [Letter(HEARTBEAT, HeartbeatRequest())]
        case "StatusNotification":
            return list(station.status_letters(number, now))
        case "MeterValues":
            chosen = [one for one in station.connectors.values() if number in {None, one.id}]
            return [station.meter_letter(connector, "Trigger", now) for connector in chosen]
        case "DiagnosticsStatusNotification":
            return [station.uploads.diagnostics_letter()]
        case "LogStatusNotification":
            return [station.uploads.log_letter()]
        case _:
            return []


def _post(station: Station, letters: list[Letter]) -> TriggerMessageStatus:
    for letter in letters:
        station.mailbox.post_first(letter)
    return "Accepted"
