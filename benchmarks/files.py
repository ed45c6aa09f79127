"""What a transfer takes of the memory of the process of files, while it is in its middle and at most."""

from __future__ import annotations

import asyncio
import contextlib
import ftplib
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from benchmarks.machine import resident_bytes
from forecourt.app.database import open_database
from forecourt.config import Config, FilesConfig
from forecourt.domain.files.model import Direction
from forecourt.domain.files.shelf import Area
from forecourt.domain.provisioning.model import StationDraft
from forecourt.domain.services import Services
from forecourt.settings import Address
from forecourt.storage.shelf import DiskShelf
from tests.support.ports import free_port
from tests.support.running import RunningSystem

SIZE: Final = 8 * 1024 * 1024
_HALF: Final = SIZE // 2
_WARM_UP: Final = 8
_PIECE: Final = bytes(range(256)) * 256
_SECONDS: Final = 120.0
_SIGNING_IN: Final = threading.Semaphore(8)
"""All come from one address, of which few may be about to sign in."""


@dataclass(frozen=True)
class Memory:
    """What a transfer takes, in bytes."""

    held: float
    """While it stands still in its middle: the station has stopped to send, or to read."""
    most: float
    """At most, while all of them are moved at once."""
    itself: int
    """What the process takes without any, once a few were moved."""


class Transfer:
    """A station that moves a file, half of it at a time."""

    def __init__(self, location: str, direction: Direction) -> None:
        self._is_up = direction is Direction.UPLOAD
        self._ends = contextlib.ExitStack()
        url = urlsplit(location)
        self._control: ftplib.FTP | None = None
        if url.scheme == "http":
            self._data = self._ends.enter_context(socket.create_connection((url.hostname, url.port), _SECONDS))
            length = f"Content-Length: {SIZE}\r\n" if self._is_up else ""
            method, path = ("PUT", f"{url.path}log") if self._is_up else ("GET", url.path)
            self._data.sendall(f"{method} {path} HTTP/1.1\r\nHost: here\r\n{length}\r\n".encode())
            return
        self._control = self._ends.enter_context(ftplib.FTP(timeout=_SECONDS))
        with _SIGNING_IN:
            self._control.connect(url.hostname or "", url.port or 0)
            self._control.login(url.username or "", url.password or "")
        self._control.voidcmd("TYPE I")
        self._data = self._ends.enter_context(self._control.transfercmd("STOR log" if self._is_up else "RETR log"))

    def move_half(self) -> None:
        left = _HALF
        while left > 0:
            if self._is_up:
                self._data.sendall(_PIECE)
                left -= len(_PIECE)
            elif got := len(self._data.recv(min(left, len(_PIECE)))):
                left -= got
            else:
                raise ConnectionError("the door broke off")

    def end(self) -> None:
        """Move the rest, and see that the door is content."""
        self.move_half()
        if not self._is_up:
            while self._data.recv(len(_PIECE)):
                pass
        elif self._control is None:
            answer = self._data.recv(100)
            if not answer.startswith(b"HTTP/1.1 201"):
                raise ConnectionError(answer.decode(errors="replace"))
        if self._control is not None:
            self._data.close()
            self._control.voidresp()
        self._ends.close()


def measure_files(count: int) -> dict[tuple[str, Direction], Memory]:
    """By protocol and direction. Of each, a few are moved first, so that what is loaded once is not counted."""
    found: dict[tuple[str, Direction], Memory] = {}
    with tempfile.TemporaryDirectory(prefix="forecourt-bench-") as folder:
        for scheme in ("http", "ftp"):
            for direction in Direction:
                found[scheme, direction] = _measure(
                    Path(folder, f"{scheme}-{direction.value}"), scheme, direction, count
                )
    return found


def _measure(folder: Path, scheme: str, direction: Direction, count: int) -> Memory:
    folder.mkdir()
    with _door(folder, scheme) as (pid, offer):
        locations = offer(direction, _WARM_UP + count)
        with ThreadPoolExecutor(count) as pool:
            _move(pool, locations[:_WARM_UP], direction)
            before = resident_bytes(pid)
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # the most that was resident is counted from here on
            transfers = list(pool.map(lambda location: Transfer(location, direction), locations[_WARM_UP:]))
            list(pool.map(Transfer.move_half, transfers))
            held = resident_bytes(pid) - before
            list(pool.map(Transfer.end, transfers))
        return Memory(held / count, (_most_resident(pid) - before) / count, before)


def _move(pool: ThreadPoolExecutor, locations: list[str], direction: Direction) -> None:
    transfers = list(pool.map(lambda location: Transfer(location, direction), locations))
    list(pool.map(Transfer.move_half, transfers))
    list(pool.map(Transfer.end, transfers))


@contextlib.contextmanager
def _door(folder: Path, scheme: str) -> Iterator[tuple[int, Callable[[Direction, int], list[str]]]]:
    """The process of files of a system of its own, and how locations at it are made."""
    ftp = Address("127.0.0.1", free_port())
    settings = {"FORECOURT_FILES_FTP": str(ftp), "FORECOURT_FILES_FTP_TLS_ONLY": "false"}
    system = RunningSystem(folder, settings={**settings, "FORECOURT_LOG_LEVEL": "warning"})
    http = Address("127.0.0.1", system.files_port)
    files = (
        FilesConfig(http=http, ftp=ftp, ftp_tls_only=False)
        if scheme == "http"
        else FilesConfig(http=None, ftp=ftp, ftp_tls_only=False)
    )
    config = Config(data=system.data, files=files)
    system.start()
    try:
        yield system.process_listening_on(system.files_port), lambda *wanted: asyncio.run(_locations(config, *wanted))
    finally:
        system.close()


async def _locations(config: Config, direction: Direction, count: int) -> list[str]:
    receiving = await DiskShelf(config.data / "files").new(Area.FIRMWARE, SIZE)
    for _ in range(SIZE // len(_PIECE)):
        await receiving.write(_PIECE)
    kept = await receiving.finish()

    def work(services: Services) -> list[str]:
        station = services.provisioning.add(StationDraft(identity="CP-1")).station
        if direction is Direction.UPLOAD:
            return [services.files.offer_upload(station, job=None) for _ in range(count)]
        return [services.files.offer_download(station, job=None, file=kept.name, size=kept.size) for _ in range(count)]

    async with open_database(config) as (workspace, _bell):
        return await workspace.write(work)


def _most_resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise LookupError("this machine does not tell how much was resident")


def print_files(count: int) -> None:
    print(f"\nmemory of one of {count} transfers at once, each of {SIZE // 1024**2} MiB")
    print(f"{'':<14} {'in its middle':>14} {'at most':>10} {'the process':>12}")
    for (scheme, direction), memory in measure_files(count).items():
        words, itself = f"{scheme} {direction.value}", memory.itself / 1024**2
        print(f"{words:<14} {memory.held / 1024:>11.0f} KB {memory.most / 1024:>7.0f} KB {itself:>8.0f} MiB")
