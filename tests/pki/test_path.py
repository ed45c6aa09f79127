"""Paths lead to an anchor by the rules of RFC 5280 §6, and a refusal says what broke (OCPP 1.6 A00.FR.403, 407)."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from forecourt.pki.certificate import Certificate, read_certificate
from forecourt.pki.errors import PathFault, PathRefused
from forecourt.pki.path import MAX_PRESENTED, Anchors, verify_path
from tests.support.authority import EXPIRED, FUTURE, VALID, Authority, Issued, Validity, a_key, a_name

ROOT = Authority.root()
ISSUING = ROOT.sub()
STATION = ISSUING.leaf("SN-1")
TRUSTED = Anchors([ROOT.certificate], [])
NOW = ROOT.now
SECOND = timedelta(seconds=1)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")


def path(issued: Issued, anchors: Anchors = TRUSTED, *, at: datetime = NOW) -> tuple[Certificate, ...]:
    return verify_path(issued.certificate, issued.chain[1:], anchors, at)


def refused(
    leaf: Certificate, presented: Sequence[Certificate] = (), anchors: Anchors = TRUSTED, *, at: datetime = NOW
) -> PathRefused:
    with pytest.raises(PathRefused) as caught:
        verify_path(leaf, presented, anchors, at)
    assert str(caught.value) == caught.value.sentence
    assert caught.value.sentence.endswith(".")
    return caught.value


def trusting(*anchors: Authority) -> Anchors:
    return Anchors([anchor.certificate for anchor in anchors], [])


def openssl_accepts(
    directory: Path, leaf: Certificate, presented: Sequence[Certificate], *anchors: Certificate
) -> bool:
    """The independent counterpart, without its own demands on the strength of keys."""
    for name, certificates in (("anchors", anchors), ("presented", presented), ("leaf", [leaf])):
        (directory / name).write_text("".join(certificate.pem for certificate in certificates))
    command = [
        "openssl",
        "verify",
        "-partial_chain",
        "-no-CApath",
        "-CAfile",
        "anchors",
        "-untrusted",
        "presented",
        "leaf",
    ]
    return subprocess.run(command, cwd=directory, capture_output=True, check=False).returncode == 0


def test_a_path_is_told_from_the_leaf_to_the_anchor() -> None:
    assert path(STATION) == (STATION.certificate, ISSUING.certificate, ROOT.certificate)
    direct = ROOT.leaf()
    assert path(direct) == (direct.certificate, ROOT.certificate)


@pytest.mark.parametrize(
    "leaf",
    [
        ISSUING.leaf(bare=True),
        ISSUING.leaf(key="P-224"),
        ISSUING.leaf(key="RSA 2048"),
        ISSUING.leaf(key="Ed25519"),
        ISSUING.leaf(key="brainpoolP256r1"),
        ISSUING.leaf(None, organisation=None),
        ISSUING.leaf(dns=["charge.example"]),
        ISSUING.leaf(extensions=[(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), True)]),
        Authority.root("Test Root", key=ROOT.signing_key).sub("Test Issuing CA", key=ISSUING.signing_key).leaf(),
    ],
    ids=["bare", "P-224", "RSA", "Ed25519", "brainpool", "no subject", "SAN", "other usage", "made again"],
)
def test_leaves_of_every_kind_are_taken(leaf: Issued) -> None:
    """OCPP 1.6 demands no extension of a station's certificate; what it may be used for is another question."""
    assert path(leaf)[0] == leaf.certificate


@pytest.mark.parametrize("pss", [True, False])
@pytest.mark.parametrize("key", ["RSA 2048", "RSA 3072"])
def test_authorities_with_rsa_sign_in_both_ways(key: str, pss: bool) -> None:
    """A00.FR.505."""
    root = Authority.root(key=key)
    assert len(path(root.leaf(pss=pss), trusting(root))) == 2


@pytest.mark.parametrize("key", ["P-256", "P-384", "P-521"])
def test_authorities_may_use_the_curves_of_nist(key: str) -> None:
    root = Authority.root(key=key)
    assert len(path(root.sub(key=key).leaf(key=key), trusting(root))) == 3


