"""Stations wait until their certificates are renewed, and the report tells how that ended, by fault."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner

from forecourt_simulator.__main__ import app
from forecourt_simulator.naming import station_names
from forecourt_simulator.renewal import Fault, RenewalPlan, Round, renew, share_out
from forecourt_simulator.renewal_report import RenewalReport, Row
from forecourt_simulator.security_setup import SecuritySetup
from tests.simulator.authority import the_root
from tests.simulator.central_system import CentralSystem, until
from tests.simulator.sites import secure


def setup(name: str) -> SecuritySetup:
    return SecuritySetup(profile=3, roots=[the_root().certificate], own=the_root().own(name, organisation="Forecourt"))


async def see_to(system: CentralSystem, name: str) -> None:
    """What a central system does: asks, signs, delivers, and delivers again when it was not heard."""

    async def asked(action: str, words: dict[str, str]) -> str | None:
        """The status, or None when the line broke."""
        socket = system.sockets[name]
        call_id = await system.ask(name, action, words)
        await until(lambda: call_id in system.replies or socket.closed or system.sockets[name] is not socket)
        return system.replies[call_id][2]["status"] if call_id in system.replies else None

    await until(lambda: name in {station for station, action, _ in system.received if action == "BootNotification"})
    if await asked("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"}) != "Accepted":
        return
    await until(lambda: any(one[:2] == (name, "SignCertificate") for one in system.received))
    csr = next(
        words["csr"] for station, action, words in system.received if (station, action) == (name, "SignCertificate")
    )
    former = system.sockets[name]
    if await asked("CertificateSigned", {"certificateChain": the_root().answer(csr)}) is None:
        await until(lambda: system.sockets[name] is not former, seconds=15)
        await asked("CertificateSigned", {"certificateChain": the_root().answer(csr)})


def a_round(names: Sequence[str], *, percent: float = 0.0, seconds: float = 30.0) -> tuple[RenewalReport, Round]:
    known = Round()

    async def story() -> RenewalReport:
        async with secure() as system:
            plan = RenewalPlan(
                url=system.url,
                names=names,
                security=setup,
                fault_percent=percent,
                away_seconds=0.5,
                give_up_seconds=seconds,
            )
            async with asyncio.TaskGroup() as group:
                going_on = group.create_task(renew(plan, known=known))
                await until(known.all_came.is_set, seconds=15)
                away = sum(one.fault is Fault.AWAY for one in known.stations.values())
                await until(lambda: system.connections == len(names) + away, seconds=15)
                for name in names:
                    group.create_task(see_to(system, name))
            return going_on.result()

    return asyncio.run(story()), known


def test_all_stations_end_with_the_certificates_that_they_were_given() -> None:
    report, known = a_round(station_names("S-", 6))
    assert report.is_complete
    assert report.rows == [Row(fault="none", stations=6, renewed=6, kept=0, off_line=0, is_as_expected=True)]
    assert len(report.renewed_after) == 6
    assert report.renewed_after == sorted(report.renewed_after)
    assert report.per_second >= 0
    for one in known.stations.values():
        assert one.own is one.station.security.own.held[-1]


def test_every_fault_ends_as_it_should() -> None:
    """Those that refuse stay on line with what they have; all others come back with a new one."""
    report, _ = a_round(station_names("S-", 10), percent=20)
    assert report.is_complete, report
    assert {row.fault: (row.renewed, row.kept, row.off_line) for row in report.rows} == {
        "none": (4, 0, 0),
        "refuses to ask": (0, 1, 0),
        "refuses the certificate": (0, 1, 0),
        "away for a while": (2, 0, 0),
        "loses the certificate": (1, 0, 0),
        "loses the answer": (1, 0, 0),
    }


def test_a_round_without_renewals_is_given_up_and_says_so() -> None:
    async def story() -> RenewalReport:
        async with secure() as system:
            plan = RenewalPlan(url=system.url, names=["S-1"], security=setup, give_up_seconds=1.0)
            return await renew(plan)

    report = asyncio.run(story())
    assert not report.is_complete
    assert [(row.kept, row.is_as_expected) for row in report.rows] == [(1, False)]


def test_faults_are_shared_out_by_lot_and_always_in_the_same_way() -> None:
    names = station_names("S-", 1000)
    faults = share_out(names, 5, seed=1)
    counts = {fault: list(faults.values()).count(fault) for fault in Fault if fault is not Fault.NONE}
    assert counts == {
        Fault.REFUSES_TO_ASK: 25,
        Fault.REFUSES_CERTIFICATE: 25,
        Fault.AWAY: 50,
        Fault.LOSES_CERTIFICATE: 25,
        Fault.LOSES_ANSWER: 25,
    }
    assert share_out(names, 5, seed=1) == faults
    assert share_out(names, 5, seed=2) != faults
    assert share_out(names, 0, seed=1) == {}


def test_the_command_prints_how_it_ended(tmp_path: Path) -> None:
    own = the_root().own("S-0001", organisation="Forecourt")
    (tmp_path / "S-0001.pem").write_bytes(own.leaf.public_bytes(Encoding.PEM))
    key = own.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "S-0001.key").write_bytes(key)
    words = ["renew", "--url", "wss://127.0.0.1:9/ocpp", "--count", "1", "--prefix", "S-", "--give-up", "1"]
    files = ["--certificate", str(tmp_path / "{name}.pem"), "--private-key", str(tmp_path / "{name}.key")]
    told = CliRunner().invoke(app, [*words, *files, "--json"])
    assert told.exit_code == 1, told.output
    assert json.loads(told.stdout)["rows"][0]["off_line"] == 1
    shown = CliRunner().invoke(app, [*words, *files])
    assert "0 of 1 renewed" in shown.stdout
    assert CliRunner().invoke(app, [*words, "--certificate", "x"]).exit_code == 2


@pytest.mark.parametrize("after", [[], [1.0], [2.0, 2.0]])
def test_a_rate_needs_two_moments(after: list[float]) -> None:
    report = RenewalReport(stations=2, seconds=3.0, renewed_after=after, rows=[])
    assert report.per_second == 0.0
