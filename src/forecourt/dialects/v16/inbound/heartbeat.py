"""Heartbeat: the station is alive and wants to know the time (OCPP 1.6 §4.6)."""

from __future__ import annotations

from forecourt.dialect import answers
from forecourt.dialects.v16.messages.heartbeat import HEARTBEAT, HeartbeatRequest, HeartbeatResponse
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services


@answers(HEARTBEAT)
def heartbeat(_request: HeartbeatRequest, station: Station, services: Services) -> HeartbeatResponse:
    return HeartbeatResponse(current_time=services.provisioning.heartbeat(station))
