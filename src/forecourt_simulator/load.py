"""Load on a central system: many stations, a mix of messages, and latencies that hide nothing.

With a rate the loop is open: every message has an intended moment that does not depend on the answers, and its
latency counts from that moment. A server that stops for a second is charged for every message that was due in it
(no coordinated omission). With rate 0 the loop is closed: every station sends as soon as it was answered.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import random
import secrets
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from forecourt.clock import Clock, SystemClock
from forecourt_simulator.credentials import Keys
from forecourt_simulator.load_report import LoadReport, latency_of, percentile
from forecourt_simulator.load_station import LoadStation, Tally, Templates
from forecourt_simulator.naming import station_names, station_url
from forecourt_simulator.own_cost import cpu_seconds
from forecourt_simulator.raw_socket import ConnectionRefused, open_socket
from forecourt_simulator.security import basic

CONNECT_AT_ONCE: Final = 32
CONNECT_SECONDS: Final = 30.0
STAMP_SECONDS: Final = 0.005
HOUSEKEEPING_SECONDS: Final = 0.5
SHORTEST_SLEEP_SECONDS: Final = 0.001
"""uvloop rounds to whole milliseconds: anything shorter would spin, and take the CPU from the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """What to send. The stations and the tag have to be registered, the tag without a limit of transactions."""

    url: str
    """The central system's address without the identity, for example ``ws://127.0.0.1:9000/ocpp``."""
    count: int
    rate: float
    """Messages per second in total; 0 for as many as are answered."""
    seconds: float
    """How long to measure, after the warm-up."""
    warm_up_seconds: float = 0.0
    prefix: str = "LOAD-"
    tag: str = "LOAD"
    answer_seconds: float = 30.0
    """A request without an answer for this long is an error."""
    drain_seconds: float = 10.0
    """How long to wait at the end for what is still due or unanswered."""
    keys: Keys = field(default_factory=Keys)
    """With a key a station signs in by HTTP Basic."""
    tls: ssl.SSLContext | None = None
    """One for all stations, for ``wss``; None for what the machine trusts."""
    seed: int = 1
    clock: Clock = field(default_factory=SystemClock)

    @property
    def names(self) -> list[str]:
        return station_names(self.prefix, self.count)


class NoStations(Exception):
    """A station could not connect or was not admitted, so there is nothing to measure."""


async def drive(plan: LoadPlan) -> LoadReport:
    """Connect all stations, load the central system, and report. Raises NoStations."""
    tally = Tally(plan.clock)
    tally.renew_stamp()
    stations = _stations(plan, tally)
    try:
        await _open_all(plan, stations)
        gc.collect()
        gc.freeze()  # thousands of idle connections would make every full collection a pause
        return await _measure(plan, stations, tally)
    finally:
        gc.unfreeze()
        for station in stations:
            if station.socket is not None:
                station.socket.close()


def _stations(plan: LoadPlan, tally: Tally) -> list[LoadStation]:
    chance = random.Random(plan.seed)
    templates = Templates.for_tag(plan.tag)
    next_id = _message_ids()
    return [LoadStation(name, tally=tally, templates=templates, next_id=next_id, chance=chance) for name in plan.names]


def _message_ids() -> Callable[[], bytes]:
    """Ids that no other run has used (OCPP-J 1.6 errata 3.1)."""
    run = secrets.token_hex(5).encode()
    numbers = itertools.count(1)
    return lambda: b"%b-%x" % (run, next(numbers))


async def _open_all(plan: LoadPlan, stations: Sequence[LoadStation]) -> None:
    """Connect and boot every station."""
    gate = asyncio.Semaphore(CONNECT_AT_ONCE)

    async def open_one(station: LoadStation) -> None:
        async with gate, asyncio.timeout(CONNECT_SECONDS):
            await _open(plan, station)
            await station.boot(plan.clock.monotonic())

    try:
        async with asyncio.TaskGroup() as group:
            for station in stations:
                group.create_task(open_one(station), name=station.name)
    except* (ConnectionRefused, OSError, TimeoutError) as failed:
        first = failed.exceptions[0]
        raise NoStations(f"a station of {plan.names[0]} to {plan.names[-1]} could not connect: {first}") from failed
    refused = [f"{station.name}: {station.refusal}" for station in stations if station.refusal is not None]
    if refused:
        raise NoStations(f"{len(refused)} of {len(stations)} stations were not admitted; the first is {refused[0]}")


