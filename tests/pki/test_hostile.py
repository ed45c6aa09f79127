"""Whatever bytes are read, nothing but this room's own errors is raised: strangers send certificates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forecourt.pki.certificate import Certificate, Unreadable, read_bundle, read_certificate
from forecourt.pki.errors import PkiError
from forecourt.pki.keys import read_private_key
from forecourt.pki.path import Anchors, verify_path
from forecourt.pki.revocation import check_crl, ocsp_request, read_crl, read_ocsp
from forecourt.pki.strength import weakness
from tests.support.authority import Authority

ROOT = Authority.root()
ISSUING = ROOT.sub(key="RSA 2048")
ISSUED = ISSUING.leaf(
    "SN-1", dns=["charge.example"], crl_urls=["http://ca.example/crl"], ocsp_urls=["http://ca.example/ocsp"]
)
STATION = ISSUED.certificate
TRUSTED = Anchors([ROOT.certificate], [ISSUING.certificate])


def use_certificate(data: bytes) -> None:
    """Everything that is done with the certificate of a stranger."""
    certificate = read_certificate(data)
    assert weakness(certificate) != ""
    assert certificate.subject.isprintable()
    assert certificate.issuer.isprintable()
    assert read_certificate(certificate.pem) == certificate
    ocsp_request(certificate, ISSUING.certificate)
    verify_path(STATION, [certificate], TRUSTED, ROOT.now)
    verify_path(certificate, [ISSUING.certificate], TRUSTED, ROOT.now)


def use_bundle(data: bytes) -> None:
    found = read_bundle(data)
    assert found
    assert all(isinstance(each, Certificate | Unreadable) for each in found)


def use_crl(data: bytes) -> None:
    crl = read_crl(data)
    crl.is_revoked(STATION)
    crl.covers(STATION)
    check_crl(crl, ISSUING.certificate, ROOT.now)


def use_ocsp(data: bytes) -> None:
    read_ocsp(data, STATION, ISSUING.certificate, ROOT.now)


def use_key(data: bytes) -> None:
    read_private_key(data).fits(STATION)


def told(use: Callable[[bytes], None], data: bytes) -> str:
    """The sentence of the refusal. Any other exception fails the test."""
    try:
        use(data)
    except PkiError as error:
        return str(error)
    return "It was read."


READERS: Final[dict[Callable[[bytes], None], bytes]] = {
    use_certificate: STATION.der,
    use_bundle: (STATION.pem + "remark\n" + ROOT.pem).encode(),
    use_crl: ISSUING.crl(STATION, 1, 2),
    use_ocsp: ISSUING.ocsp(STATION, revoked=True, responder=ISSUING.responder()),
    use_key: ISSUED.key_pem.encode(),
}


@pytest.mark.parametrize("use", READERS)
@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(data=b"-----BEGIN CERTIFICATE-----" * 50)
@example(data=b"%" * 100)
@example(data=b"\x30\x80" * 100)
@example(data=b"\x30\x84\xff\xff\xff\xff")
def test_any_bytes_are_read_or_refused(use: Callable[[bytes], None], data: bytes) -> None:
    assert told(use, data).endswith(".")


@pytest.mark.parametrize("use", READERS)
@settings(max_examples=400, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 255)), min_size=1, max_size=4))
def test_what_was_altered_anywhere_is_read_or_refused(
    use: Callable[[bytes], None], changes: list[tuple[int, int]]
) -> None:
    """Most faults of this kind are found by the library only when the altered part is looked at."""
    data = bytearray(READERS[use])
    for place, byte in changes:
        data[place % len(data)] = byte
    assert told(use, bytes(data)).endswith(".")


@pytest.mark.parametrize("use", READERS)
def test_what_was_not_altered_is_read(use: Callable[[bytes], None]) -> None:
    """So that the others test more than refusals."""
    use(READERS[use])
