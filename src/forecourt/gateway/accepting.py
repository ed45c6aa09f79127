"""Takes new connections off the sockets of a listener, for as long as there are file descriptors for them."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import structlog

from forecourt.settings import Address

BACKLOG: Final = 4096
BATCH: Final = 64
"""Connections taken at once; then others have their turn on the event loop."""

PAUSE_SECONDS: Final = 0.5
"""Wait when there is nothing left to take a connection with. They wait in the backlog meanwhile."""

_SHORTAGES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

Took: TypeAlias = Callable[[socket.socket, str], None]
"""Called with a connection, which does not block and now belongs to who is called, and the address of its peer."""

_log = structlog.get_logger(__name__)


class Acceptor:
    """Accepts on sockets that listen, until it is stopped. It needs no task."""

    def __init__(self, sockets: Sequence[socket.socket], took: Took) -> None:
        self._sockets = sockets
        self._took = took
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.TimerHandle | None = None
        self._watch()

    def stop(self) -> None:
        """Accept no more; the sockets are closed."""
        self._unwatch()
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        for listening in self._sockets:
            listening.close()

    def _watch(self) -> None:
        self._pause = None
        for listening in self._sockets:
            self._loop.add_reader(listening.fileno(), self._accept, listening)

    def _unwatch(self) -> None:
        for listening in self._sockets:
            if listening.fileno() != -1:
                self._loop.remove_reader(listening.fileno())

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(BATCH):
            try:
                accepted, peer = listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionAbortedError:
                continue  # it left while it waited
            except OSError as error:
                self._failed(error)
                return
            try:
                accepted.setblocking(False)
                self._took(accepted, str(peer[0]))
            except Exception:  # noqa: BLE001  # one connection must not end the listener
                accepted.close()
                _log.exception("connection_not_taken", address=str(peer[0]))

    def _failed(self, error: OSError) -> None:
        """The socket stays readable, so that going on at once would go on for ever."""
        _log.error(
            "accept_failed",
            reason=str(error),
            advice="raise `ulimit -n`; each station needs one" if error.errno in _SHORTAGES else None,
        )
        self._unwatch()
        if self._pause is None:
            self._pause = self._loop.call_later(PAUSE_SECONDS, self._watch)


async def bind(address: Address) -> list[socket.socket]:
    """Sockets that hold the address and do not listen yet: one for each address of its host. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
    )
    bound: list[socket.socket] = []
    try:
        for family, kind, protocol, _name, place in dict.fromkeys(found):
            one = socket.socket(family, kind, protocol)
            bound.append(one)
            _set_up(one)
            one.bind(place)
    except OSError as error:
        for one in bound:
            one.close()
        raise OSError(error.errno, f"{address}: {error.strerror or error}") from error
    return bound


def listen(sockets: Sequence[socket.socket], took: Took) -> Acceptor:
    """Listen on bound sockets. Raises OSError, and then they are closed."""
    try:
        for one in sockets:
            one.listen(BACKLOG)
    except OSError:
        for one in sockets:
            one.close()
        raise
    return Acceptor(sockets, took)


def _set_up(one: socket.socket) -> None:
    one.setblocking(False)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if one.family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    # What is accepted inherits these.
    one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
