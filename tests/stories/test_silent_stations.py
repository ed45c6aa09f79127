"""Errands whose answer does not come: links that end, stations that say nothing, a system that is started again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stories.builders import a_station
from tests.stories.octt.asking import asked, ended, on_line, state_of
from tests.stories.stores import STORES, store_url
from tests.stories.waiting import eventually
from tests.stories.wire import Wire
from tests.support.peer import Peer
from tests.support.rest import Rest
from tests.support.running import RunningSystem

ACCEPTS = {"status": "Accepted"}
RESET = {"type": "Soft"}


@pytest.fixture(scope="module", params=STORES)
def impatient_system(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningSystem]:
    """A system that gives stations a second to answer."""
    with store_url(request) as url:
        folder = tmp_path_factory.mktemp("system")
        with RunningSystem(folder, url, {"FORECOURT_GATEWAY_CALL_SECONDS": "1"}).at_work() as running:
            yield running


def test_a_link_that_ends_leaves_the_outcome_unknown(system: RunningSystem, rest: Rest) -> None:
    """A Reset is not sent twice: nobody knows whether the station did it."""
    identity = a_station(rest)
    with on_line(rest, Wire(system.stations_url, identity)) as wire:
        errand = rest.ask(identity, "Reset", RESET)
        asked(wire, "Reset", RESET)
    errand = ended(rest, errand)
    assert (errand["state"], errand["outcomeUnknown"], errand["attempts"]) == ("failed", True, 1)
    with Peer(system.stations_url, identity) as peer:
        peer.heartbeat()
        assert peer.calls == []


def test_a_question_is_asked_again_over_the_next_link(system: RunningSystem, rest: Rest) -> None:
    """To ask twice does no harm."""
    identity = a_station(rest)
    with Wire(system.stations_url, identity) as wire:
        errand = rest.ask(identity, "GetLocalListVersion", {}, delivery="whenOnline")
        asked(wire, "GetLocalListVersion", {})
    with Wire(system.stations_url, identity) as wire:
        wire.send([3, asked(wire, "GetLocalListVersion", {}), {"listVersion": 7}])
        errand = ended(rest, errand)
        assert (errand["state"], errand["attempts"], errand["response"]) == ("answered", 2, {"listVersion": 7})


def test_a_station_that_never_answers(impatient_system: RunningSystem) -> None:
    """The next errand is not kept waiting for long."""
    rest = impatient_system.rest
    with on_line(rest, Wire(impatient_system.stations_url, a_station(rest))) as wire:
        first = rest.ask(wire.identity, "Reset", RESET)
        second = rest.ask(wire.identity, "ClearCache")
        late = asked(wire, "Reset", RESET)
        call_id = asked(wire, "ClearCache", {})
        first = rest.errand(first["errand"])
        assert (first["state"], first["outcomeUnknown"], first["attempts"]) == ("failed", True, 1)
        assert "1 s" in first["reason"]
        wire.send([3, call_id, ACCEPTS])
        assert ended(rest, second)["state"] == "answered"
        wire.send([3, late, ACCEPTS])
        eventually(lambda: state_of(rest, first) == "answered", "the late answer is recorded")
        late_answer = rest.errand(first["errand"])
        assert (late_answer["outcomeUnknown"], late_answer["response"]) == (False, ACCEPTS)
        assert "late" in late_answer["reason"]


def test_a_question_that_is_never_answered_is_asked_three_times(impatient_system: RunningSystem) -> None:
    rest = impatient_system.rest
    with on_line(rest, Wire(impatient_system.stations_url, a_station(rest))) as wire:
        errand = rest.ask(wire.identity, "GetConfiguration")
        for _ in range(3):
            asked(wire, "GetConfiguration", {})
        errand = ended(rest, errand)
        assert (errand["state"], errand["attempts"]) == ("failed", 3)


def test_what_waits_survives_a_restart(impatient_system: RunningSystem) -> None:
    rest = impatient_system.rest
    identity = a_station(rest)
    errand = rest.ask(identity, "Reset", RESET, delivery="whenOnline")
    assert impatient_system.terminate() == 0
    impatient_system.start()
    assert state_of(rest, errand) == "queued"
    peer = Peer(impatient_system.stations_url, identity)
    peer.answers("Reset", ACCEPTS)
    with peer:
        assert ended(rest, errand)["state"] == "answered"
        assert peer.calls == [("Reset", RESET)]