def test_intermediates_may_come_in_any_order_with_others_among_them() -> None:
    """RFC 8446 §4.4.2 asks to be prepared for that."""
    second = ISSUING.sub("Second")
    third = second.sub("Third")
    leaf = third.leaf()
    strangers = [Authority.root("Stranger").certificate, STATION.certificate, leaf.certificate, ROOT.certificate]
    presented = [*strangers, ISSUING.certificate, second.certificate, third.certificate, ISSUING.certificate]
    expected = (leaf.certificate, third.certificate, second.certificate, ISSUING.certificate, ROOT.certificate)
    assert verify_path(leaf.certificate, presented, TRUSTED, NOW) == expected
    assert verify_path(leaf.certificate, presented[::-1], TRUSTED, NOW) == expected


def test_intermediates_of_the_store_help_a_station_that_sends_none() -> None:
    helped = Anchors([ROOT.certificate], [ISSUING.certificate])
    assert verify_path(STATION.certificate, [], helped, NOW)[1:] == (ISSUING.certificate, ROOT.certificate)


def test_an_intermediate_of_the_store_is_no_anchor() -> None:
    fault = refused(STATION.certificate, [], Anchors([Authority.root("Other").certificate], [ISSUING.certificate]))
    assert fault.fault is PathFault.UNTRUSTED
    assert '"CN=Test Root,O=Forecourt Power", which is not known' in fault.sentence


def test_an_anchor_need_not_be_a_root() -> None:
    assert verify_path(STATION.certificate, [], Anchors([ISSUING.certificate], []), NOW)[-1] == ISSUING.certificate


def test_a_certificate_that_is_itself_trusted_is_a_path() -> None:
    assert verify_path(STATION.certificate, [], Anchors([STATION.certificate], []), NOW) == (STATION.certificate,)


def test_the_issuer_is_found_among_anchors_of_the_same_name(tmp_path: Path) -> None:
    """After a rollover a CA has one name and two keys."""
    others = [Authority.root().certificate for _ in range(3)]
    anchors = [*others, ROOT.certificate, *others]
    assert path(STATION, Anchors(anchors, []))[-1] == ROOT.certificate
    assert openssl_accepts(tmp_path, STATION.certificate, [ISSUING.certificate], *anchors)


def test_a_root_that_was_signed_by_the_old_root_is_trusted_by_either(tmp_path: Path) -> None:
    """M05: a new root is signed by the old one."""
    old, new = Authority.root("Old Root"), Authority.root("New Root")
    cross = old.cross(new)
    leaf = new.leaf()
    for anchors in (trusting(old), trusting(new), trusting(old, new)):
        found = verify_path(leaf.certificate, [cross], anchors, NOW)
        assert found[-1] in (old.certificate, new.certificate)
    assert verify_path(leaf.certificate, [cross], trusting(old), NOW) == (leaf.certificate, cross, old.certificate)
    assert verify_path(leaf.certificate, [], Anchors([old.certificate], [cross]), NOW)[1] == cross
    assert openssl_accepts(tmp_path, leaf.certificate, [cross], old.certificate)


def test_authorities_that_certify_one_another_lead_nowhere() -> None:
    one, two = Authority.root("One"), Authority.root("Two")
    circle = [one.cross(two), two.cross(one), one.certificate, two.certificate]
    assert refused(one.leaf().certificate, circle).fault is PathFault.UNTRUSTED
    assert verify_path(one.leaf().certificate, circle, trusting(two), NOW)[-1] == two.certificate


def test_an_expired_branch_does_not_hide_a_good_one() -> None:
    old, new = Authority.root("Old"), Authority.root("New")
    expired, good = old.cross(new, validity=EXPIRED), old.cross(new)
    leaf = new.leaf()
    assert good in verify_path(leaf.certificate, [expired, good], trusting(old), NOW)


