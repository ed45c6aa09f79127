"""Tests of EST (RFC 7030) with the tests' own server, which does what the RFC says, and with bad ones."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

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
from tests.clerk.signers.answering import Asked, Place, Said, serving
from tests.clerk.signers.est_server import CA, PKCS7, ROOT, EstServer, in_lines, packed
from tests.support.authority import Authority
from tests.support.openssl import openssl
from tests.support.signings import a_wanted, an_assignment, leaf_for

WANTED = a_wanted()
EMPTY = base64.b64encode(bytes.fromhex("302306092a864886f70d010702a01630140201013100300b06092a864886f70d0107013100"))
"""A SignedData without certificates (RFC 2315 §9.1)."""


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


def test_the_server_of_these_tests_is_understood_by_others(tmp_path: Path) -> None:
    """As RFC 7030 appendix A has it done by hand: openssl makes the request, and reads what comes."""
    subject = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/O=Forecourt Power/CN=SN-1")
    openssl("req", "-new", *subject, "-keyout", tmp_path / "key", "-outform", "DER", "-out", tmp_path / "csr")
    sent = {"Content-Type": "application/pkcs10", "Content-Transfer-Encoding": "base64"}

    def read(answer: httpx.Response) -> str:
        assert all(len(line) <= 76 for line in answer.raise_for_status().content.split(b"\r\n"))
        assert answer.headers["Content-Transfer-Encoding"] == "base64"
        (tmp_path / "p7").write_bytes(base64.b64decode(answer.content))
        return openssl("pkcs7", "-inform", "DER", "-in", tmp_path / "p7", "-print_certs", "-noout").replace(" ", "")

    with serving(EstServer(user=("forecourt", "right")), tls=True) as there:
        context = ssl.create_default_context(cadata=there.root)
        with httpx.Client(base_url=f"{there.url}/.well-known/est/", verify=context, trust_env=False) as web:
            above = web.get("cacerts")
            assert above.headers["Content-Type"] == "application/pkcs7-mime"
            assert all(f"subject=O=ForecourtPower,CN={name}\n" in read(above) for name in ("Middle", "Issuing"))
            body = in_lines((tmp_path / "csr").read_bytes())
            stranger = web.post("simpleenroll", content=body, headers=sent)
            assert (stranger.status_code, stranger.headers["WWW-Authenticate"]) == (401, 'Basic realm="est"')
            answer = web.post("simpleenroll", content=body, headers=sent, auth=("forecourt", "right"))
            assert answer.headers["Content-Type"] == "application/pkcs7-mime; smime-type=certs-only"
            assert "subject=O=ForecourtPower,CN=SN-1\n" in read(answer)


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
    "a refusal as CMC (RFC 5272)": (
        lambda: Said(400, b"MAwGCisGAQQB", f"{PKCS7}; smime-type=CMC-response"),
        SigningRefused,
        r"\(status 400\)",
    ),
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
