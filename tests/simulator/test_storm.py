"""A storm counts who is back and when, who was refused, and obeys the server's wish to wait."""

from __future__ import annotations

import asyncio
import base64
import json
import resource

import pytest
import uvloop
from aiohttp import web
from typer.testing import CliRunner

from forecourt_simulator.__main__ import app
from forecourt_simulator.credentials import Keys
from forecourt_simulator.naming import station_names
from forecourt_simulator.storm import StormPlan, TooManyStations, allow_files, blow
from forecourt_simulator.storm_report import StormReport
from forecourt_simulator.tls import client_context
from tests.simulator.authority import server_tls, the_root, the_server
from tests.simulator.central_system import CentralSystem
from tests.simulator.test_run import a_command

KEY = "0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF"


def storm(
    system: CentralSystem,
    *,
    rounds: int = 2,
    keys: Keys | None = None,
    seconds: float = 20.0,
    has_own_addresses: bool = False,
) -> StormReport:
    async def story() -> StormReport:
        await system.start()
        try:
            return await blow(
                StormPlan(
                    url=system.url,
                    names=station_names("S-", 20),
                    keys=keys or Keys(),
                    tls=client_context([the_root().certificate]),
                    has_own_addresses=has_own_addresses,
                    rounds=rounds,
                    pause_seconds=0.05,
                    connect_seconds=5.0,
                    round_seconds=seconds,
                    backoff_seconds=0.01,
                )
            )
        finally:
            await system.stop()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(story())


def test_all_stations_come_back_in_every_round_with_their_own_passwords() -> None:
    keys = Keys(each={name: f"{number:032x}" for number, name in enumerate(station_names("S-", 20))})
    system = CentralSystem(tls=server_tls(the_server()))
    report = storm(system, keys=keys)
    assert [(one.back, one.missing, one.attempts) for one in report.rounds] == [(20, 0, 20)] * 2
    assert report.is_complete
    for one in report.rounds:
        assert (one.refusals, one.failures, one.retries_as_told, one.lost) == ({}, {}, 0, 0)
        assert 0 < one.p50_seconds <= one.p99_seconds <= one.seconds
        assert one.handshakes_per_second == pytest.approx(20 / one.seconds, rel=0.1)
    shown = {knock.authorization for knock in system.knocks}
    assert shown == {
        "Basic " + base64.b64encode(name.encode() + b":" + bytes.fromhex(key)).decode()
        for name, key in (keys.each or {}).items()
    }
    assert {knock.tls_version for knock in system.knocks} == {"TLSv1.3"}


def test_every_station_can_come_from_an_address_of_its_own() -> None:
    system = CentralSystem()
    assert storm(system, has_own_addresses=True).is_complete
    addresses = [str(knock.address) for knock in system.knocks]
    assert sorted(addresses[:20]) == sorted(addresses[20:])
    assert len(set(addresses)) == 20
    other = CentralSystem()
    storm(other, rounds=1)
    assert {knock.address for knock in other.knocks} == {"127.0.0.1"}


def test_refusals_are_counted_and_the_time_that_was_asked_for_is_waited() -> None:
    system = CentralSystem()
    moments: list[float] = []

    def busy(_request: web.Request) -> web.Response | None:
        moments.append(asyncio.get_running_loop().time())
        return web.Response(status=503, headers={"Retry-After": "0.3"}) if len(system.knocks) <= 20 else None

    system.refuse = busy
    [one] = storm(system, rounds=1).rounds
    assert one.refusals == {"503": 20}
    assert (one.back, one.attempts, one.retries_as_told) == (20, 40, 20)
    assert moments[20] - moments[0] >= 0.3


def test_a_station_that_is_refused_for_good_is_missing() -> None:
    system = CentralSystem()
    system.refuse = lambda request: web.Response(status=401) if request.path.endswith("S-0007") else None
    report = storm(system, rounds=1, keys=Keys(KEY), seconds=0.5)
    [one] = report.rounds
    assert (one.back, one.missing) == (19, 1)
    assert set(one.refusals) == {"401"}
    assert one.refusals["401"] > 1
    assert not report.is_complete
    assert one.seconds >= 0.5


def test_a_server_that_cannot_be_verified_is_a_failure() -> None:
    system = CentralSystem(tls=server_tls(the_root().own("other.example", host="127.0.0.2")))
    [one] = storm(system, rounds=1, seconds=0.3).rounds
    assert one.back == 0
    assert system.knocks == []
    assert any("certificate" in reason.lower() for reason in one.failures)


def test_more_stations_than_files_are_refused_with_what_to_do() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with pytest.raises(TooManyStations, match="ulimit -n"):
        allow_files(hard + 1)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--key", "xyz"], 2, "hexadecimal"),
        (["--ca", "/nowhere.pem", "--url", "wss://127.0.0.1:1/ocpp"], 2, "/nowhere.pem cannot be read"),
        (["--url", "ws://127.0.0.1:1/ocpp", "--count", "2", "--rounds", "1", "--give-up", "1"], 1, "0 of 2 back"),
    ],
)
def test_the_command_says_what_went_wrong(arguments: list[str], code: int, text: str) -> None:
    result = CliRunner().invoke(app, ["storm", *arguments])
    assert result.exit_code == code
    assert text in result.output


def test_the_command_prints_its_report() -> None:
    async def story() -> tuple[int | None, str]:
        system = CentralSystem()
        await system.start()
        try:
            command = await a_command("storm", "--url", system.url, "--count", "3", "--pause", "0", "--json")
            output, _ = await command.communicate()
            return command.returncode, output.decode()
        finally:
            await system.stop()

    code, output = asyncio.run(story())
    assert code == 0
    assert [one["back"] for one in json.loads(output)["rounds"]] == [3, 3]