def expiring(level: str, validity: Validity) -> tuple[Issued, Anchors]:
    root = Authority.root("Root", validity=validity if level == "Root" else VALID)
    middle = root.sub("Middle", validity=validity if level == "Middle" else VALID)
    leaf = middle.leaf("Leaf", validity=validity if level == "Leaf" else VALID)
    return leaf, trusting(root)


@pytest.mark.parametrize("level", ["Leaf", "Middle", "Root"])
@pytest.mark.parametrize(
    ("validity", "fault", "words"),
    [(EXPIRED, PathFault.EXPIRED, "expired at 20"), (FUTURE, PathFault.NOT_YET_VALID, "is not valid before 20")],
)
def test_the_certificate_that_is_out_of_time_is_named(
    level: str, validity: Validity, fault: PathFault, words: str, tmp_path: Path
) -> None:
    """RFC 5280 §6.1.3 (a) (2); that of the anchor is demanded here too."""
    leaf, anchors = expiring(level, validity)
    found = refused(leaf.certificate, leaf.chain[1:], anchors)
    assert found.fault is fault
    assert found.sentence.startswith(f'The certificate "CN={level},O=Forecourt Power" {words}')
    assert found.sentence.endswith("UTC.")


def test_validity_includes_its_first_and_last_second() -> None:
    """RFC 5280 §4.1.2.5."""
    leaf = ISSUING.leaf(validity=Validity(timedelta(hours=-1), timedelta(hours=1)))
    first, last = leaf.certificate.not_before, leaf.certificate.not_after
    for at in (first, last, last + SECOND * 0.9):
        assert path(leaf, at=at)
    assert refused(leaf.certificate, leaf.chain[1:], at=first - SECOND).fault is PathFault.NOT_YET_VALID
    assert refused(leaf.certificate, leaf.chain[1:], at=last + SECOND).fault is PathFault.EXPIRED


@pytest.mark.parametrize("anchors", [TRUSTED, Anchors([], [])])
def test_an_expired_certificate_is_told_as_expired_even_when_it_is_not_trusted(anchors: Anchors) -> None:
    assert refused(Authority.root("Other").leaf(validity=EXPIRED).certificate, (), anchors).fault is PathFault.EXPIRED


def test_without_anchors_every_certificate_is_refused() -> None:
    for nothing in (Anchors([], []), Anchors([], [ISSUING.certificate, ROOT.certificate])):
        assert refused(STATION.certificate, [ISSUING.certificate], nothing).fault is PathFault.UNTRUSTED


@pytest.mark.parametrize(
    ("leaf", "presented", "words"),
    [
        (STATION, [], '"CN=Test Issuing CA,O=Forecourt Power", which is not known, and was not presented'),
        (Authority.root("Other").leaf(), [], '"CN=Other,O=Forecourt Power", which is not known'),
        (Authority.root().leaf(), [], "is not signed with the key that is trusted"),
        (Authority.root().sub().leaf(), [ISSUING.certificate], "which is not known, and was not presented"),
    ],
    ids=["intermediate missing", "other root", "root of the same name", "intermediate of the same name"],
)
def test_a_path_that_leads_to_no_anchor_says_where_it_ends(
    leaf: Issued, presented: list[Certificate], words: str, tmp_path: Path
) -> None:
    found = refused(leaf.certificate, presented)
    assert found.fault is PathFault.UNTRUSTED
    assert words in found.sentence
    assert not openssl_accepts(tmp_path, leaf.certificate, presented, ROOT.certificate)


def test_a_certificate_that_signed_itself_is_told_so() -> None:
    own = a_key()
    alone = Authority(ROOT.certificate, own, NOW).sign(ROOT.certificate.x509.subject, own)
    assert "signed with the key that is trusted" in refused(alone).sentence
    other = Authority.root("Self")
    leaf = other.sign(other.certificate.x509.subject, other.signing_key)
    assert "is signed by itself, and is not among the trusted ones" in refused(leaf).sentence


def test_the_presented_root_does_not_make_itself_trusted() -> None:
    other = Authority.root("Other")
    found = refused(other.leaf().certificate, [other.certificate])
    assert found.fault is PathFault.UNTRUSTED
    assert '"CN=Other,O=Forecourt Power" is signed by itself' in found.sentence


