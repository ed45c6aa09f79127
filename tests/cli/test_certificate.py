"""Certificates of stations on the command line."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.provisioning.model import StationDraft
from tests.cli.shell import Shell
from tests.support.authority import OPERATOR, Authority
from tests.support.clock import NOON
from tests.support.signings import a_csr


@pytest.fixture
def ordered(shell: Shell) -> Shell:
    """CP-1 showed a certificate that came in another way, and asked for one."""
    services = shell.services
    services.trust.change_policy(lambda known: replace(known, cpo_name=OPERATOR), asked_by="ada")
    draft = StationDraft(identity="CP-1", security_profile=SecurityProfile.TLS_BASIC, group="north")
    station = services.provisioning.add(draft, "ada").station
    services.admissions.change(station, serial_number="SN-1", asked_by="ada")
    services.certificates.presented(station, Authority.root(now=NOON).leaf("SN-1").certificate)
    assert services.certificates.receive_csr(station, a_csr("SN-1").pem)
    return shell


def test_the_calendar_is_listed(ordered: Shell) -> None:
    heading, row = ordered.read("certificate", "calendar").splitlines()
    assert heading.split("\t") == ["stationId", "notAfter", "seen", "renewAt", "order", "orderState", "subject"]
    assert row.split("\t")[0] == "CP-1"
    [entry] = json.loads(ordered.read("certificate", "calendar", "--json", "--not-renewed", "--group", "north"))
    assert (entry["seen"], entry["orderState"], entry["renewAt"]) == ("presented", "received", None)
    assert json.loads(ordered.read("certificate", "calendar", "--json", "--renewed")) == []
    assert ordered.read("certificate", "calendar", "--csv", "--expires-before", "2030-01-01T00:00:00Z").count("\n") == 2


def test_orders_are_listed_shown_and_cancelled(ordered: Shell) -> None:
    [order] = json.loads(ordered.read("certificate", "orders", "--json", "--station", "CP-1", "--state", "received"))
    assert (order["order"], order["occasion"], order["authority"]) == (1, "station", "own")
    assert (order["taken"], order["awaits"]) == ("no", "signing")
    for none in (["--ended"], ["--occasion", "renewal"], ["--from", "2026-01-02T00:00:00Z"]):
        assert json.loads(ordered.read("certificate", "orders", "--json", *none)) == []
    until = ("--to", "2026-01-02T00:00:00Z", "--occasion", "station")
    assert len(json.loads(ordered.read("certificate", "orders", "--json", *until))) == 1
    assert json.loads(ordered.read("certificate", "show", "1", "--json")) == order
    assert "state\tcancelled" in ordered.read("certificate", "cancel", "1")
    code, line = ordered.refuse("certificate", "cancel", "1")
    assert code != 0
    assert "ended already" in line


def test_a_station_is_asked(ordered: Shell) -> None:
    code, line = ordered.refuse("certificate", "renew", "CP-1", "--when-online")
    assert code != 0
    assert "under way" in line
    ordered.read("certificate", "cancel", "1")
    assert "queued" in ordered.read("certificate", "renew", "CP-1", "--when-online")
    [order] = json.loads(ordered.read("certificate", "orders", "--json", "--open"))
    assert order["askedBy"].startswith("command line")


def test_a_station_is_put_into_a_group(ordered: Shell) -> None:
    assert "group\tnorth" in ordered.read("station", "show", "CP-1")
    assert "group\tsouth" in ordered.read("station", "set", "CP-1", "--group", "south")
    assert "group\tsouth" in ordered.read("station", "set", "CP-1", "--description", "x")
    assert "group\twest" in ordered.read("station", "add", "CP-2", "--group", "west")
    assert [one["id"] for one in json.loads(ordered.read("station", "list", "--json", "--group", "west"))] == ["CP-2"]
