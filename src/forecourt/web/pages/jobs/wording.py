"""What becomes of jobs, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from forecourt.domain.jobs.model import Doubt, Job, JobKind, JobState, StoredReport
from forecourt.web.language import gettext as _
from forecourt.web.language import mark
from forecourt.web.pages.errands.outcomes import Step

_KINDS: Final[Mapping[JobKind, str]] = {
    JobKind.DIAGNOSTICS: mark("Diagnostics"),
    JobKind.DIAGNOSTICS_LOG: mark("Diagnostics log"),
    JobKind.SECURITY_LOG: mark("Security log of the station"),
    JobKind.FIRMWARE: mark("Firmware"),
    JobKind.SIGNED_FIRMWARE: mark("Signed firmware"),
}
_STATES: Final[Mapping[JobState, str]] = {
    JobState.ASKED: mark("Asked for, not answered yet"),
    JobState.RUNNING: mark("The station is at work"),
    JobState.UNKNOWN: mark("Not known whether the station does it"),
    JobState.EMPTY: mark("The station has nothing to upload"),
    JobState.DONE: mark("Done"),
    JobState.FAILED: mark("Failed"),
    JobState.REFUSED: mark("Refused by the station"),
    JobState.SUPERSEDED: mark("Displaced by a newer one"),
    JobState.CANCELLED: mark("No longer followed"),
}
_TONES: Final[Mapping[JobState, str]] = {
    JobState.ASKED: "quiet",
    JobState.RUNNING: "busy",
    JobState.UNKNOWN: "warn",
    JobState.EMPTY: "quiet",
    JobState.DONE: "good",
    JobState.FAILED: "bad",
    JobState.REFUSED: "bad",
    JobState.SUPERSEDED: "quiet",
    JobState.CANCELLED: "quiet",
}
_DOUBTS: Final[Mapping[Doubt, str]] = {
    Doubt.UNEXPECTED: mark("It does not follow from the report before."),
    Doubt.WITHOUT_REQUEST_ID: mark("It names no job, and must."),
    Doubt.STRAY: mark("It names a job that this station does not have."),
}


def kind_words(kind: JobKind) -> str:
    return _(_KINDS[kind])


def state_words(state: JobState) -> str:
    return _(_STATES[state])


def tone(state: JobState) -> str:
    return _TONES[state]


def doubt_words(report: StoredReport) -> str:
    return " ".join(_(_DOUBTS[doubt]) for doubt in sorted(report.doubts, key=lambda one: one.value))


def timeline(job: Job, reports: Sequence[StoredReport]) -> list[Step]:
    """What happened, in order of time."""
    return sorted(_steps(job, reports), key=lambda step: (step.at is None, step.at))


def _steps(job: Job, reports: Sequence[StoredReport]) -> Iterator[Step]:
    yield Step(job.asked_at, _("Asked for by %(who)s") % {"who": job.asked_by})
    if job.answered_at is not None:
        yield Step(job.answered_at, _("The station answered"))
    for report in reports:
        yield Step(report.received_at, report.status, doubt_words(report))
    if job.ended_at is not None:
        yield Step(job.ended_at, state_words(job.state), job.reason or "")
