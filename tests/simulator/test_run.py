"""A fleet and a site charge against a central system until they are told to stop."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Coroutine
from pathlib import Path

import pytest
from cryptography import x509
from typer.testing import CliRunner

import forecourt_simulator
from forecourt_simulator.__main__ import app
from forecourt_simulator.demo import demo_stations, run_site, tell_story
from forecourt_simulator.driver import Rhythm
from forecourt_simulator.note import Note
from forecourt_simulator.run import Fleet, run_fleet
from tests.simulator.authority import key_pem, pem, server_tls, the_root, the_server
from tests.simulator.central_system import CentralSystem, a_central_system, until

HURRY = Rhythm(arrival=(0.0, 60.0), charging=(300.0, 600.0), pause=(60.0, 120.0), fumbling=(1.0, 60.0))


def run_until_every_station_charged(
    system: CentralSystem, work: Coroutine[None, None, None]
) -> Coroutine[None, None, None]:
    async def story() -> None:
        task = asyncio.get_running_loop().create_task(work)
        try:
            await until(lambda: len({name for name, action, _ in system.received if action == "StopTransaction"}) == 3)
        finally:
            task.cancel()
            await asyncio.wait([task])

    return story()


def test_every_station_of_a_fleet_boots_charges_meters_and_stops() -> None:
    async def story() -> None:
        notes: list[Note] = []
        async with a_central_system() as system:
            names = ["SIM-0001", "SIM-0002", "SIM-0003"]
            fleet = Fleet(url=system.url, names=names, tags=["T1", "T2"], speed=3_000.0, seed=5, rhythm=HURRY)
            await run_until_every_station_charged(system, run_fleet(fleet, tell=notes.append))
            assert {name for name, action, _ in system.received if action == "BootNotification"} == set(names)
            assert {payload["idTag"] for payload in system.payloads("Authorize")} == {"T1", "T2"}
            assert len(system.payloads("MeterValues")) > 3
            assert {note.event for note in notes} >= {"connected", "transaction_started", "transaction_stopped"}

    asyncio.run(story())


def test_a_site_tells_its_story_in_plain_words() -> None:
    async def story() -> None:
        lines: list[str] = []
        async with a_central_system() as system:
            site = run_site(system.url, 3, "DEMO", speed=6_000.0, seed=5, say=lines.append)
            await run_until_every_station_charged(system, site)
            names = {name for name, _, _ in system.received}
        assert names == set(demo_stations(3)) == {"DEMO-0001", "DEMO-0002", "DEMO-0003"}
        assert "DEMO-0001 is on line" in lines
        assert any("charging ended (Local) after" in line for line in lines)

    asyncio.run(story())


def test_every_story_can_be_told_of_its_note() -> None:
    note = Note("transaction_stopped", "S", 2, {"reason": "Local", "energy_wh": 12})
    assert tell_story(note) == "S/2: charging ended (Local) after 12 Wh"
    assert tell_story(Note("status", "S", 2, {"status": "Charging"})) is None


def test_the_load_command_says_why_it_could_not_start() -> None:
    async def free_port() -> int:
        async with a_central_system() as system:
            return system.port

    port = asyncio.run(free_port())
    result = CliRunner().invoke(app, ["load", "--url", f"ws://127.0.0.1:{port}/ocpp", "--count", "1"])
    assert result.exit_code == 2
    assert "LOAD-0001 could not connect" in result.output


@pytest.mark.parametrize("arguments", [["--json"], []])
def test_the_load_command_prints_its_report(arguments: list[str]) -> None:
    async def story() -> tuple[int | None, str]:
        async with a_central_system() as system:
            options = ["--count", "2", "--rate", "100", "--seconds", "0.3", "--warm-up", "0", *arguments]
            command = await a_command("load", "--url", system.url, *options)
            output, _ = await command.communicate()
            return command.returncode, output.decode()

    code, output = asyncio.run(story())
    assert code == 0
    if arguments:
        assert json.loads(output)["latency"]["count"] == 30
    else:
        assert "no errors" in output


def test_the_run_command_logs_a_line_per_event_and_ends_when_told() -> None:
    async def story() -> tuple[int | None, str]:
        async with a_central_system() as system:
            command = await a_command("run", "--url", system.url, "--count", "2", "--prefix", "R-")
            await until(lambda: len(system.received) >= 8, seconds=20)
            command.terminate()
            output, _ = await command.communicate()
            return command.returncode, output.decode()

    code, output = asyncio.run(story())
    assert code == 0
    assert any("connected" in line and "R-0002" in line for line in output.splitlines())


def test_a_fleet_signs_in_with_what_it_was_given(tmp_path: Path) -> None:
    """A00: profile 3 for every station with its own certificate, as files bring them."""
    names = ["R-0001", "R-0002"]
    (tmp_path / "ca.pem").write_text(the_root().pem)
    for name in names:
        own = the_root().own(f"SN {name}")
        (tmp_path / f"{name}.pem").write_text(pem(own.leaf))
        (tmp_path / f"{name}.key").write_bytes(key_pem(own))

    async def story() -> CentralSystem:
        async with a_central_system(server_tls(the_server(), stations=the_root().certificate)) as system:
            files = ["--ca", "ca.pem", "--certificate", "{name}.pem", "--private-key", "{name}.key"]
            options = ["--security-profile", "3", "--key", "00" * 16, "--misbehave", "password-always", *files]
            command = await a_command(
                "run", "--url", system.url, "--count", "2", "--prefix", "R-", *options, folder=tmp_path
            )
            await until(lambda: len(system.payloads("BootNotification")) == 2, seconds=20)
            command.terminate()
            await command.communicate()
            return system

    system = asyncio.run(story())
    assert {boot["chargePointSerialNumber"] for boot in system.payloads("BootNotification")} == {
        f"SN {name}" for name in names
    }
    shown = [x509.load_der_x509_certificate(knock.certificate or b"") for knock in system.knocks]
    assert {one.subject.rfc4514_string() for one in shown} == {f"CN=SN {name},O=Forecourt" for name in names}
    assert {knock.password for knock in system.knocks} == {bytes(16)}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--certificate", "x.pem"], "--certificate and --private-key together"),
        (["--certificate", "x.pem", "--private-key", "x.key"], "x.pem cannot be read"),
        (["--keys", "x.csv"], "x.csv cannot be read"),
        (["--misbehave", "dances"], "dances"),
    ],
)
def test_the_run_command_says_what_it_cannot_use(options: list[str], text: str) -> None:
    result = CliRunner().invoke(app, ["run", *options])
    assert result.exit_code == 2
    assert text in result.output


async def a_command(*arguments: str, folder: Path | None = None) -> asyncio.subprocess.Process:
    source = Path(forecourt_simulator.__file__ or "").parent.parent
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "forecourt_simulator", *arguments),
        cwd=folder,
        env={"PYTHONPATH": str(source), "NO_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
