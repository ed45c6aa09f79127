"""From an accepted socket to a client that speaks HTTP: the header of a proxy, a turn, and the TLS handshake.

A task exists for as long as this takes and no longer.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import structlog

from forecourt.config import GatewayConfig, ListenerConfig, ProxiesConfig, Tls
from forecourt.domain.security_log.model import Kind, Note
from forecourt.gateway import proxy_protocol, tls
from forecourt.gateway.notes import Notes
from forecourt.gateway.proxy_protocol import HEAD_BYTES, BadProxyHeader
from forecourt.gateway.room import Room, Stay
from forecourt.gateway.sources import EVERYBODY, source_of
from forecourt.gateway.turnstile import Turnstile, Verdict

MOST_WAITING: Final = 16_384
"""Connections that wait for their TLS handshake; half of the file descriptors at most. After an outage a whole fleet
comes at once, perhaps all of it from one address."""

_TOO_MANY: Final = "too many connections of this address have not said yet what they want"

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Entrance:
    """What a listener is for those who come in."""

    config: ListenerConfig
    context: ssl.SSLContext | None = None
    """The newest; None where there is no TLS, and where there is nothing to present."""


@dataclass(frozen=True, slots=True)
class Doorstep:
    """Where and from where somebody came in."""

    listener: ListenerConfig
    peer: str
    """The address of the client, as far as a proxy told it."""
    stay: Stay
    """Its place among the open sockets. Who speaks HTTP settles it when a request head is here, and ends it."""
    via_proxy: str | None = None
    """The address of the proxy that speaks the PROXY protocol, whatever that said."""
    is_proxy: bool = False
    """The peer is a listed proxy, whose headers are believed here."""


@dataclass(frozen=True, slots=True)
class _Guest:
    """A connection that is not where HTTP is spoken yet."""

    sock: socket.socket
    entrance: Entrance
    step: Doorstep

    def send_away(self) -> None:
        self.sock.close()
        self.step.stay.leave()


NewClient: TypeAlias = Callable[[Doorstep], asyncio.Protocol]


class Greeter:
    """Leads new connections of all listeners to where HTTP is spoken."""

    def __init__(self, *, gateway: GatewayConfig, proxies: ProxiesConfig, notes: Notes, new_client: NewClient) -> None:
        self._gateway = gateway
        self._proxies = proxies
        self._notes = notes
        self._new_client = new_client
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        waiting = min(MOST_WAITING, descriptors // 2)
        self._room = Room(descriptors)
        self._turnstile: Turnstile[_Guest] = Turnstile(places=gateway.handshakes_at_once, waiting=waiting)
        self._tasks: dict[asyncio.Task[None], _Guest] = {}
        self._failures: set[str] = set()

    def greet(self, entrance: Entrance, sock: socket.socket, peer: str) -> None:
        """Take over a connection that was just accepted."""
        config, is_listed = entrance.config, self._proxies.has(peer)
        if config.proxy_protocol and not is_listed:
            self._turn_away(config, sock, peer)
            return
        stay = self._room.enter(EVERYBODY if is_listed else source_of(peer))
        if stay is None:
            sock.close()
            self._refuse(Kind.TOO_MANY_CONNECTIONS, config, peer, _TOO_MANY)
        elif config.proxy_protocol:
            guest = _Guest(sock, entrance, Doorstep(config, peer, stay, via_proxy=peer))
            self._begin(guest, self._read_proxy(guest))
        else:
            is_proxy = is_listed and config.believes_headers
            self._go_on(_Guest(sock, entrance, Doorstep(config, peer, stay, is_proxy=is_proxy)))

    def stop(self) -> None:
        """Nobody begins a handshake any more; those who wait are sent away."""
        for guest in self._turnstile.send_away():
            guest.send_away()

    async def close(self) -> None:
        """Break off what has not come to its end."""
        self.stop()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, guest: _Guest, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[task] = guest
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        guest = self._tasks.pop(task)
        if task.cancelled():  # perhaps before it had begun, and then nobody else closes it
            guest.send_away()

    def _turn_away(self, config: ListenerConfig, sock: socket.socket, peer: str) -> None:
        """No proxy: there is no need to hear what it says. This machine itself may look whether somebody listens."""
        is_this_machine = source_of(peer) == source_of(str(sock.getsockname()[0]))
        sock.close()
        if not is_this_machine:
            sentence = "the connection is from no listed proxy, and this listener is for those only"
            self._refuse(Kind.PROXY_HEADER_FROM_STRANGER, config, peer, sentence)

    # The header of a proxy

    async def _read_proxy(self, guest: _Guest) -> None:
        config, proxy, is_welcome = guest.step.listener, guest.step.peer, False
        try:
            async with asyncio.timeout(self._gateway.header_seconds):
                found = await _source(guest.sock)
            peer = found or proxy
            is_welcome = found is None or guest.step.stay.move(source_of(peer))
            if is_welcome:
                self._go_on(replace(guest, step=replace(guest.step, peer=peer)))
            else:
                self._refuse(Kind.TOO_MANY_CONNECTIONS, config, peer, _TOO_MANY)
        except BadProxyHeader as error:
            self._refuse(Kind.PROXY_HEADER_REFUSED, config, proxy, str(error))
        except TimeoutError as error:
            _log.debug("left_before_proxy_header", address=proxy, reason=str(error) or "it sent nothing in time")
        except OSError as error:
            _log.debug("left_before_proxy_header", address=proxy, reason=str(error))
        finally:
            if not is_welcome:
                guest.send_away()

    # A turn, and the handshake

    def _go_on(self, guest: _Guest) -> None:
        if guest.step.listener.tls is Tls.NONE:
            self._begin(guest, self._connect(guest))
            return
        source = guest.step.stay.source
        match self._turnstile.enter(source, guest):
            case Verdict.BEGIN:
                self._begin(guest, self._shake_hands(source, guest))
            case Verdict.LEAVE:
                guest.send_away()
                sentence = "too many connections of this address wait for their TLS handshake"
                self._refuse(Kind.TOO_MANY_CONNECTIONS, guest.step.listener, guest.step.peer, sentence)

    async def _shake_hands(self, source: str, guest: _Guest) -> None:
        try:
            await self._connect(guest)
        finally:
            self._turnstile.leave(source)
            while (following := self._turnstile.next()) is not None:
                self._begin(following[1], self._shake_hands(*following))

    async def _connect(self, guest: _Guest) -> None:
        loop = asyncio.get_running_loop()
        step, context, began = guest.step, guest.entrance.context, loop.time()
        is_tls = step.listener.tls is not Tls.NONE
        limit = self._gateway.tls_handshake_seconds
        is_connected = False
        try:
            if is_tls and context is None:
                return  # nothing is presented any more
            await loop.connect_accepted_socket(
                lambda: self._new_client(step),
                guest.sock,
                ssl=context,
                ssl_handshake_timeout=limit if is_tls else None,
            )
            is_connected = True
        except ssl.SSLError as error:
            self._refuse(Kind.TLS_REFUSED, step.listener, step.peer, tls.in_words(error))
        except OSError as error:  # it left, or was cut off by the time limit
            if is_tls and loop.time() - began >= limit:
                self._refuse(Kind.TLS_REFUSED, step.listener, step.peer, f"no TLS handshake within {limit:g} seconds")
            else:
                _log.debug("left_before_http", address=step.peer, reason=str(error))
        except Exception as error:  # noqa: BLE001  # what a stranger sends must not end more than itself, unnoticed
            self._failed(step, error)
        finally:
            if not is_connected:
                guest.send_away()

    def _failed(self, step: Doorstep, error: Exception) -> None:
        """Told at length the first time: how often it happens is for who knocks to choose."""
        name = type(error).__name__
        if name not in self._failures:
            self._failures.add(name)
            _log.exception("connection_failed", address=step.peer)
        self._refuse(Kind.INTERNAL_FAILURE, step.listener, step.peer, f"the connection failed: {name}")

    def _refuse(self, kind: Kind, listener: ListenerConfig, peer: str, why: str) -> None:
        self._notes.note(Note(kind=kind, address=peer, reason=f"At the listener {listener.name}: {why}."))


async def _source(sock: socket.socket) -> str | None:
    """Raises BadProxyHeader; and OSError when the proxy leaves without a word, as those do who only look whether
    somebody listens."""
    head, body = b"", b""
    while len(head) < HEAD_BYTES:
        proxy_protocol.check_start(head)
        head = await _read(sock, head, HEAD_BYTES)
    length = proxy_protocol.read_head(head)
    while len(body) < length:
        body = await _read(sock, body, length)
    return proxy_protocol.read_source(head, body)


async def _read(sock: socket.socket, begun: bytes, length: int) -> bytes:
    """What was begun, and more of it. Raises ConnectionError at its end."""
    more = await asyncio.get_running_loop().sock_recv(sock, length - len(begun))
    if not more:
        raise ConnectionResetError("the peer left")
    return begun + more
