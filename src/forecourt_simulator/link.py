"""Keeps a simulated station on line: connects, comes back after a loss, and carries letters and answers."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import secrets
import socket as sockets
from collections.abc import Callable
from typing import Final, Protocol

import msgspec
from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientSSLError,
    ClientWebSocketResponse,
    WSMsgType,
    WSServerHandshakeError,
)

from forecourt.ocpp import frames
from forecourt.ocpp.errors import Fault
from forecourt.ocpp.session import Answered, Event, Failed, Request, Session
from forecourt_simulator.backoff import BackOff, read_retry_after
from forecourt_simulator.commands.answering import CannotAnswer, answer
from forecourt_simulator.mailbox import Letter
from forecourt_simulator.moment import Moment, Pace
from forecourt_simulator.naming import secured, station_url
from forecourt_simulator.security import LineFault
from forecourt_simulator.station import Station
from forecourt_simulator.tls import anchor_of
from forecourt_simulator.vocabulary import STATION, SUBPROTOCOL

CONNECT_SECONDS: Final = 20.0
RESTART_SECONDS: Final = 0.5
RECONNECT_SECONDS: Final = 0.02
"""Before the next connection where the station itself wanted another one."""

_encode = msgspec.json.Encoder().encode


class Habit(Protocol):
    """What the people at a station do; asked at every tick."""

    def act(self, station: Station, now: Moment) -> None: ...


def call_ids() -> Callable[[], str]:
    """Message ids that no other start of any station has used (OCPP-J 1.6 errata 3.1)."""
    start = secrets.token_hex(6)
    numbers = itertools.count(1)
    return lambda: f"{start}-{next(numbers)}"


class Link:
    """One station's way to its central system. Run it in a task; it ends only when that task is cancelled."""

    def __init__(
        self,
        station: Station,
        *,
        url: str,
        tls_url: str | None = None,
        client: ClientSession,
        pace: Pace,
        backoff: BackOff | None = None,
        habit: Habit | None = None,
        tick_seconds: float = 0.25,
    ) -> None:
        """``tls_url`` is where to connect with a profile that needs TLS; None for ``url`` with ``wss``."""
        self.station = station
        self._url = station_url(url, station.identity)
        self._tls_url = station_url(tls_url or secured(url), station.identity)
        self._client = client
        self._pace = pace
        self._backoff = backoff or BackOff()
        self._habit = habit
        self._tick_seconds = tick_seconds
        self._new_call_id = call_ids()
        self._session: Session | None = None
        self._socket: ClientWebSocketResponse[bool] | None = None
        self._in_flight: Letter | None = None
        self._late_answer: bytes | None = None

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._connect_forever())
            group.create_task(self._tick_forever())

    async def _tick_forever(self) -> None:
        """The station's world turns whether it is on line or not."""
        while True:
            now = self._pace.now()
            self.station.advance(now)
            if self._habit is not None:
                self._habit.act(self.station, now)
            if self._session is not None:
                for failed in self._session.tick(self._pace.clock.monotonic()):
                    self._take(failed)
            await self._flush()
            await self._leave_if_due()
            await asyncio.sleep(self._tick_seconds)

    async def _connect_forever(self) -> None:
        while True:
            wait: float | None = None
            try:
                wait = await self._connect_once()
            except WSServerHandshakeError as refused:
                wait = self._take_refusal(refused)
            except (ClientError, OSError, TimeoutError) as error:
                wait = self._take_failure(error)
            if wait is None:
                wait = self._backoff.next_wait()
            self.station.note("waits_to_connect", seconds=round(wait, 1))
            await asyncio.sleep(wait)

    async def _connect_once(self) -> float | None:
        """Hold one connection to its end; returns the wait before the next, or None for the back-off's."""
        security, now = self.station.security, self._pace.now()
        url = self._tls_url if security.is_tls_due else self._url
        authorization = security.authorization()
        async with asyncio.timeout(CONNECT_SECONDS):
            socket = await self._client.ws_connect(
                url,
                protocols=(SUBPROTOCOL,),
                headers={} if authorization is None else {"Authorization": authorization},
                ssl=security.context(now) if url.scheme == "wss" else True,
                heartbeat=self.station.configuration.number("WebSocketPingInterval") or None,
                decode_text=False,
                max_msg_size=0,
            )
        try:
            if socket.protocol != SUBPROTOCOL:
                self.station.note("connection_failed", reason=f"the central system does not speak {SUBPROTOCOL}")
                self._note_failed_try()
                return None
            self._backoff.reset()
            former = security.profile
            security.take_connection(anchor_of(socket.get_extra_info("ssl_object")))
            if security.profile != former:
                self.station.note("profile_taken", profile=security.profile)
            await self._converse(socket)
        finally:
            await socket.close()
        if self.station.is_restart_due:
            self.station.finish_restart(self._pace.now())
            return RESTART_SECONDS
        return RECONNECT_SECONDS if security.is_reconnect_due or self._late_answer else None

    def _take_refusal(self, refused: WSServerHandshakeError) -> float | None:
        """Returns the wait before the next try, or None for the back-off's."""
        self.station.note("connection_refused", status=refused.status)
        self.station.security.take_refusal(self._pace.now(), refused.status)
        is_trying = self._note_failed_try()
        retry_after = read_retry_after(None if refused.headers is None else refused.headers.get("Retry-After"))
        return retry_after or (RECONNECT_SECONDS if is_trying else None)

    def _take_failure(self, error: Exception) -> float | None:
        """The same for a connection that did not come about."""
        reason = _reason(error)
        self.station.note("connection_failed", reason=reason)
        security, now = self.station.security, self._pace.now()
        if isinstance(error, ClientConnectorCertificateError):
            security.take_certificate_failure(now, reason)
        elif isinstance(error, ClientSSLError):
            security.take_tls_failure(now, reason)
        is_trying = self._note_failed_try()
        return RECONNECT_SECONDS if is_trying else None

    def _note_failed_try(self) -> bool:
        """True when the station was trying a new profile, which is no reason to wait long."""
        security = self.station.security
        is_trying = security.trying is not None
        if security.take_failed_try():
            self.station.note("profile_given_up", profile=security.profile)
        return is_trying

    async def _converse(self, socket: ClientWebSocketResponse[bool]) -> None:
        self._session = Session(STATION, self._new_call_id)
        self._socket = socket
        self._in_flight = None
        self.station.connect(self._pace.now())
        try:
            if self._late_answer is not None:
                late, self._late_answer = self._late_answer, None
                await socket.send_frame(late, WSMsgType.TEXT)
            await self._flush()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._take(self._session.receive(message.data, self._pace.clock.monotonic()))
                    await self._flush()
                    await self._leave_if_due()
        except ClientError as error:
            self.station.note("connection_lost", reason=str(error))
        finally:
            self._session = self._socket = self._in_flight = None
            self.station.disconnect()

    def _take(self, event: Event) -> None:
        """Act on what the session understood."""
        now, letter = self._pace.now(), self._in_flight
        match event:
            case Request():
                self._answer(event, now)
            case Answered() if letter is not None:
                self._in_flight = None
                self.station.take_answer(letter, event.words, now)
            case Failed() if letter is not None:
                self._in_flight = None
                self.station.take_failure(letter, event.code, event.reason, now)
            case _:
                pass

    def _answer(self, request: Request, now: Moment) -> None:
        if self._session is None:
            return
        name, monotonic = request.action.name, self._pace.clock.monotonic()
        try:
            response = answer(request.words, self.station, now)
        except CannotAnswer as wrong:
            self.station.note("asked", action=name, supported="no")
            self._session.refuse(request.call_id, wrong.fault, wrong.reason, monotonic)
            return
        self.station.note("asked", action=name, supported="no" if response is None else "yes")
        if response is None:
            reason = f"{name} is not supported by this station"
            self._session.refuse(request.call_id, Fault.NOT_SUPPORTED, reason, monotonic)
        else:
            self._say(request.call_id, _encode(response), monotonic)

    def _say(self, call_id: bytes, response: bytes, monotonic: float) -> None:
        """Answer, unless the line fails just now."""
        security = self.station.security
        fault, security.line_fault = security.line_fault, None
        if fault is None and self._session is not None:
            self._session.answer(call_id, response, monotonic)
            return
        if fault is LineFault.ANSWER_LATER:
            self._late_answer = frames.encode_result(call_id, response)
        security.is_reconnect_due = True
        if self._socket is not None:
            break_line(self._socket)

    async def _leave_if_due(self) -> None:
        """End the connection for a restart, or to come back with other credentials (A01 step 3)."""
        is_due = self.station.is_restart_due or self.station.security.is_reconnect_due
        if is_due and self._socket is not None and self._in_flight is None:
            await self._socket.close()

    async def _flush(self) -> None:
        """Send what is ready: answers at once, letters one at a time (OCPP-J 1.6 §4.1.1)."""
        session, socket = self._session, self._socket
        if session is None or socket is None:
            return
        if self._in_flight is None:
            letter = self._in_flight = self.station.find_letter(self._pace.now())
            if letter is not None:
                session.call(letter.action, letter.to_send(), self._pace.clock.monotonic())
        try:
            for frame in session.frames_to_send():
                await socket.send_frame(frame, WSMsgType.TEXT)
        except (ClientError, ConnectionError):
            await socket.close()


def _reason(error: Exception) -> str:
    """What went wrong, without the words that the client library puts around it."""
    if isinstance(error, ClientConnectorCertificateError):
        return str(error.certificate_error)
    cause = error.os_error if isinstance(error, ClientConnectorError) else error
    return str(cause) or type(cause).__name__


def break_line(link: ClientWebSocketResponse[bool]) -> None:
    """End the TCP connection without a close frame, as a fault of the network would. Both ends read an end of file."""
    line = link.get_extra_info("socket")
    with contextlib.suppress(OSError), sockets.socket(fileno=os.dup(line.fileno())) as same:
        same.shutdown(sockets.SHUT_RDWR)
