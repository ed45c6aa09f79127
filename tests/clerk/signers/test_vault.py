"""Tests of Vault's PKI engine with a small server of the tests' own, which has its interface, and with bad ones.

What it says is what an OpenBao says (test_real_openbao.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from forecourt.clerk.signers.outside import CheckedSigner, Trusted
from forecourt.clerk.signers.vault import VaultAuthority
from forecourt.clock import SystemClock
from forecourt.domain.signing.model import (
    Assignment,
    Issued,
    SigningRefused,
    SigningUnavailable,
    Use,
    Waiting,
    Wanted,
)
from forecourt.pki.csr import read_csr
from tests.clerk.signers.answering import NESTED, Asked, Place, Said, serving
from tests.support.authority import Authority
from tests.support.signings import a_wanted, an_assignment, for_server, leaf_for

ROOT = Authority.root()
CA = ROOT.sub("Issuing")
TOKEN = "hvs.the-t0ken"
JSON = "application/json"


def errors(status: int, *sentences: str) -> Said:
    return Said(status, json.dumps({"errors": list(sentences)}).encode(), JSON)


def vault(asked: Asked) -> Said:
    """Signs as `POST /v1/:mount/sign/:role` does."""
    if asked.headers.get("X-Vault-Token") != TOKEN:
        return errors(403, "permission denied")
    if asked.headers.get("X-Vault-Namespace", "north") != "north":
        return errors(404, "namespace not found")
    mounted, _, role = asked.path.removeprefix("/v1/").partition("/sign/")
    if mounted != "pki%20north" or asked.method != "POST":
        return errors(404, f'no handler for route "{asked.path}". route entry not found.')
    if role != "stations%2Fall":
        return errors(400, f"unknown role: {role}")
    wanted = json.loads(asked.body)
    if "forbidden" in wanted["common_name"]:
        return errors(400, "common name forbidden not allowed by this role")
    names = tuple(name for name in (wanted.get("alt_names") or "").split(",") if name)
    csr = read_csr(wanted["csr"])
    made = leaf_for(CA, a_wanted(common_name=wanted["common_name"], host_names=names, csr=csr))
    data = {"certificate": made.pem, "issuing_ca": CA.pem, "ca_chain": [CA.pem, ROOT.pem], "serial_number": "00"}
    return Said(200, json.dumps({"data": data, "lease_id": ""}).encode(), JSON)


def asked_of(place: Place, wanted: Wanted | None = None, token: str = TOKEN, **settings: str) -> Assignment:
    told = {
        "address": place.url + "/",
        "mount": "/pki north/",
        "role": "stations/all",
        "roots": place.root + ROOT.pem,
        **settings,
    }
    return an_assignment(wanted, kind="vault", settings=told, secrets={"token": token})


def sign(assignment: Assignment) -> Issued | Waiting:
    trusted = dict.fromkeys(Use, Trusted((), ()))
    return CheckedSigner(VaultAuthority(), trusted, SystemClock()).sign(assignment)


def test_a_station_gets_what_it_asked_for() -> None:
    with serving(vault, tls=True) as there:
        result = sign(asked_of(there, a_wanted(days=30), namespace="north"))
    assert isinstance(result, Issued)
    assert result.chain[1:] == (CA.certificate, ROOT.certificate)
    asked = json.loads(there.asked[0].body)
    assert (asked["ttl"], asked["exclude_cn_from_sans"], asked["common_name"]) == ("2592000s", True, "SN-1")


def test_a_server_gets_its_names_and_addresses() -> None:
    with serving(vault, tls=True) as there:
        result = sign(asked_of(there, for_server("csms.example.com", "other.example.com")))
        assert isinstance(result, Issued)
        with pytest.raises(SigningRefused, match=r"192\.0\.2\.1"):  # this engine leaves the address out
            sign(asked_of(there, for_server("csms.example.com", "192.0.2.1")))
    asked = json.loads(there.asked[1].body)
    assert (asked["alt_names"], asked["ip_sans"]) == ("csms.example.com", "192.0.2.1")


def test_a_token_that_is_not_taken_waits_for_an_operator_and_is_not_shown() -> None:
    with serving(vault, tls=True) as there, pytest.raises(SigningUnavailable, match="permission denied") as error:
        sign(asked_of(there, token="hvs.wr0ng"))
    assert error.value.needs_person
    assert "wr0ng" not in str(error.value)


@pytest.mark.parametrize(
    ("setting", "value", "about"),
    [
        ("mount", "elsewhere", "no handler"),
        ("namespace", "south", "namespace not found"),
        ("role", "other", "no role 'other'"),  # which Vault says with status 400
    ],
)
def test_a_wrong_place_waits_for_an_operator(setting: str, value: str, about: str) -> None:
    with serving(vault, tls=True) as there, pytest.raises(SigningUnavailable, match=about) as error:
        sign(asked_of(there, None, TOKEN, **{setting: value}))
    assert error.value.needs_person


def test_a_role_that_does_not_allow_it_refuses_in_its_own_words() -> None:
    with serving(vault, tls=True) as there, pytest.raises(SigningRefused, match="not allowed by this role"):
        sign(asked_of(there, a_wanted(common_name="forbidden")))


BAD: dict[str, tuple[Callable[[], Said], type[Exception], str]] = {
    "sealed": (lambda: errors(503, "Vault is sealed"), SigningUnavailable, "Vault is sealed"),
    "a page": (lambda: Said(200, b"<html>Sign in</html>", "text/html"), SigningRefused, "text/html"),
    "an empty object": (lambda: Said(200, b"{}", JSON), SigningRefused, "no signed certificate of Vault"),
    "other types": (lambda: Said(200, b'{"data": {"certificate": 5}}', JSON), SigningRefused, "no signed certificate"),
    "no JSON": (lambda: Said(200, b"\xff", JSON), SigningRefused, "no signed certificate"),
    "nested without an end": (lambda: Said(200, NESTED, JSON), SigningRefused, "no signed certificate of Vault"),
    "an error nested so": (lambda: Said(500, NESTED, JSON), SigningUnavailable, r"\(status 500\)"),
    "rubbish in it": (lambda: Said(200, b'{"data": {"certificate": "x"}}', JSON), SigningRefused, "cannot be read"),
    "an error page": (lambda: Said(502, b"<html>secret</html>", "text/html"), SigningUnavailable, "status 502"),
    "too often": (lambda: errors(429, "slow down"), SigningUnavailable, "slow down"),
    "the token back": (lambda: errors(400, f"bad token {TOKEN}"), SigningRefused, r"bad token \*\*\*"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_answer_is_named(name: str) -> None:
    said, error, about = BAD[name]
    with serving(lambda _asked: said(), tls=True) as there, pytest.raises(error, match=about) as refused:
        sign(asked_of(there))
    assert TOKEN not in str(refused.value)
    assert "<html>" not in str(refused.value)
