"""Roots at stations on the command line, and their replacement."""

from __future__ import annotations

import csv
import io
import json

import pytest

from forecourt.domain.rollovers.model import RolloverNumber, RolloverState
from forecourt.domain.trust.held import Use
from forecourt.domain.trust.model import Origin, Purpose
from tests.cli.shell import Shell
from tests.support.authority import Authority
from tests.support.clock import NOON

OLD = Authority.root("Old Root", now=NOON)
NEW = Authority.root("New Root", now=NOON)
PLAN = ("--old", OLD.certificate.fingerprint, "--new", NEW.certificate.fingerprint)


@pytest.fixture
def town(shell: Shell) -> Shell:
    for root in (OLD, NEW):
        shell.services.trust.add(root.certificate, frozenset({Purpose.SERVER}), None, Origin.OPERATOR, "ada")
        server = root.leaf("csms.example", dns=["csms.example"])
        shell.services.trust.put_server_certificate(
            "former" if root is OLD else "next",
            chain_pem=server.chain_pem,
            key_pem=server.key_pem,
            is_enabled=root is OLD,
            asked_by="ada",
        )
    for identity in ("CP-1", "CP-2"):
        station = shell.a_station(identity)
        shell.services.roots.installed(station, Use.CENTRAL_SYSTEM_ROOT, OLD.pem)
    return shell


def test_roots_of_a_station_and_stations_of_a_root(town: Shell) -> None:
    [row] = json.loads(town.read("root", "list", "CP-1", "--json"))
    assert (row["subject"], row["learned"], row["number"]) == (OLD.certificate.subject, "installed", 1)
    assert row["reportedAt"] is None
    [counted] = list(csv.DictReader(io.StringIO(town.read("root", "counts", "--csv"))))
    assert (counted["stations"], counted["reported"]) == ("2", "0")
    holders = json.loads(town.read("root", "stations", OLD.certificate.fingerprint, "--json"))
    assert {one["stationId"] for one in holders} == {"CP-1", "CP-2"}
    assert town.refuse("root", "list", "CP-9")[0] == 3


def test_a_plan_from_the_start_to_its_end(town: Shell) -> None:
    started = json.loads(town.read("root", "rollover", "start", "--all", *PLAN, "--present", "next", "--yes", "--json"))
    assert (started["number"], started["state"], started["total"]) == (1, "installing", 2)
    town.services.rollovers.settle()
    rows = json.loads(town.read("root", "rollover", "stations", "1", "--step", "installing", "--json"))
    assert [row["stationId"] for row in rows] == ["CP-1", "CP-2"]
    code, sentence = town.refuse("root", "rollover", "switch", "1", "--yes")
    assert (code, "locked out" in sentence) == (4, True)
    assert "left" in town.read("root", "rollover", "leave", "1", "CP-1", "--yes")
    assert "pending" in town.read("root", "rollover", "retry", "1", "CP-1")
    for command in ("pause", "continue", "retry"):
        town.read("root", "rollover", command, "1")
    town.read("root", "rollover", "switch", "1", "--despite", "--yes")
    assert json.loads(town.read("root", "rollover", "show", "1", "--json"))["state"] == "switched"
    town.read("root", "rollover", "cancel", "1", "--yes")
    [plan] = json.loads(town.read("root", "rollover", "list", "--json"))
    assert plan["state"] == "cancelled"
    assert json.loads(town.read("root", "rollover", "list", "--state", "ready", "--json")) == []


def test_what_is_dangerous_is_asked_and_what_is_unknown_refused(town: Shell) -> None:
    assert "add --yes" in town.refuse("root", "rollover", "start", "CP-1", *PLAN)[1]
    assert "--all" in town.refuse("root", "rollover", "start", *PLAN, "--yes")[1]
    assert "CP-9" in town.refuse("root", "rollover", "start", "CP-1", "CP-9", *PLAN, "--yes")[1]
    code, _ = town.refuse("root", "rollover", "show", "7")
    assert code == 3
    town.read("root", "rollover", "start", "CP-1", *PLAN, "--keep-old", "--yes")
    plan = town.services.rollovers.get(RolloverNumber(1)).rollover
    assert (plan.state, plan.deletes_old, plan.server_certificates) == (RolloverState.INSTALLING, False, ())