@pytest.mark.parametrize("authority", [ROOT, ISSUING, ROOT.sub(validity=EXPIRED)])
def test_the_certificate_of_a_ca_is_no_leaf(authority: Authority) -> None:
    found = refused(authority.certificate)
    assert found.fault is (PathFault.EXPIRED if authority.certificate.not_after < NOW else PathFault.AUTHORITY)


@pytest.mark.parametrize(("key", "signature_hash"), [("RSA 1024", "SHA256"), ("P-192", "SHA256"), ("P-256", "SHA1")])
@pytest.mark.parametrize("level", ["leaf", "intermediate", "intermediate of the store"])
def test_a_weak_certificate_below_the_anchor_is_refused(level: str, key: str, signature_hash: str) -> None:
    """A00.FR.501–506."""
    if level == "leaf":
        leaf, helper = ROOT.leaf("Weak", key=key, signature_hash=signature_hash), []
    else:
        weak = ROOT.sub("Weak", key=key, signature_hash=signature_hash)
        leaf, helper = weak.leaf(), [weak.certificate]
    of_store = level.endswith("store")
    anchors = Anchors([ROOT.certificate], helper if of_store else [])
    found = refused(leaf.certificate, [] if of_store else helper, anchors)
    assert found.fault is PathFault.WEAK
    assert found.sentence.startswith('The certificate "CN=Weak,O=Forecourt Power" is too weak. It')


def test_the_signature_of_an_anchor_proves_nothing_and_may_be_old() -> None:
    root = Authority.root("Old", signature_hash="SHA1")
    assert path(root.leaf(), trusting(root))[-1] == root.certificate


def test_an_anchor_with_a_weak_key_is_told_as_weak() -> None:
    root = Authority.root("Weak", key="RSA 1024")
    found = refused(root.leaf().certificate, (), trusting(root))
    assert found.fault is PathFault.WEAK
    assert '"CN=Weak,O=Forecourt Power"' in found.sentence


@pytest.mark.parametrize("key", ["P-224", "brainpoolP256r1", "Ed25519"])
def test_the_keys_that_a_ca_cannot_have_here_are_told(key: str) -> None:
    root = Authority.root("Unusual", key=key)
    found = refused(root.leaf().certificate, (), trusting(root))
    assert found.fault is PathFault.UNUSABLE
    assert f'The key of the CA "CN=Unusual,O=Forecourt Power" is {root.certificate.key_kind}; possible are RSA' in str(
        found
    )


def chain_of(*links: Authority) -> tuple[Certificate, list[Certificate]]:
    return links[-1].leaf("Mallory").certificate, [link.certificate for link in links[1:]]


def test_a_station_cannot_certify_another(tmp_path: Path) -> None:
    """RFC 5280 §6.1.4 (k): whoever has a certificate of the operator must not be able to make more."""
    for bare in (True, False):
        station = ISSUING.leaf("SN-1", bare=bare)
        mallory = Authority(station.certificate, station.signing_key, NOW).leaf("SN-2").certificate
        found = refused(mallory, [station.certificate, ISSUING.certificate])
        assert found.fault is PathFault.UNUSABLE
        assert "basicConstraints" in found.sentence
        assert not openssl_accepts(tmp_path, mallory, [station.certificate, ISSUING.certificate], ROOT.certificate)


def test_an_anchor_that_is_no_ca_certifies_nobody() -> None:
    own = a_key()
    pinned = Authority(ROOT.certificate, own, NOW).sign(a_name("Pinned"), own)
    leaf = Authority(pinned, own, NOW).leaf().certificate
    assert refused(leaf, (), Anchors([pinned], [])).fault is PathFault.UNUSABLE


def test_a_ca_must_be_allowed_to_sign_certificates(tmp_path: Path) -> None:
    """RFC 5280 §6.1.4 (n)."""
    ca = ROOT.sub(may_sign=False)
    found = refused(ca.leaf().certificate, ca.presented)
    assert found.fault is PathFault.UNUSABLE
    assert found.sentence.endswith("breaks a rule: a CA whose key usage does not let it sign certificates.")
    assert not openssl_accepts(tmp_path, ca.leaf().certificate, ca.presented, ROOT.certificate)


