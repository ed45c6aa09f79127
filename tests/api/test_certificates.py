"""Certificates of stations over REST: the calendar, orders, groups."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.provisioning.model import StationDraft
from forecourt.domain.signing.model import Issued
from tests.api.door import Door, faults, problem
from tests.support.authority import OPERATOR, Authority
from tests.support.clock import NOON
from tests.support.signings import a_csr, leaf_for

CA = Authority.root(now=NOON).sub()


@pytest.fixture
def ordered(door: Door) -> Door:
    """CP-1, in the group north, showed a certificate that it had ordered; CP-2 asked for one."""
    services = door.services
    services.trust.change_policy(lambda known: replace(known, cpo_name=OPERATOR), asked_by="ada")
    for number, group in ((1, "north"), (2, "")):
        draft = StationDraft(identity=f"CP-{number}", security_profile=SecurityProfile.TLS_BASIC, group=group)
        station = services.provisioning.add(draft, "ada").station
        services.admissions.change(station, serial_number=f"SN-{number}", asked_by="ada")
        assert services.certificates.receive_csr(station, a_csr(f"SN-{number}").pem)
    assignment, _ = services.signing.claim("clerk", 2)
    leaf = leaf_for(CA, assignment.wanted)
    assert services.signing.ended(assignment.number, "clerk", Issued((leaf, *CA.presented)))
    services.certificates.presented(services.provisioning.get_station("CP-1"), leaf)
    return door


def orders(door: Door, query: str = "") -> list[int]:
    return [item["order"] for item in door.get(f"/certificate-orders?{query}")["items"]]


def test_an_order_is_shown_with_its_certificate(ordered: Door) -> None:
    found = ordered.get("/certificate-orders/1")
    certificate = found.pop("certificate")
    assert certificate["subject"] == f"CN=SN-1,O={OPERATOR}"
    assert found == {
        "order": 1,
        "stationId": "CP-1",
        "occasion": "station",
        "state": "used",
        "open": False,
        "reason": None,
        "askedBy": "station CP-1",
        "askedAt": "2026-01-01T12:00:00Z",
        "changedAt": "2026-01-01T12:00:00Z",
        "askErrand": None,
        "deliverErrand": found["deliverErrand"],
        "signing": 1,
        "authority": "own",
        "deliveries": 1,
        "taken": "yes",
        "awaits": None,
        "revoked": False,
    }
    assert ordered.get("/certificate-orders/2")["certificate"] is None
    problem(ordered.ask("GET", "/certificate-orders/3"), 404)


def test_orders_are_found_by_what_they_are(ordered: Door) -> None:
    assert orders(ordered) == [2, 1]
    assert orders(ordered, "stationId=CP-1") == [1]
    assert orders(ordered, "group=north") == [1]
    assert orders(ordered, "group=") == [2]
    assert orders(ordered, "state=received&state=asked") == [2]
    assert orders(ordered, "open=false") == [1]
    assert orders(ordered, "occasion=renewal") == []
    assert orders(ordered, "from=2026-01-02T00:00:00Z") == []
    assert orders(ordered, "to=2026-01-02T00:00:00Z") == [2, 1]
    assert [item["order"] for item in ordered.get("/stations/CP-2/certificate-orders")["items"]] == [2]
    assert "state" in faults(ordered.ask("GET", "/certificate-orders?state=lost"))
    problem(ordered.ask("GET", "/stations/CP-9/certificate-orders"), 404)


def test_an_order_is_cancelled_once(ordered: Door) -> None:
    answer = ordered.ask("POST", "/certificate-orders/2/cancel")
    assert answer.json()["state"] == "cancelled"
    problem(ordered.ask("POST", "/certificate-orders/2/cancel"), 409)
    problem(ordered.ask("POST", "/certificate-orders/1/cancel"), 409)


def test_the_calendar_shows_what_ends_when(ordered: Door) -> None:
    other, entry = ordered.get("/certificates")["items"]
    assert (other["stationId"], other["notAfter"], other["orderState"]) == ("CP-2", None, "received")
    assert (entry["stationId"], entry["group"], entry["seen"]) == ("CP-1", "north", "presented")
    assert (entry["ordered"], entry["order"], entry["orderState"]) == (True, 1, "used")
    assert entry["coveredUntil"] == entry["notAfter"] == "2026-01-31T12:00:00Z"
    assert "2026-01-20" <= entry["renewAt"] < "2026-01-22", "when a third of a short life is left"
    assert [one["stationId"] for one in ordered.get("/certificates?renewed=false")["items"]] == ["CP-2"]
    assert ordered.get("/certificates?group=south")["items"] == []
    early = ordered.get("/certificates?expiresBefore=2026-01-02T00:00:00Z")["items"]
    assert [one["stationId"] for one in early] == ["CP-2"], "it has none at all"
    assert len(ordered.get("/certificates?search=sn-1")["items"]) == 1


def test_the_calendar_is_downloaded(ordered: Door) -> None:
    _, row = csv.DictReader(io.StringIO(ordered.ask("GET", "/certificates.csv").text))
    assert (row["stationId"], row["seen"], row["orderState"], row["ordered"]) == ("CP-1", "presented", "used", "true")


def test_orders_are_downloaded(ordered: Door) -> None:
    [row] = csv.DictReader(io.StringIO(ordered.ask("GET", "/certificate-orders.csv?stationId=CP-1").text))
    assert (row["order"], row["state"], row["taken"], row["awaits"]) == ("1", "used", "yes", "")
    assert len(row["fingerprint"]) == 64
    found = list(csv.DictReader(io.StringIO(ordered.ask("GET", "/certificate-orders.csv").text)))
    assert [(one["order"], one["awaits"]) for one in found] == [("2", "signing"), ("1", "")]


def test_an_operation_begins_an_order(ordered: Door) -> None:
    ordered.ask("POST", "/certificate-orders/2/cancel")
    answer = ordered.ask("POST", "/stations/CP-2/operations/RenewCertificate?delivery=whenOnline", {})
    assert answer.status_code == 202
    assert orders(ordered, "state=asked") == [3]


def test_a_station_has_a_group(ordered: Door) -> None:
    assert ordered.get("/stations/CP-1")["group"] == "north"
    assert [one["id"] for one in ordered.get("/stations?group=north")["items"]] == ["CP-1"]
    assert [one["id"] for one in ordered.get("/stations?group=")["items"]] == ["CP-2"]
    changed = ordered.ask("PATCH", "/stations/CP-2", {"group": "south"}).json()
    assert (changed["group"], changed["description"]) == ("south", "")
    assert ordered.ask("PATCH", "/stations/CP-2", {"description": "x"}).json()["group"] == "south"
    assert ordered.ask("PATCH", "/stations/CP-2", {"group": None}).json()["group"] == ""
    assert ordered.ask("POST", "/stations", {"id": "CP-3", "group": "g" * 100}).json()["group"] == "g" * 100
    assert "group" in faults(ordered.ask("POST", "/stations", {"id": "CP-4", "group": "g" * 101}), 422)
    assert "group" in faults(ordered.ask("PATCH", "/stations/CP-2", {"group": " south"}), 422)
