"""Answers about the local authorization list: SendLocalList, GetLocalListVersion (OCPP 1.6 §5.15, §5.10)."""

from __future__ import annotations

from forecourt.dialects.v16.messages.get_local_list_version import (
    GetLocalListVersionRequest,
    GetLocalListVersionResponse,
)
from forecourt.dialects.v16.messages.send_local_list import SendLocalListRequest, SendLocalListResponse
from forecourt_simulator.commands.dispatch import answer
from forecourt_simulator.moment import Moment
from forecourt_simulator.station import Station


@answer.register
def _send(request: SendLocalListRequest, station: Station, now: Moment) -> SendLocalListResponse:
    if not station.configuration.flag("LocalAuthListEnabled"):
        return SendLocalListResponse(status="NotSupported")
    status = station.local_list.update(
        request,
        max_sent=station.configuration.number("SendLocalListMaxLength"),
        max_kept=station.configuration.number("LocalAuthListMaxLength"),
    )
    return SendLocalListResponse(status=status)


@answer.register
def _version(request: GetLocalListVersionRequest, station: Station, now: Moment) -> GetLocalListVersionResponse:
    is_enabled = station.configuration.flag("LocalAuthListEnabled")
    return GetLocalListVersionResponse(list_version=station.local_list.version if is_enabled else -1)
