"""A station on a real socket: it comes back after a loss and tells everything that belongs to transactions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientSession

from forecourt_simulator.backoff import BackOff
from forecourt_simulator.link import Link
from forecourt_simulator.moment import Pace
from forecourt_simulator.note import Note
from forecourt_simulator.station import Station
from tests.simulator.central_system import NOW, CentralSystem, a_central_system, until
from tests.simulator.worlds import a_car

TRANSACTION = ("StartTransaction", "MeterValues", "StopTransaction")


@asynccontextmanager
async def a_station(system: CentralSystem, *, notes: list[Note] | None = None) -> AsyncIterator[tuple[Station, Pace]]:
    """A station that connects, and comes back quickly."""
    station = Station("SIM/1", connectors=2, tell=(notes if notes is not None else []).append)
    station.configuration.put("TransactionMessageRetryInterval", "0")
    pace = Pace(speed=60.0)
    async with ClientSession() as client:
        link = Link(
            station,
            url=system.url,
            client=client,
            pace=pace,
            backoff=BackOff(minimum_seconds=0.01, random_seconds=0.0),
            tick_seconds=0.005,
        )
        task = asyncio.get_running_loop().create_task(link.run())
        try:
            yield station, pace
        finally:
            task.cancel()
            await asyncio.wait([task])


def test_a_station_boots_under_its_percent_encoded_name_and_reports() -> None:
    async def story() -> None:
        async with a_central_system() as system, a_station(system):
            await until(lambda: len(system.received) >= 4)
            assert [station for station, _, _ in system.received] == ["SIM/1"] * 4
            assert system.actions() == ["BootNotification", *["StatusNotification"] * 3]

    asyncio.run(story())


def test_a_transaction_of_an_outage_is_told_in_order_and_its_stop_learns_the_number() -> None:
    async def story() -> None:
        async with a_central_system() as system, a_station(system) as (station, pace):
            await until(lambda: len(system.received) >= 4)
            await system.stop()
            await until(lambda: not station.is_online)
            station.plug_in(1, a_car(), pace.now())
            station.present_tag(1, "TAG", pace.now())
            station.mailbox.post(station.meter_letter(station.connectors[1], "Sample.Periodic", pace.now()))
            station.present_tag(1, "TAG", pace.now())
            await system.start()
            await until(lambda: "StopTransaction" in system.actions())
            told = system.actions(*TRANSACTION)
            assert told == ["StartTransaction", "MeterValues", "StopTransaction"]
            assert system.payloads("MeterValues")[0]["transactionId"] == 101
            assert system.payloads("StopTransaction")[0]["transactionId"] == 101
            assert system.actions("BootNotification") == ["BootNotification"]

    asyncio.run(story())


def test_an_unanswered_start_is_sent_again_after_the_loss_and_nothing_overtakes_it() -> None:
    async def story() -> None:
        async with a_central_system() as system, a_station(system) as (station, pace):
            await until(lambda: len(system.received) >= 4)
            system.answers["StartTransaction"] = lambda *_: None
            station.plug_in(1, a_car(), pace.now())
            station.present_tag(1, "TAG", pace.now())
            await until(lambda: "StartTransaction" in system.actions())
            station.present_tag(1, "TAG", pace.now())
            del system.answers["StartTransaction"]
            system.drop_all()
            await until(lambda: "StopTransaction" in system.actions())
            assert system.actions("StartTransaction", "StopTransaction") == [
                "StartTransaction",
                "StartTransaction",
                "StopTransaction",
            ]
            first, second = system.payloads("StartTransaction")
            assert first == second
            assert len(set(system.call_ids)) == len(system.call_ids)

    asyncio.run(story())


def test_a_start_answered_with_errors_is_tried_three_times_and_then_given_up() -> None:
    async def story() -> None:
        async with a_central_system() as system, a_station(system) as (station, pace):
            await until(lambda: len(system.received) >= 4)
            system.answers["StartTransaction"] = lambda *_: "InternalError"
            station.plug_in(1, a_car(), pace.now())
            station.present_tag(1, "TAG", pace.now())
            await until(lambda: station.connectors[1].is_busy)
            station.present_tag(1, "TAG", pace.now())
            await until(lambda: "StopTransaction" in system.actions())
            assert system.actions("StartTransaction") == ["StartTransaction"] * 3
            assert system.payloads("StopTransaction")[0]["transactionId"] == -1

    asyncio.run(story())


def test_a_station_that_was_refused_tries_until_it_is_let_in() -> None:
    async def story() -> None:
        notes: list[Note] = []
        async with a_central_system() as system:
            await system.stop()
            async with a_station(system, notes=notes):
                await until(lambda: sum(note.event == "connection_failed" for note in notes) >= 2)
                await system.start()
                await until(lambda: "BootNotification" in system.actions())

    asyncio.run(story())


def test_a_station_does_not_talk_to_a_server_of_another_protocol() -> None:
    async def story() -> None:
        notes: list[Note] = []
        async with a_central_system() as system:
            system.subprotocols = ("ocpp2.0.1",)
            async with a_station(system, notes=notes):
                await until(lambda: any(note.event == "connection_failed" for note in notes))
                assert system.received == []

    asyncio.run(story())


def test_requests_are_answered_or_refused_with_the_code_of_the_standard() -> None:
    async def story() -> None:
        async with a_central_system() as system, a_station(system):
            await until(lambda: len(system.received) >= 4)
            keys = await system.ask_and_wait("SIM/1", "GetConfiguration", {"key": ["NumberOfConnectors"]})
            assert keys[2] == {"configurationKey": [{"key": "NumberOfConnectors", "readonly": True, "value": "2"}]}
            too_many = await system.ask_and_wait("SIM/1", "GetConfiguration", {"key": ["A"] * 51})
            assert (too_many[0], too_many[2]) == (4, "OccurenceConstraintViolation")
            unknown = await system.ask_and_wait("SIM/1", "Dance", {})
            assert (unknown[0], unknown[2]) == (4, "NotImplemented")
            broken = await system.ask_and_wait("SIM/1", "Reset", {})
            assert (broken[0], broken[2]) == (4, "OccurenceConstraintViolation")

    asyncio.run(story())


def test_a_soft_reset_delivers_the_stop_and_boots_on_a_new_connection() -> None:
    async def story() -> None:
        async with a_central_system() as system, a_station(system) as (station, pace):
            await until(lambda: len(system.received) >= 4)
            station.plug_in(1, a_car(), pace.now())
            station.present_tag(1, "TAG", pace.now())
            await until(lambda: "StartTransaction" in system.actions())
            reply = await system.ask_and_wait("SIM/1", "Reset", {"type": "Soft"})
            assert reply[2] == {"status": "Accepted"}
            await until(lambda: len(system.actions("BootNotification")) == 2)
            assert system.payloads("StopTransaction")[0]["reason"] == "SoftReset"
            assert system.connections == 2
            order = system.actions("StopTransaction", "BootNotification")
            assert order == ["BootNotification", "StopTransaction", "BootNotification"]

    asyncio.run(story())


def test_a_pending_station_says_only_what_it_was_asked_for() -> None:
    """OCPP 1.6 §4.2: while Pending, only triggered messages may leave."""

    async def story() -> None:
        async with a_central_system() as system:
            system.answers["BootNotification"] = lambda *_: {"status": "Pending", "currentTime": NOW, "interval": 600}
            async with a_station(system) as (station, pace):
                await until(lambda: station.registration == "Pending")
                station.plug_in(1, a_car(), pace.now())
                trigger = {"requestedMessage": "StatusNotification", "connectorId": 1}
                await system.ask_and_wait("SIM/1", "TriggerMessage", trigger)
                await until(lambda: len(system.received) == 2)
                assert system.payloads("StatusNotification")[0]["status"] == "Preparing"

    asyncio.run(story())
