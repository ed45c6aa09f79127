"""One operation at many stations, and the streams of events that show how far it has come."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.stories.builders import a_station, fresh_identity
from tests.stories.moments import is_now
from tests.stories.octt.asking import ASKED_BY, on_line
from tests.stories.waiting import eventually
from tests.support.peer import Peer
from tests.support.rest import Json, Rest, RestRefused
from tests.support.running import RunningSystem

ACCEPTS = {"status": "Accepted"}
RESET = {"type": "Soft"}
NONE_YET = dict.fromkeys(("queued", "sent", "answered", "refused", "failed", "expired", "cancelled"), 0)


def stations_on_line(system: RunningSystem, links: ExitStack, *answers: str) -> list[Peer]:
    """Stations that are connected until `links` is left, with their answers to a Reset."""
    peers = []
    for answer in answers:
        peer = links.enter_context(Peer(system.stations_url, a_station(system.rest)))
        peer.answers("Reset", {"status": answer})
        peers.append(on_line(system.rest, peer))
    return peers


def test_a_batch_tells_the_fate_of_every_station_by_name(system: RunningSystem, rest: Rest) -> None:
    with ExitStack() as links:
        willing, unwilling = stations_on_line(system, links, "Accepted", "Rejected")
        absent, unknown = a_station(rest), fresh_identity()
        names = [willing.identity, unwilling.identity, absent, unknown]
        batch = rest.ask_many("Reset", {"stations": names}, RESET, wait=20)
        refused = batch.pop("refused")
        assert [one["stationId"] for one in refused] == [unknown]
        assert refused[0]["reason"]
        assert is_now(batch.pop("askedAt"))
        number = batch.pop("batch")
        assert batch == {
            "operation": "Reset",
            "askedBy": ASKED_BY,
            "total": 3,
            "counts": {**NONE_YET, "answered": 1, "refused": 1, "failed": 1},
            "finished": True,
        }
        states = {one["stationId"]: one["state"] for one in rest.errands(batch=number)}
        assert states == {willing.identity: "answered", unwilling.identity: "refused", absent: "failed"}
        assert [willing.calls, unwilling.calls] == [[("Reset", RESET)]] * 2
        again = rest.batch(number)
        assert "refused" not in again
        assert again["counts"] == batch["counts"]


def test_a_batch_over_a_filter(system: RunningSystem, rest: Rest) -> None:
    with ExitStack() as links:
        peers = stations_on_line(system, links, "Accepted", "Accepted")
        word = fresh_identity()
        for peer in peers:
            rest.change_station(peer.identity, description=f"at {word}")
        a_station(rest, description=f"at {word}")
        chosen = {"filter": {"search": f"at {word}", "online": True}}
        batch = rest.ask_many("Reset", chosen, RESET, wait=20)
        assert (batch["total"], batch["counts"]["answered"], batch["refused"]) == (2, 2, [])


@pytest.mark.parametrize(
    ("operation", "selection", "parameters"),
    [
        ("Reset", {"stations": ["CP"]}, {"type": "Lukewarm"}),
        ("Reset", {}, RESET),
        ("Reset", {"stations": ["CP"], "all": True}, RESET),
        ("Reset", {"station": ["CP"]}, RESET),
        ("Reset", {"stations": "CP"}, RESET),
        ("Reset", {"filter": {"colour": "green"}}, RESET),
    ],
    ids=str,
)
def test_a_batch_that_cannot_be_carried_out_is_refused_as_a_whole(
    rest: Rest, operation: str, selection: Json, parameters: Json
) -> None:
    batches = rest.items("/batches", {})
    with pytest.raises(RestRefused) as refused:
        rest.ask_many(operation, selection, parameters)
    assert refused.value.status in (400, 422)
    assert refused.value.problem["errors"]
    assert rest.items("/batches", {}) == batches


def test_the_rest_of_a_batch_is_cancelled(system: RunningSystem, rest: Rest) -> None:
    with ExitStack() as links:
        [peer] = stations_on_line(system, links, "Accepted")
        names = [peer.identity, a_station(rest), a_station(rest)]
        batch = rest.ask_many("Reset", {"stations": names}, RESET, delivery="whenOnline")
        number = batch["batch"]
        eventually(lambda: rest.batch(number)["counts"]["answered"] == 1, "the station on line has answered")
        assert rest.batch(number)["finished"] is False
        rest.delete(f"/batches/{number}")
        cancelled = rest.batch(number)
        assert cancelled["finished"] is True
        assert cancelled["counts"] == {**NONE_YET, "answered": 1, "cancelled": 2}


def test_the_events_of_a_batch_end_with_it(system: RunningSystem, rest: Rest) -> None:
    """Whoever reads them from the beginning hears of every end, and the stream ends when there is no more to tell."""
    with ExitStack() as links:
        peers = stations_on_line(system, links, "Accepted", "Rejected")
        late = a_station(rest)
        names = [*(peer.identity for peer in peers), late]
        batch = rest.ask_many("Reset", {"stations": names}, RESET, delivery="whenOnline")
        with rest.events(f"/batches/{batch['batch']}/events") as events:
            come = Peer(system.stations_url, late)
            come.answers("Reset", ACCEPTS)
            links.enter_context(come)
            told = list(events)
    last = {one["stationId"]: one["state"] for event, one in told if event == "errand"}
    assert last == {names[0]: "answered", names[1]: "refused", names[2]: "answered"}
    event, final = told[-1]
    assert (event, final["finished"]) == ("end", True)
    assert final["counts"] == {**NONE_YET, "answered": 2, "refused": 1}


def test_the_events_of_errands_tell_every_change(system: RunningSystem, rest: Rest) -> None:
    with ExitStack() as links:
        [peer] = stations_on_line(system, links, "Accepted")
        with rest.events("/errands/events", stationId=peer.identity) as events:
            errand = rest.ask(peer.identity, "Reset", RESET)
            states = []
            for _, one in events:
                assert one["errand"] == errand["errand"]
                states.append(one["state"])
                if one["endedAt"] is not None:
                    break
    assert states[-1] == "answered"
    assert states == sorted(set(states), key=["queued", "sent", "answered"].index)
