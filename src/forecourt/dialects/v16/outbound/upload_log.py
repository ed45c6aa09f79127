"""GetDiagnostics and GetLog: have a log uploaded (OCPP 1.6 §5.9; security whitepaper N01)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from forecourt.dialect import Command, carries, hears, warns
from forecourt.dialects.v16.messages.get_diagnostics import (
    GET_DIAGNOSTICS,
    GetDiagnosticsRequest,
    GetDiagnosticsResponse,
)
from forecourt.dialects.v16.messages.get_log import GET_LOG, GetLogRequest, GetLogResponse, LogParameters, LogType
from forecourt.dialects.v16.translate import or_none, or_unset
from forecourt.domain.errands.intents import UploadLog
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.errors import invalid
from forecourt.domain.jobs.locations import doubts_about_location
from forecourt.domain.jobs.model import Answer, JobKind
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services

_KINDS: Final[dict[LogType, JobKind]] = {
    "DiagnosticsLog": JobKind.DIAGNOSTICS_LOG,
    "SecurityLog": JobKind.SECURITY_LOG,
}


@carries(UploadLog)
def upload_log(intent: UploadLog, _station: Station) -> Command:
    match intent.log:
        case "diagnostics":
            return Command(GET_DIAGNOSTICS, _get_diagnostics(intent))
        case "DiagnosticsLog" | "SecurityLog":
            return Command(GET_LOG, _get_log(intent, intent.log))
        case other:
            raise invalid("OCPP 1.6 has no log {!r}.", other)


def _get_diagnostics(intent: UploadLog) -> GetDiagnosticsRequest:
    return GetDiagnosticsRequest(
        location=intent.location,
        retries=or_unset(intent.retries),
        retry_interval=or_unset(intent.retry_seconds),
        start_time=or_unset(intent.since),
        stop_time=or_unset(intent.until),
    )


def _get_log(intent: UploadLog, log: Literal["DiagnosticsLog", "SecurityLog"]) -> GetLogRequest:
    return GetLogRequest(
        log_type=log,
        request_id=intent.job,
        retries=or_unset(intent.retries),
        retry_interval=or_unset(intent.retry_seconds),
        log=LogParameters(
            remote_location=intent.location,
            oldest_timestamp=or_unset(intent.since),
            latest_timestamp=or_unset(intent.until),
        ),
    )


@hears(GET_DIAGNOSTICS)
def get_diagnostics_answered(
    request: GetDiagnosticsRequest,
    response: GetDiagnosticsResponse,
    station: Station,
    services: Services,
    errand: ErrandNumber,
) -> None:
    answer = Answer(
        kind=JobKind.DIAGNOSTICS,
        location=request.location,
        file_name=or_none(response.file_name),
    )
    services.jobs.hear(station, answer, errand)


@hears(GET_LOG)
def get_log_answered(
    request: GetLogRequest, response: GetLogResponse, station: Station, services: Services, errand: ErrandNumber
) -> None:
    services.security.note_spoken(station)
    answer = Answer(
        kind=_KINDS[request.log_type],
        location=request.log.remote_location,
        request_id=request.request_id,
        file_name=or_none(response.filename),
        refusal=None if response.status in GET_LOG.done else response.status,
        replaces_others=response.status == "AcceptedCanceled",
    )
    services.jobs.hear(station, answer, errand)


@warns(GET_DIAGNOSTICS)
def doubts_of_get_diagnostics(request: GetDiagnosticsRequest, _station: Station, _services: Services) -> Sequence[str]:
    return doubts_about_location(request.location)


@warns(GET_LOG)
def doubts_of_get_log(request: GetLogRequest, _station: Station, _services: Services) -> Sequence[str]:
    return doubts_about_location(request.log.remote_location)
