"""One link: carries frames between the socket, the session and the storage thread.

All methods run on the event loop. Nothing here waits: what takes time is a job, and its end comes back as a call.
"""

from __future__ import annotations

import asyncio
import functools
import secrets
import uuid
from collections.abc import Callable
from typing import Final, Protocol, TypeAlias, TypeVar

import structlog

from forecourt.dialect import Dialect
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.presence.model import LinkId
from forecourt.domain.services import Services
from forecourt.gateway.handshake import Admitted
from forecourt.gateway.message_notes import handled, refused
from forecourt.gateway.pace import Allowance
from forecourt.ocpp.action import Message
from forecourt.ocpp.errors import Fault
from forecourt.ocpp.session import Answered, AnyAction, Failed, Limits, OurCall, Refused, Request, Session
from forecourt.redaction import PERCENT, UNDERSCORE, frame_without_tokens

GOING_AWAY: Final = 1001
NORMAL: Final = 1000
POLICY: Final = 1008

SEND_BUFFER_BYTES: Final = 1_048_576
"""What may wait for a station that does not read. More is not a slow network but a dead or hostile peer."""

REFUSED_NOTED_PER_MINUTE: Final = 30
"""Messages of one link that were refused and are written down for people to read: who sends nothing but nonsense must
not keep the database busy."""

_FAULTS: Final = {
    Kind.INVALID: Fault.PROPERTY,
    Kind.NOT_FOUND: Fault.GENERIC,
    Kind.CONFLICT: Fault.GENERIC,
    Kind.REFUSED: Fault.SECURITY,
    Kind.UNAVAILABLE: Fault.INTERNAL,
}

_log = structlog.get_logger(__name__)


