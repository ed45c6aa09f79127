"""A storm: all stations connect at once, as they do when a network or a central system comes back.

The first round is a storm of strangers; before every further one all connections are broken at once. A station is back
when its WebSocket is open. A station that was refused waits as long as it was told to (``Retry-After``), or else like
one that lost its connection, and tries again until it is back or the round's time is over.
"""

from __future__ import annotations

import asyncio
import gc
import random
import resource
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Final

from yarl import URL

from forecourt.clock import Clock, SystemClock
from forecourt_simulator.backoff import BackOff
from forecourt_simulator.credentials import Keys
from forecourt_simulator.load_report import percentile
from forecourt_simulator.naming import station_url
from forecourt_simulator.own_cost import cpu_seconds
from forecourt_simulator.raw_socket import ConnectionRefused, RawSocket, open_socket
from forecourt_simulator.security import basic
from forecourt_simulator.storm_report import StormReport, StormRound

SPARE_FILES: Final = 100
"""Open files of the process beside its connections."""

_FIRST_ADDRESS: Final = IPv4Address("127.1.0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class StormPlan:
    """Who connects, how, and how often. The stations have to be registered."""

    url: str
    """The central system's address without the identity, for example ``wss://127.0.0.1:9443/ocpp``."""
    names: Sequence[str]
    keys: Keys = field(default_factory=Keys)
    """With a key a station signs in by HTTP Basic."""
    tls: ssl.SSLContext | None = None
    """One for all stations: a context each would cost more than the handshakes."""
    has_own_addresses: bool = False
    """Every station comes from a loopback address of its own, as stations have their own: for a server on this
    machine, which may share out its room among addresses."""
    rounds: int = 2
    pause_seconds: float = 1.0
    """Between the end of all connections and the next round."""
    connect_seconds: float = 60.0
    """How long a station waits for one connection."""
    round_seconds: float = 300.0
    """When a round is given up."""
    backoff_seconds: float = 1.0
    """The shortest wait of a station that was refused without being told how long to wait; up to twice that at random,
    and doubling."""
    seed: int = 1
    clock: Clock = field(default_factory=SystemClock)


class TooManyStations(Exception):
    """The process may not open so many connections."""


@dataclass(eq=False, slots=True)
class _Tally:
    """What one round counts."""

    attempts: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    retries_as_told: int = 0
    back_after: list[float] = field(default_factory=list)


class _Station:
    """One station, and its connection while it has one."""

    __slots__ = ("address", "authorization", "backoff", "is_breaking", "losses", "socket", "url")

    def __init__(self, url: URL, authorization: str | None, backoff: BackOff, address: str | None) -> None:
        self.url = url
        self.address = address
        self.authorization = authorization
        self.backoff = backoff
        self.socket: RawSocket | None = None
        self.is_breaking = False
        """True while the connection ends because the storm wants it to."""
        self.losses = 0

    def take_text(self, text: bytes) -> None:
        """A station in a storm has nothing to say."""

    def lose_connection(self, reason: str) -> None:
        self.socket = None
        if not self.is_breaking:
            self.losses += 1

    def break_connection(self) -> None:
        self.is_breaking = True
        if self.socket is not None:
            self.socket.abort()


async def blow(plan: StormPlan, *, tell: Callable[[StormRound], None] | None = None) -> StormReport:
    """Run all rounds; ``tell`` hears of each when it is over. Raises TooManyStations."""
    allow_files(len(plan.names) + SPARE_FILES)
    chance = random.Random(plan.seed)
    stations = [_a_station(plan, number, name, chance) for number, name in enumerate(plan.names)]
    rounds: list[StormRound] = []
    try:
        for number in range(plan.rounds):
            if number:
                await _break_all(plan, stations)
            rounds.append(await _one_round(plan, stations))
            if tell is not None:
                tell(rounds[-1])
    finally:
        for station in stations:
            station.break_connection()
        gc.unfreeze()
    return StormReport(stations=len(stations), rounds=rounds)


def allow_files(count: int) -> None:
    """Let this process open so many files. Raises TooManyStations."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise TooManyStations(
            f"{count} open files are needed, and this process may have {hard}: raise the limit (`ulimit -n`), "
            "or lower --count"
        )
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def _a_station(plan: StormPlan, number: int, name: str, chance: random.Random) -> _Station:
    key = plan.keys.find(name)
    authorization = None if key is None else basic(name, bytes.fromhex(key))
    backoff = BackOff(minimum_seconds=plan.backoff_seconds, random_seconds=plan.backoff_seconds, random=chance)
    address = str(_FIRST_ADDRESS + number) if plan.has_own_addresses else None
    return _Station(station_url(plan.url, name), authorization, backoff, address)


async def _break_all(plan: StormPlan, stations: Sequence[_Station]) -> None:
    for station in stations:
        station.break_connection()
    await asyncio.sleep(plan.pause_seconds)


async def _one_round(plan: StormPlan, stations: Sequence[_Station]) -> StormRound:
    gc.collect()
    gc.freeze()  # thousands of connections would make every full collection a pause
    tally = _Tally()
    for station in stations:
        station.is_breaking, station.losses = False, 0
        station.backoff.reset()
    cpu, begun = cpu_seconds(), plan.clock.monotonic()
    try:
        async with asyncio.timeout(plan.round_seconds), asyncio.TaskGroup() as group:
            for station in stations:
                group.create_task(_come_back(plan, station, tally, begun))
    except TimeoutError:
        pass  # the report says how many are back
    spent = cpu_seconds() - cpu
    back = sorted(tally.back_after)
    seconds = back[-1] if len(back) == len(stations) else plan.clock.monotonic() - begun
    return StormRound(
        back=len(back),
        missing=len(stations) - len(back),
        seconds=round(seconds, 3),
        p50_seconds=round(percentile(back or [0.0], 0.5), 3),
        p99_seconds=round(percentile(back or [0.0], 0.99), 3),
        handshakes_per_second=round(len(back) / seconds, 1),
        attempts=tally.attempts,
        refusals=dict(tally.refusals),
        failures=dict(tally.failures),
        retries_as_told=tally.retries_as_told,
        lost=sum(station.losses for station in stations),
        cpu_seconds=round(spent, 3),
    )


async def _come_back(plan: StormPlan, station: _Station, tally: _Tally, begun: float) -> None:
    """Try until the station is back."""
    while True:
        tally.attempts += 1
        wait: float | None = None
        try:
            async with asyncio.timeout(plan.connect_seconds):
                station.socket = await open_socket(
                    station,
                    station.url,
                    tls=plan.tls,
                    authorization=station.authorization,
                    address=station.address,
                )
        except ConnectionRefused as refused:
            if refused.status is None:
                tally.failures[str(refused)] += 1
            else:
                tally.refusals[str(refused.status)] += 1
            wait = refused.retry_after
        except TimeoutError:
            tally.failures[f"no connection within {plan.connect_seconds:g} s"] += 1
        except OSError as failed:
            tally.failures[failed.strerror or str(failed) or type(failed).__name__] += 1
        else:
            tally.back_after.append(plan.clock.monotonic() - begun)
            return
        if wait is not None:
            tally.retries_as_told += 1
        await asyncio.sleep(station.backoff.next_wait() if wait is None else wait)
