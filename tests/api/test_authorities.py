"""Authorities and the own one over REST."""

from __future__ import annotations

import csv
import io

from forecourt.domain.authorities.model import KeyFamily, OwnPolicy, Phase, Rank
from tests.api.door import Door, faults, problem
from tests.support.authority import OPERATOR
from tests.support.own_house import OwnHouse
from tests.support.workspace import services_without_token

SECRET = "kept-under-lock-and-key"
CITY = {"name": "city", "kind": "acme", "settings": {"directory": "https://ca.example/dir", "eabKey": SECRET}}


def test_an_authority_comes_changes_is_chosen_and_goes(door: Door) -> None:
    added = door.ask("POST", "/authorities", CITY)
    assert added.status_code == 201
    assert added.json()["secretsSet"] == ["eabKey"]
    changed = door.ask("PATCH", "/authorities/city", {"settings": {"contact": "a@example"}, "enabled": False}).json()
    assert (changed["settings"]["contact"], changed["enabled"]) == ("a@example", False)
    chosen = door.ask("PUT", "/authority-choice", {"defaults": {"server": "city"}, "byGroup": {"north": "own"}}).json()
    assert chosen["defaults"] == {"station": "own", "server": "city"}
    assert any("disabled" in warning for warning in chosen["warnings"])
    problem(door.ask("DELETE", "/authorities/city"), 409)
    door.ask("PUT", "/authority-choice", {})
    assert door.ask("DELETE", "/authorities/city").status_code == 204
    assert [one["name"] for one in door.get("/authorities")["items"]] == ["own"]


def test_secrets_are_never_shown(door: Door) -> None:
    answers = [door.ask("POST", "/authorities", CITY), door.ask("POST", "/authorities", CITY)]
    answers += [door.ask("GET", path) for path in ("/authorities", "/authorities/city", "/security-log")]
    answers.append(door.ask("PATCH", "/authorities/city", {"settings": {"directory": SECRET}}))
    assert all(SECRET not in answer.text for answer in answers)


def test_what_a_kind_needs_is_told_and_a_fault_is_named(door: Door) -> None:
    kinds = {one["kind"]: one["settings"] for one in door.get("/authority-kinds")["items"]}
    assert {setting["name"] for setting in kinds["vault"] if setting["required"]} == {"address", "role", "token"}
    assert "settings.directory" in faults(door.ask("POST", "/authorities", CITY | {"settings": {}}), 422)


def test_the_own_authority_is_made_and_shown_without_keys(door: Door) -> None:
    door.services.own_ca.set_policy(
        OwnPolicy(organisation="Power", families=frozenset({KeyFamily.ECDSA})), asked_by="test"
    )
    assert door.ask("POST", "/own-authority").status_code == 202
    house = OwnHouse(workspace=door.workspace, clock=door.clock)
    house.keep()
    root, issuing = door.get("/own-authority/certificates")["items"]
    assert (root["rank"], root["phase"], issuing["issuedBy"]) == (
        "root",
        "active",
        root["certificate"]["fingerprint"],
    )
    pem = door.ask("GET", f"/own-authority/certificates/{root['certificate']['fingerprint']}/pem").text
    assert pem == house.has(Rank.ROOT).certificate.pem
    problem(door.ask("GET", f"/own-authority/certificates/{root['certificate']['fingerprint']}/cross/pem"), 404)


def test_a_root_is_rolled_over_activated_and_retired(door: Door) -> None:
    house = OwnHouse(workspace=door.workspace, clock=door.clock).created()
    first = house.has(Rank.ROOT).fingerprint
    assert door.ask("POST", "/own-authority/rolls", {"family": "ecdsa", "rank": "root"}).status_code == 202
    house.keep()
    following = house.has(Rank.ROOT, Phase.NEXT).fingerprint
    assert "BEGIN CERTIFICATE" in door.ask("GET", f"/own-authority/certificates/{following}/cross/pem").text
    problem(door.ask("POST", f"/own-authority/certificates/{first}/retire"), 409)
    assert door.ask("POST", "/own-authority/rolls", {"family": "ecdsa", "rank": "issuing"}).status_code == 202
    assert door.get("/own-authority")["rolls"] == [{"family": "ecdsa", "rank": "issuing"}]
    assert door.ask("DELETE", "/own-authority/rolls/ecdsa/issuing").status_code == 204
    problem(door.ask("DELETE", "/own-authority/rolls/ecdsa/issuing"), 404)
    problem(door.ask("DELETE", "/own-authority/rolls/dsa/issuing"), 404)
    assert door.get("/own-authority")["organisation"] == OPERATOR
    assert door.ask("POST", f"/own-authority/certificates/{following}/activate").json()["warnings"]
    house.keep()
    assert door.ask("POST", f"/own-authority/certificates/{first}/retire").status_code == 200
    assert door.get(f"/own-authority/certificates/{first}")["phase"] == "retired"
    assert "rank" in faults(door.ask("POST", "/own-authority/rolls", {"family": "ecdsa", "rank": "ocspResponder"}), 422)


def test_the_policy_is_changed_in_part(door: Door) -> None:
    changed = door.ask("PATCH", "/own-authority/policy", {"stationDays": 30, "backdatedHours": 2, "families": ["rsa"]})
    assert changed.json()["stationDays"] == 30
    assert door.get("/own-authority/policy") == changed.json()
    for body, field in (({"stationDays": 99_999}, "stationDays"), ({"backdatedHours": 1e300}, "backdatedHours")):
        assert field in faults(door.ask("PATCH", "/own-authority/policy", body), 422)


def test_keys_go_into_no_token_that_the_settings_do_not_name(door: Door) -> None:
    door.workspace.services = services_without_token(door.workspace.unit, door.clock)
    body = {"keysInToken": True, "stationDays": 30}
    assert "[pkcs11]" in faults(door.ask("PATCH", "/own-authority/policy", body), 422)["keysInToken"]
    assert door.get("/own-authority/policy")["stationDays"] == 365, "a part of what was refused was taken"
    assert door.ask("PATCH", "/own-authority/policy", {"keysInToken": False}).status_code == 200


def test_a_certificate_is_revoked_put_on_hold_and_released(door: Door) -> None:
    house = OwnHouse(workspace=door.workspace, clock=door.clock).created()
    leaf = house.issue("SN-1").chain[0]
    body = {"issuerHash": leaf.issuer_hash, "serial": leaf.serial, "reason": "certificateHold"}
    assert door.ask("POST", "/own-authority/revocations", body).json()["subject"] == leaf.subject
    problem(door.ask("POST", "/own-authority/revocations", body), 409)
    problem(door.ask("POST", "/own-authority/revocations", body | {"issuerHash": "0" * 64}), 404)
    [row] = csv.DictReader(io.StringIO(door.ask("GET", "/own-authority/revocations.csv").text))
    assert (row["serial"], row["reason"]) == (leaf.serial, "certificateHold")
    path = f"/own-authority/revocations/{leaf.issuer_hash}/{leaf.serial}"
    assert door.ask("DELETE", path).status_code == 204
    assert door.get("/own-authority/revocations")["items"] == []
