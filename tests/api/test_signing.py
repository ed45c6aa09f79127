"""Requests to authorities and issued certificates over REST."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from forecourt.domain.authorities.model import AuthorityKind
from forecourt.domain.signing.model import Issued, Waiting
from forecourt.domain.trust.model import Purpose
from forecourt.pki.certificate import Certificate
from tests.api.door import Door, faults, problem
from tests.support.authority import Authority
from tests.support.signings import a_wanted, answer, for_server

ROOT = Authority.root()
CA = ROOT.sub()


@pytest.fixture
def signing(door: Door) -> Door:
    """Request 1 waits, 2 was refused, and 3 was issued by an authority outside."""
    services = door.services
    services.authorities.add("city", AuthorityKind.EST, {"url": "https://est.example.com"}, asked_by="test")
    services.trust.import_all([ROOT.certificate], frozenset({Purpose.STATION}), None, "test")
    services.signing.ask(a_wanted("CP1"), "city")
    services.signing.ask(for_server("csms.example.com", "192.0.2.1"), "own")
    door.clock.advance(timedelta(hours=1))
    wanted = a_wanted("CP3", "SN-3")
    services.signing.ask(wanted, "city")
    first, second, third = (one.number for one in services.signing.claim("a", 10))
    services.signing.ended(first, "a", Waiting("order", 60, "An officer looks at it."))
    services.signing.refused(second, "a", "=Not for you.")
    services.signing.ended(third, "a", Issued(answer(CA, wanted)))
    return door


def numbers(door: Door, query: str = "") -> list[int]:
    return [item["signing"] for item in door.get(f"/signings?{query}")["items"]]


def issued(door: Door) -> Certificate:
    return door.services.signing.issued_of("CP3")[0].certificate


def test_a_request_is_shown_with_all_that_is_known(signing: Door) -> None:
    shown = signing.get("/signings/1")
    assert shown == {
        "signing": 1,
        "use": "station",
        "owner": "CP1",
        "authority": "city",
        "commonName": "SN-1",
        "hostNames": [],
        "keyDigest": shown["keyDigest"],
        "state": "waiting",
        "reason": "An officer looks at it.",
        "attempts": 0,
        "askedBy": "test",
        "askedAt": "2026-01-01T12:00:00Z",
        "againAt": "2026-01-01T13:01:00Z",
        "endedAt": None,
        "fingerprint": None,
    }
    assert signing.get("/signings")["items"][-1] == shown
    assert "progress" not in str(shown)


def test_requests_are_found_by_what_they_are(signing: Door) -> None:
    assert numbers(signing) == [3, 2, 1]
    assert numbers(signing, "state=waiting&state=issued") == [3, 1]
    assert numbers(signing, "use=server") == [2]
    assert numbers(signing, "owner=CP1") == [1]
    assert numbers(signing, "authority=own") == [2]
    assert numbers(signing, "from=2026-01-01T12:30:00Z") == [3]
    assert numbers(signing, "to=2026-01-01T12:30:00Z") == [2, 1]
    assert "state" in faults(signing.ask("GET", "/signings?state=lost"))


def test_pages_follow_one_another(signing: Door) -> None:
    page = signing.get("/signings?limit=2")
    assert [item["signing"] for item in page["items"]] == [3, 2]
    assert numbers(signing, f"limit=2&cursor={page['next']}") == [1]


def test_requests_are_downloaded_as_csv(signing: Door) -> None:
    text = signing.ask("GET", "/signings.csv?state=refused").text
    [row] = csv.DictReader(io.StringIO(text))
    assert row["hostNames"] == "csms.example.com 192.0.2.1"
    assert row["reason"] == "'=Not for you."


def test_one_that_waits_is_asked_again_or_cancelled(signing: Door) -> None:
    again = signing.ask("POST", "/signings/1/retry").json()
    assert again["againAt"] == "2026-01-01T13:00:00Z"
    cancelled = signing.ask("POST", "/signings/1/cancel").json()
    assert (cancelled["state"], cancelled["againAt"]) == ("cancelled", None)
    assert cancelled["reason"].startswith("It was cancelled by ")
    problem(signing.ask("POST", "/signings/1/cancel"), 409)
    problem(signing.ask("POST", "/signings/1/retry"), 409)
    problem(signing.ask("GET", f"/signings/{2**70}"), 404)


def test_an_issued_certificate_is_shown_and_downloaded_with_its_chain(signing: Door) -> None:
    certificate = issued(signing)
    shown = signing.get(f"/issued-certificates/{certificate.fingerprint}")
    assert shown["certificate"]["serial"] == certificate.serial
    assert (shown["signing"], shown["owner"], shown["authority"], shown["use"]) == (3, "CP3", "city", "station")
    assert (shown["issuedAt"], shown["revokedAt"]) == ("2026-01-01T13:00:00Z", None)
    colons = ":".join(certificate.fingerprint[n : n + 2] for n in range(0, 64, 2)).upper()
    assert signing.ask("GET", f"/issued-certificates/{colons}/pem").text == certificate.pem + CA.pem
    [row] = csv.DictReader(io.StringIO(signing.ask("GET", "/issued-certificates.csv").text))
    assert row["fingerprint"] == certificate.fingerprint


def test_one_of_an_outside_authority_is_revoked_here_and_said_to_be_left_to_revoke_there(signing: Door) -> None:
    certificate = issued(signing)
    path = f"/issued-certificates/{certificate.fingerprint}/revoke"
    revoked = signing.ask("POST", path, {"reason": "keyCompromise"}).json()
    assert revoked["issued"]["revokedBecause"] == "keyCompromise"
    assert any("'city' was not told" in warning for warning in revoked["warnings"])
    assert signing.services.trust.is_revoked(certificate.issuer_hash, certificate.serial)
    assert [one["owner"] for one in signing.get("/issued-certificates?revoked=true")["items"]] == ["CP3"]
    assert signing.get("/issued-certificates?revoked=false")["items"] == []
    assert "reason" in faults(signing.ask("POST", path, {"reason": "boredom"}))


def test_issued_certificates_are_found_by_what_they_are(signing: Door) -> None:
    def found(query: str) -> int:
        return len(signing.get(f"/issued-certificates?{query}")["items"])

    assert found("owner=CP3&use=station&authority=city&search=cn=sn-3") == 1
    assert found("owner=CP1") == found("search=nothing") == found("expiresBefore=2020-01-01T00:00:00Z") == 0


def test_a_challenge_is_answered_to_everybody_and_others_are_unknown(door: Door) -> None:
    """RFC 8555 §8.3: the authority has no token of ours."""
    door.services.signing.put_challenge("evaGxfADs6pSRb2LAv9IZ", "evaGxfADs6pSRb2LAv9IZ.key")
    response = door.ask("GET", "/.well-known/acme-challenge/evaGxfADs6pSRb2LAv9IZ", headers={})
    assert (response.status_code, response.text) == (200, "evaGxfADs6pSRb2LAv9IZ.key")
    assert response.headers["content-type"].startswith("application/octet-stream")
    assert door.ask("GET", "/.well-known/acme-challenge/other", headers={}).status_code == 404
