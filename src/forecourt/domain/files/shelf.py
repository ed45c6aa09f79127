"""Where the contents of files lie: outside the database, each under a name that the shelf gives and nobody else."""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.files.model import Kept

BLOCK: Final = 64 * 1024
"""Bytes that are read or written at once: what each transfer takes of memory, a few times."""


class Area(enum.Enum):
    """Whose files they are. The value is the beginning of their names."""

    RECEIVED = "received"
    """What stations uploaded."""
    FIRMWARE = "firmware"
    """Firmware images."""


class TooLarge(DomainError):
    """More came than is allowed."""

    def __init__(self, limit: int) -> None:
        super().__init__(Kind.REFUSED, f"The file has more than {limit} bytes, which is the most that is taken.")
        self.limit = limit


class NoRoom(DomainError):
    """The disk is full, or so full that the rest is kept free."""

    def __init__(self) -> None:
        super().__init__(
            Kind.UNAVAILABLE, "There is not enough room on the disk for the file; free some, or keep less of it free."
        )


class Receiving(Protocol):
    """A file that is coming in. Nobody sees it before it is finished."""

    @property
    def size(self) -> int:
        """Bytes so far."""
        ...

    async def write(self, data: bytes | bytearray) -> None:
        """Raises TooLarge or NoRoom, after which it must be aborted."""
        ...

    async def finish(self) -> Kept:
        """Have it on the disk for good. Raises NoRoom, and then it is aborted."""
        ...

    async def abort(self) -> None:
        """Forget it. After the end of it this does nothing."""
        ...


class Reading(Protocol):
    """A file that is read. It stays readable when it is removed meanwhile."""

    @property
    def size(self) -> int: ...

    async def read(self, at: int, most: int) -> bytes:
        """Bytes from a place in it; none at its end."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Lying:
    """A file as it lies on the shelf."""

    name: str
    changed_at: datetime


class Shelf(Protocol):
    """The files of all nodes, which share it."""

    async def new(self, area: Area, limit: int, *, size: int = 0) -> Receiving:
        """A place for a file of at most ``limit`` bytes. Room for ``size`` of them, which were announced, is kept for
        it. Raises NoRoom."""
        ...

    async def open(self, name: str) -> Reading:
        """Raises DomainError NOT_FOUND when it is not there."""
        ...

    async def remove(self, name: str) -> None:
        """Nothing happens when it is not there."""
        ...

    async def names(self, area: Area) -> Sequence[Lying]:
        """All that lie there, complete or not."""
        ...

    async def claim(self, system: str) -> bool:
        """Make it the shelf of a system, by its id; False when it is that of another one."""
        ...


async def blocks(reading: Reading) -> AsyncIterator[bytes]:
    """All of a file, which is closed at its end."""
    try:
        at = 0
        while block := await reading.read(at, BLOCK):
            at += len(block)
            yield block
    finally:
        await reading.close()
