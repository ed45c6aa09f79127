"""A simulated station gets its first certificate, rises to profile 3 with it, has it renewed, and its former one lets
nobody in (A02, A05.FR.04; A02.FR.08 to FR.10)."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Self

from aiohttp import ClientSession

from forecourt_simulator.backoff import BackOff
from forecourt_simulator.link import Link
from forecourt_simulator.moment import Pace
from forecourt_simulator.own_certificate import Own
from forecourt_simulator.security_setup import SecuritySetup
from forecourt_simulator.station import Station
from tests.stories.security.renewing import LASTING, Fleet, server_certificate
from tests.stories.waiting import eventually
from tests.support.rest import Json
from tests.support.running import RunningSystem

NAME = "CP-1"
KEY = "30313233343536373839616263646566"
"""The first password of the station, as AuthorizationKey has it."""


class Simulated:
    """A station of the simulator, on a loop of its own."""

    def __init__(self, url: str, setup: SecuritySetup) -> None:
        self.station = Station(NAME, connectors=1, tell=lambda _note: None, security=setup)
        self._url = url
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=NAME, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._running = asyncio.run_coroutine_threadsafe(self._run(), self._loop)
        return self

    def __exit__(self, *_: object) -> None:
        self._running.cancel()
        asyncio.run_coroutine_threadsafe(self._until_all_has_ended(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _until_all_has_ended(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others)

    async def _run(self) -> None:
        async with ClientSession() as client:
            backoff = BackOff(minimum_seconds=0.05, random_seconds=0.0)
            link = Link(self.station, url=self._url, client=client, pace=Pace(), backoff=backoff, tick_seconds=0.05)
            await link.run()

    @property
    def newest(self) -> Own:
        """What it took last."""
        return self.station.security.own.held[-1]


def test_from_the_first_certificate_to_the_refusal_of_the_former_one(tmp_path: Path) -> None:
    with RunningSystem(tmp_path).at_work() as system:
        rest = system.rest
        roots = server_certificate(system)
        fleet = Fleet(system, [NAME], roots, tmp_path)
        rest.patch("/own-authority/policy", LASTING)
        rest.add_station(NAME, securityProfile=2, group="first")
        rest.set_password(NAME, authorizationKey=KEY)
        setup = SecuritySetup(profile=2, key=KEY, roots=roots)
        with Simulated(f"{system.stations_tls_url}/ocpp", setup) as simulated:

            def order() -> Json:
                found = rest.items(f"/stations/{NAME}/certificate-orders", {})
                return found[0] if found else {}

            def is_told_serial() -> bool:
                return bool(rest.get(f"/stations/{NAME}")["chargePointSerialNumber"])

            eventually(is_told_serial, "the station has booted", seconds=20)
            rest.operate(NAME, "RenewCertificate", {})
            eventually(lambda: order().get("state") == "installed", "it took its first certificate", seconds=30)
            first = simulated.newest
            [entry] = rest.items("/certificates", {"group": "first"})
            assert (entry["stationId"], entry["seen"], entry["ordered"]) == (NAME, "delivered", True)

            rest.operate(NAME, "UpgradeSecurityProfile", {"profile": 3, "despitePreconditions": True})
            eventually(lambda: rest.security(NAME)["securityProfile"] == 3, "it came with profile 3", seconds=30)
            eventually(lambda: order()["state"] == "used", "it uses its certificate", seconds=10)
            assert fleet.knocks(NAME, first).status == 101

            # The knock took the place of its link: it may be told only once it is back.
            rest.operate(NAME, "RenewCertificate", {}, delivery="whenOnline")
            eventually(lambda: order()["order"] == 2, "the renewal is under way", seconds=10)
            eventually(lambda: order()["state"] == "used", "it uses the new one", seconds=30)
            second = simulated.newest
            assert second.leaf.serial_number != first.leaf.serial_number

            def is_revoked() -> bool:
                return first.leaf.serial_number in fleet.revoked_serials()

            eventually(is_revoked, "it has stayed, and the former certificate is revoked", seconds=40)

            def is_refused() -> bool:
                return fleet.knocks(NAME, first).status == 403

            eventually(is_refused, "the former certificate is refused", seconds=10)
            assert fleet.knocks(NAME, second).status == 101
        listed = system.run("certificate", "orders", "--station", NAME, "--csv")
        assert [line.split(",")[3] for line in listed.splitlines()[1:]] == ["used", "used"]
        assert NAME in system.run("certificate", "calendar")
