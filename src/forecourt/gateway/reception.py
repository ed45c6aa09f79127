"""Where HTTP is spoken: the request, the upgrade and WebSocket frames by aiohttp, everything else by the rest of this
room.

The library shows itself only here and in ``wire.py``; a :class:`~forecourt.gateway.connection.Wire` is all that others
see. A client that does not mask its frames is tolerated: the library offers no way to see it, and the mask protects
intermediaries, not us (RFC 6455 §10.3).
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import Final

import structlog
from aiohttp import WSMsgType, web
from aiohttp.web_protocol import RequestHandler

from forecourt.config import GatewayConfig, Tls
from forecourt.dialect import Dialect
from forecourt.gateway.connection import Connection
from forecourt.gateway.door import Arrival, Door, TlsFacts
from forecourt.gateway.greeting import Doorstep
from forecourt.gateway.handshake import Admitted, Refused
from forecourt.gateway.links import Links, Office
from forecourt.gateway.tls import chain_of
from forecourt.gateway.wire import AiohttpWire
from forecourt.ocpp.session import Limits

CLOSE_SECONDS: Final = 5.0
"""Wait for the peer's half of the closing handshake."""

FIELD_BYTES: Final = 8190
"""Longest header, and longest first line of a request."""

PROXY_FIELD_BYTES: Final = 32_768
"""Longest header of a listed proxy: a certificate of a station with its chain, percent-encoded."""

_SILENT: Final = logging.getLogger("forecourt.gateway.http")
"""For what the library would say of every request that is none, at length: strangers choose how many there are."""
_SILENT.setLevel(logging.CRITICAL + 1)

_log = structlog.get_logger(__name__)


class Reception:
    """Receives the clients of all listeners."""

    def __init__(
        self, *, door: Door, links: Links, office: Office, dialects: dict[str, Dialect], config: GatewayConfig
    ) -> None:
        self._door = door
        self._links = links
        self._office = office
        self._dialects = dialects
        self._config = config
        self._limits = Limits(
            frame_bytes=config.frame_bytes,
            open_requests=config.open_requests,
            answer_seconds=config.answer_seconds,
            call_seconds=config.call_seconds,
            bad_frames=config.bad_frames,
        )
        self._web = web.Server(self._handle, access_log=None)
        self._headless: dict[asyncio.Transport, asyncio.TimerHandle] = {}

    def new_client(self, step: Doorstep) -> asyncio.Protocol:
        """What a new connection is given to, once it may speak HTTP."""
        return _Client(self._web, step=step, reception=self, loop=asyncio.get_running_loop())

    async def close(self) -> None:
        """End what is left of the open sockets."""
        await self._web.shutdown(timeout=1.0)

    # A request head arrives, or does not

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
        step = _step_of(request)
        step.stay.settle()
        arrival = _arrival(request, step)
        if arrival is None:
            return _refuse(Refused(503, "this connection is gone"), step)
        decision = await self._door.decide(arrival)
        if isinstance(decision, Refused):
            return _refuse(decision, step)
        try:
            return await self._serve(request, decision, step)
        except ConnectionError:
            raise
        except Exception:  # the library answers, if there is still somebody to answer
            _log.exception("link_failed", station=decision.station.identity, address=step.peer)
            raise

    async def _serve(self, request: web.BaseRequest, admitted: Admitted, step: Doorstep) -> web.StreamResponse:
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
            _log.info("refused", address=step.peer, station=admitted.station.identity, reason=error.reason)
            return _last(web.Response(status=error.status, text=error.text, headers=error.headers))
        loop = asyncio.get_running_loop()
        wire = AiohttpWire(websocket, request.transport, loop)
        connection = Connection(
            wire,
            admitted,
            dialect=self._dialects[admitted.subprotocol],
            desk=self._office,
            limits=self._limits,
            messages_per_second=self._config.messages_per_second,
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

    __slots__ = ("_reception", "step")

    def __init__(
        self, manager: web.Server, *, step: Doorstep, reception: Reception, loop: asyncio.AbstractEventLoop
    ) -> None:
        field_bytes = PROXY_FIELD_BYTES if step.is_proxy else FIELD_BYTES
        super().__init__(
            manager,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # None is its way to say none
            logger=_SILENT,
            max_line_size=FIELD_BYTES,
            max_field_size=field_bytes,
        )
        self._reception = reception
        self.step = step

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._reception.expect_head(transport)  # type: ignore[arg-type]  # uvloop's transports share no base class

    def connection_lost(self, exc: BaseException | None) -> None:
        self._reception.got_head(self.transport)
        self.step.stay.leave()
        super().connection_lost(exc)


def _step_of(request: web.BaseRequest) -> Doorstep:
    client = request.protocol
    if not isinstance(client, _Client):
        raise TypeError("requests come from clients of this reception only")
    return client.step


def _arrival(request: web.BaseRequest, step: Doorstep) -> Arrival | None:
    """What the door decides on; None when the connection is gone and nobody can say any more how it was protected."""
    facts: TlsFacts | None = None
    chain: tuple[bytes, ...] = ()
    if step.listener.tls is not Tls.NONE:
        transport = request.transport
        spoken: ssl.SSLObject | None = None if transport is None else transport.get_extra_info("ssl_object")
        if spoken is None:
            return None
        cipher = spoken.cipher()
        facts = TlsFacts(version=spoken.version(), cipher=None if cipher is None else cipher[0])
        chain = chain_of(spoken)
    return Arrival(
        raw_path=request.raw_path,
        headers=request.headers,
        peer=step.peer,
        listener=step.listener.name,
        is_legacy=step.listener.tls is Tls.LEGACY,
        tls=facts,
        chain=chain,
        via_proxy=step.via_proxy,
        proxy_headers=step.listener.believes_headers,
    )


def _refuse(refused: Refused, step: Doorstep) -> web.Response:
    _log.debug("answered", address=step.peer, listener=step.listener.name, status=refused.status, reason=refused.reason)
    return _last(web.Response(status=refused.status, text=refused.reason + "\n", headers=dict(refused.headers)))


def _last(response: web.Response) -> web.Response:
    """The last answer on its socket: a client that was refused gets no time for a second head."""
    response.force_close()
    return response