class Wire(Protocol):
    """The socket under a connection, whichever library owns it. No method waits or raises."""

    def send(self, text: bytes) -> None: ...

    def ping(self) -> None: ...

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake; calling it twice does nothing."""
        ...

    def abort(self) -> None:
        """Cut the connection without a handshake."""
        ...

    def buffered_bytes(self) -> int: ...


CallEnded: TypeAlias = Callable[[Answered | Failed], None]
"""Called on the event loop with how a call of ours ended; once more when it took too long and was answered late."""

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Outcome(Protocol[Result_co]):
    """How a job ended."""

    @property
    def result(self) -> Result_co: ...

    @property
    def error(self) -> Exception | None: ...


class Desk(Protocol):
    """Takes a request to a storage thread; ``done`` is called on the event loop after the commit."""

    def submit(
        self, station_key: int, work: Callable[[Services], Result], done: Callable[[Outcome[Result]], None]
    ) -> None: ...


class Connection:
    """One link of one station."""

    __slots__ = (
        "_allowance",
        "_calls",
        "_desk",
        "_dialect",
        "_late",
        "_refused",
        "_refused_since",
        "_room",
        "address",
        "admitted",
        "closed_for",
        "has_pinged",
        "heard_at",
        "link_id",
        "noted_at",
        "read_at",
        "recorded_at",
        "session",
        "slice",
        "station",
        "subprotocol",
        "wire",
    )

    def __init__(
        self,
        wire: Wire,
        admitted: Admitted,
        *,
        dialect: Dialect,
        desk: Desk,
        limits: Limits,
        messages_per_second: float,
        now: float,
    ) -> None:
        self.wire = wire
        self.station = admitted.station
        self.address = admitted.knock.address
        self.subprotocol = admitted.subprotocol
        self.admitted = admitted
        """What it was let in for."""
        self.session = Session(dialect.vocabulary, _new_call_id, limits)
        self.link_id = LinkId(secrets.randbits(63))
        self.recorded_at: float | None = None
        """When this link was last sent to be put on record; None when it is not on record."""
        self.closed_for: str | None = None
        """Why it was closed by us, or None."""
        self.heard_at = now
        self.has_pinged = False
        self.noted_at = 0.0
        """When it was last written down that this station was heard."""
        self.read_at = now
        """When the station's record was last read."""
        self.slice = 0
        """Its place in the wheel of the links."""
        self._dialect = dialect
        self._desk = desk
        self._allowance = Allowance(messages_per_second, now)
        self._room: asyncio.Event | None = None
        self._calls: dict[OurCall, CallEnded] | None = None
        """Who waits for our calls; None as long as there are none, which is nearly always."""
        self._refused_since, self._refused = now, 0
        """How many refused messages were written down since when."""
        self._late: tuple[OurCall, CallEnded] | None = None
        """Our last call that took too long, and who may still want its answer."""

    # From the socket

    def receive(self, text: bytes, now: float) -> float:
        """Take a frame. Returns how long the socket should not be read, in seconds: 0 means read on."""
        self.heard_at = now
        self.has_pinged = False
        if UNDERSCORE in text or PERCENT in text:  # nearly never
            text = frame_without_tokens(text)
        event = self.session.receive(text, now)
        if isinstance(event, Request):
            work = functools.partial(self._answer, event, now)
            self._desk.submit(self.station.key, work, functools.partial(self._answered, event, now))
        elif isinstance(event, Refused):
            self._note_refused(event.call_id, event.action, event.payload, event.reason, now)
        elif event is not None:
            self._call_ended(event)
        self._send()
        if self.session.is_hopeless:
            self.close(POLICY, "too many frames that are no OCPP messages")
        return self._allowance.take(now)

    def heard(self, now: float) -> None:
        """A pong, or anything else that proves life."""
        self.heard_at = now
        self.has_pinged = False

    async def wait_for_room(self) -> None:
        """Return when the station may be read again: this is how a station that sends too fast is slowed."""
        while self.session.is_full and self.closed_for is None:
            self._room = asyncio.Event()
            await self._room.wait()

    def ended(self) -> None:
        """The socket is gone."""
        for failed in self.session.close():
            self._call_ended(failed)
        self._late = None  # else the link would keep itself alive
        self._make_room()

    # Our own calls

    def call(self, action: AnyAction, words: Message, ended: CallEnded, now: float) -> None:
        """Send a call of ours when it is its turn; ``ended`` is called in any case. Raises QueueFull."""
        call = self.session.call(action, words, now)
        if self._calls is None:
            self._calls = {}
        self._calls[call] = ended
        self._send()

    @property
    def is_open(self) -> bool:
        """False when the link is being closed."""
        return self.closed_for is None

    def _call_ended(self, event: Answered | Failed) -> None:
        if self._late is not None and self._late[0] is event.call:
            ended, self._late = self._late[1], None
            ended(event)
            return
        calls = self._calls or {}
        ended = calls.pop(event.call)
        if not calls:
            self._calls = None
        if isinstance(event, Failed) and event.payload is None and event.was_sent:
            self._late = (event.call, ended)
        ended(event)

    # From the storage thread

    def _answer(self, request: Request, since: float, services: Services) -> bytes:
        if not self.session.is_awaited(request.call_id):
            raise _GivenUp
        answer = self._dialect.answer(request.action, request.words, self.station, services)
        if services.message_log.keeps_all:
            services.message_log.note(self.station.key, handled(request, answer), since=since)
        return answer

    def _answered(self, request: Request, since: float, outcome: Outcome[bytes]) -> None:
        now = asyncio.get_running_loop().time()
        error = outcome.error
        if error is None:
            self.session.answer(request.call_id, outcome.result, now)
        elif isinstance(error, DomainError):
            self.session.refuse(request.call_id, _FAULTS[error.kind], error.sentence, now)
            self._note_refused(request.call_id, request.action.name, request.payload, error.sentence, since)
        elif not isinstance(error, _GivenUp):
            self._failed(request, error, now)
        self._send()
        self._make_room()

    def _note_refused(self, call_id: bytes, action: str, payload: bytes, reason: str, since: float) -> None:
        """Nobody waits for this to be written down, and nothing is lost when it is not."""
        if since - self._refused_since >= 60:
            self._refused_since, self._refused = since, 0
        self._refused += 1
        if self._refused > REFUSED_NOTED_PER_MINUTE:
            return
        exchange = refused(call_id, action, payload, reason)
        self._desk.submit(
            self.station.key,
            lambda services: services.message_log.note(self.station.key, exchange, since=since),
            _noted,
        )

    def _failed(self, request: Request, error: Exception, now: float) -> None:
        reason = "the request could not be stored; nothing of it was kept, send it again"
        self.session.refuse(request.call_id, Fault.INTERNAL, reason, now)
        _log.error("request_failed", station=self.station.identity, action=request.action.name, error=repr(error)[:300])

    # From the wheel

    def tick(self, now: float, *, ping_seconds: float, pong_seconds: float) -> None:
        """Once a second or so: give up what took too long, and find out whether the peer still lives."""
        for failed in self.session.tick(now):
            self._call_ended(failed)
        self._send()
        if not self.session.is_full:
            self._make_room()
        if self.wire.buffered_bytes() > SEND_BUFFER_BYTES:
            self._cut("it does not read what it is sent")
        silence = now - self.heard_at
        if silence >= ping_seconds + pong_seconds:
            self._cut("no sign of life")
        elif silence >= ping_seconds and not self.has_pinged:
            self.has_pinged = True
            self.wire.ping()

    # Ends

    def close(self, code: int, reason: str) -> None:
        """Close the link."""
        if self.closed_for is None:
            self.closed_for = reason
            self._make_room()
            self.wire.close(code, reason)

    def _cut(self, reason: str) -> None:
        """End the link without a handshake, which the peer would not answer."""
        self.closed_for = reason
        self._make_room()
        self.wire.abort()

    # Inside

    def _send(self) -> None:
        for text in self.session.frames_to_send():
            self.wire.send(text)

    def _make_room(self) -> None:
        if self._room is not None:
            self._room.set()
            self._room = None


class _GivenUp(Exception):
    """The request waited so long that the station was told to send it again; doing it too would do it twice."""


def _noted(outcome: Outcome[None]) -> None:
    if outcome.error is not None:
        _log.warning("message_not_noted", error=repr(outcome.error)[:300])


def _new_call_id() -> str:
    """Unique over all connections, as the errata ask (OCPP-J 1.6 errata 3.1); 36 characters."""
    return str(uuid.uuid4())
