"""What listeners present, over REST: keys go in and never come out."""

from __future__ import annotations

import base64

import pytest

from forecourt.api.server_certificates import NewServerCertificate
from tests.api.door import Door, faults, problem
from tests.api.trust_bodies import SERVED, SERVER, SUB

PATH = "/server-certificates/main"


def test_a_certificate_is_given_shown_disabled_and_removed(door: Door) -> None:
    response = door.ask("PUT", PATH, SERVED)
    assert response.status_code == 200, response.text
    shown = response.json()["serverCertificate"]
    assert shown["name"] == "main"
    assert (shown["commonNames"], shown["hostNames"]) == (["csms.example.com"], ["csms.example.com"])
    assert (shown["enabled"], shown["keyKind"], shown["addedBy"]) == (True, "EC secp256r1", "token tests")
    assert [one["fingerprint"] for one in shown["chain"]] == [
        SERVER.certificate.fingerprint,
        SUB.certificate.fingerprint,
    ]
    assert any("A00.FR.317" in warning for warning in response.json()["warnings"])
    assert door.get(PATH) == shown
    assert door.get("/server-certificates") == {"items": [shown], "next": None}
    disabled = door.ask("PATCH", PATH, {"enabled": False}).json()
    assert disabled["serverCertificate"] == shown | {"enabled": False}
    assert disabled["warnings"]
    assert door.ask("DELETE", PATH).json()["warnings"]
    problem(door.ask("GET", PATH), 404)


def test_the_name_may_hold_what_an_address_must_encode(door: Door) -> None:
    path = "/server-certificates/stra%C3%9Fe%2F1"
    assert door.ask("PUT", path, SERVED).json()["serverCertificate"]["name"] == "straße/1"
    assert door.get(path)["name"] == "straße/1"


def test_an_encrypted_key_needs_its_password(door: Door) -> None:
    body = SERVED | {"privateKey": SERVER.encrypted_key_pem(b"open sesame")}
    assert "password" in faults(door.ask("PUT", PATH, body), 422)["privateKey"]
    assert "password" in faults(door.ask("PUT", PATH, body | {"password": "wrong"}), 422)["password"]
    assert door.ask("PUT", PATH, body | {"password": "open sesame"}).status_code == 200


SECRET = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"
BAD_KEY = f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "body",
    [
        SERVED | {"privateKey": BAD_KEY},
        SERVED | {"privateKey": SECRET},
        SERVED | {"privateKey": [SECRET]},
        SERVED | {"privateKey": SECRET * 10_000},
        SERVED | {"password": {"value": SECRET}},
        SERVED | {"chain": BAD_KEY},
        SERVED | {"chain": SERVED["chain"] + BAD_KEY},
        SERVED | {"enabled": SECRET},
        {"privateKey": SECRET},
        [SECRET],
        SECRET,
    ],
)
def test_a_refusal_never_repeats_what_was_sent(door: Door, body: object) -> None:
    response = door.ask("PUT", PATH, body)
    assert response.status_code in (400, 422)
    assert SECRET[:12] not in response.text
    assert "secret secret" not in response.text
    headers = {"Authorization": f"Bearer {door.token}", "Content-Type": "application/json"}
    broken = door.ask("PUT", PATH, content=f'{{"privateKey": "{SECRET}" oops'.encode(), headers=headers)
    assert broken.status_code == 400
    assert SECRET[:12] not in broken.text


def test_a_key_is_in_no_answer_and_nowhere_in_the_clear(door: Door) -> None:
    lines = [line for line in SERVER.key_pem.splitlines() if "-----" not in line]
    der = base64.b64decode("".join(lines))
    inside = base64.b64encode(der[40:70]).decode()
    answers = [
        door.ask("PUT", PATH, SERVED).text,
        door.ask("GET", PATH).text,
        door.ask("GET", "/server-certificates").text,
        door.ask("PATCH", PATH, {"enabled": True}).text,
        door.ask("GET", "/security-log").text,
    ]
    unit = door.workspace.unit
    tables = unit.all("SELECT name FROM sqlite_master WHERE type = 'table'")
    answers += [repr(unit.all(f"SELECT * FROM {name}")) for (name,) in tables]
    for text in answers:
        assert lines[1] not in text
        assert inside not in text
        assert der[40:70].hex() not in text
        assert "PRIVATE KEY" not in text


def test_the_document_says_which_fields_are_secret(door: Door) -> None:
    fields = door.get("/openapi.json")["components"]["schemas"]["NewServerCertificate"]["properties"]
    for name in ("privateKey", "password"):
        assert "writeOnly" in str(fields[name]), fields[name]
    assert "writeOnly" not in str(fields["chain"])
    shown = door.get("/openapi.json")["components"]["schemas"]["ServerCertificate"]["properties"]
    assert not {"privateKey", "key", "password"} & set(shown)


def test_a_body_that_is_logged_shows_nothing() -> None:
    body = NewServerCertificate(chain="c", private_key=SECRET, password=SECRET)
    assert SECRET not in repr(body)
    assert SECRET not in str(body)
