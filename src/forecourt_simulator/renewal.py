"""A fleet whose certificates are renewed by the central system while nobody looks, with the faults of every fleet.

The stations connect, say nothing by themselves, and wait. The round is over when every station is on line, and every
one that does not refuse shows another certificate than the one it came with. They can be had to stay after it: what the
central system does to a station that stays connected is seen only then.
"""

from __future__ import annotations

import asyncio
import enum
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from aiohttp import ClientSession, TCPConnector

from forecourt_simulator.backoff import BackOff
from forecourt_simulator.link import Link
from forecourt_simulator.misbehaviour import Misbehaviour
from forecourt_simulator.moment import Pace
from forecourt_simulator.own_certificate import Own
from forecourt_simulator.renewal_report import RenewalReport, Row
from forecourt_simulator.security_setup import SecuritySetup
from forecourt_simulator.station import Station
from forecourt_simulator.storm import SPARE_FILES, allow_files

TICK_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 0.2
CLOSING_SECONDS: Final = 1.0
"""For TLS connections to say goodbye: the client library ends them behind its session, and tells nobody when it has."""
FIRST_BACKOFF_SECONDS: Final = 1.0
CONNECT_SPREAD_SECONDS: Final = 0.01
"""Between two stations that connect for the first time."""


class Fault(enum.Enum):
    """What goes wrong with a station in this round."""

    NONE = "none"
    REFUSES_TO_ASK = "refuses to ask"
    """Rejected to ExtendedTriggerMessage."""
    REFUSES_CERTIFICATE = "refuses the certificate"
    """Rejected to CertificateSigned."""
    AWAY = "away for a while"
    LOSES_CERTIFICATE = "loses the certificate"
    """The line breaks before it takes it."""
    LOSES_ANSWER = "loses the answer"
    """The line breaks after it took it."""

    @property
    def refuses(self) -> bool:
        return self in (Fault.REFUSES_TO_ASK, Fault.REFUSES_CERTIFICATE)


_MISBEHAVIOURS: Final[Mapping[Fault, Misbehaviour]] = {
    Fault.REFUSES_TO_ASK: Misbehaviour.REJECTS_RENEWAL,
    Fault.REFUSES_CERTIFICATE: Misbehaviour.REJECTS_CERTIFICATE,
    Fault.LOSES_CERTIFICATE: Misbehaviour.LOSES_CERTIFICATE,
    Fault.LOSES_ANSWER: Misbehaviour.LOSES_CERTIFICATE_ANSWER,
}
_GROUPS: Final = (
    (Fault.REFUSES_TO_ASK, Fault.REFUSES_CERTIFICATE),
    (Fault.AWAY,),
    (Fault.LOSES_CERTIFICATE, Fault.LOSES_ANSWER),
)
"""Each group is a share of the fleet; its faults take turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalPlan:
    """Which stations wait, and what goes wrong with them."""

    url: str
    """The central system's address without the identity."""
    names: Sequence[str]
    security: Callable[[str], SecuritySetup]
    """What each station signs in with."""
    fault_percent: float = 0.0
    """So many refuse, so many are away, and so many lose an answer."""
    away_seconds: float = 10.0
    give_up_seconds: float = 600.0
    stays: bool = False
    """After the round all stay on line until they may leave; not after one that was given up."""
    is_renewed: Callable[[Waiting], bool] = lambda one: one.own is not None and one.own is not one.former
    """Whether a station has what it waits for: unless it is said, another certificate in its newest connection."""
    seed: int = 1


@dataclass(eq=False, slots=True)
class Waiting:
    """One station of the round."""

    station: Station
    fault: Fault
    former: Own | None
    renewed_after: float | None = None
    """Seconds after the beginning of the round."""
    is_away: bool = False

    @property
    def own(self) -> Own | None:
        """What it showed in its newest connection."""
        return self.station.security.connected_with


