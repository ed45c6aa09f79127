"""What all protocols have in common: a token is shown, a file goes over the counter, and its end is written down."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeAlias

import structlog

from forecourt.domain.errors import DomainError, Kind, conflict, invalid, not_found
from forecourt.domain.files.model import Arrival, Direction, Kept, ReceivedFile, Ticket, TicketNumber
from forecourt.domain.files.shelf import BLOCK, Area, Reading, Receiving, Shelf, TooLarge
from forecourt.domain.security_log.model import Kind as NoteKind
from forecourt.domain.security_log.model import Note
from forecourt.domain.services import Services, Workspace
from forecourt.redaction import TOKEN_CHARACTERS, TOKEN_START

OF_ONE_TICKET: Final = 4
"""Transfers with one ticket at the same time: a station whose line broke comes back before the old one is noticed."""

_TOKEN: Final = re.compile(rf"{TOKEN_START}[A-Za-z0-9_-]{{{TOKEN_CHARACTERS}}}", re.ASCII)

_Work: TypeAlias = Callable[[Services], Ticket]

_log = structlog.get_logger(__name__)


class Noting(Protocol):
    """Where refusals are noted."""

    def note(self, note: Note) -> None: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an upload."""

    received: ReceivedFile
    is_new: bool
    """False when the same file had come with the ticket before, and the station did not hear of it."""


class Desk:
    """Lets files in and out against tickets."""

    def __init__(self, workspace: Workspace, shelf: Shelf, notes: Noting, *, transfers_at_once: int) -> None:
        self.shelf = shelf
        self._workspace = workspace
        self._notes = notes
        self._most = transfers_at_once
        self._open: Counter[TicketNumber] = Counter()

    # Up

    async def begin_upload(self, token: str, arrival: Arrival, *, size: int | None = None) -> Upload:
        """Let a station begin, which says how much will come or does not. Raises DomainError, and TooLarge or NoRoom
        among them."""
        ticket = await self._ticket(token, Direction.UPLOAD, arrival.address)
        if size is not None and size > ticket.max_bytes:
            raise self.refused(TooLarge(ticket.max_bytes), arrival.address, ticket)
        self._enter(ticket, arrival.address)
        try:
            receiving = await self.shelf.new(Area.RECEIVED, ticket.max_bytes, size=size or 0)
        except BaseException as error:
            self.left(ticket)
            if isinstance(error, DomainError):
                self.refused(error, arrival.address, ticket)
            raise
        return Upload(self, ticket, token, arrival, receiving)

    async def resume_upload(self, upload: Upload, arrival: Arrival) -> None:
        """Let a station go on with what broke off. Raises DomainError, and then it is given up."""
        try:
            await self._ticket(upload.token, Direction.UPLOAD, arrival.address)
            self._enter(upload.ticket, arrival.address)
        except BaseException:
            await upload.abort()
            raise
        upload.goes_on(arrival)

    async def is_good(self, upload: Upload) -> bool:
        """Whether its station may still go on with it, as far as is known."""
        try:
            await self._workspace.read(lambda services: services.files.good_ticket(upload.token, Direction.UPLOAD))
        except DomainError as error:
            return error.kind is Kind.UNAVAILABLE
        return True

    async def record(self, upload: Upload, kept: Kept) -> Outcome:
        """Write down what came. Whatever goes wrong, no row is left without its file: of a database that is away nobody
        knows whether it took the row, so that the file stays until the shelf is swept."""

        def work(services: Services) -> Outcome:
            same = services.files.same_as_received(upload.ticket, kept)
            if same is not None:
                return Outcome(same, is_new=False)
            return Outcome(services.files.received(upload.ticket, kept, upload.arrival), is_new=True)

        try:
            outcome = await self._workspace.write(work)
        except DomainError as error:
            if error.kind is not Kind.UNAVAILABLE:
                await self.shelf.remove(kept.name)
            raise
        if not outcome.is_new:
            await self.shelf.remove(kept.name)
        return outcome

    # Down

    async def begin_download(self, token: str, address: str, *, is_counted: bool = True) -> Download:
        """Let a station fetch. What is asked without being counted gives nothing out. Raises DomainError."""
        ticket = await self._ticket(token, Direction.DOWNLOAD, address, is_counted=is_counted)
        self._enter(ticket, address)
        try:
            reading = await self.shelf.open(ticket.file or "")
        except BaseException as error:
            self.left(ticket)
            if isinstance(error, DomainError):
                self.refused(error, address, ticket)
            raise
        return Download(self, ticket, reading)

    # Anybody

    def refused(self, error: DomainError, address: str, ticket: Ticket | None) -> DomainError:
        """Note a refusal; returns it, to be raised."""
        self._note(error.sentence, address, ticket)
        return error

    def refused_stranger(self, sentence: str, address: str) -> None:
        """Note a refusal of somebody who showed no ticket."""
        self._note(sentence, address, None)

    def left(self, ticket: Ticket) -> None:
        """A transfer is over."""
        self._open[ticket.number] -= 1
        if self._open[ticket.number] <= 0:
            del self._open[ticket.number]

    async def find(self, token: str, address: str) -> Ticket:
        """The ticket of somebody who has not said yet what he wants. Raises DomainError."""

        def work(services: Services) -> Ticket:
            found = services.files.find_ticket(token)
            return services.files.good_ticket(token, Direction.UPLOAD if found is None else found.direction)

        return await self._asked(work, token, address)

    # Inside

    def _note(self, sentence: str, address: str, ticket: Ticket | None) -> None:
        self._notes.note(
            Note(
                kind=NoteKind.FILE_REFUSED,
                station=None if ticket is None else ticket.station,
                address=address,
                reason=sentence,
            )
        )

    async def _ticket(self, token: str, direction: Direction, address: str, *, is_counted: bool = False) -> Ticket:
        def look(services: Services) -> Ticket:
            return services.files.good_ticket(token, direction)

        def take(services: Services) -> Ticket:
            return services.files.begin_download(token)

        return await self._asked(take if is_counted else look, token, address, is_writing=is_counted)

    async def _asked(self, work: _Work, token: str, address: str, *, is_writing: bool = False) -> Ticket:
        if not _TOKEN.fullmatch(token):
            raise self.refused(not_found("There is no ticket of this form."), address, None)
        try:
            return await (self._workspace.write(work) if is_writing else self._workspace.read(work))
        except DomainError as error:
            if error.kind is not Kind.UNAVAILABLE:
                known = await self._workspace.read(lambda services: services.files.find_ticket(token))
                self.refused(error, address, known)
            raise

    def _enter(self, ticket: Ticket, address: str) -> None:
        if self._open[ticket.number] >= OF_ONE_TICKET:
            error = conflict("There are {} transfers with the ticket {} already.", OF_ONE_TICKET, ticket.number)
            raise self.refused(error, address, ticket)
        if self._open.total() >= self._most:
            error = DomainError(Kind.UNAVAILABLE, "There are {} transfers already; come back later.", self._most)
            raise self.refused(error, address, ticket)
        self._open[ticket.number] += 1


