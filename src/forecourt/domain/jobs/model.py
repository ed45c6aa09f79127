"""Jobs: uploads of logs and installations of firmware, from the wish to the last report of the station."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from forecourt.domain.errands.model import ErrandNumber

JobNumber = NewType("JobNumber", int)
"""Numbers all jobs of the system from 1; never used again."""


class Channel(enum.Enum):
    """The kind of notification by which a station reports how a job goes."""

    DIAGNOSTICS = "diagnostics"
    LOG = "log"
    FIRMWARE = "firmware"
    SIGNED_FIRMWARE = "signedFirmware"

    @property
    def has_request_ids(self) -> bool:
        """False for the older notifications: nothing in them says which job they are about."""
        return self in (Channel.LOG, Channel.SIGNED_FIRMWARE)

    @property
    def is_firmware(self) -> bool:
        return self in (Channel.FIRMWARE, Channel.SIGNED_FIRMWARE)


class JobKind(enum.Enum):
    """What a station was asked to do."""

    DIAGNOSTICS = "diagnostics"
    """Upload diagnostics, asked without a request id (OCPP 1.6 §5.9)."""
    DIAGNOSTICS_LOG = "diagnosticsLog"
    """Upload diagnostics, asked with a request id (security whitepaper N01)."""
    SECURITY_LOG = "securityLog"
    FIRMWARE = "firmware"
    """Install firmware, asked without a request id (OCPP 1.6 §5.19)."""
    SIGNED_FIRMWARE = "signedFirmware"
    """Verify and install firmware, asked with a request id (security whitepaper L01)."""

    @property
    def channel(self) -> Channel:
        match self:
            case JobKind.DIAGNOSTICS:
                return Channel.DIAGNOSTICS
            case JobKind.DIAGNOSTICS_LOG | JobKind.SECURITY_LOG:
                return Channel.LOG
            case JobKind.FIRMWARE:
                return Channel.FIRMWARE
            case JobKind.SIGNED_FIRMWARE:
                return Channel.SIGNED_FIRMWARE


class JobState(enum.Enum):
    """The life of a job::

        ASKED ── RUNNING ── DONE | FAILED | SUPERSEDED
          ├── UNKNOWN ── as RUNNING, once the station reports something
          ├── EMPTY ── as RUNNING, if the station reports something all the same
          └── REFUSED | FAILED | CANCELLED

    No job ends because it takes long: an installation may be planned days ahead.
    """

    ASKED = "asked"
    """The station has not answered yet."""
    RUNNING = "running"
    """The station agreed, or reports that it is at work."""
    UNKNOWN = "unknown"
    """It was sent, and nobody knows whether the station does it."""
    EMPTY = "empty"
    """The station agreed and named no file, which says that it has nothing to upload."""
    DONE = "done"
    FAILED = "failed"
    """It could not be asked for, or the station reported that it did not succeed; the reason says which."""
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    """The station gave it up for a newer one, or its reports could not be told from those of a newer one; no report
    counts for it any more."""
    CANCELLED = "cancelled"
    """A person gave it up."""

    @property
    def is_open(self) -> bool:
        return self in (JobState.ASKED, JobState.RUNNING, JobState.UNKNOWN)


class Doubt(enum.Enum):
    """What is odd about a report. It is kept all the same."""

    UNEXPECTED = "unexpected"
    """It does not follow from the report before."""
    WITHOUT_REQUEST_ID = "statusWithoutRequestId"
    """It must name its job and does not (security whitepaper N01.FR.12, L01.FR.21)."""
    STRAY = "unknownRequestId"
    """It names a job that this station does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job, as people see it."""

    number: JobNumber
    station: str
    kind: JobKind
    request_id: int | None
    """What the station repeats in its reports; None for the kinds that have no such id."""
    operation: str
    """What the operator asked for."""
    errand: ErrandNumber | None
    """The errand that carried it, the last one where a second way was tried."""
    asked_by: str
    location: str
    """Without what signs somebody in."""
    may_be_unsigned: bool
    """True when firmware may be installed without its signature by a station that cannot check one."""
    state: JobState
    reason: str | None
    """Why it ended without success, or what else a person should know, in a sentence."""
    file_name: str | None
    """The file that the station said it will upload."""
    asked_at: datetime
    answered_at: datetime | None
    step: str | None
    """The last report that is not ``Idle``, in the terms of `flows`."""
    last_status: str | None
    """The last report as it was received."""
    last_status_at: datetime | None
    ended_at: datetime | None
    image: int | None = None
    """The number of the firmware image that it installs, as long as that is kept here."""
    image_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDraft:
    """A job that is about to be written down."""

    kind: JobKind
    operation: str
    asked_by: str
    location: str
    may_be_unsigned: bool = False
    errand: ErrandNumber | None = None
    request_id: int | None = None
    """One that was chosen elsewhere; None has this system choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a station answered to the request for a job, whoever asked."""

    kind: JobKind
    location: str
    request_id: int | None = None
    file_name: str | None = None
    refusal: str | None = None
    """The status with which it refused."""
    replaces_others: bool = False
    """It gave up what it was doing (N01.FR.11, L01.FR.26)."""

    @property
    def is_empty(self) -> bool:
        """It agreed to upload and named no file: it has nothing to upload (OCPP 1.6 §6.26)."""
        return self.refusal is None and not self.file_name and not self.kind.channel.is_firmware

    @property
    def begins(self) -> bool:
        """It does what it was asked for."""
        return self.refusal is None and not self.is_empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a station reports."""

    status: str
    """As it was received."""
    step: str | None = None
    """The same in the terms of `flows`, where the station's version has another word for it."""
    request_id: int | None = None

    @property
    def meaning(self) -> str:
        return self.status if self.step is None else self.step


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    """A report and what is known about it."""

    station: str
    channel: Channel
    job: JobNumber | None
    status: str
    request_id: int | None
    doubts: frozenset[Doubt]
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs to list; None means any. Times are those of asking."""

    station: str | None = None
    kind: JobKind | None = None
    is_open: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    image: int | None = None
    """Only installations of this firmware image."""
