"""A conversation with a Session, written as a transcript.

A line `> …` is a frame of the station, a line `< …` is the next frame that we send. Every frame that we send has to
stand in the transcript, in its place. A line that ends in `…` gives the beginning of the frame.
"""

from __future__ import annotations

import itertools

from forecourt.dialects.v16 import dialect
from forecourt.ocpp.action import Message
from forecourt.ocpp.errors import Fault
from forecourt.ocpp.session import Answered, AnyAction, Event, Failed, Limits, OurCall, Request, Session

V16 = dialect.make()

EMPTY = "{}"


class Talk:
    """One link with a station of OCPP 1.6. Our calls have the ids our-1, our-2 and so on."""

    def __init__(self, limits: Limits | None = None) -> None:
        numbers = itertools.count(1)
        self.session = Session(V16.vocabulary, lambda: f"our-{next(numbers)}", limits or Limits())
        self.now = 1000.0
        self.events: list[Event] = []

    def goes(self, *lines: str) -> None:
        """Play the lines of the station, and compare ours."""
        sent: list[str] = []
        for line in lines:
            direction, _, frame = line.partition(" ")
            if direction == ">":
                assert sent == [], f"sent, but not in the transcript before {line}"
                self.events.append(self.session.receive(frame.encode(), self.now))
            else:
                assert direction == "<"
            sent += self._sent()
            if direction == "<":
                assert sent, f"nothing was sent instead of {line}"
                _assert_same(sent.pop(0), frame)
        assert sent == [], "sent, but not in the transcript"

    def hears(self, frame: bytes) -> list[str]:
        """Play a frame that cannot stand in a transcript; returns what we send."""
        self.events.append(self.session.receive(frame, self.now))
        return self._sent()

    def answers(self, call_id: str, payload: str = EMPTY) -> None:
        self.session.answer(f'"{call_id}"'.encode(), payload.encode(), self.now)

    def refuses(self, call_id: str, fault: Fault, description: str) -> None:
        self.session.refuse(f'"{call_id}"'.encode(), fault, description, self.now)

    def calls(self, action: AnyAction, words: Message | None = None, *, seconds: float | None = None) -> OurCall:
        return self.session.call(action, action.request() if words is None else words, self.now, seconds=seconds)

    def waits(self, seconds: float) -> list[Failed]:
        self.now += seconds
        return self.session.tick(self.now)

    @property
    def requests(self) -> list[str]:
        """The ids of all requests that we were asked to answer, as raw JSON."""
        return [event.call_id.decode() for event in self.events if isinstance(event, Request)]

    @property
    def request(self) -> Request:
        """What the last frame asked."""
        event = self.events[-1]
        assert isinstance(event, Request)
        return event

    @property
    def answered(self) -> Answered:
        """What the last frame answered."""
        event = self.events[-1]
        assert isinstance(event, Answered)
        return event

    @property
    def failed(self) -> Failed:
        """Which call the last frame ended."""
        event = self.events[-1]
        assert isinstance(event, Failed)
        return event

    def _sent(self) -> list[str]:
        return [frame.decode() for frame in self.session.frames_to_send()]


def _assert_same(sent: str, expected: str) -> None:
    if expected.endswith("…"):
        assert sent.startswith(expected[:-1])
    else:
        assert sent == expected
