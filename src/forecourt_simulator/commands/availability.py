"""Answers about connectors: ChangeAvailability, UnlockConnector."""

from __future__ import annotations

from forecourt.dialects.v16.messages.change_availability import (
    AvailabilityStatus,
    ChangeAvailabilityRequest,
    ChangeAvailabilityResponse,
)
from forecourt.dialects.v16.messages.unlock_connector import UnlockConnectorRequest, UnlockConnectorResponse
from forecourt_simulator.commands.dispatch import answer
from forecourt_simulator.moment import Moment
from forecourt_simulator.station import Station


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
def _unlock(request: UnlockConnectorRequest, station: Station, now: Moment) -> UnlockConnectorResponse:
    connector = station.connectors.get(request.connector_id)
    if connector is None:
        return UnlockConnectorResponse(status="NotSupported")
    station.stop(connector, "UnlockCommand", now)
    return UnlockConnectorResponse(status="Unlocked")
