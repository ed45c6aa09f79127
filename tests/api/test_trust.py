"""What is trusted and what is revoked, over REST."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from forecourt.domain.trust.held import How, Use
from forecourt.domain.trust.revocations import read_list
from tests.api.door import Door, faults, problem
from tests.api.trust_bodies import CRL, IMPORT, POLICY, ROOT, ROOT_CRL, SERVER, SUB

FINGERPRINT = ROOT.certificate.fingerprint


def test_an_import_tells_of_every_certificate(door: Door) -> None:
    body = {"bundle": ROOT.pem + SERVER.pem + SUB.pem, "purposes": ["stationIdentity", "serverChain"]}
    response = door.ask("POST", "/trust/certificates", body)
    assert response.status_code == 200, response.text
    result = response.json()
    assert (result["added"], result["known"], result["refused"]) == (2, 0, 1)
    assert [one["outcome"] for one in result["outcomes"]] == ["added", "refused", "added"]
    assert [one["role"] for one in result["outcomes"]] == ["anchor", None, "intermediate"]
    assert result["outcomes"][0]["certificate"]["fingerprint"] == FINGERPRINT
    assert "authority" in result["outcomes"][1]["reason"]
    assert [one["enabled"] for one in result["outcomes"]] == [True, None, True]
    assert door.ask("POST", "/trust/certificates", body).json()["known"] == 2
    more = door.ask("POST", "/trust/certificates", IMPORT | {"purposes": ["onboarding"]}).json()
    assert (more["extended"], more["outcomes"][0]["outcome"]) == (1, "extended")


def test_a_trusted_certificate_is_shown_with_what_it_is_trusted_for(door: Door) -> None:
    door.ask("POST", "/trust/certificates", IMPORT | {"role": "intermediate"})
    shown = door.get(f"/trust/certificates/{FINGERPRINT}")
    assert shown == door.get("/trust/certificates")["items"][0]
    assert shown["certificate"] == {
        "fingerprint": FINGERPRINT,
        "subject": ROOT.certificate.subject,
        "issuer": ROOT.certificate.subject,
        "serial": ROOT.certificate.serial,
        "issuerHash": ROOT.certificate.subject_hash,
        "notBefore": "2025-01-01T12:00:00Z",
        "notAfter": "2035-12-30T12:00:00Z",
        "keyKind": "EC secp256r1",
        "authority": True,
    }
    del shown["certificate"]
    assert shown == {
        "purposes": ["stationIdentity"],
        "role": "intermediate",
        "enabled": True,
        "origin": "operator",
        "addedBy": "token tests",
        "addedAt": "2026-01-01T12:00:00Z",
    }


def test_the_certificate_itself_is_downloaded_as_pem(door: Door) -> None:
    door.ask("POST", "/trust/certificates", IMPORT)
    response = door.ask("GET", f"/trust/certificates/{FINGERPRINT}/pem")
    assert response.headers["content-type"].startswith("application/x-pem-file")
    assert response.text == ROOT.pem


def test_a_change_keeps_what_is_absent_and_warns_of_the_last_anchor(door: Door) -> None:
    door.ask("POST", "/trust/certificates", IMPORT)
    path = f"/trust/certificates/{FINGERPRINT}"
    unchanged = door.ask("PATCH", path, {}).json()
    assert unchanged["warnings"] == []
    changed = door.ask("PATCH", path, {"enabled": False}).json()
    assert changed["trusted"] == unchanged["trusted"] | {"enabled": False}
    assert "No anchor is left for stationIdentity" in changed["warnings"][0]
    assert "purposes" in faults(door.ask("PATCH", path, {"purposes": []}), 422)
    assert "purposes[0]" in faults(door.ask("PATCH", path, {"purposes": ["everything"]}))
    assert "enabled" in faults(door.ask("PATCH", path, {"enabled": None}))


def test_a_removal_warns_of_the_last_anchor(door: Door) -> None:
    door.ask("POST", "/trust/certificates", IMPORT)
    response = door.ask("DELETE", f"/trust/certificates/{FINGERPRINT}")
    assert response.status_code == 200
    assert "stationIdentity" in response.json()["warnings"][0]
    problem(door.ask("GET", f"/trust/certificates/{FINGERPRINT}"), 404)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"bundle": "nonsense", "purposes": ["stationIdentity"]}, 422, "bundle"),
        ({"bundle": ROOT.pem * 501, "purposes": ["stationIdentity"]}, 422, "bundle"),
        ({"bundle": ROOT.pem, "purposes": []}, 422, "purposes"),
        ({"bundle": ROOT.pem, "purposes": "stationIdentity"}, 400, "purposes"),
        ({"bundle": ROOT.pem, "purposes": ["stationIdentity"], "role": "king"}, 400, "role"),
        ({"bundle": 5, "purposes": ["stationIdentity"]}, 400, "bundle"),
    ],
)
def test_what_cannot_be_imported_names_the_field(door: Door, body: object, status: int, field: str) -> None:
    assert field in faults(door.ask("POST", "/trust/certificates", body), status)


def test_lists_are_sifted_and_downloaded(door: Door) -> None:
    door.ask("POST", "/trust/certificates", {"bundle": ROOT.pem + SUB.pem, "purposes": ["stationIdentity"]})
    door.ask("PATCH", f"/trust/certificates/{SUB.certificate.fingerprint}", {"enabled": False})

    def names(query: str) -> list[str]:
        return [
            one["certificate"]["subject"].split(",")[0] for one in door.get(f"/trust/certificates?{query}")["items"]
        ]

    assert names("") == ["CN=Test Issuing CA", "CN=Test Root"]
    assert names("role=anchor") == ["CN=Test Root"]
    assert names("origin=ocpp") == []
    assert len(names("origin=operator")) == 2
    assert names("enabled=false") == ["CN=Test Issuing CA"]
    assert names("purpose=firmwareSigning") == []
    assert names("search=issuing%20CA") == ["CN=Test Issuing CA"]
    assert names("expiresBefore=2026-06-01T00:00:00Z") == ["CN=Test Issuing CA"]
    heading, first, second = door.ask("GET", "/trust/certificates.csv").text.splitlines()
    assert heading.startswith("fingerprint,subject,issuer,serial,")
    assert "Test Issuing CA" in first
    assert second.endswith("stationIdentity,anchor,true,operator,token tests,2026-01-01T12:00:00Z")


def test_a_certificate_is_revoked_by_itself_or_by_its_number(door: Door) -> None:
    leaf = SERVER.certificate
    ends_at = leaf.not_after.isoformat().replace("+00:00", "Z")
    entered = door.ask("POST", "/trust/revocations", {"certificate": SERVER.pem, "reason": "stolen"})
    assert entered.status_code == 201
    assert entered.json() == {
        "issuerHash": leaf.issuer_hash,
        "serial": leaf.serial,
        "subject": leaf.subject,
        "reason": "stolen",
        "revokedBy": "token tests",
        "revokedAt": "2026-01-01T12:00:00Z",
        "notAfter": ends_at,
        "warnings": [],
    }
    by_number = {"issuerHash": leaf.issuer_hash, "serial": leaf.serial}
    problem(door.ask("POST", "/trust/revocations", by_number), 409)
    door.ask("POST", "/trust/revocations", by_number | {"serial": "0A"})
    assert [one["serial"] for one in door.get("/trust/revocations")["items"]] == ["A", leaf.serial]
    assert [one["notAfter"] for one in door.get("/trust/revocations")["items"]] == [None, ends_at]
    heading, newest, oldest = door.ask("GET", "/trust/revocations.csv").text.splitlines()
    assert heading.endswith(",revokedAt,notAfter")
    assert newest.endswith("2026-01-01T12:00:00Z,")
    assert oldest.endswith(f",{ends_at}")
    assert door.ask("DELETE", f"/trust/revocations/{leaf.issuer_hash}/{leaf.serial.lower()}").status_code == 204
    assert [one["serial"] for one in door.get("/trust/revocations")["items"]] == ["A"]
    problem(door.ask("DELETE", f"/trust/revocations/{leaf.issuer_hash}/{leaf.serial}"), 404)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "certificate"),
        ({"issuerHash": "ab" * 32}, 400, "certificate"),
        ({"certificate": SERVER.pem, "serial": "1"}, 400, "certificate"),
        ({"certificate": "nonsense"}, 422, "certificate"),
        ({"issuerHash": "ab", "serial": "1"}, 422, "issuerHash"),
        ({"issuerHash": "ab" * 32, "serial": "x"}, 422, "serial"),
        ({"certificate": SERVER.pem, "reason": "x" * 256}, 400, "reason"),
    ],
)
def test_what_cannot_be_revoked_names_the_field(door: Door, body: object, status: int, field: str) -> None:
    assert field in faults(door.ask("POST", "/trust/revocations", body), status)


def test_the_list_of_an_outside_ca_is_kept(door: Door) -> None:
    assert "import or enable its certificate first" in faults(door.ask("POST", "/trust/crls", CRL), 422)["crl"]
    door.ask("POST", "/trust/certificates", IMPORT)
    response = door.ask("POST", "/trust/crls", CRL)
    assert response.status_code == 201, response.text
    shown = {
        "issuer": ROOT.certificate.subject,
        "issuerHash": ROOT.certificate.subject_hash,
        "authorityKey": "",
        "digest": hashlib.sha256(ROOT_CRL).hexdigest(),
        "thisUpdate": "2026-01-01T11:00:00Z",
        "nextUpdate": "2026-01-02T12:00:00Z",
        "entries": 1,
    }
    assert response.json() == shown
    assert door.get("/trust/crls") == {"items": [shown], "next": None}
    assert door.ask("DELETE", f"/trust/crls/{ROOT.certificate.subject_hash}").status_code == 204
    assert door.get("/trust/crls")["items"] == []
    assert "crl" in faults(door.ask("POST", "/trust/crls", {"crl": "nonsense"}), 422)


def test_the_lists_of_outside_cas_come_in_pages(door: Door) -> None:
    door.ask("POST", "/trust/certificates", {"bundle": ROOT.pem + SUB.pem, "purposes": ["stationIdentity"]})
    for ca in (ROOT, SUB):
        door.services.trust.put_crl(read_list(ca.crl()))
    first = door.get("/trust/crls?limit=1")
    second = door.get(f"/trust/crls?limit=1&cursor={first['next']}")
    assert second["next"] is None
    assert {first["items"][0]["issuer"], second["items"][0]["issuer"]} == {
        ROOT.certificate.subject,
        SUB.certificate.subject,
    }


def test_the_policy_is_shown_and_replaced_as_a_whole(door: Door) -> None:
    default: dict[str, object] = {
        "cpoName": None,
        "trustedOrganisations": [],
        "newStationProfile": 0,
        "revocation": "soft",
        "listeners": {},
        "renewBeforeDays": 30,
        "renewalsPerMinute": 60,
    }
    assert door.get("/security-policy") == default
    policy = {
        "cpoName": "Forecourt Power",
        "trustedOrganisations": ["Acme"],
        "newStationProfile": 2,
        "revocation": "hard",
        "listeners": {"ws": [1]},
        "renewBeforeDays": 60,
        "renewalsPerMinute": 600,
    }
    response = door.ask("PUT", "/security-policy", policy)
    assert (response.status_code, response.json()) == (200, policy | {"warnings": []})
    assert door.get("/security-policy") == policy
    lowered = door.ask("PUT", "/security-policy", default).json()
    assert [warning.split(" now ")[0] for warning in lowered.pop("warnings")] == [
        "revocation is soft",
        "newStationProfile is 0",
        "The listener 'ws' takes lower security profiles than before, if it can carry them: 0.",
    ]
    assert lowered == default


@pytest.mark.parametrize("missing", list(POLICY))
def test_a_policy_is_not_replaced_in_part(door: Door, missing: str) -> None:
    body = {name: value for name, value in POLICY.items() if name != missing}
    assert missing in door.ask("PUT", "/security-policy", body).text
    assert door.ask("PUT", "/security-policy", body).status_code == 400


def test_single_fields_of_the_policy_are_changed(door: Door) -> None:
    door.ask("PUT", "/security-policy", POLICY | {"cpoName": "Power", "revocation": "hard"})
    for change in (
        {"newStationProfile": 1},
        {"cpoName": None},
        {"listeners": {"wss": [3]}},
        {"renewBeforeDays": 14},
        {},
    ):
        assert door.ask("PATCH", "/security-policy", change).json()["warnings"] == []
    changed = POLICY | {"newStationProfile": 1, "listeners": {"wss": [3]}, "revocation": "hard", "renewBeforeDays": 14}
    assert door.get("/security-policy") == changed
    assert "revocation is off now" in door.ask("PATCH", "/security-policy", {"revocation": "off"}).json()["warnings"][0]
    assert "revocation" in faults(door.ask("PATCH", "/security-policy", {"revocation": None}))


def test_what_cannot_be_read_any_more_is_listed(door: Door) -> None:
    door.ask("POST", "/trust/certificates", IMPORT)
    assert door.get("/trust/unusable")["items"] == []
    door.workspace.unit.execute("UPDATE trusted_certificate SET pem = 'damaged'")
    [item] = door.get("/trust/unusable")["items"]
    assert item["name"] == FINGERPRINT
    assert "cannot be read" in item["reason"]
    problem(door.ask("GET", f"/trust/certificates/{FINGERPRINT}"), 409)
    assert door.ask("DELETE", f"/trust/certificates/{FINGERPRINT}").status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"newStationProfile": 4}, 400, "newStationProfile"),
        ({"newStationProfile": "2"}, 400, "newStationProfile"),
        ({"revocation": "never"}, 400, "revocation"),
        ({"cpoName": ""}, 422, "cpoName"),
        ({"listeners": {"wss": []}}, 422, "listeners"),
        ({"renewBeforeDays": 0}, 422, "renewBeforeDays"),
        ({"renewalsPerMinute": "many"}, 400, "renewalsPerMinute"),
    ],
)
def test_what_cannot_be_a_policy_names_the_field(door: Door, body: dict[str, object], status: int, field: str) -> None:
    assert field in faults(door.ask("PUT", "/security-policy", POLICY | body), status)


def test_what_a_station_holds_is_listed(door: Door) -> None:
    station = door.a_station()
    assert door.get("/stations/CP1/certificates") == {"items": [], "next": None}
    door.services.trust.hold(station, Use.CHARGE_POINT, SERVER.certificate, How.PRESENTED)
    door.clock.advance(timedelta(minutes=1))
    door.services.trust.hold(station, Use.CENTRAL_SYSTEM_ROOT, ROOT.certificate, How.DELIVERED)
    items = door.get("/stations/CP1/certificates")["items"]
    assert [(one["use"], one["how"]) for one in items] == [
        ("CentralSystemRootCertificate", "delivered"),
        ("chargePoint", "presented"),
    ]
    assert door.get("/stations/CP1/certificates?limit=1")["items"] == items[:1]
    assert items[1]["certificate"]["fingerprint"] == SERVER.certificate.fingerprint
    assert items[1]["learnedAt"] == "2026-01-01T12:00:00Z"
