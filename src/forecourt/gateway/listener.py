"""The stations' socket: HTTP, the upgrade and WebSocket frames by aiohttp, everything else by the rest of this room.

The library shows itself only in this file; a :class:`~forecourt.gateway.connection.Wire` is all that others see.

A client that does not mask its frames is tolerated: the library offers no way to see it, and the mask protects
intermediaries, not us (RFC 6455 §10.3).
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import structlog
from aiohttp import WSMsgType, web
from aiohttp.web_protocol import RequestHandler

from forecourt.config import Address, GatewayConfig
from forecourt.dialect import Dialect
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.provisioning.model import Station, StationDraft
from forecourt.domain.services import Services
from forecourt.gateway import handshake
from forecourt.gateway.connection import Connection
from forecourt.gateway.links import Links, Office
from forecourt.gateway.pace import Pace
from forecourt.ocpp.session import Limits

RETRY_AFTER_SECONDS: Final = 30
BACKLOG: Final = 4096
CLOSE_SECONDS: Final = 5.0
"""Wait for the peer's half of the closing handshake."""

_log = structlog.get_logger(__name__)


class Listener:
    """One listening address for stations."""

    def __init__(
        self, address: Address, *, links: Links, office: Office, dialects: dict[str, Dialect], config: GatewayConfig
    ) -> None:
        self._address = address
        self._links = links
        self._office = office
        self._dialects = dialects
        self._config = config
        self._pace = Pace(config.upgrades_per_second, config.upgrades_waiting)
        self._limits = Limits(
            frame_bytes=config.frame_bytes,
            open_requests=config.open_requests,
            answer_seconds=config.answer_seconds,
            call_seconds=config.call_seconds,
            bad_frames=config.bad_frames,
        )
        self._web = web.Server(self._handle, access_log=None)
        self._headless: dict[asyncio.Transport, asyncio.TimerHandle] = {}
        self._server: asyncio.Server | None = None

    async def start(self) -> Address:
        """Listen. Returns the address in use; raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._new_client, self._address.host, self._address.port, backlog=BACKLOG, reuse_address=True
        )
        host, port = self._server.sockets[0].getsockname()[:2]
        return Address(host, port)

    def stop_accepting(self) -> None:
        if self._server is not None:
            self._server.close()

    async def close(self) -> None:
        """End what is left of the open sockets."""
        self.stop_accepting()
        await self._web.shutdown(timeout=1.0)

    # A request head arrives, or does not

    def _new_client(self) -> RequestHandler:
        return _Client(self._web, listener=self, loop=asyncio.get_running_loop())

    def expect_head(self, transport: asyncio.Transport) -> None:
        """A client connected: it must send its whole request head in time."""
        loop = asyncio.get_running_loop()
        self._headless[transport] = loop.call_later(self._config.header_seconds, transport.abort)

    def got_head(self, transport: asyncio.BaseTransport | None) -> None:
        timer = self._headless.pop(transport, None)  # type: ignore[call-overload]  # None finds nothing
        if timer is not None:
            timer.cancel()

    # The upgrade

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.got_head(request.transport)
        address = request.remote or "unknown"
        identity = handshake.read_identity(request.raw_path.partition("?")[0])
        if isinstance(identity, handshake.Refused):
            return _refuse(identity, address)
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return _refuse(handshake.Refused(426, "this is the stations' WebSocket endpoint"), address, identity)
        delay = self._pace.wait(asyncio.get_running_loop().time())
        if delay is None:
            return _refuse(handshake.Refused(503, "too many stations connect at once"), address, identity)
        if delay > 0:
            await asyncio.sleep(delay)
        offered = handshake.read_subprotocols(",".join(request.headers.getall("Sec-WebSocket-Protocol", [])))
        try:
            station = await self._find(identity, offered)
        except DomainError as error:
            return _refuse(handshake.Refused(503, error.sentence), address, identity)
        decision = handshake.decide(identity, station, offered, self._dialects.keys())
        if isinstance(decision, handshake.Refused):
            if station is None:
                self._links.note_stranger(identity, address, offered)
            return _refuse(decision, address, identity)
        return await self._serve(request, decision, address)

    async def _find(self, identity: str, offered: list[str]) -> Station | None:
        station = await self._office.read(lambda services: services.provisioning.find_station(identity))
        if station is not None or not self._config.auto_register:
            return station
        if isinstance(handshake.choose_subprotocol(offered, self._dialects.keys()), handshake.Refused):
            return None

        def register(services: Services) -> Station:
            known = services.provisioning.find_station(identity)
            if known is None:
                services.provisioning.add(StationDraft(identity=identity, description="registered by itself"))
            return known or services.provisioning.get_station(identity)

        try:
            return await self._office.write(register)
        except DomainError as error:
            if error.kind is Kind.UNAVAILABLE:
                raise
            return None

    # The link

    async def _serve(self, request: web.BaseRequest, admitted: handshake.Admitted, address: str) -> web.StreamResponse:
        websocket = web.WebSocketResponse(
            protocols=(admitted.subprotocol,),
            max_msg_size=self._config.hard_frame_bytes,
            timeout=CLOSE_SECONDS,
            autoping=False,
            autoclose=True,
            compress=False,
            decode_text=False,
        )
        try:
            await websocket.prepare(request)
        except web.HTTPException as error:
            _log.info("refused", address=address, station=admitted.station.identity, reason=error.reason)
            return _last(web.Response(status=error.status, text=error.text, headers=error.headers))
        loop = asyncio.get_running_loop()
        wire = _AiohttpWire(websocket, request.transport, loop)
        connection = Connection(
            wire,
            admitted.station,
            dialect=self._dialects[admitted.subprotocol],
            desk=self._office,
            limits=self._limits,
            messages_per_second=self._config.messages_per_second,
            address=address,
            subprotocol=admitted.subprotocol,
            now=loop.time(),
        )
        self._links.add(connection)
        try:
            await self._read(websocket, connection, loop)
        finally:
            self._links.remove(connection)
            if wire.closing is not None:
                await asyncio.wait([wire.closing], timeout=CLOSE_SECONDS)
        return websocket

    async def _read(
        self, websocket: web.WebSocketResponse, connection: Connection, loop: asyncio.AbstractEventLoop
    ) -> None:
        while True:
            message = await websocket.receive()
            kind = message.type
            if kind is WSMsgType.TEXT or kind is WSMsgType.BINARY:
                pause = connection.receive(message.data, loop.time())
                if pause:
                    await asyncio.sleep(pause)
                if connection.session.is_full:
                    await connection.wait_for_room()
            elif kind is WSMsgType.PING:
                connection.heard(loop.time())
                await websocket.pong(message.data)
            elif kind is WSMsgType.PONG:
                connection.heard(loop.time())
            else:
                return


class _Client(RequestHandler):
    """The library's protocol, with a time limit for the request head: it has none of its own."""

    __slots__ = ("_listener",)

    def __init__(self, manager: web.Server, *, listener: Listener, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(manager, loop=loop, access_log=None)  # type: ignore[arg-type]  # None is its way to say none
        self._listener = listener

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._listener.expect_head(transport)  # type: ignore[arg-type]  # uvloop's transports share no base class

    def connection_lost(self, exc: BaseException | None) -> None:
        self._listener.got_head(self.transport)
        super().connection_lost(exc)


class _AiohttpWire:
    """A socket of the library, driven without waiting."""

    __slots__ = ("_loop", "_transport", "_websocket", "closing")

    def __init__(
        self,
        websocket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._websocket = websocket
        self._transport = transport
        self._loop = loop
        self.closing: asyncio.Task[Any] | None = None  # the result of closing is of no use

    def send(self, text: bytes) -> None:
        if not self._websocket.closed:
            _drive(self._websocket.send_frame(text, WSMsgType.TEXT))

    def ping(self) -> None:
        if not self._websocket.closed:
            _drive(self._websocket.ping())

    def close(self, code: int, reason: str) -> None:
        if self.closing is None:
            closing = self._websocket.close(code=code, message=reason.encode()[:120])
            self.closing = self._loop.create_task(closing)
            self.closing.add_done_callback(_consume)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def buffered_bytes(self) -> int:
        if self._transport is None or self._transport.is_closing():
            return 0
        return self._transport.get_write_buffer_size()


def _drive(sending: Coroutine[Any, Any, None]) -> None:
    """Run a send of the library up to the point where it would wait for the peer to read.

    The frame is with the transport by then. That the peer does read is watched by the bytes that are buffered.
    """
    try:
        sending.send(None)
    except (StopIteration, ConnectionError):
        return
    sending.close()


def _consume(closing: asyncio.Task[Any]) -> None:
    if not closing.cancelled():
        closing.exception()


def _refuse(refused: handshake.Refused, address: str, identity: str | None = None) -> web.Response:
    _log.info("refused", address=address, station=identity, status=refused.status, reason=refused.reason)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if refused.status == 503 else {}
    return _last(web.Response(status=refused.status, text=refused.reason + "\n", headers=headers))


def _last(response: web.Response) -> web.Response:
    """The last answer on its socket: a client that was refused gets no time for a second head."""
    response.force_close()
    return response
