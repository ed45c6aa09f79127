"""The shelf as a folder on disk.

A file is written under a name that says that it is not complete, brought to the disk, and renamed: whoever sees it
under its own name sees all of it, also after the machine lost its power. Names are drawn here and checked when they
come back, so that no name that somebody else chose ever becomes a path.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import re
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, Final, TypeVar

import structlog

from forecourt.domain.errors import not_found
from forecourt.domain.files.model import Kept
from forecourt.domain.files.shelf import Area, Lying, NoRoom, TooLarge

MARK: Final = "system"
"""A file that names the system whose shelf this is."""

_PART: Final = ".part"
_NAME: Final = re.compile(rf"(?:{'|'.join(area.value for area in Area)})/[0-9a-f]{{2}}/[0-9a-f]{{32}}")
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

Result = TypeVar("Result")

_log = structlog.get_logger(__name__)


class DiskShelf:
    """A Shelf in a folder, which several nodes may share. Disk work is done in threads."""

    def __init__(self, folder: Path, *, keep_free_bytes: int = 0) -> None:
        self._folder = folder
        self._room = Room(keep_free_bytes)

    async def new(self, area: Area, limit: int, *, size: int = 0) -> DiskReceiving:
        """A place for a file of at most ``limit`` bytes. Room for ``size`` of them, which were announced, is kept for
        it. Raises NoRoom."""
        return await _made_in_thread(
            lambda: DiskReceiving(self._folder, area, limit, size, self._room), lambda made: made.forget()
        )

    async def open(self, name: str) -> DiskReading:
        """Raises DomainError NOT_FOUND when it is not there."""
        return await _made_in_thread(lambda: DiskReading(_path(self._folder, name)), lambda made: made.forget())

    async def remove(self, name: str) -> None:
        """Nothing happens when it is not there."""
        path = _path(self._folder, name.removesuffix(_PART))
        await _in_thread(lambda: path.with_name(Path(name).name).unlink(missing_ok=True))

    async def names(self, area: Area) -> Sequence[Lying]:
        """All that lie there, complete or not."""
        return await _in_thread(lambda: list(_lying(self._folder, area)))

    async def claim(self, system: str) -> bool:
        """Make it the shelf of a system, by its id; False when it is that of another one."""
        return await _in_thread(lambda: _claim(self._folder, system))


class Room:
    """What this process has promised of the disk. Files that are coming in share what is free."""

    def __init__(self, keep_free_bytes: int) -> None:
        self._keep_free_bytes = keep_free_bytes
        self._lock = threading.Lock()
        self._promised: dict[DiskReceiving, int] = {}

    def promise(self, receiving: DiskReceiving, expected: int, folder: Path) -> None:
        """See that there is room for the bytes that are still to come. Raises NoRoom."""
        with self._lock:
            self._promised[receiving] = expected
            found = os.statvfs(folder)
            if found.f_bavail * found.f_frsize - sum(self._promised.values()) < self._keep_free_bytes:
                raise NoRoom

    def give_back(self, receiving: DiskReceiving) -> None:
        """Nothing more of it will come."""
        with self._lock:
            self._promised.pop(receiving, None)


class DiskReceiving:
    """A Receiving in a file. Made in a thread."""

    def __init__(self, folder: Path, area: Area, limit: int, expected: int, room: Room) -> None:
        self._limit = limit
        self._expected = expected
        self._room = room
        drawn = token_hex(16)
        self._name = f"{area.value}/{drawn[:2]}/{drawn}"
        self._path = folder / self._name
        self._part = self._path.with_name(f"{drawn}{_PART}")
        self._digests = [hashlib.sha256(), hashlib.sha384(), hashlib.sha512()]
        self._size = 0
        self._is_open = True
        self._turn = threading.Lock()
        """Whoever is cancelled while it is written ends it while the thread still writes."""
        with _room():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file: BinaryIO = self._part.open("xb")
        try:
            self._promise(0)
        except BaseException:
            self._abort()
            raise

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._size

    async def write(self, data: bytes | bytearray) -> None:
        """Raises TooLarge or NoRoom, after which it must be aborted."""
        await _in_thread(lambda: self._write(data))

    def forget(self) -> None:
        """As `abort`, in a thread."""
        with self._turn:
            self._abort()

    async def finish(self) -> Kept:
        """Have it on the disk for good. Raises NoRoom, and then it is aborted."""
        return await _in_thread(self._finish)

    async def abort(self) -> None:
        """Forget it. After the end of it this does nothing."""
        await _in_thread(self.forget)

    def _write(self, data: bytes | bytearray) -> None:
        with self._turn:
            self._write_in_turn(data)

    def _write_in_turn(self, data: bytes | bytearray) -> None:
        if not self._is_open:
            raise ValueError("it has ended")
        if self._size + len(data) > self._limit:
            raise TooLarge(self._limit)
        self._promise(len(data))
        with _room():
            self._file.write(data)
        for digest in self._digests:
            digest.update(data)
        self._size += len(data)

    def _promise(self, coming: int) -> None:
        self._room.promise(self, max(coming, self._expected - self._size), self._path.parent)

    def _finish(self) -> Kept:
        with self._turn:
            return self._finish_in_turn()

    def _finish_in_turn(self) -> Kept:
        if not self._is_open:
            raise ValueError("it has ended")
        try:
            with _room():
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
                self._part.rename(self._path)
                _sync_folder(self._path.parent)
        except BaseException:
            self._abort()
            raise
        self._is_open = False
        self._room.give_back(self)
        sha256, sha384, sha512 = (digest.hexdigest() for digest in self._digests)
        return Kept(name=self._name, size=self._size, sha256=sha256, sha384=sha384, sha512=sha512)

    def _abort(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        self._room.give_back(self)
        with contextlib.suppress(OSError):  # what cannot be written at its end is not wanted any more
            self._file.close()
        self._part.unlink(missing_ok=True)


class DiskReading:
    """A Reading of a file. Made in a thread."""

    def __init__(self, path: Path) -> None:
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise not_found("The file does not lie on the shelf any more.") from None
        self._size = os.fstat(self._descriptor).st_size
        self._is_open = True

    @property
    def size(self) -> int:
        """Bytes."""
        return self._size

    async def read(self, at: int, most: int) -> bytes:
        """Bytes from a place in it; none at its end."""
        return await _in_thread(lambda: os.pread(self._descriptor, most, at))

    async def close(self) -> None:
        self.forget()

    def forget(self) -> None:
        """As `close`."""
        if self._is_open:
            self._is_open = False
            os.close(self._descriptor)


def _path(folder: Path, name: str) -> Path:
    """Raises DomainError NOT_FOUND for what is no name of a shelf."""
    if not _NAME.fullmatch(name):
        raise not_found("The file does not lie on the shelf any more.")
    return folder / name


def _lying(folder: Path, area: Area) -> Iterator[Lying]:
    for path in (folder / area.value).glob("??/*"):
        name = f"{area.value}/{path.parent.name}/{path.name}"
        if not _NAME.fullmatch(name.removesuffix(_PART)):
            continue
        try:
            found = path.lstat()
        except FileNotFoundError:  # removed meanwhile
            continue
        except OSError as error:
            _log.warning("shelf_not_readable", name=name, reason=str(error)[:200])
            continue
        if stat.S_ISREG(found.st_mode):
            yield Lying(name, datetime.fromtimestamp(found.st_mtime, UTC))


def _claim(folder: Path, system: str) -> bool:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark = folder / MARK
    drawn = folder / f"{MARK}.{token_hex(8)}"
    if not mark.exists():
        drawn.write_text(f"{system}\n")
        drawn.replace(mark)  # nodes of one system write the same
    return mark.read_text().strip() == system


@contextlib.contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise NoRoom from error
        raise


def _sync_folder(folder: Path) -> None:
    """So that the name is on the disk, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def _made_in_thread(make: Callable[[], Result], undo: Callable[[Result], None]) -> Result:
    """What is made for somebody who does not wait for it any more is undone at once: nobody else could."""
    making = asyncio.get_running_loop().run_in_executor(None, make)
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        making.add_done_callback(lambda done: _undone(done, undo))
        raise


def _undone(done: asyncio.Future[Result], undo: Callable[[Result], None]) -> None:
    if not done.cancelled() and done.exception() is None:
        undo(done.result())


async def _in_thread(work: Callable[[], Result]) -> Result:
    """Done to its end also when whoever waits for it is cancelled: then its result is thrown away."""
    return await asyncio.to_thread(work)
