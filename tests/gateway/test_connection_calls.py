"""Our own calls over one link: whoever made one is told how it ended (OCPP-J 1.6 §4.1)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from forecourt.dialects.v16.messages.clear_cache import CLEAR_CACHE, ClearCacheRequest, ClearCacheResponse
from forecourt.domain.provisioning.model import StationDraft
from forecourt.gateway.connection import Connection
from forecourt.ocpp.errors import QueueFull
from forecourt.ocpp.session import Answered, Failed, Limits
from tests.gateway.desk import FakeDesk, FakeWire, Json, a_call, a_connection
from tests.support.workspace import MemoryWorkspace

CALL_SECONDS = 30.0
ACCEPTED: Json = {"status": "Accepted"}


class Line:
    """A link over which the house calls, and what its callers were told."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.wire = FakeWire()
        self.desk = FakeDesk()
        self.connection: Connection = a_connection(
            self.wire, self.desk, limits=limits or Limits(call_seconds=CALL_SECONDS)
        )
        self.told: list[tuple[str, Answered | Failed]] = []

    def calls(self, caller: str = "caller", *, now: float = 1.0) -> None:
        self.connection.call(CLEAR_CACHE, ClearCacheRequest(), lambda event: self.told.append((caller, event)), now)

    def ticks(self, now: float) -> None:
        self.connection.tick(now, ping_seconds=1e9, pong_seconds=1e9)

    @property
    def call_ids(self) -> list[str]:
        """The ids of the calls that the station was sent."""
        return [str(frame[1]) for frame in self.wire.frames if frame[0] == 2]

    def answers(self, payload: Json = ACCEPTED, *, call: int = -1, now: float = 2.0) -> None:
        self.says([3, self.call_ids[call], payload], now=now)

    def says(self, frame: Json, *, now: float = 2.0) -> None:
        self.connection.receive(json.dumps(frame).encode(), now)

    @property
    def callers(self) -> list[str]:
        """Who was told, in order."""
        return [caller for caller, _ in self.told]

    @property
    def answered(self) -> Answered:
        """What was told last, an answer."""
        event = self.told[-1][1]
        assert isinstance(event, Answered), event
        return event

    @property
    def failed(self) -> Failed:
        """What was told last, a failure."""
        event = self.told[-1][1]
        assert isinstance(event, Failed), event
        return event

    def is_forgotten(self) -> bool:
        """True when no memory is kept for calls: thousands of links have none out."""
        return self.connection._calls is None


def in_loop(work: Callable[[], None]) -> None:
    async def main() -> None:
        work()

    asyncio.run(main())


def test_the_answer_reaches_the_caller() -> None:
    line = Line()
    line.calls()
    assert [frame[2:] for frame in line.wire.frames] == [["ClearCache", {}]]
    assert line.told == []

    line.answers()

    assert line.callers == ["caller"]
    assert line.answered.words == ClearCacheResponse(status="Accepted")
    assert json.loads(line.answered.payload) == ACCEPTED


def test_each_caller_is_told_of_its_own_call() -> None:
    """One call is out at a time (§4.1.1)."""
    line = Line()
    line.calls("first")
    line.calls("second")
    assert len(line.call_ids) == 1

    line.answers()
    assert (line.callers, len(line.call_ids)) == (["first"], 2)
    line.answers({"status": "Rejected"})

    assert line.callers == ["first", "second"]
    assert line.answered.words == ClearCacheResponse(status="Rejected")


def test_a_callerror_reaches_the_caller() -> None:
    """§4.2.3."""
    line = Line()
    line.calls()

    line.says([4, line.call_ids[0], "NotSupported", "no cache", {"a": 1}])

    assert (line.failed.code, line.failed.reason, line.failed.payload) == ("NotSupported", "no cache", b'{"a": 1}')
    assert line.is_forgotten()


def test_an_answer_that_breaks_its_words_is_a_failure_with_what_came() -> None:
    line = Line()
    line.calls()

    line.answers({"status": "Perhaps"})

    assert (line.failed.code, line.failed.payload) == (None, b'{"status": "Perhaps"}')
    assert "ClearCache" in line.failed.reason


def test_a_call_that_takes_too_long_has_failed_and_may_have_been_done() -> None:
    line = Line()
    line.calls(now=1.0)
    line.ticks(1.0 + CALL_SECONDS - 0.1)
    assert line.told == []

    line.ticks(1.0 + CALL_SECONDS)

    assert line.callers == ["caller"]
    assert (line.failed.was_sent, line.failed.payload) == (True, None)
    line.ticks(1.0 + 3 * CALL_SECONDS)
    assert len(line.told) == 1


