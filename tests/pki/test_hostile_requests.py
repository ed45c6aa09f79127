"""Whatever a station sends as a request, nothing but this room's own errors is raised, and nothing wrong is issued."""

from __future__ import annotations

from typing import Final

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forecourt.pki.certificate import Certificate
from forecourt.pki.csr import check_csr, read_csr
from forecourt.pki.errors import PkiError
from tests.support.issuing import Key, a_key
from tests.support.odd_requests import OPERATOR, SERIAL, Request, pem_of
from tests.support.own_hierarchy import OwnHierarchy

OWN: Final = OwnHierarchy.of("EC secp256r1")
KEYS: Final[list[Key]] = [a_key("RSA 2048"), a_key("EC P-256"), a_key("EC P-384")]
SOURCES: Final = [Request(key=key).der() for key in KEYS]


def issue(data: bytes | str) -> Certificate:
    """All that is done with a request."""
    csr = read_csr(data)
    assert csr.subject.isprintable()
    assert read_csr(csr.pem) == csr
    check_csr(csr, common_name=SERIAL, organisation=OPERATOR)
    return OWN.issue_for(csr, SERIAL)


def told(data: bytes | str) -> str:
    """The sentence of the refusal; a certificate is for the key of the one who asked. Any other exception fails."""
    try:
        made = issue(data)
    except PkiError as error:
        return str(error)
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    asked = [key.public_key().public_bytes(*form) for key in KEYS]
    assert made.x509.public_key().public_bytes(*form) in asked
    assert made.common_names == (SERIAL,)
    return "It was issued."


@pytest.mark.parametrize("source", SOURCES)
def test_what_was_not_altered_is_issued(source: bytes) -> None:
    """So that the others test more than refusals."""
    assert told(source) == told(pem_of(source)) == "It was issued."


@settings(max_examples=400, deadline=None)
@given(data=st.binary(max_size=600) | st.text(max_size=300))
@example(data="-----BEGIN CERTIFICATE REQUEST-----" * 50)
@example(data="%" * 100)
@example(data=b"\x30\x80" * 100)
@example(data=b"0")
@example(data="\ud800")
def test_any_bytes_are_read_or_refused(data: bytes | str) -> None:
    sentence = told(data)
    assert sentence.endswith(".")
    assert sentence.isprintable()


@settings(max_examples=400, deadline=None)
@given(
    source=st.sampled_from(range(len(SOURCES))),
    changes=st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_what_was_altered_anywhere_is_refused(source: int, changes: list[tuple[int, int]]) -> None:
    """All that is asked is signed."""
    data = bytearray(SOURCES[source])
    for place, byte in changes:
        data[place % len(data)] = byte
    sentence = told(bytes(data))
    assert sentence.isprintable()
    assert sentence != "It was issued." or signed_part(bytes(data)) == signed_part(SOURCES[source])


@settings(max_examples=300, deadline=None)
@given(
    source=st.sampled_from(range(len(SOURCES))),
    start=st.integers(0, 2_000),
    length=st.integers(1, 200),
    more=st.binary(max_size=50),
)
def test_what_was_cut_or_filled_is_refused(source: int, start: int, length: int, more: bytes) -> None:
    data = SOURCES[source]
    start %= len(data)
    altered = data[:start] + more + data[start + length :]
    assert told(altered) != "It was issued." or signed_part(altered) == signed_part(data)


def signed_part(data: bytes) -> bytes:
    return read_csr(data).x509.tbs_certrequest_bytes


@settings(max_examples=200, deadline=None)
@given(name=st.text(max_size=70), organisation=st.text(max_size=70))
def test_any_name_that_is_not_the_stations_is_refused(name: str, organisation: str) -> None:
    try:
        data = Request(common_name=name, organisation=organisation, key=KEYS[1]).der()
    except UnicodeEncodeError:
        return
    sentence = told(data)
    assert sentence.isprintable()
    assert sentence != "It was issued." or (name, organisation) == (SERIAL, OPERATOR)
