"""Roots at stations over REST, and their replacement."""

from __future__ import annotations

import csv
import io
from typing import Any, TypeAlias

import pytest

from forecourt.domain.rollovers.model import RolloverState
from forecourt.domain.trust.held import Use
from forecourt.domain.trust.model import Origin, Purpose
from forecourt.pki.hash_data import HashData, hash_data
from tests.api.door import Door, faults, problem
from tests.support.authority import Authority
from tests.support.clock import NOON

Json: TypeAlias = Any  # answers are indexed and compared as they came

OLD = Authority.root("Old Root", now=NOON)
NEW = Authority.root("New Root", now=NOON)
CENTRAL = Use.CENTRAL_SYSTEM_ROOT
STRANGE = HashData("SHA512", "ab" * 64, "cd" * 64, "FFF")


@pytest.fixture
def town(door: Door) -> Door:
    for root in (OLD, NEW):
        door.services.trust.add(root.certificate, frozenset({Purpose.SERVER}), None, Origin.OPERATOR, "ada")
        server = root.leaf("csms.example", dns=["csms.example"])
        door.services.trust.put_server_certificate(
            "former" if root is OLD else "next",
            chain_pem=server.chain_pem,
            key_pem=server.key_pem,
            is_enabled=root is OLD,
            asked_by="ada",
        )
    for identity in ("CP1", "CP2"):
        door.a_station(identity)
    return door


def a_plan(**fields: Json) -> Json:
    return {
        "oldRoot": OLD.certificate.fingerprint,
        "newRoot": NEW.certificate.fingerprint,
        "selection": {"all": True},
        "serverCertificates": ["next"],
        **fields,
    }


def reports(town: Door, identity: str, *named: HashData) -> None:
    town.services.roots.reported(town.services.provisioning.get_station(identity), CENTRAL, named)


def test_the_roots_of_a_station_are_shown_by_name(town: Door) -> None:
    reports(town, "CP1", hash_data(OLD.certificate, None, "SHA384"), STRANGE)
    shown = town.ask("GET", "/stations/CP1/roots").json()
    known, unknown = shown["items"]
    assert (known["certificate"]["subject"], known["hashAlgorithm"]) == (OLD.certificate.subject, "SHA384")
    assert (unknown["certificate"], unknown["serialNumber"], unknown["learned"]) == (None, "FFF", "reported")
    assert shown["reportedAt"] == {
        "CentralSystemRootCertificate": "2026-01-01T12:00:00Z",
        "ManufacturerRootCertificate": None,
    }
    problem(town.ask("GET", "/stations/CP9/roots"), 404)


def test_it_can_be_asked_where_a_root_is(town: Door) -> None:
    for identity in ("CP1", "CP2"):
        reports(town, identity, hash_data(OLD.certificate, None, "SHA256"))
    [count] = town.ask("GET", "/roots").json()["items"]
    assert (count["fingerprint"], count["stations"], count["reported"]) == (OLD.certificate.fingerprint, 2, 2)
    path = f"/roots/{OLD.certificate.fingerprint}/stations"
    first = town.ask("GET", f"{path}?limit=1").json()
    second = town.ask("GET", f"{path}?limit=1&cursor={first['next']}").json()
    assert [one["stationId"] for one in first["items"] + second["items"]] == ["CP2", "CP1"]
    for address, rows in (("/roots.csv", 1), (f"{path}.csv", 2)):
        assert len(list(csv.DictReader(io.StringIO(town.ask("GET", address).text)))) == rows


def test_a_plan_is_made_and_followed(town: Door) -> None:
    made = town.ask("POST", "/root-rollovers", a_plan(selection={"stations": ["CP1", "CP2"]}))
    assert (made.status_code, made.headers["Location"]) == (201, "/api/v1/root-rollovers/1")
    plan = made.json()
    assert (plan["state"], plan["total"], plan["ready"], plan["counts"]["pending"]) == ("installing", 2, 0, 2)
    assert plan["newRoot"]["subject"] == NEW.certificate.subject
    town.services.rollovers.settle()
    assert town.ask("GET", "/root-rollovers/1").json()["counts"]["installing"] == 2
    stations = town.ask("GET", "/root-rollovers/1/stations?step=installing").json()["items"]
    assert [(one["stationId"], one["errand"]) for one in stations] == [("CP1", 1), ("CP2", 2)]
    assert town.ask("GET", "/root-rollovers/1/stations?step=ready").json()["items"] == []
    rows = list(csv.DictReader(io.StringIO(town.ask("GET", "/root-rollovers/1/stations.csv").text)))
    assert [(row["stationId"], row["step"]) for row in rows] == [("CP1", "installing"), ("CP2", "installing")]
    assert town.ask("GET", "/errands/1").json()["operation"] == "InstallRootCertificate"
    assert [one["number"] for one in town.ask("GET", "/root-rollovers").json()["items"]] == [1]