def test_the_length_of_a_path_may_be_limited(tmp_path: Path) -> None:
    """RFC 5280 §6.1.4 (m)."""
    limited = ROOT.sub("Limited", path_length=0)
    below = limited.sub("Below")
    assert path(limited.leaf())
    found = refused(below.leaf().certificate, below.presented)
    assert (found.fault, "path length" in found.sentence) == (PathFault.UNUSABLE, True)
    assert not openssl_accepts(tmp_path, below.leaf().certificate, below.presented, ROOT.certificate)


def test_a_critical_extension_that_is_not_known_refuses() -> None:
    """RFC 5280 §6.1.4 (o), §6.1.5 (f)."""
    critical, harmless = [(UNKNOWN, True)], [(UNKNOWN, False)]
    for unusual in (ISSUING.leaf(extensions=critical), ROOT.sub(extensions=critical).leaf()):
        found = refused(unusual.certificate, unusual.chain[1:])
        assert (found.fault, "critical" in found.sentence) == (PathFault.UNUSABLE, True)
    for usual in (ISSUING.leaf(extensions=harmless), ROOT.sub(extensions=harmless).leaf()):
        assert path(usual)


def test_the_names_below_a_ca_may_be_limited() -> None:
    """RFC 5280 §4.2.1.10."""
    limits = x509.NameConstraints([x509.DNSName("power.example")], None)
    limited = ROOT.sub(extensions=[(limits, True)])
    assert path(limited.leaf(dns=["cs.power.example"]))
    other = limited.leaf(dns=["cs.other.example"])
    assert refused(other.certificate, other.chain[1:]).fault is PathFault.UNUSABLE


def test_a_signature_that_was_altered_is_noticed(tmp_path: Path) -> None:
    der = bytearray(STATION.certificate.der)
    der[-5] ^= 1
    altered = read_certificate(bytes(der))
    assert refused(altered, [ISSUING.certificate]).fault is PathFault.UNTRUSTED
    assert not openssl_accepts(tmp_path, altered, [ISSUING.certificate], ROOT.certificate)


def test_a_path_has_at_most_eight_intermediates() -> None:
    links = [ROOT]
    for number in range(9):
        links.append(links[-1].sub(f"CA {number}"))
    leaf, presented = chain_of(*links[:9])
    assert len(verify_path(leaf, presented, TRUSTED, NOW)) == 10
    found = refused(*chain_of(*links))
    assert (found.fault, "depth" in found.sentence) == (PathFault.UNUSABLE, True)


def test_a_peer_may_present_only_so_many() -> None:
    many = [ISSUING.certificate] * MAX_PRESENTED
    assert verify_path(STATION.certificate, many, TRUSTED, NOW)
    found = refused(STATION.certificate, [*many, ISSUING.certificate])
    assert found.fault is PathFault.UNUSABLE
    assert found.sentence == "11 intermediate certificates were presented, and 10 are the most."


def test_a_name_that_is_very_long_does_not_fill_the_sentence() -> None:
    found = refused(Authority.root("x").leaf("y" * 10_000).certificate)
    assert len(found.sentence) < 1_000


def test_a_store_of_thousands_does_not_slow_a_path(tmp_path: Path) -> None:
    """Only what bears the right names is looked at."""
    own = a_key()
    strangers = [Authority.root(f"Root {n}", key=own).certificate for n in range(300)]
    helpers = [ROOT.sub(f"CA {n}", key=own).certificate for n in range(300)]
    anchors = Anchors([*strangers, ROOT.certificate], [*helpers, ISSUING.certificate])
    assert verify_path(STATION.certificate, [], anchors, NOW)[1:] == (ISSUING.certificate, ROOT.certificate)
    assert [len(anchors.named(each.subject_hash)) for each in (ROOT.certificate, helpers[7])] == [1, 1]