@dataclass(slots=True)
class Round:
    """All stations, while the round goes on and after it."""

    stations: dict[str, Waiting] = field(default_factory=dict)
    all_came: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when all stations are on line; those that go away go then."""
    ended: threading.Event = field(default_factory=threading.Event)
    """Set when the round is over, or given up."""
    may_leave: threading.Event = field(default_factory=threading.Event)
    """Set by whoever has stations stay after the round."""


async def renew(plan: RenewalPlan, *, known: Round | None = None) -> RenewalReport:
    """Run one round to its end; ``known`` is filled with what others want to look at. Raises TooManyStations."""
    allow_files(len(plan.names) + SPARE_FILES)
    going_on = known or Round()
    faults = share_out(plan.names, plan.fault_percent, plan.seed)
    pace = Pace(1.0)
    for name in plan.names:
        going_on.stations[name] = _waiting(plan, name, faults.get(name, Fault.NONE))
    loop = asyncio.get_running_loop()
    chance, begun = random.Random(plan.seed), loop.time()
    async with ClientSession(connector=TCPConnector(limit=0)) as client, asyncio.TaskGroup() as group:
        lives = []
        for number, one in enumerate(going_on.stations.values()):
            link = _link(plan, one, client, pace, chance)
            lives.append(group.create_task(_live(plan, going_on, one, link, number * CONNECT_SPREAD_SECONDS)))
        try:
            async with asyncio.timeout(plan.give_up_seconds):
                await _look(plan, going_on, begun)
        except TimeoutError:
            pass  # the report says who is missing
        report = _report(plan, going_on, loop.time() - begun)
        going_on.ended.set()
        if plan.stays and report.is_complete:
            await _stay(going_on)
        for life in lives:
            life.cancel()
    await asyncio.sleep(CLOSING_SECONDS)
    return report


def share_out(names: Sequence[str], percent: float, seed: int) -> dict[str, Fault]:
    """Which station has which fault: drawn by lot, and the same for the same seed."""
    drawn = list(names)
    random.Random(seed).shuffle(drawn)
    each = round(len(names) * percent / 100)
    found: dict[str, Fault] = {}
    for number, group in enumerate(_GROUPS):
        for place, name in enumerate(drawn[number * each : (number + 1) * each]):
            found[name] = group[place % len(group)]
    return found


def _waiting(plan: RenewalPlan, name: str, fault: Fault) -> Waiting:
    setup = plan.security(name)
    if fault in _MISBEHAVIOURS:
        setup = replace(setup, misbehaviours=setup.misbehaviours | {_MISBEHAVIOURS[fault]})
    return Waiting(Station(name, connectors=1, security=setup), fault, setup.own)


def _link(plan: RenewalPlan, one: Waiting, client: ClientSession, pace: Pace, chance: random.Random) -> Link:
    backoff = BackOff(minimum_seconds=FIRST_BACKOFF_SECONDS, random_seconds=FIRST_BACKOFF_SECONDS, random=chance)
    return Link(one.station, url=plan.url, client=client, pace=pace, backoff=backoff, tick_seconds=TICK_SECONDS)


async def _live(plan: RenewalPlan, going_on: Round, one: Waiting, link: Link, begins_after: float) -> None:
    """Be on line; and away for a while, for a station that is."""
    await asyncio.sleep(begins_after)
    if one.fault is Fault.AWAY:
        async with asyncio.TaskGroup() as group:
            until_away = group.create_task(link.run())
            await going_on.all_came.wait()
            one.is_away = True
            until_away.cancel()
        await asyncio.sleep(plan.away_seconds)
        one.is_away = False
    await link.run()


async def _look(plan: RenewalPlan, going_on: Round, begun: float) -> None:
    """Until the round is over."""
    loop = asyncio.get_running_loop()
    stations = list(going_on.stations.values())
    while True:
        for one in stations:
            if one.renewed_after is None and plan.is_renewed(one):
                one.renewed_after = loop.time() - begun
        if not going_on.all_came.is_set() and all(one.station.is_admitted for one in stations):
            going_on.all_came.set()
        if going_on.all_came.is_set() and all(_is_done(plan, one) for one in stations):
            return
        await asyncio.sleep(LOOK_SECONDS)


async def _stay(going_on: Round) -> None:
    """Another thread says how long."""
    while True:
        if going_on.may_leave.is_set():
            return
        await asyncio.sleep(LOOK_SECONDS)


def _is_done(plan: RenewalPlan, one: Waiting) -> bool:
    return one.station.is_online and (one.fault.refuses or plan.is_renewed(one))


def _report(plan: RenewalPlan, going_on: Round, seconds: float) -> RenewalReport:
    rows = []
    for fault in Fault:
        of_it = [one for one in going_on.stations.values() if one.fault is fault]
        if of_it:
            on_line = [one for one in of_it if one.station.is_online]
            renewed = sum(plan.is_renewed(one) for one in on_line)
            rows.append(
                Row(
                    fault=fault.value,
                    stations=len(of_it),
                    renewed=renewed,
                    kept=len(on_line) - renewed,
                    off_line=len(of_it) - len(on_line),
                    is_as_expected=all(_is_done(plan, one) for one in of_it),
                )
            )
    after = (one.renewed_after for one in going_on.stations.values() if one.renewed_after is not None)
    return RenewalReport(
        stations=len(going_on.stations),
        seconds=round(seconds, 2),
        renewed_after=sorted(round(one, 2) for one in after),
        rows=rows,
    )
