"""What a station's certificate proves (A00.FR.403-407, A00.FR.501-504)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.x509 import ExtendedKeyUsage, ExtensionType, ObjectIdentifier
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from forecourt.gateway.certificates import (
    MAX_CERTIFICATE_BYTES,
    MAX_CERTIFICATES,
    NO_CERTIFICATE,
    CertificateProof,
    CertificateVerdict,
    examine,
    still_holds,
)
from forecourt.gateway.trust import Trusting
from forecourt.pki.certificate import Certificate
from tests.gateway.desk import a_trusting
from tests.gateway.knocking import (
    ders,
    evidence_of,
    its_certificate,
    makers_ca,
    makers_certificate,
    operators_ca,
)
from tests.support.authority import EXPIRED, FUTURE, Authority, Issued
from tests.support.clock import NOON


def trusting() -> Trusting:
    return a_trusting(stations=[operators_ca().certificate], makers=[makers_ca().certificate])


def shown(issued: Issued, believed: Trusting | None = None) -> CertificateProof:
    return examine(ders(issued), believed or trusting(), NOON)


def test_no_chain_is_no_certificate() -> None:
    assert examine([], trusting(), NOON) is NO_CERTIFICATE
    assert not NO_CERTIFICATE.was_presented


def test_a_certificate_of_the_operators_tree_is_good() -> None:
    """A00.FR.403."""
    proof = shown(its_certificate())
    evidence = evidence_of(proof)
    assert proof.verdict is CertificateVerdict.GOOD
    assert evidence.path == (its_certificate().certificate, operators_ca().certificate)
    assert not evidence.is_onboarding


def test_a_certificate_in_pem_is_read_as_well() -> None:
    """Proxies hand them on so."""
    proof = examine([its_certificate().pem.encode()], trusting(), NOON)
    assert proof.verdict is CertificateVerdict.GOOD


def test_a_certificate_of_a_makers_tree_is_good_for_onboarding() -> None:
    """A00.FR.406, 804."""
    assert evidence_of(shown(makers_certificate())).is_onboarding


def test_a_tree_that_is_trusted_for_both_is_the_operators() -> None:
    both = a_trusting(stations=[makers_ca().certificate], makers=[makers_ca().certificate])
    assert not evidence_of(shown(makers_certificate(), both)).is_onboarding


def test_intermediates_come_from_the_station_or_from_the_store() -> None:
    sub = operators_ca().sub()
    leaf = sub.leaf("SN-1")
    assert len(evidence_of(shown(leaf)).path) == 3
    assert examine([leaf.certificate.der], trusting(), NOON).verdict is CertificateVerdict.REFUSED
    helped = a_trusting(stations=[operators_ca().certificate, sub.certificate])
    assert examine([leaf.certificate.der], helped, NOON).verdict is CertificateVerdict.GOOD


@pytest.mark.parametrize(
    ("issued", "words"),
    [
        (lambda: operators_ca().leaf("SN-1", validity=EXPIRED), "expired"),
        (lambda: operators_ca().leaf("SN-1", validity=FUTURE), "not valid before|not yet valid|from"),
        (lambda: operators_ca().leaf("SN-1", key="EC P-192"), "224|weak"),
        (lambda: operators_ca().leaf("SN-1", key="RSA 1024"), "2048"),
        (lambda: Authority.root("Stranger", now=NOON).leaf("SN-1"), "Stranger"),
    ],
)
def test_a_certificate_that_is_not_valid_is_refused_with_the_reason(issued: Callable[[], Issued], words: str) -> None:
    """A00.FR.407, 501-503."""
    proof = shown(issued())
    assert proof.verdict is CertificateVerdict.REFUSED
    assert proof.leaf is not None
    assert re.search(words, proof.sentence), proof.sentence


def test_the_certificate_of_a_ca_is_none_of_a_station() -> None:
    authority = operators_ca().sub("SN-1")
    proof = examine([authority.certificate.der], trusting(), NOON)
    assert proof.verdict is CertificateVerdict.REFUSED


def test_a_revoked_certificate_or_ca_is_refused() -> None:
    """Our own register holds at once (A00.FR.704)."""
    sub = operators_ca().sub()
    leaf = sub.leaf("SN-1")
    for revoked in (leaf.certificate, sub.certificate):
        believed = a_trusting(stations=[operators_ca().certificate], revoked=[revoked])
        proof = shown(leaf, believed)
        assert proof.verdict is CertificateVerdict.REVOKED
        assert proof.evidence is None
        assert "register" in proof.sentence


# Bounds


def test_a_chain_that_is_too_long_or_too_large_is_not_looked_at() -> None:
    der = its_certificate().certificate.der
    long = examine([der] * (MAX_CERTIFICATES + 1), trusting(), NOON)
    large = examine([der, b"\x30" * (MAX_CERTIFICATE_BYTES + 1)], trusting(), NOON)
    assert long.verdict is large.verdict is CertificateVerdict.UNREADABLE
    assert examine([der] * MAX_CERTIFICATES, trusting(), NOON).verdict is CertificateVerdict.GOOD


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=3))
def test_rubbish_is_unreadable(chain: list[bytes]) -> None:
    assert examine(chain, trusting(), NOON).verdict is CertificateVerdict.UNREADABLE


@settings(deadline=None)  # a failure of ours is logged with all that led to it, which takes its time
@given(st.integers(min_value=0, max_value=10_000), st.integers(min_value=1, max_value=255))
def test_a_certificate_that_was_altered_is_never_good(place: int, change: int) -> None:
    der = bytearray(its_certificate().certificate.der)
    der[place % len(der)] ^= change
    assert examine([bytes(der)], trusting(), NOON).verdict is not CertificateVerdict.GOOD


def test_two_thousand_anchors_make_a_path_no_slower() -> None:
    many = [Authority.root(f"Root {number}", now=NOON).certificate for number in range(2_000)]
    chain = ders(its_certificate())

    def least_seconds(anchors: list[Certificate]) -> float:
        believed = a_trusting(stations=[*anchors, operators_ca().certificate])
        found = []
        for _ in range(20):
            began = time.process_time()
            assert examine(chain, believed, NOON).verdict is CertificateVerdict.GOOD
            found.append(time.process_time() - began)
        return min(found)

    assert least_seconds(many) < 5 * least_seconds([])


# What it may be used for, and what is disabled


CLIENTS, SERVERS = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


def for_use(*usages: ObjectIdentifier, is_critical: bool = False) -> list[tuple[ExtensionType, bool]]:
    return [(ExtendedKeyUsage(usages), is_critical)]


@pytest.mark.parametrize("is_critical", [False, True])
@pytest.mark.parametrize(
    ("usages", "is_good"),
    [
        ([CLIENTS], True),
        ([SERVERS, CLIENTS], True),
        ([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE], True),
        ([SERVERS], False),
        ([ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.OCSP_SIGNING], False),
    ],
)
def test_an_extended_key_usage_must_be_that_of_clients(
    usages: list[ObjectIdentifier], is_good: bool, is_critical: bool
) -> None:
    """RFC 5280 §4.2.1.12; of the leaf and of every CA below the anchor. Without one there is nothing to keep to."""
    extensions = for_use(*usages, is_critical=is_critical)
    leaf = operators_ca().leaf("SN-1", extensions=extensions)
    below = operators_ca().sub(extensions=extensions).leaf("SN-1")
    for issued in (leaf, below):
        proof = shown(issued)
        assert proof.verdict is (CertificateVerdict.GOOD if is_good else CertificateVerdict.REFUSED)
        assert is_good or "extended key usage" in proof.sentence
    makers = shown(makers_ca().leaf("SN-1", organisation="Maker", extensions=extensions))
    assert (makers.evidence is not None) == is_good


def test_an_anchor_is_trusted_for_what_the_operator_says() -> None:
    """RFC 5280 §6.1.1 (d): of an anchor its name and key count."""
    root = Authority.root("For servers", now=NOON, extensions=for_use(SERVERS))
    assert shown(root.leaf("SN-1"), a_trusting(stations=[root.certificate])).verdict is CertificateVerdict.GOOD


def test_an_anchor_that_was_revoked_proves_nothing() -> None:
    """A00.FR.704."""
    believed = a_trusting(stations=[operators_ca().certificate], revoked=[operators_ca().certificate])
    proof = shown(its_certificate(), believed)
    assert (proof.verdict, proof.evidence) == (CertificateVerdict.REVOKED, None)


def test_a_disabled_certificate_is_in_no_path_whoever_presents_it() -> None:
    sub = operators_ca().sub("Operator Issuing CA")
    leaf = sub.leaf("SN-1")
    for disabled in (sub.certificate, leaf.certificate):
        believed = replace(trusting(), distrusted=frozenset({disabled.fingerprint}))
        proof = shown(leaf, believed)
        assert (proof.verdict, proof.evidence) == (CertificateVerdict.REFUSED, None)
        assert "disabled" in proof.sentence
    crossed = operators_ca().cross(sub)
    believed = replace(trusting(), distrusted=frozenset({sub.certificate.fingerprint}))
    chain = [leaf.certificate.der, sub.certificate.der, crossed.der]
    assert examine(chain, believed, NOON).verdict is CertificateVerdict.GOOD, "another path is still one"


# What of it still holds


def test_a_path_holds_until_something_that_it_relied_on_is_withdrawn() -> None:
    root, maker, sub = operators_ca().certificate, makers_ca().certificate, operators_ca().sub()
    leaf = sub.leaf("SN-1")
    stored = a_trusting(stations=[root, sub.certificate], makers=[maker])
    sent, helped = examine(ders(leaf), trusting(), NOON), examine([leaf.certificate.der], stored, NOON)
    onboarding = shown(makers_certificate())
    everything = [evidence_of(one) for one in (sent, helped, onboarding)]

    def hold(believed: Trusting) -> list[bool]:
        return [still_holds(one, believed) for one in everything]

    assert hold(stored) == [True, True, True]
    assert hold(a_trusting(stations=[root], makers=[maker])) == [True, False, True]
    assert hold(a_trusting(stations=[maker], makers=[root, sub.certificate])) == [False, False, False]
    for one in (root, sub.certificate, leaf.certificate):
        assert hold(a_trusting(stations=[root, sub.certificate], makers=[maker], revoked=[one])) == [False, False, True]
        assert hold(replace(stored, distrusted=frozenset({one.fingerprint}))) == [False, False, True]