def test_a_late_answer_is_told_too_and_only_once() -> None:
    line = Line()
    line.calls()
    line.ticks(1.0 + CALL_SECONDS)

    line.answers(now=50.0)

    assert line.callers == ["caller", "caller"]
    assert line.answered.words == ClearCacheResponse(status="Accepted")
    assert line.connection._late is None, "nobody waits any longer"
    line.answers(now=51.0)
    assert len(line.told) == 2


def test_a_late_answer_goes_to_its_own_caller_while_the_next_call_is_out() -> None:
    line = Line()
    line.calls("slow")
    line.calls("next")
    line.ticks(1.0 + CALL_SECONDS)
    assert len(line.call_ids) == 2

    line.answers(call=0, now=32.0)
    line.answers({"status": "Rejected"}, call=1, now=33.0)

    assert line.callers == ["slow", "slow", "next"]
    assert line.answered.words == ClearCacheResponse(status="Rejected")
    assert line.is_forgotten()


def test_when_the_link_ends_it_is_told_what_was_sent_and_what_never_left() -> None:
    line = Line()
    line.calls("out")
    line.calls("queued")

    line.connection.ended()

    assert [(caller, isinstance(event, Failed) and event.was_sent) for caller, event in line.told] == [
        ("out", True),
        ("queued", False),
    ]
    assert all(isinstance(event, Failed) and event.payload is None for _, event in line.told)
    assert line.is_forgotten()


def test_a_call_never_left_when_the_link_ended_before_the_stations_own_request_was_answered() -> None:
    line = Line()
    line.connection.receive(a_call("a"), 1.0)
    line.calls()

    line.connection.ended()

    assert line.call_ids == []
    assert not line.failed.was_sent


def test_a_station_has_its_answer_before_it_is_called() -> None:
    """Some stations take no call while they wait for an answer."""
    services = MemoryWorkspace().services
    services.provisioning.add(StationDraft(identity="CP-1"))

    def main() -> None:
        line = Line()
        line.connection.receive(a_call("a", "Authorize", idTag="nobody"), 1.0)
        line.calls()
        assert line.wire.sent == []

        line.desk.held[0].run(services)

        assert [frame[0] for frame in line.wire.frames] == [3, 2]
        assert line.wire.frames[0][1] == "a"
        line.answers()
        assert line.callers == ["caller"]

    in_loop(main)


def test_a_request_that_comes_after_a_call_does_not_hold_it_up() -> None:
    line = Line()
    line.calls("out")
    line.calls("queued")
    line.connection.receive(a_call("a"), 1.5)

    line.answers()

    assert len(line.call_ids) == 2


def test_a_call_that_finds_the_queue_full_is_refused_and_its_caller_not_told() -> None:
    line = Line(Limits(queued_calls=1))
    line.calls("out")
    line.calls("queued")
    with pytest.raises(QueueFull):
        line.calls("refused")

    line.answers()
    line.answers()

    assert line.callers == ["out", "queued"]
    assert line.is_forgotten()


def test_a_call_that_is_refused_leaves_nothing_behind() -> None:
    line = Line(Limits(queued_calls=0))
    with pytest.raises(QueueFull):
        line.calls()

    assert line.wire.sent == []
    assert line.is_forgotten()


@pytest.mark.parametrize("ending", ["answer", "error", "time", "end"])
def test_no_memory_is_kept_when_nothing_is_out(ending: str) -> None:
    """There are thousands of links, and nearly all of them have no call out."""
    line = Line()
    assert line.is_forgotten()
    line.calls()
    assert not line.is_forgotten()

    match ending:
        case "answer":
            line.answers()
        case "error":
            line.says([4, line.call_ids[0], "GenericError", "", {}])
        case "time":
            line.ticks(1.0 + CALL_SECONDS)
        case "end":
            line.connection.ended()

    assert len(line.told) == 1
    assert line.is_forgotten()


def test_whoever_is_told_may_call_again_at_once() -> None:
    line = Line()
    line.connection.call(CLEAR_CACHE, ClearCacheRequest(), lambda _event: line.calls("again", now=2.0), 1.0)

    line.answers()
    assert len(line.call_ids) == 2
    line.answers()

    assert line.callers == ["again"]
    assert line.is_forgotten()


@pytest.mark.parametrize(("is_closed", "is_open"), [(False, True), (True, False)])
def test_a_link_that_is_being_closed_is_not_open(is_closed: bool, is_open: bool) -> None:
    line = Line()
    if is_closed:
        line.connection.close(1000, "why")
    assert line.connection.is_open is is_open


def test_a_link_that_ended_with_a_call_out_does_not_keep_itself() -> None:
    """Survivors are frozen, and garbage among them is never collected: nothing may hold what holds the link."""
    line = Line()
    line.calls()
    line.connection.ended()
    assert (line.connection._late, line.connection._calls) == (None, None)
