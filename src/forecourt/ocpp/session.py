"""The RPC state of one link, without any I/O: frames in, events and frames out (OCPP-J 1.6 §4).

The owner feeds every frame to :meth:`Session.receive`, acts on the event that it returns, and sends whatever
:meth:`Session.frames_to_send` hands out. Time is an argument everywhere (seconds, monotonic).

* A request of the peer stays *open* until :meth:`answer` or :meth:`refuse`.
* Our own calls wait in a queue: one in flight at a time (§4.1.1), and none leaves while a request that came
  before it is still open, so that a station always has its answer first.
* A call that took too long has failed; if its answer comes after all, that is told as well, as an event like any other.
* A request that is repeated with the same id and the same content is answered with the stored answer
  (§4.1.4 and errata 3.7 allow a retry to keep its id). An id that comes again with another content is a new
  request: stations that number badly must not lose data.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import msgspec

from forecourt.ocpp import frames
from forecourt.ocpp.action import Action, Message
from forecourt.ocpp.errors import BadFrame, Fault, PayloadRefused, QueueFull
from forecourt.ocpp.payload import Reader

AnyAction: TypeAlias = Action[Any, Any]  # actions of all payload types stand side by side in one table

ANSWERS_KEPT: Final = 4
"""Answers kept for repeated requests, per link. A station has one request open at a time, so few are enough."""

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Limits:
    """What one link may cost. Times in seconds."""

    frame_bytes: int = 1_048_576
    open_requests: int = 16
    """Requests of the peer that may be open at once; above it the owner stops reading."""
    answer_seconds: float = 25.0
    """After this the request is refused with InternalError, because the peer gives up at about 30 s."""
    queued_calls: int = 100
    call_seconds: float = 30.0
    bad_frames: int = 100
    """Frames in a row that are no messages, after which :attr:`Session.is_hopeless` is true."""


class Vocabulary:
    """What one side of a link understands and says: built once per version and side."""

    def __init__(
        self,
        *,
        received: Iterable[AnyAction],
        known: Iterable[AnyAction],
        codes: Mapping[Fault, str],
    ) -> None:
        self.received: dict[bytes, tuple[AnyAction, Reader[Message]]] = {
            _encode(action.name): (action, Reader(action.request)) for action in received
        }
        self.known: dict[bytes, AnyAction] = {_encode(action.name): action for action in known}
        self.responses: dict[str, Reader[Message]] = {action.name: Reader(action.response) for action in known}
        self.codes = codes


class Request(msgspec.Struct, gc=False, frozen=True):
    """The peer asks; answer it with :meth:`Session.answer` or :meth:`Session.refuse`, naming ``call_id``."""

    call_id: bytes
    action: AnyAction
    words: Message
    payload: bytes
    """As it came."""


class Refused(msgspec.Struct, gc=False, frozen=True):
    """The peer asked something that cannot be handled, and was told so; there is nothing left to do."""

    call_id: bytes
    action: str
    """What it asked for, as far as that can be read."""
    payload: bytes
    """As it came; the whole frame where that is no message."""
    reason: str


@dataclass(eq=False, slots=True)
class OurCall:
    """A call of ours, from the queue to its end."""

    action: AnyAction
    call_id: str
    payload: bytes
    seconds: float
    after: int
    """The number of the last request that was received before this call was made."""
    expires_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Answered:
    """The peer answered our call. ``payload`` is the answer as it came."""

    call: OurCall
    words: Message
    payload: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """Our call ended without a usable answer; ``code`` is that of a CALLERROR.

    ``payload`` is what came: an answer that breaks its words, or the details of a CALLERROR. It is None when nothing
    came, and then nobody knows whether the peer did what it was asked to do.
    """

    call: OurCall
    code: str | None
    reason: str
    payload: bytes | None = None
    was_sent: bool = True
    """False when it never left, so that it certainly was not done."""


Event: TypeAlias = Request | Refused | Answered | Failed | None


@dataclass(slots=True)
class Counts:
    """What was seen and not acted upon, for the operator."""

    bad_frames: int = 0
    refused_payloads: int = 0
    unknown_actions: int = 0
    repeated_requests: int = 0
    unmatched_answers: int = 0
    unknown_types: int = 0


@dataclass(slots=True)
class _Open:
    number: int
    content: int
    since: float
    is_timely: bool


@dataclass(slots=True)
class _Kept:
    content: int
    answer: bytes


@dataclass(slots=True)
class Session:
    """One link's conversation."""

    vocabulary: Vocabulary
    new_call_id: Callable[[], str]
    limits: Limits = field(default_factory=Limits)
    counts: Counts = field(default_factory=Counts)
    _open: dict[bytes, _Open] = field(default_factory=dict)
    _kept: dict[bytes, _Kept] = field(default_factory=dict)
    _queue: deque[OurCall] = field(default_factory=deque)
    _in_flight: OurCall | None = None
    _given_up: OurCall | None = None
    """Our last call that was not answered in time: its answer may still come, and is worth knowing."""
    _outbox: list[bytes] = field(default_factory=list)
    _received: int = 0
    _bad_in_a_row: int = 0

    # What the peer says

    def receive(self, text: bytes, now: float) -> Event:
        """Take one frame. Never raises: what cannot be used is answered where that is possible, and counted."""
        try:
            if len(text) > self.limits.frame_bytes:
                raise frames.too_big(text, self.limits.frame_bytes)
            frame = frames.decode(text)
            call_id = bytes(frame.id)
            if frame.kind == frames.CALL:
                frames.check_call_id(call_id)
        except BadFrame as bad:
            self._refuse_frame(bad)
            return Refused(bad.call_id or b"", "", text, bad.reason)
        self._bad_in_a_row = 0
        if frame.kind == frames.CALL:
            return self._receive_call(frame, call_id, hash(text), now)
        if frame.kind in (frames.CALL_RESULT, frames.CALL_ERROR):
            return self._receive_reply(frame, call_id, now)
        self.counts.unknown_types += 1  # to be ignored (OCPP-J 1.6 §4.1.3)
        return None

    def _receive_call(self, frame: frames.Frame, call_id: bytes, content: int, now: float) -> Request | Refused | None:
        if self._is_repeated(call_id, content):
            return None
        name = bytes(frame.second)
        known = self.vocabulary.received.get(name)
        if known is None:
            return Refused(
                call_id, frames.read_text(name) or "", bytes(frame.third), self._refuse_action(call_id, name)
            )
        action, reader = known
        try:
            words = reader.read(frame.third)
        except PayloadRefused as refused:
            self.counts.refused_payloads += 1
            self._send_error(call_id, refused.fault, f"{action.name} {refused}")
            return Refused(call_id, action.name, bytes(frame.third), str(refused))
        self._received += 1
        self._open[call_id] = _Open(self._received, content, now, action.is_timely)
        return Request(call_id, action, words, bytes(frame.third))

    def _is_repeated(self, call_id: bytes, content: int) -> bool:
        """True when this request needs no work: it is being worked on, or its answer was sent again."""
        kept = self._kept.get(call_id)
        if kept is not None and kept.content == content:
            self.counts.repeated_requests += 1
            self._outbox.append(kept.answer)
            return True
        if call_id in self._open:
            self.counts.repeated_requests += 1
            if self._open[call_id].content != content:
                self._send_error(call_id, Fault.PROTOCOL, "a CALL with this id is still being handled")
            return True
        return False

    def _receive_reply(self, frame: frames.Frame, call_id: bytes, now: float) -> Answered | Failed | None:
        answered = frames.read_text(call_id)
        call = self._in_flight
        if call is not None and call.call_id == answered:
            self._in_flight = None
            self._send_next_call(now)
        elif self._given_up is not None and self._given_up.call_id == answered:
            call, self._given_up = self._given_up, None
        else:
            self.counts.unmatched_answers += 1
            return None
        if frame.kind == frames.CALL_ERROR:
            code = frames.read_text(frame.second) or "GenericError"
            return Failed(call, code, frames.read_text(frame.third) or "", bytes(frame.fourth))
        payload = bytes(frame.second)
        try:
            return Answered(call, self.vocabulary.responses[call.action.name].read(frame.second), payload)
        except PayloadRefused as refused:
            self.counts.refused_payloads += 1
            return Failed(call, None, f"the answer breaks the words of {call.action.name}: {refused}", payload)

    # What we say

    def answer(self, call_id: bytes, payload: bytes, now: float) -> None:
        """Answer an open request with an encoded payload. Does nothing when it was given up meanwhile."""
        request = self._open.pop(call_id, None)
        if request is None:
            return
        frame = frames.encode_result(call_id, payload)
        self._outbox.append(frame)
        if not request.is_timely:
            self._kept.pop(call_id, None)
            self._kept[call_id] = _Kept(request.content, frame)
            if len(self._kept) > ANSWERS_KEPT:
                del self._kept[next(iter(self._kept))]
        if self._queue:
            self._send_next_call(now)

    def refuse(self, call_id: bytes, fault: Fault, description: str, now: float) -> None:
        """Answer an open request with a CALLERROR. It is not kept: the peer's next try is handled afresh."""
        if self._open.pop(call_id, None) is not None:
            self._send_error(call_id, fault, description)
            self._send_next_call(now)

    def call(self, action: AnyAction, words: Message, now: float, *, seconds: float | None = None) -> OurCall:
        """Queue a call of ours. Raises QueueFull when ``limits.queued_calls`` already wait."""
        if len(self._queue) >= self.limits.queued_calls:
            raise QueueFull(len(self._queue))
        wait = self.limits.call_seconds if seconds is None else seconds
        call = OurCall(action, self.new_call_id(), _encode(words), wait, self._received)
        self._queue.append(call)
        self._send_next_call(now)
        return call

    def frames_to_send(self) -> list[bytes]:
        """What must be sent now, in order. The caller owns the list."""
        if not self._outbox:
            return []
        outbox, self._outbox = self._outbox, []
        return outbox

    # Time

    @property
    def deadline(self) -> float | None:
        """When :meth:`tick` is next due, or None while nothing is awaited."""
        due = [request.since + self.limits.answer_seconds for request in itertools.islice(self._open.values(), 1)]
        if self._in_flight is not None:
            due.append(self._in_flight.expires_at)
        return min(due, default=None)

    def tick(self, now: float) -> list[Failed]:
        """Give up what took too long: our call in flight, and requests that the house did not answer in time."""
        late = [key for key, request in self._open.items() if request.since + self.limits.answer_seconds <= now]
        for call_id in late:
            self.refuse(call_id, Fault.INTERNAL, "the request could not be stored in time; send it again", now)
        call = self._in_flight
        if call is None or call.expires_at > now:
            return []
        self._in_flight, self._given_up = None, call
        self._send_next_call(now)
        return [Failed(call, None, f"no answer within {call.seconds:g} s")]

    def close(self) -> list[Failed]:
        """End the conversation: every call of ours that is queued or in flight fails."""
        ended = [*([self._in_flight] if self._in_flight else []), *self._queue]
        self._queue.clear()
        self._in_flight = self._given_up = None
        return [Failed(call, None, "the connection was closed", was_sent=call.expires_at > 0) for call in ended]

    # Questions

    @property
    def is_full(self) -> bool:
        """True while the peer should not be read, because too many of its requests are open."""
        return len(self._open) >= self.limits.open_requests

    def is_awaited(self, call_id: bytes) -> bool:
        """False when a request was answered or given up meanwhile. May be asked from any thread."""
        return call_id in self._open

    @property
    def is_quiet(self) -> bool:
        """True when no request is open: neither one of the peer nor one of ours."""
        return not self._open and self._in_flight is None

    @property
    def is_hopeless(self) -> bool:
        """True when the peer has sent too many frames in a row that are no messages."""
        return self._bad_in_a_row > self.limits.bad_frames

    # Inside

    def _send_next_call(self, now: float) -> None:
        if self._in_flight is not None or not self._queue:
            return
        oldest = next(iter(self._open.values()), None)
        if oldest is not None and oldest.number <= self._queue[0].after:
            return
        call = self._in_flight = self._queue.popleft()
        call.expires_at = now + call.seconds
        self._outbox.append(frames.encode_call(call.call_id, call.action.name, call.payload))

    def _refuse_frame(self, bad: BadFrame) -> None:
        self.counts.bad_frames += 1
        self._bad_in_a_row += 1
        if bad.call_id is not None:
            self._send_error(bad.call_id, bad.fault, bad.reason)

    def _refuse_action(self, call_id: bytes, name: bytes) -> str:
        """The reason that the peer is given."""
        self.counts.unknown_actions += 1
        action = self.vocabulary.known.get(name)
        text = frames.read_text(name)
        if action is not None:
            fault, reason = Fault.NOT_SUPPORTED, f"{action.name} is not supported in this direction"
        elif text is None:
            fault, reason = Fault.FORMAT, "the third element of a CALL must be the name of an action"
        else:
            fault, reason = Fault.NOT_IMPLEMENTED, f"the action {text[:50]!r} is not known"
        self._send_error(call_id, fault, reason)
        return reason

    def _send_error(self, call_id: bytes, fault: Fault, description: str) -> None:
        self._outbox.append(frames.encode_error(call_id, self.vocabulary.codes[fault], description))
