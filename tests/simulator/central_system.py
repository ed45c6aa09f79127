"""A small central system for simulated stations: a real WebSocket server that a test steers.

It reads and writes plain JSON, so that it shares no code with what is tested.
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from aiohttp import ClientError, WSMsgType, web

Payload: TypeAlias = dict[str, Any]  # JSON as it comes
Answer: TypeAlias = Callable[[str, Payload], Payload | str | None]
"""(station, payload) → the payload of a CALLRESULT, the code of a CALLERROR, or None for no answer at all."""

NOW = "2026-01-01T10:00:00Z"
ACCEPTED = {"idTagInfo": {"status": "Accepted"}}


@dataclass(frozen=True)
class Knock:
    """What a station showed when it came."""

    authorization: str | None
    tls_version: str | None
    certificate: bytes | None
    """Its own, as DER."""
    address: str | None

    @property
    def password(self) -> bytes | None:
        """What follows the first colon of HTTP Basic."""
        if self.authorization is None:
            return None
        return base64.b64decode(self.authorization.removeprefix("Basic ")).partition(b":")[2]


@dataclass
class CentralSystem:
    """Answers every request with the default for its action, unless ``answers`` says otherwise."""

    port: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    received: list[tuple[str, str, Payload]] = field(default_factory=list)
    """Station, action and payload of every request, in order."""
    replies: dict[str, list[Any]] = field(default_factory=dict)
    """Call id → the frame that answered a request of ours."""
    sockets: dict[str, web.WebSocketResponse] = field(default_factory=dict)
    connections: int = 0
    asked: int = 0
    call_ids: list[str] = field(default_factory=list)
    last_transaction_id: int = 100
    subprotocols: tuple[str, ...] = ("ocpp1.6",)
    tls: ssl.SSLContext | None = None
    refuse: Callable[[web.Request], web.Response | None] = lambda _request: None
    """What is answered instead of opening a WebSocket."""
    knocks: list[Knock] = field(default_factory=list)
    """Every opening request, in order."""
    _runner: web.AppRunner | None = None
    _requests: list[web.Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{'ws' if self.tls is None else 'wss'}://127.0.0.1:{self.port}/ocpp"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/ocpp/{identity}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self.tls)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Go away without a word, as a machine that lost its power."""
        self.drop_all()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def drop_all(self) -> None:
        for request in self._requests:
            if request.transport is not None:
                request.transport.abort()
        self._requests.clear()

    async def ask(self, station: str, action: str, payload: Payload) -> str:
        """Send a request; returns its id, under which ``replies`` will hold the answer."""
        self.asked += 1
        call_id = f"q-{self.asked}"
        await self.sockets[station].send_str(json.dumps([2, call_id, action, payload]))
        return call_id

    async def ask_and_wait(self, station: str, action: str, payload: Payload) -> list[Any]:
        call_id = await self.ask(station, action, payload)
        await until(lambda: call_id in self.replies)
        return self.replies[call_id]

    def actions(self, *wanted: str) -> list[str]:
        """The actions that were received, in order; only the wanted ones when any are named."""
        return [action for _, action, _ in self.received if not wanted or action in wanted]

    def payloads(self, action: str) -> list[Payload]:
        return [payload for _, name, payload in self.received if name == action]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        identity = request.match_info["identity"]
        self.knocks.append(_knock(request))
        refusal = self.refuse(request)
        if refusal is not None:
            return refusal
        socket = web.WebSocketResponse(protocols=self.subprotocols)
        await socket.prepare(request)
        self.sockets[identity] = socket
        self._requests.append(request)
        self.connections += 1
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._take(identity, socket, json.loads(message.data))
        except (ClientError, ConnectionError):
            pass
        return socket

    async def _take(self, identity: str, socket: web.WebSocketResponse, frame: list[Any]) -> None:
        if frame[0] != 2:
            self.replies[frame[1]] = frame
            return
        _, call_id, action, payload = frame
        self.received.append((identity, action, payload))
        self.call_ids.append(call_id)
        answer = self.answers.get(action, self._default(action))(identity, payload)
        if isinstance(answer, str):
            await socket.send_str(json.dumps([4, call_id, answer, "as the test wants", {}]))
        elif answer is not None:
            await socket.send_str(json.dumps([3, call_id, answer]))

    def _default(self, action: str) -> Answer:
        def transaction(station: str, payload: Payload) -> Payload:
            self.last_transaction_id += 1
            return {**ACCEPTED, "transactionId": self.last_transaction_id}

        table: dict[str, Answer] = {
            "BootNotification": lambda *_: {"status": "Accepted", "currentTime": NOW, "interval": 300},
            "Heartbeat": lambda *_: {"currentTime": NOW},
            "Authorize": lambda *_: ACCEPTED,
            "StartTransaction": transaction,
        }
        return table.get(action, lambda *_: {})


def _knock(request: web.Request) -> Knock:
    channel = request.get_extra_info("ssl_object")
    return Knock(
        authorization=request.headers.get("Authorization"),
        tls_version=None if channel is None else channel.version(),
        certificate=None if channel is None else channel.getpeercert(True),
        address=request.remote,
    )


@asynccontextmanager
async def a_central_system(tls: ssl.SSLContext | None = None) -> AsyncIterator[CentralSystem]:
    system = CentralSystem(tls=tls)
    await system.start()
    try:
        yield system
    finally:
        await system.stop()


async def until(is_so: Callable[[], object], *, seconds: float = 5.0) -> None:
    """Poll a condition; fails when it does not hold in time."""
    async with asyncio.timeout(seconds):
        while not is_so():
            await asyncio.sleep(0.002)