async def _open(plan: LoadPlan, station: LoadStation) -> None:
    key = plan.keys.find(station.name)
    authorization = None if key is None else basic(station.name, bytes.fromhex(key))
    url = station_url(plan.url, station.name)
    station.socket = await open_socket(station, url, tls=plan.tls, authorization=authorization)


async def _measure(plan: LoadPlan, stations: Sequence[LoadStation], tally: Tally) -> LoadReport:
    start = plan.clock.monotonic()
    tally.counts_from = start + plan.warm_up_seconds
    tally.ends_at = tally.counts_from + plan.seconds
    cpu_start = cpu_seconds()
    async with asyncio.TaskGroup() as group:
        housekeeping = group.create_task(_keep_house(plan, stations, group))
        if plan.rate > 0:
            await _send_on_time(plan, stations, tally, start)
        else:
            await _send_at_once(plan, stations, tally)
        spent = cpu_seconds() - cpu_start
        cpu_us = 1e6 * spent / max(1, tally.all_answered)
        await _drain(plan, stations, tally)
        housekeeping.cancel()
    return LoadReport(
        stations=len(stations),
        wanted_rate=plan.rate,
        achieved_rate=tally.answered / plan.seconds,
        seconds=plan.seconds,
        latency=latency_of([one for latencies in tally.latencies.values() for one in latencies]),
        by_action={action: latency_of(latencies) for action, latencies in sorted(tally.latencies.items())},
        errors=dict(tally.errors),
        unsent=sum(len(station.waiting) for station in stations),
        lag_p99_ms=round(1000 * percentile(sorted(tally.lags) or [0.0], 0.99), 3),
        cpu_us_per_message=round(cpu_us, 2),
    )


async def _send_on_time(plan: LoadPlan, stations: Sequence[LoadStation], tally: Tally, start: float) -> None:
    """The open loop: message k is due at start + k / rate, at station k modulo their number."""
    monotonic = plan.clock.monotonic
    total = int(plan.rate * (plan.warm_up_seconds + plan.seconds))
    number = 0
    while number < total:
        now = monotonic()
        due = min(total, int((now - start) * plan.rate) + 1)
        if number < due:
            tally.renew_stamp()
        for late in range(number, due):
            stations[late % len(stations)].fall_due(start + late / plan.rate, now)
        number = due
        await asyncio.sleep(max(SHORTEST_SLEEP_SECONDS, start + number / plan.rate - monotonic()))


async def _send_at_once(plan: LoadPlan, stations: Sequence[LoadStation], tally: Tally) -> None:
    """The closed loop: every answer lets its station send again."""
    now = plan.clock.monotonic()
    for station in stations:
        station.is_closed_loop = True
        station.fall_due(now, now)
    while plan.clock.monotonic() < tally.ends_at:
        tally.renew_stamp()
        await asyncio.sleep(STAMP_SECONDS)


async def _drain(plan: LoadPlan, stations: Sequence[LoadStation], tally: Tally) -> None:
    """Wait for the answers to what was due, within limits."""
    deadline = plan.clock.monotonic() + plan.drain_seconds
    while plan.clock.monotonic() < deadline and any(station.is_busy or station.waiting for station in stations):
        tally.renew_stamp()
        await asyncio.sleep(STAMP_SECONDS)
    unanswered = sum(station.is_busy for station in stations)
    if unanswered:
        tally.errors[f"no answer {plan.drain_seconds:g} s after the end"] += unanswered


async def _keep_house(plan: LoadPlan, stations: Sequence[LoadStation], group: asyncio.TaskGroup) -> None:
    """Give up requests that are too old, and open lost connections again."""
    while True:
        await asyncio.sleep(HOUSEKEEPING_SECONDS)
        now = plan.clock.monotonic()
        for station in stations:
            if station.is_busy and now - station.sent_at > plan.answer_seconds:
                station.give_up(f"no answer within {plan.answer_seconds:g} s", now)
            if station.is_lost:
                station.is_lost = False
                group.create_task(_open_again(plan, station))


async def _open_again(plan: LoadPlan, station: LoadStation) -> None:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await _open(plan, station)
    except (ConnectionRefused, OSError, TimeoutError):
        station.is_lost = True
    else:
        station.go_on(plan.clock.monotonic())
