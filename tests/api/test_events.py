"""Errands and batches told while they change: server-sent events."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from forecourt.api import errand_following, events
from forecourt.domain.errands.model import BatchNumber, Delivery, Order
from forecourt.domain.provisioning.model import Station
from tests.api.door import CATALOGUE, Door, House, faults, problem
from tests.api.streaming import DEADLINE_SECONDS, Listener, listening
from tests.support.carrying import Carrying


def wants(door: Door, station: Station, *, batch: int | None = None) -> int:
    """The number of a new errand, and the ring that follows its commit."""
    order = Order(asked_by="tests", delivery=Delivery.WHEN_ONLINE, batch=None if batch is None else BatchNumber(batch))
    clear = CATALOGUE["ClearCache"]
    number = clear.run(door.services, station, clear.params(), order).number
    door.news.written(station.identity)
    return number


def test_every_change_is_told_as_it_is_stored(door: Door) -> None:
    station = door.a_station()
    carrying = Carrying(door.services, station)
    wants(door, station)

    async def story() -> None:
        async with listening(door, "/errands/events") as listener:
            await listener.next(":")
            assert listener.status == 200
            assert listener.headers["content-type"].startswith("text/event-stream")
            assert listener.headers["cache-control"] == "no-store"
            carrying.does(status="Accepted")
            door.news.heard("1")
            first = await listener.next("errand")
            number = wants(door, station)
            second = await listener.next("errand")
            carrying.sends()
            door.news.heard(str(number))
            third = await listener.next("errand")
            carrying.hears(status="Rejected")
            door.news.heard(str(number))
            fourth = await listener.next("errand")
            stored = (await door.asking("GET", f"/errands/{number}")).json()
        assert (first.data["errand"], first.data["state"]) == (1, "answered")
        assert [event.data["state"] for event in (second, third, fourth)] == ["queued", "sent", "refused"]
        assert fourth.data == stored

    door.run(story())


def test_what_was_there_before_is_not_told(door: Door) -> None:
    station = door.a_station()
    before = wants(door, station)

    async def story() -> None:
        async with listening(door, "/errands/events") as listener:
            await listener.next(":")
            after = wants(door, station)
            assert (await listener.next("errand")).data["errand"] == after != before

    door.run(story())


def test_filters_choose_what_is_told(door: Door) -> None:
    other, station = door.a_station("CP1"), door.a_station("CP2")

    async def story() -> None:
        async with listening(door, "/errands/events?stationId=CP2&state=queued") as listener:
            await listener.next(":")
            wants(door, other)
            number = wants(door, station)
            assert (await listener.next("errand")).data["errand"] == number

    door.run(story())


def test_what_is_committed_late_is_told_all_the_same(door: Door) -> None:
    """A change may become visible after one that was made later."""
    station = door.a_station()

    async def story() -> None:
        async with listening(door, "/errands/events") as listener:
            await listener.next(":")
            door.clock.advance(timedelta(seconds=3))
            newer = wants(door, station)
            assert (await listener.next("errand")).data["errand"] == newer
            door.clock.advance(timedelta(seconds=-2))
            older = wants(door, station)
            door.clock.advance(timedelta(seconds=2))
            assert (await listener.next("errand")).data["errand"] == older

    door.run(story())


def test_a_client_goes_on_where_it_was_interrupted(door: Door) -> None:
    station = door.a_station()
    early = wants(door, station)
    door.clock.advance(timedelta(minutes=1))

    async def story() -> None:
        async with listening(door, "/errands/events") as listener:
            await listener.next(":")
            told = wants(door, station)
            last = await listener.next("errand")
            assert last.data["errand"] == told
        door.clock.advance(timedelta(minutes=1))
        missed = wants(door, station)
        door.clock.advance(timedelta(minutes=1))
        assert last.id is not None
        async with listening(door, "/errands/events", headers={"Last-Event-ID": last.id}) as listener:
            again = [(await listener.next("errand")).data["errand"] for _ in range(2)]
        assert again == [told, missed]
        assert early not in again

    door.run(story())


@pytest.mark.parametrize("event_id", ["x", "-1", "1.5", "9" * 30])
def test_an_id_that_no_event_had_is_a_400(door: Door, event_id: str) -> None:
    headers = {"Authorization": f"Bearer {door.token}", "Last-Event-ID": event_id}
    assert "Last-Event-ID" in faults(door.ask("GET", "/errands/events", headers=headers))


def test_more_changes_than_fit_at_once_are_all_told(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """All in the same moment, which no position inside the list tells apart."""
    monkeypatch.setattr(errand_following, "PAGE", 4)
    station = door.a_station()

    async def story() -> None:
        async with listening(door, "/errands/events") as listener:
            await listener.next(":")
            numbers = {wants(door, station) for _ in range(19)}
            assert {(await listener.next("errand")).data["errand"] for _ in range(19)} == numbers

    door.run(story())


# Batches


def test_a_batch_is_told_from_its_beginning_to_its_end(door: Door) -> None:
    stations = [door.a_station(f"CP{n}") for n in range(3)]
    carryings = [Carrying(door.services, station) for station in stations]

    async def story() -> None:
        body = {"selection": {"all": True}}
        batch = (await door.asking("POST", "/operations/ClearCache?delivery=whenOnline", body)).json()
        async with listening(door, "/batches/1/events") as listener:
            progress = (await listener.next("progress")).data
            assert progress == {name: value for name, value in batch.items() if name != "refused"}
            for n, carrying in enumerate(carryings):
                carrying.does(status="Accepted")
                door.news.heard(str(n + 1))
                if n < 2:
                    assert (await listener.next("progress")).data["counts"]["answered"] == n + 1
            told = await listener.end()
        shown = (await door.asking("GET", "/batches/1")).json()
        assert (told[-1].name, told[-1].data) == ("end", shown)
        assert shown["finished"] is True
        final = {event.data["errand"]: event.data for event in told if event.name == "errand"}
        stored = (await door.asking("GET", "/errands?batch=1")).json()["items"]
        assert list(final.values()) == sorted(stored, key=lambda item: int(item["errand"]))

    door.run(story())


def test_a_finished_batch_is_told_at_once_and_whole(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errand_following, "PAGE", 4)
    for n in range(11):
        door.a_station(f"CP{n}")
    door.ask("POST", "/operations/ClearCache", {"selection": {"all": True}})
    door.clock.advance(timedelta(days=3))

    async def story() -> None:
        async with listening(door, "/batches/1/events") as listener:
            told = await listener.end()
        assert sorted(event.data["errand"] for event in told if event.name == "errand") == list(range(1, 12))
        assert [event.name for event in told if event.name != "errand"] == [":", "progress", "end"]

    door.run(story())


def test_the_end_of_a_batch_holds_what_was_committed_very_late(door: Door) -> None:
    station = door.a_station()
    carrying = Carrying(door.services, station)
    batch = door.services.errands.add_batch("ClearCache", "tests", 2)
    wants(door, station, batch=batch)

    async def story() -> None:
        async with listening(door, f"/batches/{batch}/events") as listener:
            await listener.next("progress")
            door.clock.advance(timedelta(seconds=60))
            carrying.does(status="Accepted")
            door.news.heard("1")
            await listener.next("progress")
            door.clock.advance(timedelta(seconds=-40))
            late = wants(door, station, batch=batch)
            carrying.does(status="Accepted")
            door.services.errands.finish_writing(batch)
            door.clock.advance(timedelta(seconds=40))
            told = await listener.end()
        assert (late, "answered") in {(e.data["errand"], e.data["state"]) for e in told if e.name == "errand"}

    door.run(story())


# How clients are served


def test_silence_is_broken_now_and_then(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "KEEP_ALIVE_SECONDS", 0.05)

    async def story() -> None:
        async with listening(door, "/errands/events") as listener:
            assert (await listener.next(":")).data == "following"
            door.news.heard(None)
            assert (await listener.next(":")).data == "nothing new"

    door.run(story())


def test_a_client_whose_token_was_revoked_is_told_nothing_more(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "KEEP_ALIVE_SECONDS", 0.05)
    _, leaked = door.services.access.create_token("leaked")

    async def story() -> None:
        async with listening(door, "/errands/events", headers={"authorization": f"Bearer {leaked}"}) as listener:
            await listener.next(":")
            await door.asking("DELETE", "/tokens/leaked")
            await listener.end()

    door.run(story())


def test_a_slow_client_is_not_read_ahead_for(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errand_following, "PAGE", 4)
    station = door.a_station()
    carrying = Carrying(door.services, station)

    async def story() -> None:
        async with listening(door, "/errands/events") as listener:
            await listener.next(":")
            listener.may_read.clear()
            for _ in range(50):
                wants(door, station)
                await asyncio.sleep(0)
            await until_stuck(listener)
            chunks, reads = listener.chunks, door.reads
            for n in range(50):
                carrying.does(status="Accepted")
                door.news.heard(str(n + 1))
                await asyncio.sleep(0)
            assert (listener.chunks, door.reads) == (chunks, reads)
            listener.may_read.set()
            states: dict[int, str] = {}
            while len(states) < 50 or set(states.values()) != {"answered"}:
                data = (await listener.next("errand")).data
                states[data["errand"]] = data["state"]

    door.run(story())


def test_clients_beyond_the_limit_are_a_503_until_one_leaves(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_STREAMS", 1)

    async def story() -> None:
        async with listening(door, "/errands/events") as listener:
            await listener.next(":")
            response = await door.asking("GET", "/errands/events")
            assert "1 programs" in problem(response, 503)["detail"]
            assert int(response.headers["retry-after"]) > 0
        async with listening(door, "/errands/events") as listener:
            await listener.next(":")
            assert listener.status == 200

    door.run(story())


def test_everybody_who_waits_is_let_go_when_the_system_stops(house: House) -> None:
    door = Door(House(house.runner, house.shelf))
    Carrying(door.services, door.a_station())

    async def story() -> None:
        async with listening(door, "/errands/events") as listener:
            await listener.next(":")
            asking = asyncio.ensure_future(door.asking("POST", "/stations/CP1/operations/ClearCache?wait=60"))
            await listener.next("errand")
            async with asyncio.timeout(1):
                door.news.close()
                await listener.end()
                assert (await asking).status_code == 202

    door.run(story())


async def until_stuck(listener: Listener) -> None:
    """Let the application go on until it has written something that the client does not take."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while listener.chunks == 1:
            await asyncio.sleep(0.001)
