"""The bell between processes: says that something changed, after the commit that changed it.

It is never the truth. A ring can be lost; whoever listens reads the tables, and reads them now and then unrung.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import structlog

Heard: TypeAlias = Callable[[str | None], None]
"""Called on the event loop with what changed, or with None when rings may have been missed."""

_MAX_RING_BYTES: Final = 6000
"""What fits into one ring: a payload of NOTIFY has fewer than 8000 bytes."""
_log = structlog.get_logger(__name__)


class Bell(Protocol):
    """Rings in all other processes on the same database."""

    def announce(self, topics: Sequence[str]) -> None:
        """Ring. Called from storage threads; never raises."""
        ...

    def listen(self, heard: Heard) -> None:
        """Call ``heard`` on the running event loop from now on."""
        ...

    def close(self) -> None: ...


class LocalBell:
    """For the processes of one machine: a datagram socket per listener, in a folder beside the database."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own = folder / f"{os.getpid()}"
        self._descriptor: int | None = None
        self._sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sender.setblocking(False)
        self._receiver: socket.socket | None = None

    def announce(self, topics: Sequence[str]) -> None:
        if not topics:
            return
        ring = as_ring(topics)
        try:
            for listener in self._folder.iterdir():
                self._send(listener, ring)
        except FileNotFoundError:
            return  # nobody has listened yet
        except OSError as error:
            _log.warning("ring_not_delivered", reason=str(error))

    def _address(self, name: str) -> str:
        """A short name for a socket in the folder: the address of one may have 107 bytes, a path far more."""
        if self._descriptor is None:
            self._descriptor = os.open(self._folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        return f"/proc/self/fd/{self._descriptor}/{name}"

    def _send(self, listener: Path, ring: str) -> None:
        try:
            self._sender.sendto(ring.encode(), self._address(listener.name))
        except ConnectionRefusedError:
            listener.unlink(missing_ok=True)  # its process is gone
        except OSError as error:
            _log.warning("ring_not_delivered", listener=listener.name, reason=str(error))

    def listen(self, heard: Heard) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._own.unlink(missing_ok=True)
        self._receiver = receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        receiver.setblocking(False)
        receiver.bind(self._address(self._own.name))

        def ready() -> None:
            with contextlib.suppress(BlockingIOError):
                while True:
                    tell(heard, receiver.recv(2 * _MAX_RING_BYTES).decode("utf-8", "replace"))

        asyncio.get_running_loop().add_reader(receiver, ready)

    def close(self) -> None:
        if self._receiver is not None:
            asyncio.get_running_loop().remove_reader(self._receiver)
            self._receiver.close()
            self._own.unlink(missing_ok=True)
        self._sender.close()
        if self._descriptor is not None:
            os.close(self._descriptor)


def as_ring(topics: Sequence[str]) -> str:
    """All topics of a group in one ring, each once.

    When they are too many, their first words only, which means everything of that kind; and nothing at all, which
    means everything, when even those are too many.
    """
    for shortened in (topics, [topic.partition(" ")[0] for topic in topics]):
        ring = "\n".join(dict.fromkeys(shortened))
        if len(ring.encode()) <= _MAX_RING_BYTES:
            return ring
    return ""


def tell(heard: Heard, ring: str) -> None:
    """Each topic of a ring by itself, or that it may be anything."""
    if not ring:
        heard(None)
        return
    for topic in ring.split("\n"):
        heard(topic)
