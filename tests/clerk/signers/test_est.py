"""Tests of EST (RFC 7030) with a small server of the tests' own, which does what the RFC says, and with bad ones."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from forecourt.clerk.signers.est import EstAuthority
from forecourt.clerk.signers.outside import Answered, CheckedSigner, Trusted
from forecourt.clock import SystemClock
from forecourt.domain.signing.model import (
    Assignment,
    Issued,
    SigningRefused,
    SigningUnavailable,
    Use,
    Waiting,
)
from forecourt.pki.certificate import Certificate
from forecourt.pki.csr import read_csr
from tests.clerk.signers.answering import Asked, Place, Said, serving
from tests.support.authority import Authority
from tests.support.signings import a_wanted, an_assignment, leaf_for

ROOT = Authority.root()
CA = ROOT.sub("Middle").sub("Issuing")
WANTED = a_wanted()
PKCS7 = "application/pkcs7-mime"
EMPTY = base64.b64encode(bytes.fromhex("302306092a864886f70d010702a01630140201013100300b06092a864886f70d0107013100"))
"""A SignedData without certificates (RFC 2315 §9.1)."""


def packed(*certificates: Certificate, shuffled: bool = False) -> bytes:
    """Certificates as EST carries them; their order says nothing."""
    given = list(certificates)
    if shuffled:
        random.Random(1).shuffle(given)
    der = pkcs7.serialize_certificates([one.x509 for one in given], Encoding.DER)
    return base64.encodebytes(der)


@dataclass
class EstServer:
    """One that signs what is asked, by RFC 7030 §4.1 and §4.2."""

    label: str = ""
    user: tuple[str, str] | None = None
    client: str | None = None
    """CN of the certificate that clients must come with."""
    busy: int = 0
    """How often it says 202 first."""
    sends_leaf_only: bool = True
    enrolled: list[str] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Said:
        start = "/.well-known/est" + (f"/{self.label}" if self.label else "")
        if not asked.path.startswith(start + "/"):
            return Said(404, b"404 page not found")
        if self.user is not None and asked.signed_in_as != self.user:
            return Said(401, b"sign in", headers={"WWW-Authenticate": 'Basic realm="est"'})
        if self.client is not None and asked.peer_names != (self.client,):
            return Said(403, b"come with a certificate")
        operation = asked.path.removeprefix(start + "/")
        if operation == "cacerts" and asked.method == "GET":
            above = (*CA.presented, ROOT.certificate)
            return Said(200, packed(*above, shuffled=True), PKCS7, {"Content-Transfer-Encoding": "base64"})
        if operation == "simpleenroll" and asked.method == "POST":
            return self._enroll(asked)
        return Said(404, b"404 page not found")

    def _enroll(self, asked: Asked) -> Said:
        if asked.headers["Content-Type"] != "application/pkcs10":
            return Said(415, b"not a request")
        csr = read_csr(base64.b64decode(asked.body))
        if "forbidden" in csr.subject:
            return Said(400, b"The name is not allowed.")
        if self.busy:
            self.busy -= 1
            return Said(202, b"An officer has to look at it.", headers={"Retry-After": "3"})
        self.enrolled.append(csr.subject)
        leaf = leaf_for(CA, a_wanted(common_name=csr.common_names[0]), csr=csr)
        more = () if self.sends_leaf_only else CA.presented
        kind = f"{PKCS7}; smime-type=certs-only"
        return Said(200, packed(leaf, *more, shuffled=True), kind, {"Content-Transfer-Encoding": "base64"})


def asked_of(place: Place, secrets: dict[str, str] | None = None, **settings: str) -> Assignment:
    told = {"url": place.url, "roots": place.root + ROOT.pem, **settings}
    return an_assignment(WANTED, settings=told, secrets=secrets or {})


def sign(assignment: Assignment) -> Issued | Waiting:
    trusted = dict.fromkeys(Use, Trusted((), ()))
    return CheckedSigner(EstAuthority(), trusted, SystemClock()).sign(assignment)


@pytest.mark.parametrize("sends_leaf_only", [True, False])
def test_a_request_is_enrolled_and_its_chain_put_in_order(sends_leaf_only: bool) -> None:
    server = EstServer(user=("forecourt", "påssword"), label="city", sends_leaf_only=sends_leaf_only)
    with serving(server, tls=True) as there:
        asked = asked_of(there, {"password": "påssword"}, username="forecourt", label="city")
        result = sign(asked)
    assert isinstance(result, Issued)
    assert result.chain[1:] == (*CA.presented, ROOT.certificate)
    assert result.chain[0].common_names == ("SN-1",)


def test_a_certificate_of_our_own_lets_us_in() -> None:
    """RFC 7030 §3.3.2."""
    clients = Authority.root("Clients")
    own = clients.leaf("forecourt")
    with serving(EstServer(client="forecourt"), tls=True, clients_from=clients) as there:
        asked = asked_of(there, {"clientKey": own.key_pem}, clientCertificate=own.chain_pem)
        assert isinstance(sign(asked), Issued)
        with pytest.raises(SigningUnavailable, match="come with a certificate"):
            sign(asked_of(there))


def test_a_server_that_needs_time_is_asked_the_same_again() -> None:
    """RFC 7030 §4.2.3: the client repeats its request after Retry-After."""
    server = EstServer(busy=2)
    with serving(server, tls=True) as there:
        for _ in range(2):
            waits = sign(asked_of(there))
            assert isinstance(waits, Waiting)
            assert (waits.seconds, waits.progress) == (3.0, None)
            assert "An officer has to look at it." in waits.sentence
        assert isinstance(sign(asked_of(there)), Issued)
    posted = [one.body for one in there.asked if one.method == "POST"]
    assert len(posted) == 3
    assert len(set(posted)) == 1
    assert len(server.enrolled) == 1


def test_a_wrong_password_waits_for_an_operator_and_is_not_shown() -> None:
    server = EstServer(user=("forecourt", "right"))
    with serving(server, tls=True) as there, pytest.raises(SigningUnavailable, match="status 401") as error:
        sign(asked_of(there, {"password": "wr0ng"}, username="forecourt"))
    assert error.value.needs_person
    assert "wr0ng" not in str(error.value)


def test_an_unknown_label_waits_for_an_operator() -> None:
    server = EstServer(label="city")
    with serving(server, tls=True) as there, pytest.raises(SigningUnavailable, match="nothing under the") as error:
        sign(asked_of(there, label="town"))
    assert error.value.needs_person


def test_a_refusal_has_the_servers_words() -> None:
    with serving(EstServer(), tls=True) as there:
        asked = an_assignment(a_wanted(common_name="forbidden"), settings={"url": there.url, "roots": there.root})
        with pytest.raises(SigningRefused, match=r"status 400: The name is not allowed\."):
            sign(asked)


def enrolling(said: Callable[[], Said]) -> Callable[[Asked], Said]:
    """A server that is good until it has to sign."""
    good = EstServer()
    return lambda asked: said() if asked.method == "POST" else good(asked)


BAD: dict[str, tuple[Callable[[], Said], type[Exception], str]] = {
    "a page": (lambda: Said(200, b"<html>Welcome</html>", "text/html"), SigningRefused, "text/html"),
    "nothing": (lambda: Said(200, b"", PKCS7), SigningRefused, "no PKCS #7"),
    "no base64": (lambda: Said(200, b"\xff\xfe", PKCS7), SigningRefused, "no PKCS #7"),
    "no PKCS #7": (lambda: Said(200, base64.b64encode(b"0\x03\x02\x01\x05"), PKCS7), SigningRefused, "no PKCS #7"),
    "no certificates": (
        lambda: Said(200, EMPTY, PKCS7),
        SigningRefused,
        r"no PKCS #7|another key|without a certificate",
    ),
    "far too many certificates": (
        lambda: Said(200, packed(*[CA.certificate] * 60), PKCS7),
        SigningRefused,
        "no PKCS #7",
    ),
    "another key": (
        lambda: Said(200, packed(leaf_for(CA, a_wanted())), PKCS7),
        SigningRefused,
        "another key",
    ),
    "another subject": (
        lambda: Said(200, packed(leaf_for(CA, WANTED, common_name="SN-9")), PKCS7),
        SigningRefused,
        "SN-9",
    ),
    "without an end": (lambda: Said(200, endless=b"x" * 65536), SigningRefused, "more than"),
    "elsewhere": (lambda: Said(302, headers={"Location": "https://example.com/"}), SigningUnavailable, "redirects"),
    "an error page": (lambda: Said(500, b"<html>secret</html>", "text/html"), SigningUnavailable, "status 500"),
    "too much to do": (lambda: Said(503, b""), SigningUnavailable, "too much to do"),
    "teapot": (lambda: Said(418, b"no"), SigningRefused, "status 418: no"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_answer_is_named(name: str) -> None:
    said, error, about = BAD[name]
    with serving(enrolling(said), tls=True) as there, pytest.raises(error, match=about) as refused:
        sign(asked_of(there))
    assert "secret" not in str(refused.value)


def test_one_that_says_when_is_asked_then() -> None:
    """It has not got the request: an operator has to hear of that as of any other silence."""
    late = Said(503, b"", headers={"Retry-After": "120"})
    with serving(enrolling(lambda: late), tls=True) as there, pytest.raises(SigningUnavailable) as error:
        sign(asked_of(there))
    assert (error.value.again_seconds, error.value.needs_person) == (120.0, False)


def test_a_password_that_comes_back_as_it_was_sent_is_hidden() -> None:
    """RFC 7617: anybody can read what is base64."""

    def echo(asked: Asked) -> Said:
        sent = asked.headers.get("Authorization", "")
        return Said(401, f"bad: {sent} s3cr3t%25word".encode())

    with serving(echo, tls=True) as there, pytest.raises(SigningUnavailable, match="status 401") as error:
        sign(asked_of(there, {"password": "s3cr3t%word"}, username="forecourt"))
    sent = base64.b64encode(b"forecourt:s3cr3t%word").decode()
    assert not any(one in str(error.value) for one in (sent, sent.rstrip("="), "s3cr3t"))


def test_a_kind_of_answer_that_repeats_the_password_is_hidden() -> None:
    with (
        serving(enrolling(lambda: Said(200, b"x", "text/s3cr3tword")), tls=True) as there,
        pytest.raises(SigningRefused, match=r"text/\*\*\*") as error,
    ):
        sign(asked_of(there, {"password": "s3cr3tword"}, username="forecourt"))
    assert "s3cr3tword" not in str(error.value)


def test_nothing_is_enrolled_before_the_certificates_above_are_known() -> None:
    """What would be issued then could not be used, and would be lost."""
    with serving(lambda _asked: Said(500, b"down"), tls=True) as there, pytest.raises(SigningUnavailable):
        sign(asked_of(there))
    assert [one.method for one in there.asked] == ["GET"]


def test_an_answer_in_der_is_taken_too() -> None:
    """RFC 7030 leaves the transfer encoding to servers that know HTTP better (RFC 8951 §3)."""
    leaf = leaf_for(CA, WANTED)
    der = base64.b64decode(packed(leaf))
    with serving(enrolling(lambda: Said(200, der, PKCS7)), tls=True) as there:
        result = EstAuthority().obtain(asked_of(there))
    assert isinstance(result, Answered)
    assert result.chain[0] == leaf
