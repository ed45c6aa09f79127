"""The bell of all nodes on one PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from typing import Any, Final

import psycopg
import structlog

from forecourt.storage.bell import Heard, as_ring, tell

CHANNEL: Final = "forecourt"
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
        ring = as_ring(topics)
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

        def hand_over(topic: str | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
                loop.call_soon_threadsafe(heard, topic)

        self._listener = threading.Thread(target=self._listen, args=(hand_over,), name="bell", daemon=True)
        self._listener.start()

    def _listen(self, heard: Heard) -> None:
        pause = threading.Event()
        while self._is_open:
            try:
                with psycopg.connect(self._url, autocommit=True, **_PATIENCE) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    heard(None)
                    while self._is_open:
                        for notice in connection.notifies(timeout=_LISTEN_SECONDS):
                            tell(heard, notice.payload)
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
