"""Logs and diagnostics that stations are to upload (OCPP 1.6 §5.9; security whitepaper N01)."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from forecourt.domain.errands.intents import UploadLog
from forecourt.domain.errands.model import Delivery, Draft, Errand, ErrandNumber, Failure, Order
from forecourt.domain.errands.service import Errands
from forecourt.domain.errors import invalid
from forecourt.domain.files.model import Direction
from forecourt.domain.files.service import Files
from forecourt.domain.jobs.locations import check_location, doubts_about_location
from forecourt.domain.jobs.model import Channel, JobDraft, JobKind, JobNumber, Report
from forecourt.domain.jobs.service import Jobs
from forecourt.domain.provisioning.model import Station
from forecourt.domain.provisioning.service import Provisioning
from forecourt.domain.security.service import Security

COLLECT_LOG: Final = "CollectLog"
"""The operation."""

_LOG_NAMES: Final = {
    JobKind.DIAGNOSTICS: "diagnostics",
    JobKind.DIAGNOSTICS_LOG: "DiagnosticsLog",
    JobKind.SECURITY_LOG: "SecurityLog",
}
"""As UploadLog writes them."""

_NO_SECURITY_LOG: Final = "The station has no security log to upload: it does not speak the security extension"


class LogType(enum.Enum):
    """Which log is wanted."""

    DIAGNOSTICS = "Diagnostics"
    SECURITY = "Security"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedLog:
    """A log that is to be uploaded, and from which time."""

    log: LogType
    location: str | None = None
    """None has it received here."""
    retries: int | None = None
    retry_seconds: int | None = None
    since: datetime | None = None
    until: datetime | None = None


class Diagnostics:
    """Everything that can happen to an upload."""

    def __init__(
        self, jobs: Jobs, errands: Errands, provisioning: Provisioning, security: Security, files: Files
    ) -> None:
        self._jobs = jobs
        self._files = files
        self._errands = errands
        self._provisioning = provisioning
        self._security = security
        errands.watch(UploadLog, self._not_carried)

    def collect(self, station: Station, wanted: WantedLog, order: Order) -> Errand:
        """Have a log uploaded. Diagnostics are asked for in the way that the station is known to speak; a station of
        which nothing is known is asked in the older way, which all know. Raises DomainError INVALID, or UNAVAILABLE
        when it is to be received here and there is no door for files."""
        if wanted.location is not None:
            check_location(wanted.location)
        if wanted.since is not None and wanted.until is not None and wanted.since >= wanted.until:
            raise invalid("The time that the log covers must begin before it ends.", field="from")
        kind = self._kind(station, wanted.log)
        shown = wanted.location or self._files.shown(station, Direction.UPLOAD)
        job = self._jobs.add(
            station, JobDraft(kind=kind, operation=COLLECT_LOG, asked_by=order.asked_by, location=shown)
        )
        location = wanted.location or self._files.offer_upload(station, job=job, name=_LOG_NAMES[kind])
        intent = UploadLog(
            job=job,
            location=location,
            log=_LOG_NAMES[kind],
            retries=wanted.retries,
            retry_seconds=wanted.retry_seconds,
            since=wanted.since,
            until=wanted.until,
        )
        doubts = self._files.doubts(station) if wanted.location is None else doubts_about_location(wanted.location)
        warnings = tuple(doubts)
        draft = Draft(operation=COLLECT_LOG, intent=intent, shown=None, warnings=warnings)
        errand = self._errands.ask(station, draft, order)
        self._jobs.carried_by(job, errand.number)
        return errand

    def _kind(self, station: Station, log: LogType) -> JobKind:
        if log is LogType.SECURITY:
            return JobKind.SECURITY_LOG
        return JobKind.DIAGNOSTICS_LOG if self._security.is_spoken_by(station) else JobKind.DIAGNOSTICS

    def _not_carried(self, _station_key: int, number: ErrandNumber, intent: UploadLog, failure: Failure) -> None:
        job = JobNumber(intent.job)
        reason = None
        if failure.is_unsupported and intent.log == _LOG_NAMES[JobKind.DIAGNOSTICS_LOG]:
            if self._asked_in_the_older_way(job, number, intent):
                return
        elif failure.is_unsupported and intent.log == _LOG_NAMES[JobKind.SECURITY_LOG]:
            reason = f"{_NO_SECURITY_LOG} ({failure.code})."
        self._jobs.not_carried(job, number, failure, reason=reason)

    def _asked_in_the_older_way(self, job: JobNumber, number: ErrandNumber, intent: UploadLog) -> bool:
        """Only the errand that was sent still knows how to sign in at the location, and it ends here."""
        ended = self._errands.get(number)
        station = self._provisioning.find_station(ended.station)
        if station is None:
            return False
        kind = JobKind.DIAGNOSTICS
        draft = Draft(
            operation=ended.operation,
            intent=replace(intent, log=_LOG_NAMES[kind]),
            shown=None,
            warnings=ended.warnings,
        )
        order = Order(asked_by=ended.asked_by, delivery=Delivery.WHEN_ONLINE, priority=ended.priority)
        self._jobs.carried_by(job, self._errands.ask(station, draft, order).number, kind=kind)
        return True

    # What stations report

    def report(self, station: Station, status: str) -> None:
        """The older report, which does not say about which upload it is."""
        self._jobs.report(station, Channel.DIAGNOSTICS, Report(status=status))

    def report_log(self, station: Station, report: Report) -> None:
        self._security.note_spoken(station)
        self._jobs.report(station, Channel.LOG, report)
