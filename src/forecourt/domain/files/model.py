"""Files that stations fetch and upload: the tickets that let them, and what was received."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NewType

from forecourt.domain.errors import Sentence
from forecourt.domain.jobs.model import JobNumber, JobState

TicketNumber = NewType("TicketNumber", int)
"""Numbers all tickets of the system from 1; never used again. It is no secret."""

FileNumber = NewType("FileNumber", int)
"""Numbers all received files of the system from 1; never used again."""

MAX_FILE_NAME: Final = 255
"""Characters of a name that are kept (security whitepaper §6.5 has the same limit)."""

TICKET_LIFE: Final = timedelta(days=30)
"""How long a ticket is good unless its job ends before: an installation may be planned days ahead, and a station may be
off line for as long."""

DOWNLOAD_USES: Final = 200
"""Requests for one download. A station on a bad line asks again and again for the rest of the file."""

UPLOAD_USES: Final = 20
"""A station uploads one file (security whitepaper N01.FR.02). One that tries again may have written more to its log
meanwhile: then the newest counts, and the earlier ones are kept as well."""


class Direction(enum.Enum):
    """Which way a file goes, as seen by the station."""

    DOWNLOAD = "download"
    UPLOAD = "upload"


class Carrier(enum.Enum):
    """The protocol by which a file came."""

    HTTP = "http"
    HTTPS = "https"
    FTP = "ftp"
    FTPS = "ftps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The right of one station to move one file. The token itself is kept nowhere, only its digest."""

    number: TicketNumber
    station: str
    direction: Direction
    job: JobNumber | None
    job_state: JobState | None
    """As it is now."""
    file: str | None
    """What a download gives out: its name on the shelf."""
    name: str
    """Its name for people and for the end of the location."""
    max_bytes: int
    """The size of a download, the largest size of an upload."""
    uses_left: int
    ends_at: datetime
    is_registered: bool
    """Its station was not taken off the register."""

    def trouble(self, now: datetime) -> Sentence | None:
        """Why it is not good any more; None while it is good."""
        if not self.is_registered:
            return Sentence("The ticket {} was for a station that was removed.", self.number)
        if now >= self.ends_at:
            return Sentence("The ticket {} has expired.", self.number)
        if self.job_state is not None and self.job_state not in _WORKING:
            return Sentence(
                "The ticket {} was for the job {}, which has ended: it is {}.",
                self.number,
                self.job,
                self.job_state.value,
            )
        if self.uses_left < 1 and self.direction is Direction.DOWNLOAD:
            # of an upload it depends on what comes: it may be the same once more
            return Sentence("The ticket {} was used already.", self.number)
        return None


_WORKING: Final = frozenset({JobState.ASKED, JobState.RUNNING, JobState.UNKNOWN, JobState.EMPTY})
"""A station that named no file may upload one all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file that lies on the shelf, complete."""

    name: str
    """Its name there."""
    size: int
    """Bytes."""
    sha256: str
    """In hexadecimal, as the others are."""
    sha384: str
    sha512: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What is known of how a file came."""

    name: str
    """As the station wrote it: shown to people, and never used as a path."""
    address: str
    carrier: Carrier


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """A file that a station uploaded."""

    number: FileNumber
    station: str
    job: JobNumber | None
    stored_as: str
    """Its name on the shelf."""
    name: str
    size: int
    sha256: str
    received_at: datetime
    address: str
    carrier: Carrier


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFilter:
    """Which files to list; None means any. Times are those of receiving."""

    station: str | None = None
    job: JobNumber | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePolicy:
    """What is configured about files."""

    places: tuple[str, ...] = ("http://127.0.0.1:9002",)
    """Where stations reach the door: one URL per protocol, without a slash at its end; the one to prefer first. Empty
    when there is no door."""
    is_out_of_reach: bool = False
    """They are on this machine, and stations are elsewhere."""
    max_upload_bytes: int = 100 * 1024 * 1024
    keep: timedelta | None = timedelta(days=365)
    """How long received files are kept; None for ever."""
