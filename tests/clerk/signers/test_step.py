"""Tests of step-ca's interface with a small server of the tests' own, which checks tokens as step-ca does."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from josepy.jwk import JWK, JWKEC
from josepy.jws import JWS

from forecourt.clerk.signers.outside import CheckedSigner, Trusted
from forecourt.clerk.signers.step import StepAuthority
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
from tests.clerk.signers.answering import NESTED, Answer, Asked, Place, Said, serving
from tests.support.authority import Authority
from tests.support.clock import FakeClock
from tests.support.signings import a_wanted, an_assignment, for_server, leaf_for

ROOT = Authority.root()
CA = ROOT.sub("Issuing")
JSON = "application/json"


def a_provisioner(curve: ec.EllipticCurve | None = None) -> JWK:
    return JWKEC(key=ec.generate_private_key(curve or ec.SECP256R1()))


class StepServer:
    """Signs what comes with a good token (`POST /1.0/sign`), and gives out a root by its fingerprint."""

    def __init__(self, provisioner: JWK) -> None:
        self.public = provisioner.public_key()
        self.used: set[str] = set()
        self.url = ""
        self.root = ROOT.pem
        self.has_no_root = False

    def __call__(self, asked: Asked) -> Said:
        if asked.path.startswith("/root/"):
            if self.has_no_root:
                return Said(404, b'{"status": 404, "message": "The requested resource could not be found."}', JSON)
            return Said(200, json.dumps({"ca": self.root}).encode(), JSON)
        if asked.path != "/1.0/sign":
            return Said(404, b"404 page not found")
        wanted = json.loads(asked.body)
        why = self._wrong(wanted)
        if why is not None:
            return Said(401, json.dumps({"status": 401, "message": why}).encode(), JSON)
        csr = read_csr(wanted["csr"])
        if "forbidden" in csr.subject:
            return Said(403, json.dumps({"status": 403, "message": "The name is not allowed."}).encode(), JSON)
        names = tuple(self.claims["sans"])
        made = leaf_for(CA, a_wanted(common_name=self.claims["sub"], host_names=names, csr=csr))
        answer = {"crt": made.pem, "ca": CA.pem, "certChain": [made.pem, CA.pem], "tlsOptions": {}}
        return Said(201, json.dumps(answer).encode(), JSON)

    def _wrong(self, wanted: dict[str, str]) -> str | None:
        token = JWS.from_compact(wanted["ott"].encode())
        if not token.verify(self.public):
            return "wrong signature"
        self.header = json.loads(base64.urlsafe_b64decode(wanted["ott"].partition(".")[0] + "=="))
        self.claims = claims = json.loads(token.payload)
        if claims["jti"] in self.used:
            return "token already used"
        self.used.add(claims["jti"])
        if claims["aud"] != f"{self.url}/1.0/sign" or claims["iss"] != "forecourt":
            return "wrong audience or issuer"
        now = SystemClock().now().timestamp()
        return None if claims["nbf"] <= now < claims["exp"] else "not valid now"


def asked_of(place: Place, key: JWK, wanted: Wanted | None = None, **settings: str) -> Assignment:
    told = {"url": place.url, "provisioner": "forecourt", "roots": place.root + ROOT.pem, **settings}
    given = {name: value for name, value in told.items() if value}
    return an_assignment(wanted, kind="step", settings=given, secrets={"key": key.json_dumps()})


def sign(assignment: Assignment, authority: StepAuthority | None = None) -> Issued | Waiting:
    trusted = dict.fromkeys(Use, Trusted((), ()))
    return CheckedSigner(authority or StepAuthority(SystemClock()), trusted, SystemClock()).sign(assignment)


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: str(curve.name))
def test_a_station_gets_what_it_asked_for_with_a_token_that_is_good_once(curve: ec.EllipticCurve) -> None:
    key = a_provisioner(curve)
    server = StepServer(key)
    with serving(server, tls=True) as there:
        server.url = there.url
        assert isinstance(sign(asked_of(there, key, a_wanted(days=1))), Issued)
        assert isinstance(sign(asked_of(there, key, a_wanted(days=1))), Issued)
    assert len(server.used) == 2
    assert server.claims["sans"] == ["SN-1"]
    thumbprint = base64.urlsafe_b64encode(key.thumbprint()).decode().rstrip("=")
    assert server.header == {"alg": server.header["alg"], "kid": thumbprint, "typ": "JWT"}
    assert json.loads(there.asked[0].body)["notAfter"] == "86400s"


def test_a_server_gets_its_names() -> None:
    key = a_provisioner()
    server = StepServer(key)
    with serving(server, tls=True) as there:
        server.url = there.url
        assert isinstance(sign(asked_of(there, key, for_server("a.example.com", "b.example.com"))), Issued)
    assert server.claims["sans"] == ["a.example.com", "b.example.com"]


def test_a_token_is_good_for_five_minutes_and_a_little_before() -> None:
    key, clock = a_provisioner(), FakeClock()
    clock.advance(timedelta(days=1))
    with serving(StepServer(key), tls=True) as there, pytest.raises(SigningUnavailable, match="audience"):
        StepAuthority(clock).obtain(asked_of(there, key))
    token = json.loads(there.asked[0].body)["ott"]
    claims = json.loads(JWS.from_compact(token.encode()).payload)
    now = int(clock.now().timestamp())
    assert (claims["nbf"], claims["iat"], claims["exp"]) == (now - 60, now, now + 300)


def test_the_key_of_another_provisioner_waits_for_an_operator() -> None:
    server = StepServer(a_provisioner())
    with serving(server, tls=True) as there, pytest.raises(SigningUnavailable, match="wrong signature") as error:
        sign(asked_of(there, a_provisioner()))
    assert error.value.needs_person


@pytest.mark.parametrize("key", ["", "no json", "[]", "{}", '{"kty": "EC"}', '{"kty": "oct", "k": "AAAA"}'])
def test_a_key_that_is_none_is_told_of_without_showing_it(key: str) -> None:
    assigned = an_assignment(
        kind="step", settings={"url": "https://localhost:1", "provisioner": "x"}, secrets={"key": key}
    )
    with pytest.raises(SigningUnavailable, match="provisioner's key cannot be used") as error:
        sign(assigned)
    assert error.value.needs_person


def test_a_root_is_fetched_by_its_fingerprint_once() -> None:
    """Its server certificate is trusted only by that root."""
    key = a_provisioner()
    server = StepServer(key)
    with serving(server, tls=True) as there:
        server.url, server.root = there.url, there.root
        authority = StepAuthority(SystemClock())
        asked = asked_of(there, key, roots="", fingerprint=fingerprint_of(there.root).upper())
        for _ in range(2):
            authority.obtain(asked)
    assert [one.path.partition("/")[2][:4] for one in there.asked] == ["root", "1.0/", "1.0/"]


def test_another_root_than_that_of_the_fingerprint_is_not_believed() -> None:
    key = a_provisioner()
    server = StepServer(key)
    server.root = Authority.root("Impostor").pem
    with serving(server, tls=True) as there, pytest.raises(SigningUnavailable, match="root with the") as error:
        sign(asked_of(there, key, roots="", fingerprint=fingerprint_of(there.root)))
    assert error.value.needs_person
    assert [one.method for one in there.asked] == ["GET"]


def test_a_fingerprint_that_the_authority_does_not_know_waits_for_an_operator() -> None:
    server = StepServer(a_provisioner())
    server.has_no_root = True
    with serving(server, tls=True) as there, pytest.raises(SigningUnavailable, match="root with the finger") as error:
        sign(asked_of(there, a_provisioner(), roots="", fingerprint="0" * 64))
    assert error.value.needs_person


def test_a_root_that_cannot_be_given_out_now_is_asked_for_again() -> None:
    late = Said(503, headers={"Retry-After": "60"})
    with serving(lambda _asked: late, tls=True) as there, pytest.raises(SigningUnavailable, match="503") as error:
        sign(asked_of(there, a_provisioner(), roots="", fingerprint="0" * 64))
    assert (error.value.needs_person, error.value.again_seconds) == (False, 60.0)


def test_a_refusal_has_the_authoritys_words() -> None:
    """step-ca says 403 also when it will not sign a name; nobody can tell that from a provisioner that it refuses."""
    key = a_provisioner()
    server = StepServer(key)
    with serving(server, tls=True) as there:
        server.url = there.url
        with pytest.raises(SigningUnavailable, match=r"The name is not allowed\."):
            sign(asked_of(there, key, a_wanted(common_name="forbidden")))


BAD: dict[str, tuple[Callable[[], Said], type[Exception], str]] = {
    "a page": (lambda: Said(200, b"<html>Sign in</html>", "text/html"), SigningRefused, "text/html"),
    "an empty object": (lambda: Said(201, b"{}", JSON), SigningRefused, "no signed certificate of step-ca"),
    "nested without an end": (lambda: Said(200, NESTED, JSON), SigningRefused, "no signed certificate of step-ca"),
    "an error nested so": (lambda: Said(500, NESTED, JSON), SigningUnavailable, r"\(status 500\)"),
    "rubbish in it": (lambda: Said(201, b'{"crt": "x"}', JSON), SigningRefused, "cannot be read"),
    "out of order": (lambda: Said(500, b'{"message": "disk full"}', JSON), SigningUnavailable, "disk full"),
    "a bad request": (lambda: Said(400, b'{"message": "bad csr"}', JSON), SigningRefused, "bad csr"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_answer_is_named(name: str) -> None:
    said, error, about = BAD[name]
    answer: Answer = lambda _asked: said()  # noqa: E731  # its type is what matters
    with serving(answer, tls=True) as there, pytest.raises(error, match=about):
        sign(asked_of(there, a_provisioner()))


def fingerprint_of(pem: str) -> str:
    return hashlib.sha256(base64.b64decode("".join(pem.splitlines()[1:-1]))).hexdigest()
