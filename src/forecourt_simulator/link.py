"""Keeps a simulated station on line: connects, comes back after a loss, and carries letters and answers."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable
from typing import Final, Protocol

import msgspec
from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from forecourt.ocpp.errors import Fault
from forecourt.ocpp.session import Answered, Event, Failed, Request, Session
from forecourt_simulator.backoff import BackOff
from forecourt_simulator.commands.answering import CannotAnswer, answer
from forecourt_simulator.mailbox import Letter
from forecourt_simulator.moment import Moment, Pace
from forecourt_simulator.naming import station_url
from forecourt_simulator.station import Station
from forecourt_simulator.vocabulary import STATION, SUBPROTOCOL

CONNECT_SECONDS: Final = 20.0
RESTART_SECONDS: Final = 0.5

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
        client: ClientSession,
        pace: Pace,
        backoff: BackOff | None = None,
        habit: Habit | None = None,
        tick_seconds: float = 0.25,
    ) -> None:
        self.station = station
        self._url = station_url(url, station.identity)
        self._client = client
        self._pace = pace
        self._backoff = backoff or BackOff()
        self._habit = habit
        self._tick_seconds = tick_seconds
        self._new_call_id = call_ids()
        self._session: Session | None = None
        self._socket: ClientWebSocketResponse[bool] | None = None
        self._in_flight: Letter | None = None

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
            if self._socket is not None and self.station.is_restart_due and self._in_flight is None:
                await self._socket.close()
            await asyncio.sleep(self._tick_seconds)

    async def _connect_forever(self) -> None:
        while True:
            wait: float | None = None
            try:
                wait = await self._connect_once()
            except WSServerHandshakeError as refused:
                self.station.note("connection_refused", status=refused.status)
            except (ClientError, OSError, TimeoutError) as error:
                self.station.note("connection_failed", reason=str(error) or type(error).__name__)
            if wait is None:
                wait = self._backoff.next_wait()
            self.station.note("waits_to_connect", seconds=round(wait, 1))
            await asyncio.sleep(wait)

    async def _connect_once(self) -> float | None:
        """Hold one connection to its end; returns the wait before the next, or None for the back-off's."""
        async with asyncio.timeout(CONNECT_SECONDS):
            socket = await self._client.ws_connect(
                self._url,
                protocols=(SUBPROTOCOL,),
                heartbeat=self.station.configuration.number("WebSocketPingInterval") or None,
                decode_text=False,
                max_msg_size=0,
            )
        try:
            if socket.protocol != SUBPROTOCOL:
                self.station.note("connection_failed", reason=f"the central system does not speak {SUBPROTOCOL}")
                return None
            self._backoff.reset()
            await self._converse(socket)
        finally:
            await socket.close()
        if not self.station.is_restart_due:
            return None
        self.station.finish_restart()
        return RESTART_SECONDS

    async def _converse(self, socket: ClientWebSocketResponse[bool]) -> None:
        self._session = Session(STATION, self._new_call_id)
        self._socket = socket
        self._in_flight = None
        self.station.connect(self._pace.now())
        try:
            await self._flush()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._take(self._session.receive(message.data, self._pace.clock.monotonic()))
                    await self._flush()
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
            self._session.answer(request.call_id, _encode(response), monotonic)

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
