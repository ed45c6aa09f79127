"""The bell between processes: says that something changed, after the commit that changed it.

It is never the truth. A ring can be lost; whoever listens reads the tables, and reads them now and then unrung.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import psycopg
import structlog

Heard: TypeAlias = Callable[[str | None], None]
"""Called on the event loop with what changed, or with None when rings may have been missed."""

CHANNEL: Final = "forecourt"
_MAX_RING_BYTES: Final = 6000
"""What fits into one ring: a payload of NOTIFY has fewer than 8000 bytes."""
_LISTEN_SECONDS: Final = 1.0
_PATIENCE: Final[dict[str, Any]] = {  # the types of libpq's parameters differ
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "tcp_user_timeout": 20_000,
    "options": "-c statement_timeout=5000 -c synchronous_commit=off",
}
"""A server that is silently gone must not keep a storage thread, nor be listened to for hours. And a ring is not waited
for until it is on disk: NOTIFY commits a transaction, and a ring may be lost."""

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
        ring = _ring(topics)
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
                    _tell(heard, receiver.recv(2 * _MAX_RING_BYTES).decode("utf-8", "replace"))

        asyncio.get_running_loop().add_reader(receiver, ready)

    def close(self) -> None:
        if self._receiver is not None:
            asyncio.get_running_loop().remove_reader(self._receiver)
            self._receiver.close()
            self._own.unlink(missing_ok=True)
        self._sender.close()
        if self._descriptor is not None:
            os.close(self._descriptor)


class PostgresqlBell:
    """For all nodes on one PostgreSQL: LISTEN and NOTIFY."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._sender: psycopg.Connection | None = None
        self._is_open = True
        self._listener: threading.Thread | None = None

    def announce(self, topics: Sequence[str]) -> None:
        if not topics:
            return
        ring = _ring(topics)
        with self._lock:
            try:
                try:
                    self._notify(ring)
                except psycopg.OperationalError:
                    self._notify(ring)  # the session was ended while it was idle: once more, on a new one
            except psycopg.Error as error:
                _log.warning("ring_not_delivered", reason=str(error))

    def _notify(self, ring: str) -> None:
        if self._sender is None or self._sender.closed or self._sender.broken:
            self._sender = psycopg.connect(self._url, autocommit=True, **_PATIENCE)
        self._sender.execute("SELECT pg_notify(%s, %s)", (CHANNEL, ring))

    def listen(self, heard: Heard) -> None:
        loop = asyncio.get_running_loop()

        def tell(topic: str | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
                loop.call_soon_threadsafe(heard, topic)

        self._listener = threading.Thread(target=self._listen, args=(tell,), name="bell", daemon=True)
        self._listener.start()

    def _listen(self, tell: Heard) -> None:
        pause = threading.Event()
        while self._is_open:
            try:
                with psycopg.connect(self._url, autocommit=True, **_PATIENCE) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    tell(None)
                    while self._is_open:
                        for notice in connection.notifies(timeout=_LISTEN_SECONDS):
                            _tell(tell, notice.payload)
            except psycopg.Error as error:
                _log.warning("bell_not_heard", reason=str(error))
                pause.wait(_LISTEN_SECONDS)

    def close(self) -> None:
        self._is_open = False
        with self._lock:
            if self._sender is not None:
                self._sender.close()
        if self._listener is not None:
            self._listener.join(2 * _LISTEN_SECONDS)


def _ring(topics: Sequence[str]) -> str:
    """All topics of a group in one ring, each once.

    When they are too many, their first words only, which means everything of that kind; and nothing at all, which
    means everything, when even those are too many.
    """
    for shortened in (topics, [topic.partition(" ")[0] for topic in topics]):
        ring = "\n".join(dict.fromkeys(shortened))
        if len(ring.encode()) <= _MAX_RING_BYTES:
            return ring
    return ""


def _tell(heard: Heard, ring: str) -> None:
    if not ring:
        heard(None)
        return
    for topic in ring.split("\n"):
        heard(topic)
