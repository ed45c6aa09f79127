"""Connections to authorities, cut when an answer takes too long: time-outs of a socket begin anew with every byte."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import urllib3


class Lines:
    """Connections of one conversation, so that they can be cut whatever is being waited for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []
        """Copies: a connection gives its own away when TLS begins."""

    def watch(self, line: socket.socket) -> None:
        with self._lock:
            self._ends.append(line.dup())

    @contextmanager
    def cut_after(self, seconds: float) -> Iterator[threading.Event]:
        """The event says that they were cut."""
        cut = threading.Event()
        timer = threading.Timer(seconds, self._cut, (cut,))
        timer.daemon = True
        timer.start()
        try:
            yield cut
        finally:
            timer.cancel()

    def forget(self) -> None:
        with self._lock:
            for end in self._ends:
                end.close()
            self._ends.clear()

    def _cut(self, cut: threading.Event) -> None:
        cut.set()
        with self._lock:
            for end in self._ends:
                with suppress(OSError):  # it is closed already
                    end.shutdown(socket.SHUT_RDWR)


def watched_pools(lines: Lines) -> dict[str, type[urllib3.HTTPConnectionPool]]:
    """What a pool manager of urllib3 opens its connections with, by scheme."""

    class Plain(urllib3.connection.HTTPConnection):
        def _new_conn(self) -> socket.socket:
            line = super()._new_conn()
            lines.watch(line)
            return line

    class Secure(urllib3.connection.HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            line = super()._new_conn()
            lines.watch(line)
            return line

    class PlainPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
