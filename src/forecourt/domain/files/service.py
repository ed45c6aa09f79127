"""What stations fetch and upload: who may, with which ticket, and what came of it (OCPP 1.6 §5.9, §5.19; security
whitepaper N01, L01).

A ticket is a random token in a location. It is good for one station, one job and one file, until the job ends. Only
its digest is kept, so that whoever reads the database can neither fetch nor upload anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from secrets import token_hex, token_urlsafe
from typing import Final, TypeAlias

from forecourt.clock import Clock
from forecourt.domain.configuration.service import Configuration
from forecourt.domain.errors import DomainError, Kind, conflict, not_found
from forecourt.domain.files.model import (
    DOWNLOAD_USES,
    MAX_FILE_NAME,
    TICKET_LIFE,
    UPLOAD_USES,
    Arrival,
    Direction,
    FileFilter,
    FileNumber,
    FilePolicy,
    Kept,
    ReceivedFile,
    Ticket,
)
from forecourt.domain.files.places import choose, location_at, shown_location
from forecourt.domain.files.shelf import Area, Lying
from forecourt.domain.files.store import FileStore, TicketDraft
from forecourt.domain.jobs.model import JobNumber
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.domain.security_log.model import Kind as NoteKind
from forecourt.domain.security_log.model import Note
from forecourt.domain.security_log.service import SecurityLog
from forecourt.redaction import TOKEN_START, without_tokens

SPEAKS: Final = "SupportedFileTransferProtocols"
"""The configuration key that tells the protocols of a station (OCPP 1.6 §9.1.26)."""

TICKETS_KEPT: Final = timedelta(days=30)
"""After their end, so that what comes late is told what became of its ticket."""

PRUNED_AT_ONCE: Final = 500

_TOKEN_BYTES: Final = 32

Keeper: TypeAlias = Callable[[Sequence[str]], Iterable[str]]
"""Says which of these names of the shelf are in use."""


class Files:
    """Everything that can happen to files of stations."""

    def __init__(
        self,
        store: FileStore,
        configuration: Configuration,
        security_log: SecurityLog,
        clock: Clock,
        *,
        policy: FilePolicy,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._security_log = security_log
        self._clock = clock
        self._policy = policy
        self._keepers: dict[Area, list[Keeper]] = {Area.RECEIVED: [store.known]}

    # Offering, for the rooms that ask stations

    def offer_download(
        self,
        station: Station,
        *,
        job: JobNumber | None,
        file: str,
        size: int,
        name: str = "firmware.bin",
        ends_at: datetime | None = None,
    ) -> str:
        """The location from which this station may fetch a file of the shelf, until the job ends or the time has come.
        Raises DomainError UNAVAILABLE when there is no door for files."""
        return self._offer(
            station,
            Direction.DOWNLOAD,
            job=job,
            file=file,
            max_bytes=size,
            name=name,
            uses=DOWNLOAD_USES,
            ends_at=ends_at,
        )

    def offer_upload(
        self, station: Station, *, job: JobNumber | None, name: str = "upload", ends_at: datetime | None = None
    ) -> str:
        """The location to which this station may upload one file. ``name`` is what the file is called when the station
        gives it no name. Raises DomainError UNAVAILABLE when there is no door for files."""
        return self._offer(
            station,
            Direction.UPLOAD,
            job=job,
            file=None,
            max_bytes=self._policy.max_upload_bytes,
            name=name,
            uses=UPLOAD_USES,
            ends_at=ends_at,
        )

    def shown(self, station: Station, direction: Direction, *, name: str = "firmware.bin") -> str:
        """The location that an offer to this station has, without its token: for what is written down before there is
        an offer. Raises DomainError UNAVAILABLE when there is no door for files."""
        return shown_location(self._place(station), direction, name=name)

    def doubts(self, station: Station) -> Sequence[str]:
        """What may keep a station from reaching a location of ours, in sentences."""
        found = []
        spoken = self._configuration.value(station, SPEAKS)
        if self._policy.places and choose(self._policy.places, spoken) is None:
            found.append(
                f"The station says that it transfers files by {spoken} only, and none of these is offered here: see"
                " the settings of [files]."
            )
        if self._policy.is_out_of_reach:
            found.append(
                "The location is on this machine, where no station elsewhere finds it: set files.url to the address"
                " by which stations reach the door for files."
            )
        return found

    def _offer(
        self,
        station: Station,
        direction: Direction,
        *,
        job: JobNumber | None,
        file: str | None,
        max_bytes: int,
        name: str,
        uses: int,
        ends_at: datetime | None,
    ) -> str:
        place = self._place(station)
        token = f"{TOKEN_START}{token_urlsafe(_TOKEN_BYTES)}"
        now = self._clock.now()
        number = self._store.add_ticket(
            station.key,
            TicketDraft(
                direction=direction,
                digest=digest_of(token),
                job=job,
                file=file,
                name=name,
                max_bytes=max_bytes,
                uses=uses,
                ends_at=now + TICKET_LIFE if ends_at is None else ends_at,
            ),
            now,
        )
        return location_at(place, direction, user=f"t{number}", token=token, name=name)

    def _place(self, station: Station) -> str:
        places = self._policy.places
        if not places:
            raise DomainError(
                Kind.UNAVAILABLE,
                "There is no door for files: set files.http, files.tls or files.ftp, or give a location.",
            )
        return choose(places, self._configuration.value(station, SPEAKS)) or places[0]

    # What the door asks

    def find_ticket(self, token: str) -> Ticket | None:
        """The ticket with this token, good or not."""
        return self._store.find_ticket(digest_of(token))

    def good_ticket(self, token: str, direction: Direction) -> Ticket:
        """Raises DomainError NOT_FOUND when there is none of this kind, or REFUSED when it is not good any more."""
        ticket = self.find_ticket(token)
        if ticket is None or ticket.direction is not direction:
            raise not_found("There is no ticket for this {}.", direction.value)
        trouble = ticket.trouble(self._clock.now())
        if trouble is not None:
            raise DomainError(Kind.REFUSED, trouble)
        return ticket

    def begin_download(self, token: str) -> Ticket:
        """Take one use of a ticket. Raises as `good_ticket`."""
        ticket = self.good_ticket(token, Direction.DOWNLOAD)
        if not self._store.use_ticket(ticket.number):
            raise DomainError(Kind.REFUSED, "The ticket {} was used already.", ticket.number)
        return ticket

    def same_as_received(self, ticket: Ticket, kept: Kept) -> ReceivedFile | None:
        """The newest that came with the ticket before, if it is the same: the station did not hear that it came."""
        before = self._store.with_ticket(ticket.number)
        is_same = before is not None and (before.size, before.sha256) == (kept.size, kept.sha256)
        return before if is_same else None

    def received(self, ticket: Ticket, kept: Kept, arrival: Arrival) -> ReceivedFile:
        """A file came and lies on the shelf. That its job ended while it came does not matter any more. Raises
        DomainError CONFLICT when more came with the ticket than anybody needs."""
        if not self._store.use_ticket(ticket.number):
            raise conflict(
                "{} files came with the ticket {} already, and no more are taken.", UPLOAD_USES, ticket.number
            )
        number = self._store.add(ticket.number, kept, _clean(arrival, ticket.name), self._clock.now())
        received = self.get(number)
        self._security_log.note(
            Note(
                kind=NoteKind.FILE_RECEIVED,
                station=received.station,
                address=received.address,
                reason=f"The file {number} of {kept.size} bytes came by {arrival.carrier.value.upper()}.",
            )
        )
        return received

    # What people ask

    def find(self, number: FileNumber) -> ReceivedFile | None:
        return self._store.find(number)

    def get(self, number: FileNumber) -> ReceivedFile:
        """Raises DomainError NOT_FOUND."""
        found = self._store.find(number)
        if found is None:
            raise not_found("There is no file {}.", number)
        return found

    def list(self, wanted: FileFilter, page: PageRequest) -> Page[ReceivedFile]:
        """The newest first."""
        return self._store.list(wanted, page)

    def remove(self, number: FileNumber, asked_by: str) -> ReceivedFile:
        """Forget a file; whoever asked takes it off the shelf after the commit, or it is swept from there. Raises
        DomainError NOT_FOUND."""
        found = self.get(number)
        if not self._store.remove(number):
            raise not_found("There is no file {}.", number)
        self._security_log.note(
            Note(
                kind=NoteKind.FILE_REMOVED,
                station=found.station,
                asked_by=asked_by,
                reason=f"The file {number}, received at {found.received_at:%Y-%m-%d %H:%M UTC}, was removed.",
            )
        )
        return found

    # The shelf is swept

    def keep(self, area: Area, keeper: Keeper) -> None:
        """Have somebody say which files of an area are in use. Where nobody does, nothing is swept."""
        self._keepers.setdefault(area, []).append(keeper)

    def is_swept(self, area: Area) -> bool:
        return area in self._keepers

    def system(self) -> str:
        """The id of this system, by which it knows its shelf. To be asked in a unit of work that writes."""
        return self._store.system(token_hex(16))

    def orphans(self, area: Area, lying: Sequence[Lying], *, older_than: timedelta) -> Sequence[str]:
        """Which of these are in no use: what is new may be on its way into the database."""
        if not self.is_swept(area):
            return []
        before = self._clock.now() - older_than
        old = [one.name for one in lying if one.changed_at <= before]
        used = {name for keeper in self._keepers[area] for name in keeper(old)}
        return [name for name in old if name not in used]

    # Time passes

    def is_due(self) -> bool:
        return self._policy.keep is not None and self._store.has_older(self._clock.now() - self._policy.keep)

    def settle(self) -> None:
        """Forget what has been kept long enough, a part at a time."""
        now = self._clock.now()
        if self._policy.keep is not None:
            self._store.remove_older(now - self._policy.keep, PRUNED_AT_ONCE)

    def prune_tickets(self) -> None:
        """Forget tickets that ended long ago."""
        self._store.remove_tickets(ended_before=self._clock.now() - TICKETS_KEPT)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _clean(arrival: Arrival, otherwise: str) -> Arrival:
    """With a name that every database keeps and every terminal shows as it is, which is no path."""
    last = without_tokens(arrival.name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in last)[:MAX_FILE_NAME]
    name = shown if shown.strip(" .") else otherwise
    return Arrival(name=name, address=arrival.address, carrier=arrival.carrier)
