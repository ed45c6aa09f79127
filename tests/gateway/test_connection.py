"""Tests of one link between its socket, its session and the storage thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.provisioning.model import Registration, StationDraft
from forecourt.domain.services import Services
from forecourt.gateway.connection import REFUSED_NOTED_PER_MINUTE, SEND_BUFFER_BYTES
from forecourt.ocpp.session import Limits
from forecourt.storage.errors import RowRefused, Unavailable
from tests.gateway.desk import FakeDesk, FakeWire, a_call, a_connection, a_station
from tests.support.workspace import MemoryWorkspace


@pytest.fixture
def services() -> Services:
    made = MemoryWorkspace().services
    made.provisioning.add(StationDraft(identity="CP-1"))
    return made


@pytest.fixture
def wire() -> FakeWire:
    return FakeWire()


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


def in_loop(work: Callable[[], None]) -> None:
    async def main() -> None:
        work()

    asyncio.run(main())


def test_the_answer_leaves_when_the_storage_thread_has_stored_it(
    wire: FakeWire, desk: FakeDesk, services: Services
) -> None:
    def main() -> None:
        connection = a_connection(wire, desk)
        connection.receive(a_call("a", "Authorize", idTag="nobody"), 1.0)
        assert wire.sent == []
        assert [held.station_key for held in desk.held] == [1]
        desk.held[0].run(services)
        assert wire.frames == [[3, "a", {"idTagInfo": {"status": "Invalid"}}]]

    in_loop(main)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DomainError(Kind.INVALID, "why"), "PropertyConstraintViolation"),
        (DomainError(Kind.NOT_FOUND, "why"), "GenericError"),
        (DomainError(Kind.CONFLICT, "why"), "GenericError"),
        (DomainError(Kind.REFUSED, "why"), "SecurityError"),
        (DomainError(Kind.UNAVAILABLE, "why"), "InternalError"),
        (Unavailable("s3cret"), "InternalError"),
        (RowRefused("s3cret"), "InternalError"),
        (ZeroDivisionError("s3cret"), "InternalError"),
    ],
)
def test_every_refusal_has_its_code(wire: FakeWire, desk: FakeDesk, error: Exception, code: str) -> None:
    def main() -> None:
        a_connection(wire, desk).receive(a_call("a"), 1.0)
        desk.held[0].fail(error)
        [frame] = wire.frames
        assert frame[:3] == [4, "a", code]
        assert frame[3]
        assert "s3cret" not in str(frame)
        if isinstance(error, DomainError):
            assert frame[3] == "why"

    in_loop(main)


def test_a_work_whose_commit_failed_is_not_answered_as_done(wire: FakeWire, desk: FakeDesk, services: Services) -> None:
    def main() -> None:
        a_connection(wire, desk).receive(a_call("a"), 1.0)
        desk.held[0].run(services, Unavailable("gone"))
        assert [frame[:3] for frame in wire.frames] == [[4, "a", "InternalError"]]

    in_loop(main)


@pytest.mark.parametrize("registration", [Registration.PENDING, Registration.REJECTED])
def test_a_station_that_is_not_accepted_may_only_boot(
    wire: FakeWire, desk: FakeDesk, services: Services, registration: Registration
) -> None:
    """OCPP 1.6 §4.2: until then it should send no other request, and gets SecurityError for it."""

    def main() -> None:
        a_connection(wire, desk, station=a_station(registration=registration)).receive(a_call("a"), 1.0)
        desk.held[0].run(services)
        assert [frame[:3] for frame in wire.frames] == [[4, "a", "SecurityError"]]

    in_loop(main)


def test_every_link_has_an_id_of_its_own(wire: FakeWire, desk: FakeDesk) -> None:
    """Two nodes draw them without asking one another, and both databases must take them: 63 bits, drawn at random."""
    ids = {a_connection(wire, desk).link_id for _ in range(1000)}
    assert len(ids) == 1000
    assert 0 <= min(ids) <= max(ids) < 2**63
    assert max(ids) > 2**60, "the whole range is used"


def test_what_is_no_request_is_written_down_and_answered_at_once(wire: FakeWire, desk: FakeDesk) -> None:
    def main() -> None:
        connection = a_connection(wire, desk)
        for text in (b'[3,"x",{}]', b"nonsense", b"\xff", b'[2,"a","Nothing",{}]', b'[2,"b","Authorize",{}]'):
            connection.receive(text, 1.0)
        assert len(desk.held) == 4
        assert [frame[:2] for frame in wire.frames] == [[4, "a"], [4, "b"]]

    in_loop(main)


def test_whoever_sends_nothing_but_nonsense_keeps_no_storage_thread_busy(wire: FakeWire, desk: FakeDesk) -> None:
    def main() -> None:
        connection = a_connection(wire, desk)
        for _ in range(2 * REFUSED_NOTED_PER_MINUTE):
            connection.receive(b"nonsense", 1.0)
        assert len(desk.held) == REFUSED_NOTED_PER_MINUTE
        connection.receive(b"nonsense", 61.0)
        assert len(desk.held) == REFUSED_NOTED_PER_MINUTE + 1

    in_loop(main)


def test_a_request_that_was_given_up_is_not_done_later(wire: FakeWire, desk: FakeDesk, services: Services) -> None:
    """The station was told to send it again; doing it too would do it twice."""
    done: list[str] = []

    def main() -> None:
        connection = a_connection(wire, desk, limits=Limits(answer_seconds=25))
        connection.receive(a_call("a"), 1.0)
        connection.tick(26.0, ping_seconds=100, pong_seconds=100)
        assert [frame[:3] for frame in wire.frames] == [[4, "a", "InternalError"]]
        desk.held[0].run(services)
        assert len(wire.sent) == 1
        done.append("yes")

    in_loop(main)
    assert done


# Back-pressure


def test_a_station_with_too_many_open_requests_is_read_when_one_was_answered(
    wire: FakeWire, desk: FakeDesk, services: Services
) -> None:
    async def main() -> None:
        connection = a_connection(wire, desk, limits=Limits(open_requests=2))
        connection.receive(a_call("a"), 1.0)
        await asyncio.wait_for(connection.wait_for_room(), 1)
        connection.receive(a_call("b"), 1.0)
        waiting = asyncio.ensure_future(connection.wait_for_room())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
        desk.held[0].run(services)
        await asyncio.wait_for(waiting, 1)

    asyncio.run(main())


@pytest.mark.parametrize("ending", ["given up", "silence", "buffer", "close", "ended"])
def test_a_station_that_is_not_read_is_let_go_when_its_requests_or_its_link_end(
    wire: FakeWire, desk: FakeDesk, ending: str
) -> None:
    """Otherwise a frozen database would keep the task and the link of every busy station for ever."""

    async def main() -> None:
        connection = a_connection(wire, desk, limits=Limits(open_requests=1, answer_seconds=25))
        connection.receive(a_call("a"), 1.0)
        waiting = asyncio.ensure_future(connection.wait_for_room())
        await asyncio.sleep(0)
        match ending:
            case "given up":
                connection.tick(27.0, ping_seconds=1000, pong_seconds=1000)
            case "silence":
                connection.tick(20.0, ping_seconds=10, pong_seconds=5)
            case "buffer":
                wire.buffered = SEND_BUFFER_BYTES + 1
                connection.tick(2.0, ping_seconds=10, pong_seconds=5)
            case "close":
                connection.close(1000, "why")
            case "ended":
                connection.ended()
        if ending == "ended":
            waiting.cancel()
            return
        await asyncio.wait_for(waiting, 1)

    asyncio.run(main())


def test_a_station_above_its_rate_is_read_later(wire: FakeWire, desk: FakeDesk) -> None:
    def main() -> None:
        connection = a_connection(wire, desk, messages_per_second=10)
        pauses = [connection.receive(a_call(str(number)), 1.0) for number in range(22)]
        assert pauses[:20] == [0.0] * 20
        assert pauses[20] == pytest.approx(0.1)
        assert pauses[21] == pytest.approx(0.2)
        assert connection.receive(a_call("later"), 3.0) == 0.0

    in_loop(main)


# Signs of life


def test_a_silent_station_is_pinged_once_and_then_given_up(wire: FakeWire, desk: FakeDesk) -> None:
    def main() -> None:
        connection = a_connection(wire, desk)

        def tick(now: float) -> None:
            connection.tick(now, ping_seconds=60, pong_seconds=20)

        tick(59.9)
        assert wire.log == []
        for now in (60.0, 61.0, 79.9):
            tick(now)
        assert wire.log == ["ping"]
        tick(80.0)
        assert wire.log == ["ping", "abort"]
        assert connection.closed_for

    in_loop(main)


@pytest.mark.parametrize("sign", ["pong", "frame", "nonsense"])
def test_anything_that_comes_proves_life(wire: FakeWire, desk: FakeDesk, sign: str) -> None:
    def main() -> None:
        connection = a_connection(wire, desk)
        connection.tick(60.0, ping_seconds=60, pong_seconds=20)
        match sign:
            case "pong":
                connection.heard(70.0)
            case "frame":
                connection.receive(a_call(), 70.0)
            case "nonsense":
                connection.receive(b"?", 70.0)
        connection.tick(129.0, ping_seconds=60, pong_seconds=20)
        assert wire.log == ["ping"]
        connection.tick(130.0, ping_seconds=60, pong_seconds=20)
        assert wire.log == ["ping", "ping"]

    in_loop(main)


# Ends


def test_a_peer_that_sends_no_messages_is_closed(wire: FakeWire, desk: FakeDesk) -> None:
    def main() -> None:
        connection = a_connection(wire, desk, limits=Limits(bad_frames=3))
        for _ in range(3):
            connection.receive(b"nonsense", 1.0)
        assert wire.log == []
        connection.receive(b"nonsense", 1.0)
        connection.receive(b"nonsense", 1.0)
        assert wire.log == ["close 1008"]

    in_loop(main)


def test_a_station_that_does_not_read_is_cut(wire: FakeWire, desk: FakeDesk, services: Services) -> None:
    def main() -> None:
        connection = a_connection(wire, desk)
        wire.buffered = SEND_BUFFER_BYTES
        connection.tick(1.0, ping_seconds=60, pong_seconds=20)
        assert wire.log == []
        wire.buffered += 1
        connection.tick(2.0, ping_seconds=60, pong_seconds=20)
        assert wire.log == ["abort"]
        assert connection.closed_for

    in_loop(main)


def test_closing_twice_says_one_reason(wire: FakeWire, desk: FakeDesk) -> None:
    connection = a_connection(wire, desk)
    connection.close(1001, "first")
    connection.close(1000, "second")
    assert (wire.log, connection.closed_for) == (["close 1001"], "first")


def test_an_answer_after_the_end_is_no_error(wire: FakeWire, desk: FakeDesk, services: Services) -> None:
    def main() -> None:
        connection = a_connection(wire, desk)
        connection.receive(a_call(), 1.0)
        connection.ended()
        desk.held[0].run(services)

    in_loop(main)
