"""The files that a session of FTP writes and reads, as the library wants to see them: with methods that wait."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, Final, Protocol, TypeVar

from forecourt.domain.errors import conflict
from forecourt.domain.files.model import Arrival, Ticket, TicketNumber
from forecourt.files.desk import Desk, Download, Upload
from forecourt.files.ftp_library import FilesystemError

MOST_HELD: Final = 50
"""Broken uploads that are held until their stations come back; the oldest is given up for a newer one."""

HELD_SECONDS: Final = 900.0

LOOK_SECONDS: Final = 30.0
"""Between two looks whether the ticket of what is held is still good."""

Result = TypeVar("Result")


class Waiting(Protocol):
    """Where a session has things done on the event loop."""

    @property
    def uploads(self) -> Uploads: ...

    def time(self) -> float:
        """Seconds from an arbitrary start."""
        ...

    def wait_for(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Raises FilesystemError with the reason when it was refused."""
        ...


class Uploads:
    """Uploads that broke off, so that they can be gone on with (``REST``, ``APPE``). Used on the event loop."""

    def __init__(self, desk: Desk, *, most_bytes: int) -> None:
        self._desk = desk
        self._most_bytes = most_bytes
        self._held: dict[TicketNumber, Upload] = {}
        self._watches: dict[Upload, asyncio.Task[None]] = {}

    async def begin(self, token: str, arrival: Arrival, *, ticket: Ticket, is_continued: bool) -> Upload:
        """A new upload, or the held one, which is given up when it is not gone on with. Raises DomainError."""
        held = self._taken(ticket.number)
        if is_continued:
            if held is None:
                raise conflict("Nothing of the file is here to go on with; send it from its start.")
            await self._desk.resume_upload(held, arrival)
            return held
        if held is not None:
            await held.abort()
        return await self._desk.begin_upload(token, arrival)

    def size_of(self, ticket: Ticket) -> int | None:
        """What is held with a ticket, if anything."""
        held = self._held.get(ticket.number)
        return None if held is None else held.size

    async def hold(self, upload: Upload) -> None:
        """It broke off; its station may come back. Meanwhile it takes no place from others. Raises DomainError."""
        try:
            await upload.pause()
        except BaseException:
            await upload.abort()
            raise
        await self._forget(upload.ticket.number)
        self._held[upload.ticket.number] = upload
        self._watches[upload] = asyncio.get_running_loop().create_task(self._watch(upload))
        while len(self._held) > MOST_HELD or (len(self._held) > 1 and self._bytes() > self._most_bytes):
            await self._forget(next(iter(self._held)))

    async def forget_all(self) -> None:
        """Give up what is held."""
        for number in list(self._held):
            await self._forget(number)

    async def _forget(self, number: TicketNumber) -> None:
        upload = self._taken(number)
        if upload is not None:
            await upload.abort()

    def _taken(self, number: TicketNumber) -> Upload | None:
        upload = self._held.pop(number, None)
        if upload is not None:
            self._watches.pop(upload).cancel()
        return upload

    def _bytes(self) -> int:
        return sum(upload.size for upload in self._held.values())

    async def _watch(self, upload: Upload) -> None:
        """Give it up after some time, or when its ticket ends before."""
        for _look in range(int(HELD_SECONDS / LOOK_SECONDS)):
            await asyncio.sleep(LOOK_SECONDS)
            if not await self._desk.is_good(upload):
                break
        del self._watches[upload]
        del self._held[upload.ticket.number]
        await upload.abort()


class TakenFile:
    """What a station writes."""

    def __init__(self, door: Waiting, upload: Upload, name: str, *, seconds: float) -> None:
        self._door = door
        self._upload = upload
        self._ends_at = door.time() + seconds
        self.trouble: FilesystemError | None = None
        """Why nothing more is taken."""
        self.name = name
        self.closed = False

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._upload.size

    def write(self, data: bytes) -> None:
        """Raises OSError, which the library takes for the end of the transfer."""
        try:
            if self._door.time() > self._ends_at:
                raise FilesystemError("This took too long; begin again")
            self._door.wait_for(self._upload.write(data))
        except FilesystemError as error:
            self.trouble = error
            raise OSError(0, str(error)) from error

    def seek(self, position: int) -> None:
        """Raises FilesystemError: one can only go on where it broke off."""
        if position != self._upload.size:
            raise FilesystemError(f"It goes on at {self._upload.size}")

    def commit(self) -> None:
        """All of it came. Raises FilesystemError, and then nothing is kept."""
        self.closed = True
        self._door.wait_for(self._upload.finish())

    def hold(self) -> None:
        """It broke off. What was refused is not held. Raises FilesystemError with the reason of that."""
        self.closed = True
        if self.trouble is not None:
            self._door.wait_for(self._upload.abort())
            raise self.trouble
        self._door.wait_for(self._door.uploads.hold(self._upload))

    def close(self) -> None:
        """It was not written to its end. Nobody hears of what goes wrong here."""
        if not self.closed:
            with contextlib.suppress(FilesystemError):
                self.hold()


class GivenFile:
    """What a station reads."""

    def __init__(self, door: Waiting, download: Download, name: str, *, seconds: float) -> None:
        self._door = door
        self._ends_at = door.time() + seconds
        self._download = download
        self._at = 0
        self.trouble: FilesystemError | None = None
        """Why nothing more is given."""
        self.name = name
        self.closed = False

    def read(self, most: int) -> bytes:
        """Raises OSError, which the library takes for the end of the transfer."""
        try:
            if self._door.time() > self._ends_at:
                raise FilesystemError("This took too long; begin again")
            piece = self._door.wait_for(self._download.read(self._at, most))
        except FilesystemError as error:
            self.trouble = error
            raise OSError(0, str(error)) from error
        self._at += len(piece)
        return piece

    def seek(self, position: int) -> None:
        self._at = position

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            with contextlib.suppress(FilesystemError):
                self._door.wait_for(self._download.close())