def test_an_operator_moves_a_plan(town: Door) -> None:
    town.ask("POST", "/root-rollovers", a_plan())
    refusal = town.ask("POST", "/root-rollovers/1/switch", {})
    assert "2 of 2 stations" in faults(refusal, 409)["despite"]
    for way, paused in (("pause", True), ("continue", False), ("retry", False)):
        assert town.ask("POST", f"/root-rollovers/1/{way}").json()["paused"] is paused
    assert town.ask("POST", "/root-rollovers/1/switch", {"despite": True}).json()["state"] == "switched"
    assert town.ask("POST", "/root-rollovers/1/cancel").json()["state"] == "cancelled"
    problem(town.ask("POST", "/root-rollovers/1/cancel"), 409)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"selection": {}}, 422),
        ({"selection": {"all": True, "stations": ["CP1"]}}, 422),
        ({"selection": {"stations": ["CP9"]}}, 422),
        ({"selection": {"stations": ["CP1", "CP9"]}}, 422),
        ({"oldRoot": "ab"}, 404),
        ({"newRoot": OLD.certificate.fingerprint}, 422),
        ({"serverCertificates": ["former"]}, 409),
        ({"switchPercent": 0}, 400),
        ({"more": 1}, 400),
    ],
)
def test_what_cannot_be_a_plan_is_refused_whole(town: Door, fields: Json, status: int) -> None:
    problem(town.ask("POST", "/root-rollovers", a_plan(**fields)), status)
    assert town.ask("GET", "/root-rollovers").json()["items"] == []


def test_a_plan_that_cannot_begin_is_cancelled(town: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A station may be taken off the register while the plan is written down."""
    for identity in ("CP1", "CP2"):
        town.ask("DELETE", f"/stations/{identity}")
    town.a_station("CP3")
    remove = town.services.provisioning.remove
    plan = town.services.rollovers.plan

    def planned(*given: Json) -> Json:
        remove("CP3")
        return plan(*given)

    monkeypatch.setattr(town.services.rollovers, "plan", planned)
    problem(town.ask("POST", "/root-rollovers", a_plan()), 409)
    [only] = town.ask("GET", "/root-rollovers").json()["items"]
    assert RolloverState(only["state"]) is RolloverState.CANCELLED


def test_stations_that_are_not_registered_are_named(town: Door) -> None:
    refusal = town.ask("POST", "/root-rollovers", a_plan(selection={"stations": ["CP1", "CP9"]}))
    assert "'CP9'" in faults(refusal, 422)["selection.stations"]


def test_plans_are_listed_by_their_state(town: Door) -> None:
    assert town.ask("POST", "/root-rollovers", a_plan()).json()["deleteOld"] is True
    assert len(town.ask("GET", "/root-rollovers?state=installing&state=ready").json()["items"]) == 1
    assert town.ask("GET", "/root-rollovers?state=done").json()["items"] == []
    [row] = csv.DictReader(io.StringIO(town.ask("GET", "/root-rollovers.csv?state=installing").text))
    assert (row["number"], row["state"], row["oldRoot"], row["total"]) == (
        "1",
        "installing",
        OLD.certificate.fingerprint,
        "2",
    )


def test_a_station_is_left_and_begun_with_again(town: Door) -> None:
    town.ask("POST", "/root-rollovers", a_plan())
    left = town.ask("POST", "/root-rollovers/1/stations/CP1/leave").json()
    assert (left["stationId"], left["step"]) == ("CP1", "left")
    assert town.ask("GET", "/root-rollovers/1").json()["left"] == 1
    assert town.ask("POST", "/root-rollovers/1/stations/CP1/retry").json()["step"] == "pending"
    problem(town.ask("POST", "/root-rollovers/1/stations/CP1/retry"), 409)
    problem(town.ask("POST", "/root-rollovers/1/stations/CP9/leave"), 404)


@pytest.mark.parametrize("number", ["0", "9", str(2**63)])
def test_there_is_no_such_plan(town: Door, number: str) -> None:
    for path in ("", "/stations", "/stations.csv"):
        problem(town.ask("GET", f"/root-rollovers/{number}{path}"), 404)
    problem(town.ask("POST", f"/root-rollovers/{number}/pause"), 404)
