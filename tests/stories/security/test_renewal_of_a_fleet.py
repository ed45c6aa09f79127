"""Certificates of a whole fleet are renewed while nobody looks, and nobody is locked out, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from forecourt_simulator.naming import station_names
from forecourt_simulator.renewal import Fault, Round
from tests.stories.security.renewing import Fleet, server_certificate, table
from tests.stories.stores import STORES, store_url
from tests.support.running import RunningSystem

SMALL, LARGE = 30, 1000
FAULT_PERCENT = 5.0
KNOCKS = 10
"""Attempts with former certificates, of each kind."""


def renew_a_fleet(system: RunningSystem, folder: Path, stations: int, seconds: float) -> None:
    system.start()
    fleet = Fleet(system, station_names("CP-", stations), server_certificate(system), folder)
    fleet.register()
    first = fleet.get_first_certificates()
    print(f"\nfirst certificates: {first.stations} in {first.seconds:.1f} s, {first.per_second:.1f} a second")
    assert first.is_complete, first
    fleet.raise_profiles()
    assert system.terminate() == 0
    system.change_settings(
        FORECOURT_GATEWAY_QUIET="false",
        FORECOURT_GATEWAY_CONFIGURATION_HOURS="0",
    )
    system.start()
    system.rest.change_policy(renewalsPerMinute=stations)
    report, known = fleet.be_renewed(fault_percent=FAULT_PERCENT, give_up_seconds=seconds)
    print(table(fleet, known, report))
    assert report.is_complete, report
    assert_ended_well(fleet, known)
    assert system.terminate() == 0
    system.assert_clean_log()


def assert_ended_well(fleet: Fleet, known: Round) -> None:
    """A02.FR.07 to FR.10: whoever shows a new certificate has a valid one, and the former one is revoked; whoever does
    not has a reason by his name, and his former one still lets him in."""
    orders, revoked = fleet.orders(), fleet.revoked_serials()
    former_of_renewed, former_of_others = [], []
    for name, one in known.stations.items():
        order, former, shown = orders[name], fleet.owns[name], one.own
        assert order["occasion"] == "renewal", order
        assert shown is not None
        if one.fault.refuses:
            assert order["state"] in ("rejected", "failed"), order
            assert order["reason"], order
            assert shown is former
            assert former.leaf.serial_number not in revoked, f"{name} would be locked out"
            former_of_others.append(name)
        else:
            assert order["state"] == "used", order
            assert shown is not former
            assert shown.leaf.serial_number == int(order["certificate"]["serial"], 16), order
            assert former.leaf.serial_number in revoked, order
            assert shown.leaf.serial_number not in revoked, order
            former_of_renewed.append(name)
    for order in orders.values():
        if order["state"] == "rejected":
            assert order["revoked"], "what the station did not take is revoked (A02.FR.07)"
    for name in former_of_others[:KNOCKS]:
        assert fleet.knocks(name, fleet.owns[name]).status == 101, name
    for name in former_of_renewed[:KNOCKS]:
        assert fleet.knocks(name, fleet.owns[name]).status != 101, name
        new = known.stations[name].own
        assert new is not None
        assert fleet.knocks(name, new).status == 101, name
    assert {Fault.REFUSES_TO_ASK, Fault.REFUSES_CERTIFICATE, Fault.AWAY} <= {
        one.fault for one in known.stations.values()
    }


@pytest.mark.prove
def test_thirty_stations_are_renewed_unattended(tmp_path: Path) -> None:
    system = RunningSystem(tmp_path)
    try:
        renew_a_fleet(system, tmp_path, SMALL, seconds=150)
    finally:
        system.close()


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[str | None]:
    with store_url(request) as url:
        yield url


@pytest.mark.prove
def test_a_thousand_stations_are_renewed_unattended(store: str | None, tmp_path: Path) -> None:
    system = RunningSystem(tmp_path, store)
    try:
        renew_a_fleet(system, tmp_path, LARGE, seconds=900)
    finally:
        system.close()