class Upload:
    """A file on its way in. It ends with `finish` or with `abort`; after one of them the other does nothing."""

    def __init__(self, desk: Desk, ticket: Ticket, token: str, arrival: Arrival, receiving: Receiving) -> None:
        self.ticket = ticket
        self.token = token
        self.arrival = arrival
        self._desk = desk
        self._receiving = receiving
        self._buffer = bytearray()
        """What is gathered before it is handed to the disk: many clients send very little at once."""
        self._is_over = False
        self._is_moving = True

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._receiving.size + len(self._buffer)

    def rename(self, name: str) -> None:
        """It has another name than was thought."""
        self.arrival = replace(self.arrival, name=name)

    async def write(self, data: bytes) -> None:
        """Raises TooLarge or NoRoom, after which it must be aborted."""
        try:
            if self.size + len(data) > self.ticket.max_bytes:
                raise TooLarge(self.ticket.max_bytes)
            if not self._buffer and len(data) >= BLOCK:
                await self._receiving.write(data)
                return
            self._buffer += data
            if len(self._buffer) >= BLOCK:
                await self._flush()
        except DomainError as error:
            self._desk.refused(error, self.arrival.address, self.ticket)
            raise

    async def finish(self) -> Outcome:
        """All of it came. Raises DomainError, and then nothing of it is kept."""
        try:
            await self._flush()
            if not self._receiving.size:
                raise invalid("The file is empty.")
            kept = await self._receiving.finish()
            outcome = await self._desk.record(self, kept)
        except DomainError as error:
            self._desk.refused(error, self.arrival.address, self.ticket)
            raise
        finally:
            await self.abort()
        _log.info(
            "file_received",
            station=self.ticket.station,
            file=outcome.received.number,
            size=kept.size,
            is_new=outcome.is_new,
        )
        return outcome

    async def pause(self) -> None:
        """It broke off, and its station may come back: meanwhile others may move files. Raises as `write`."""
        self._leave()
        await self._flush()

    def goes_on(self, arrival: Arrival) -> None:
        """Its station came back."""
        self.arrival = arrival
        self._is_moving = True

    async def abort(self) -> None:
        """It is given up."""
        if self._is_over:
            return
        self._is_over = True
        self._leave()
        await self._receiving.abort()

    def _leave(self) -> None:
        if self._is_moving:
            self._is_moving = False
            self._desk.left(self.ticket)

    async def _flush(self) -> None:
        data, self._buffer = self._buffer, bytearray()
        await self._receiving.write(data)


class Download:
    """A file on its way out."""

    def __init__(self, desk: Desk, ticket: Ticket, reading: Reading) -> None:
        self.ticket = ticket
        self._desk = desk
        self._reading = reading
        self._is_over = False

    @property
    def size(self) -> int:
        """Bytes."""
        return self._reading.size

    async def read(self, at: int, most: int) -> bytes:
        return await self._reading.read(at, most)

    async def close(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._desk.left(self.ticket)
            await self._reading.close()
