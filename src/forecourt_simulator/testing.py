"""A station that does what a test tells it, and nothing by itself."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ssl import SSLContext
from types import TracebackType
from typing import Generic, Self, TypeVar

import msgspec
from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, WSMsgType

from forecourt.clock import SystemClock
from forecourt.ocpp.action import Action, Message
from forecourt.ocpp.errors import Fault
from forecourt.ocpp.session import Answered, Failed, Limits, OurCall, Session
from forecourt.ocpp.session import Request as SessionRequest
from forecourt_simulator.link import call_ids
from forecourt_simulator.naming import station_url
from forecourt_simulator.security import basic
from forecourt_simulator.vocabulary import STATION, SUBPROTOCOL

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)

_encode = msgspec.json.Encoder().encode
_LIMITS = Limits(answer_seconds=600.0, call_seconds=600.0)
"""Tests bring their own time limits."""
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class CallFailed(Exception):
    """A call that was not answered with a CALLRESULT; ``code`` is None when nothing usable came."""

    def __init__(self, action: str, code: str | None, reason: str) -> None:
        super().__init__(f"{action} failed with {code or 'no usable answer'}: {reason}")
        self.action = action
        self.code = code
        self.reason = reason


class NothingCame(AssertionError):
    """What a test waited for did not come in time."""


@dataclass(frozen=True, slots=True)
class Asked(Generic[Request, Response]):
    """A request of the central system, for the test to answer."""

    station: ScriptedStation
    call_id: bytes
    action: Action[Request, Response]
    words: Request

    async def answer(self, words: Response) -> None:
        await self.station.send_answer(self.call_id, words)

    async def refuse(self, fault: Fault, description: str = "") -> None:
        await self.station.send_refusal(self.call_id, fault, description)


class ScriptedStation:
    """One connection of one station. Make it with :meth:`connect`; use it with ``async with`` or close it."""

    def __init__(
        self, identity: str, client: ClientSession, link: ClientWebSocketResponse[bool], *, seconds: float
    ) -> None:
        self.identity = identity
        self.socket = link
        self.received: list[bytes] = []
        """Every frame of the central system, as raw bytes and in order."""
        self.is_closed = False
        """True when the connection has ended, from whichever side."""
        self._seconds = seconds
        self._client = client
        self._clock = SystemClock()
        self._session = Session(STATION, call_ids(), _LIMITS)
        self._answers: dict[str, asyncio.Future[Message]] = {}
        self._asked: deque[SessionRequest] = deque()
        self._frames_taken = 0
        self._news = asyncio.Event()
        self._reader = asyncio.get_running_loop().create_task(self._read())

    @classmethod
    async def connect(
        cls,
        url: str,
        identity: str,
        *,
        subprotocols: Sequence[str] = (SUBPROTOCOL,),
        headers: Mapping[str, str] | None = None,
        password: bytes | str | None = None,
        user: str | None = None,
        ssl: SSLContext | bool = True,
        seconds: float = 5.0,
    ) -> Self:
        """Connect to ``url/identity``; ``seconds`` is how long this station waits for anything by default.

        A password is sent in HTTP Basic as these bytes (a text as UTF-8), for ``user`` or else for the identity; for
        ``ssl`` see :func:`forecourt_simulator.tls.client_context`. Raises aiohttp.WSServerHandshakeError, whose
        ``status`` and ``headers`` tell how the station was refused, and aiohttp.ClientConnectorError where TLS failed.
        """
        sent = dict(headers or {})
        if password is not None:
            secret = password.encode() if isinstance(password, str) else password
            sent["Authorization"] = basic(user or identity, secret)
        client = ClientSession()
        try:
            async with asyncio.timeout(seconds):
                link = await client.ws_connect(
                    station_url(url, identity),
                    protocols=tuple(subprotocols),
                    headers=sent,
                    ssl=ssl,
                    decode_text=False,
                    max_msg_size=0,
                )
        except BaseException:
            await client.close()
            raise
        return cls(identity, client, link, seconds=seconds)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def subprotocol(self) -> str | None:
        return self.socket.protocol

    @property
    def close_code(self) -> int | None:
        return self.socket.close_code

    # What the station says

    async def call(
        self, action: Action[Request, Response], words: Request, *, seconds: float | None = None
    ) -> Response:
        """Ask the central system. Raises CallFailed for a CALLERROR or an ended connection, and NothingCame."""
        if self.is_closed:
            raise CallFailed(action.name, None, "the connection has ended")
        call = self._session.call(action, words, self._clock.monotonic())
        answer = self._answers[call.call_id] = asyncio.get_running_loop().create_future()
        await self._flush()
        try:
            async with asyncio.timeout(self._seconds if seconds is None else seconds):
                response = await answer
        except TimeoutError:
            raise NothingCame(f"{action.name} was not answered; received: {self.received[-5:]}") from None
        if not isinstance(response, action.response):
            raise TypeError(f"the answer to {action.name} is a {type(response).__name__}")
        return response

    async def send_raw(self, frame: bytes) -> None:
        """Send any bytes as one text frame."""
        await self.socket.send_frame(frame, WSMsgType.TEXT)

    async def send_answer(self, call_id: bytes, words: Message) -> None:
        self._session.answer(call_id, _encode(words), self._clock.monotonic())
        await self._flush()

    async def send_refusal(self, call_id: bytes, fault: Fault, description: str = "") -> None:
        self._session.refuse(call_id, fault, description, self._clock.monotonic())
        await self._flush()

    # What the central system says

    async def expect(
        self, action: Action[Request, Response], *, seconds: float | None = None
    ) -> Asked[Request, Response]:
        """The next request of the central system, which has to be of this action."""
        await self.wait_for(lambda: bool(self._asked), f"the request {action.name}", seconds=seconds)
        asked = self._asked.popleft()
        if not isinstance(asked.words, action.request):
            raise AssertionError(f"expected {action.name}, but the central system asked {asked.action.name}")
        return Asked(self, asked.call_id, action, asked.words)

    async def next_frame(self, *, seconds: float | None = None) -> bytes:
        """The oldest raw frame that this method has not returned yet, of whatever kind."""
        await self.wait_for(lambda: len(self.received) > self._frames_taken, "another frame", seconds=seconds)
        self._frames_taken += 1
        return self.received[self._frames_taken - 1]

    async def wait_closed(self, *, seconds: float | None = None) -> int | None:
        """Wait until the central system ends the connection; returns the close code."""
        await self.wait_for(lambda: self.is_closed, "the end of the connection", seconds=seconds)
        return self.close_code

    async def wait_for(self, is_so: Callable[[], bool], what: str, *, seconds: float | None = None) -> None:
        """Wait until the condition holds; it is asked again whenever a frame came. Raises NothingCame."""
        try:
            async with asyncio.timeout(self._seconds if seconds is None else seconds):
                while not is_so():
                    await self._news.wait()
                    self._news.clear()
        except TimeoutError:
            raise NothingCame(f"{what} did not come; received: {self.received[-5:]}") from None

    # The end

    async def close(self) -> None:
        """End the connection politely."""
        await self.socket.close()
        await self._end()

    async def drop(self) -> None:
        """Abort the TCP connection, as a fault of the network would: no close frame, only a reset."""
        line: socket.socket | None = self.socket.get_extra_info("socket")
        if line is not None:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        await self._end()

    async def _end(self) -> None:
        await self._client.close()
        self._reader.cancel()
        await asyncio.wait([self._reader])

    # Inside

    async def _flush(self) -> None:
        for frame in self._session.frames_to_send():
            await self.socket.send_frame(frame, WSMsgType.TEXT)

    async def _read(self) -> None:
        try:
            async for message in self.socket:
                if message.type is WSMsgType.TEXT:
                    self._take(message.data)
                    await self._flush()
        except ClientError:
            pass  # an end like any other: is_closed tells
        finally:
            self.is_closed = True
            self._news.set()
            for failed in self._session.close():
                self._fail(failed.call, None, failed.reason)

    def _take(self, frame: bytes) -> None:
        self.received.append(frame)
        self._news.set()
        match self._session.receive(frame, self._clock.monotonic()):
            case SessionRequest() as asked:
                self._asked.append(asked)
            case Answered(call, words):
                answer = self._answers.pop(call.call_id)
                if not answer.done():
                    answer.set_result(words)
            case Failed(call, code, reason):
                self._fail(call, code, reason)
            case _:
                pass

    def _fail(self, call: OurCall, code: str | None, reason: str) -> None:
        answer = self._answers.pop(call.call_id)
        if not answer.done():
            answer.set_exception(CallFailed(call.action.name, code, reason))
