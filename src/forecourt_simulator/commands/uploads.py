"""Answers that promise an upload: GetDiagnostics, GetLog (OCPP 1.6 §5.9; security whitepaper N01)."""

from __future__ import annotations

from forecourt.dialects.v16.messages.get_diagnostics import GetDiagnosticsRequest, GetDiagnosticsResponse
from forecourt.dialects.v16.messages.get_log import GetLogRequest, GetLogResponse
from forecourt_simulator.commands.dispatch import answer
from forecourt_simulator.moment import Moment
from forecourt_simulator.station import Station


@answer.register
def _get_diagnostics(request: GetDiagnosticsRequest, station: Station, now: Moment) -> GetDiagnosticsResponse:
    station.uploads.send_diagnostics(request.location, now)
    return GetDiagnosticsResponse(file_name=_file_name(station, "diagnostics", now))


@answer.register
def _get_log(request: GetLogRequest, station: Station, now: Moment) -> GetLogResponse:
    is_replacing = station.uploads.send_log(request.log.remote_location, request.request_id, now)
    kind = "security" if request.log_type == "SecurityLog" else "diagnostics"
    return GetLogResponse(
        status="AcceptedCanceled" if is_replacing else "Accepted", filename=_file_name(station, kind, now)
    )


def _file_name(station: Station, kind: str, now: Moment) -> str:
    return f"{station.identity[:200]}-{kind}-{now.wall:%Y%m%dT%H%M%SZ}.log"
