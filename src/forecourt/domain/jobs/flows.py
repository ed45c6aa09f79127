"""Which report follows which, and which ones end a job: for diagnosis. No report is refused.

The names are those of OCPP 1.6 and its security whitepaper (§6.8, §6.17, N01, L01); later versions kept them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from forecourt.domain.jobs.model import Channel, Job, JobState, Report

IDLE: Final = "Idle"
"""Nothing is being done. It is only said when asked, and ends nothing."""


@dataclass(frozen=True, slots=True)
class Flow:
    """The reports of one kind of job."""

    good: frozenset[str]
    bad: frozenset[str]
    following: Mapping[str | None, frozenset[str]]
    """What may follow a report; the key None holds what may come first. Nothing follows an end."""

    def end(self, step: str) -> JobState | None:
        """How a report ends a job, or None when it does not."""
        if step in self.good:
            return JobState.DONE
        return JobState.FAILED if step in self.bad else None

    def is_expected(self, before: str | None, step: str) -> bool:
        """The same report twice is no surprise: its answer may have been lost (OCPP-J 1.6 §4.1.1)."""
        return step in (before, IDLE) or step in self.following.get(before, frozenset())


def _flow(good: str, bad: str, following: Mapping[str | None, str]) -> Flow:
    return Flow(
        frozenset(good.split()),
        frozenset(bad.split()),
        {before: frozenset(steps.split()) for before, steps in following.items()},
    )


_LOG_FAILURES: Final = "UploadFailure BadMessage PermissionDenied NotSupportedOperation"
_SIGNED_FAILURES: Final = "DownloadFailed InvalidSignature InstallationFailed InstallVerificationFailed"
_ENDS_OF_INSTALLING: Final = "Installed InstallationFailed InstallVerificationFailed"

FLOWS: Final[Mapping[Channel, Flow]] = {
    Channel.DIAGNOSTICS: _flow(
        "Uploaded",
        "UploadFailed",
        {None: "Uploading UploadFailed", "Uploading": "Uploaded UploadFailed"},
    ),
    Channel.LOG: _flow(
        "Uploaded",
        _LOG_FAILURES,
        {None: f"Uploading {_LOG_FAILURES}", "Uploading": f"Uploaded {_LOG_FAILURES}"},
    ),
    Channel.FIRMWARE: _flow(
        "Installed",
        "DownloadFailed InstallationFailed",
        {
            None: "Downloading DownloadFailed",
            "Downloading": "Downloaded DownloadFailed",
            "Downloaded": "Installing Installed InstallationFailed",
            "Installing": "Installed InstallationFailed",
        },
    ),
    Channel.SIGNED_FIRMWARE: _flow(
        "Installed",
        _SIGNED_FAILURES,
        {
            None: "DownloadScheduled Downloading DownloadFailed",
            "DownloadScheduled": "Downloading DownloadFailed",
            "Downloading": "DownloadPaused Downloaded DownloadFailed",
            "DownloadPaused": "Downloading DownloadFailed",
            "Downloaded": "SignatureVerified InvalidSignature",
            # Installing may be left out by a boot loader that cannot talk (L01.FR.22).
            "SignatureVerified": f"InstallScheduled Installing InstallRebooting {_ENDS_OF_INSTALLING}",
            "InstallScheduled": f"Installing InstallRebooting {_ENDS_OF_INSTALLING}",
            "InstallRebooting": f"Installing {_ENDS_OF_INSTALLING}",
            "Installing": f"InstallRebooting {_ENDS_OF_INSTALLING}",
        },
    ),
}

_GOES_ON: Final = frozenset({JobState.ASKED, JobState.RUNNING, JobState.UNKNOWN, JobState.EMPTY, JobState.FAILED})
"""Where a report of work means that the station is at it: it may try again what it reported as failed."""

_EXPECTS_NOTHING: Final = frozenset({JobState.REFUSED, JobState.SUPERSEDED, JobState.CANCELLED})


def is_expected(job: Job, report: Report) -> bool:
    """True when the report follows from what was known of its job."""
    if job.state in _EXPECTS_NOTHING:
        return report.meaning == IDLE
    return FLOWS[job.kind.channel].is_expected(job.step, report.meaning)


def reported(job: Job, report: Report, at: datetime) -> Job:
    """The job after a report. What the station says it has done holds, whatever was believed before."""
    job = replace(job, last_status=report.status, last_status_at=at)
    step = report.meaning
    if step == IDLE:
        return job
    end = FLOWS[job.kind.channel].end(step)
    if end is not None:
        reason = None if end is JobState.DONE else f"The station reported {report.status}."
        return replace(job, state=end, step=step, reason=reason, ended_at=at)
    if job.state in _GOES_ON:
        return replace(job, state=JobState.RUNNING, step=step, reason=None, ended_at=None)
    return job
