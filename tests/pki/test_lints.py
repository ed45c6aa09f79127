"""Drafts that break a rule, each with the sentence of that rule; none of them is signed (RFC 5280; A00.FR.501)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from forecourt.pki.certificate import Certificate
from forecourt.pki.drafts import Draft, draft, draft_cross, new_serial, subject_of
from forecourt.pki.errors import CannotSign
from forecourt.pki.lints import LINTS, Linted, LintRefused, lint
from forecourt.pki.profiles import ISSUING_CA, OCSP_RESPONDER, ROOT_CA, SERVER, STATION, Profile, PublicKey
from tests.support.authority import EXPIRED, Authority
from tests.support.issuing import a_key, a_name
from tests.support.own_hierarchy import OPERATOR, OwnHierarchy, key_of

OWN: Final = OwnHierarchy.of("EC secp256r1")
DAY: Final = timedelta(days=1)


def a_draft(profile: Profile = STATION, common_name: str = "SN-1", *, days: float = 30) -> Draft:
    key: PublicKey = key_of("EC secp256r1", common_name).for_signing.public_key()
    return draft(
        profile,
        key,
        common_name=common_name,
        organisation=OPERATOR,
        issuer=None if profile is ROOT_CA else OWN.issuing.certificate,
        not_before=OWN.now,
        not_after=OWN.now + timedelta(days=days),
        crl_url="http://ca.example/list.crl",
    )


NEW: Final = OwnHierarchy.of("EC secp384r1", name="New")


def cross_draft() -> Draft:
    until = OWN.now + timedelta(days=30)
    return draft_cross(NEW.root.certificate, OWN.root.certificate, not_before=OWN.now, not_after=until)


def named(**parts: str) -> x509.Name:
    oids = {"O": NameOID.ORGANIZATION_NAME, "CN": NameOID.COMMON_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME}
    return x509.Name([x509.NameAttribute(oids[name], value, _validate=False) for name, value in parts.items()])


def issuer_of(authority: Authority) -> Certificate:
    return authority.certificate


def weak_key() -> PublicKey:
    key = a_key("RSA 1024").public_key()
    assert isinstance(key, PublicKey)
    return key


OTHER: Final = Authority.root("Other")
STATION_DRAFT: Final = a_draft()
SERVER_DRAFT: Final = a_draft(SERVER, "charge.example")

BROKEN: Final[dict[str, tuple[Callable[[], Draft], str, str]]] = {
    "serial 0": (lambda: replace(STATION_DRAFT, serial=0), "serial_number", "is positive"),
    "serial below 0": (lambda: replace(STATION_DRAFT, serial=-(2**100)), "serial_number", "is positive"),
    "a short serial": (lambda: replace(STATION_DRAFT, serial=1), "serial_number", "64 to 159 bits"),
    "a long serial": (lambda: replace(STATION_DRAFT, serial=2**159), "serial_number", "64 to 159 bits"),
    "no time": (lambda: replace(STATION_DRAFT, not_after=OWN.now - DAY), "validity", "ends before it begins"),
    "no time zone": (
        lambda: replace(STATION_DRAFT, not_before=OWN.now.replace(tzinfo=None)),
        "validity",
        "must name their time zone",
    ),
    "for a century": (
        lambda: replace(a_draft(ROOT_CA), not_after=OWN.now + timedelta(days=36_500)),
        "validity",
        "at most",
    ),
    "a fraction of a second": (
        lambda: replace(STATION_DRAFT, not_before=OWN.now + timedelta(microseconds=1)),
        "validity",
        "to the second",
    ),
    "no time zone at one end, and a responder": (
        lambda: replace(a_draft(OCSP_RESPONDER, "OCSP"), not_before=OWN.now.replace(tzinfo=None)),
        "validity",
        "must name their time zone",
    ),
    "drafted without a time zone": (
        lambda: draft(
            STATION,
            key_of("EC secp256r1", "SN-1").for_signing.public_key(),
            common_name="SN-1",
            organisation=OPERATOR,
            issuer=OWN.issuing.certificate,
            not_before=OWN.now.replace(tzinfo=None),
            not_after=OWN.now,
        ),
        "validity",
        "must name their time zone",
    ),
    "longer than its issuer": (
        lambda: replace(STATION_DRAFT, not_after=OWN.issuing.certificate.not_after + DAY),
        "within_issuer",
        "not within that of",
    ),
    "earlier than its issuer": (
        lambda: replace(STATION_DRAFT, not_before=OWN.issuing.certificate.not_before - DAY),
        "within_issuer",
        "not within that of",
    ),
    "a weak key": (lambda: replace(STATION_DRAFT, public_key=weak_key()), "key_strength", "1024 bits, and 2048"),
    "another curve": (
        lambda: replace(STATION_DRAFT, public_key=ec.generate_private_key(ec.SECP256K1()).public_key()),
        "key_strength",
        "on the curve secp256k1",
    ),
    "no CN": (lambda: replace(STATION_DRAFT, subject=named(O=OPERATOR)), "subject_names", "0 values of CN"),
    "two CN": (
        lambda: replace(STATION_DRAFT, subject=x509.Name([*named(CN="SN-1"), *named(CN="SN-2")])),
        "subject_names",
        "2 values of CN",
    ),
    "an empty CN": (lambda: replace(STATION_DRAFT, subject=named(CN=" ")), "subject_names", "CN cannot be .* spaces"),
    "too long a CN": (lambda: replace(STATION_DRAFT, subject=a_name("x" * 65)), "subject_names", "65 characters"),
    "a NUL": (lambda: replace(STATION_DRAFT, subject=named(CN="SN-1\0")), "subject_names", r"SN-1\\00"),
    "an OU": (lambda: replace(STATION_DRAFT, subject=named(CN="SN-1", OU="x")), "subject_parts", "other parts .* OU"),
    "a station that is an address": (lambda: a_draft(common_name="192.0.2.1"), "station_name", "shaped like a URL"),
    "a station that is an IPv6 address": (lambda: a_draft(common_name="2001:db8::1"), "station_name", "IP address"),
    "a station that is a URL": (lambda: a_draft(common_name="wss://x"), "station_name", "shaped like a URL"),
    "host names of a station": (
        lambda: replace(STATION_DRAFT, host_names=("charge.example",)),
        "host_names",
        "has no host names",
    ),
    "a server without host names": (lambda: replace(SERVER_DRAFT, host_names=()), "host_names", "at least one"),
    "a server of another name": (
        lambda: replace(SERVER_DRAFT, host_names=("other.example",)),
        "host_names",
        "is one of its host names",
    ),
    "a wildcard": (lambda: a_draft(SERVER, "*.charge.example"), "host_names", "name of one host"),
    "no host name": (lambda: a_draft(SERVER, "charge example"), "host_names", "name of one host"),
    "an address with a zone": (lambda: a_draft(SERVER, "fe80::1%eth0"), "host_names", "name of one host"),
    "a broken address": (lambda: a_draft(SERVER, "999.1.1.1"), "host_names", "name of one host"),
    "half an address": (lambda: a_draft(SERVER, "1.2.3"), "host_names", "name of one host"),
    "a root that vouches for nobody": (lambda: replace(cross_draft(), crossed=None), "crossed_root", "names that root"),
    "a station that is vouched for": (
        lambda: replace(STATION_DRAFT, crossed=NEW.root.certificate),
        "crossed_root",
        "and no other, names that root",
    ),
    "a root with another key": (
        lambda: replace(cross_draft(), public_key=STATION_DRAFT.public_key),
        "crossed_root",
        "not those of a root",
    ),
    "a root with another name": (
        lambda: replace(cross_draft(), subject=named(CN="Another")),
        "crossed_root",
        "not those of a root",
    ),
    "a station without an issuer": (lambda: replace(STATION_DRAFT, issuer=None), "issuer_may_sign", "needs an issuer"),
    "a root with an issuer": (
        lambda: replace(a_draft(ROOT_CA), issuer=OWN.root.certificate),
        "issuer_may_sign",
        "A root signs itself",
    ),
    "an issuer that is no CA": (
        lambda: replace(STATION_DRAFT, issuer=OWN.issue(STATION, "SN-9")),
        "issuer_may_sign",
        "is no CA",
    ),
    "an issuer that may not sign": (
        lambda: replace(STATION_DRAFT, issuer=OTHER.sub(may_sign=False).certificate),
        "issuer_may_sign",
        "may not sign certificates",
    ),
    "a CA below an issuing CA": (lambda: a_draft(ISSUING_CA, "Deeper"), "issuer_may_sign", "No CA may follow below"),
    "a weak issuer": (
        lambda: replace(STATION_DRAFT, issuer=Authority.root(key="RSA 1024").certificate),
        "issuer_strength",
        "too weak",
    ),
    "an issuer that expired": (
        lambda: replace(STATION_DRAFT, issuer=Authority.root(validity=EXPIRED).certificate),
        "within_issuer",
        "not within that of",
    ),
    "the name of its issuer": (
        lambda: replace(STATION_DRAFT, subject=OWN.issuing.certificate.x509.subject),
        "own_name",
        "same as the issuer",
    ),
    "a list over HTTPS": (lambda: replace(STATION_DRAFT, crl_url="https://ca.example/x"), "places", "no address of HT"),
    "a list on LDAP": (lambda: replace(STATION_DRAFT, crl_url="ldap://ca.example/x"), "places", "no address of HTTP"),
    "OCSP at no place": (lambda: replace(STATION_DRAFT, ocsp_url="nowhere"), "places", "no address of HTTP"),
    "a space in a place": (lambda: replace(STATION_DRAFT, issuer_url="http://ca.example/a b"), "places", "no address"),
    "a place without a host": (lambda: replace(STATION_DRAFT, crl_url="http://"), "places", "no address of HTTP"),
    "a path without a host": (lambda: replace(STATION_DRAFT, crl_url="http:///x.crl"), "places", "no address of HTTP"),
    "a port without a host": (lambda: replace(STATION_DRAFT, ocsp_url="http://:80/"), "places", "no address of HTTP"),
    "half of an IPv6 address": (lambda: replace(STATION_DRAFT, ocsp_url="http://[::1/"), "places", "no address of H"),
    "a responder for a year": (lambda: a_draft(OCSP_RESPONDER, "OCSP", days=365), "responder_life", "100 days"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_draft_that_breaks_a_rule_is_refused(name: str) -> None:
    make, rule, sentence = BROKEN[name]
    with pytest.raises(LintRefused, match=sentence) as refused:
        lint(make())
    assert rule in {finding.rule for finding in refused.value.findings}
    assert str(refused.value).isprintable()


def test_every_rule_can_be_broken() -> None:
    assert {rule.__name__ for rule in LINTS} == {rule for _, rule, _ in BROKEN.values()}


def test_a_good_draft_is_linted() -> None:
    for good in (STATION_DRAFT, SERVER_DRAFT, a_draft(ROOT_CA), a_draft(OCSP_RESPONDER, "OCSP"), cross_draft()):
        assert lint(good).draft == good


def test_nothing_else_makes_a_linted_draft() -> None:
    with pytest.raises(TypeError):
        Linted(STATION_DRAFT, object())


def test_every_finding_is_told() -> None:
    with pytest.raises(LintRefused) as refused:
        lint(replace(STATION_DRAFT, serial=0, crl_url="x", host_names=("y",)))
    assert [finding.rule for finding in refused.value.findings] == ["serial_number", "host_names", "places"]


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_a_name_that_is_too_long_or_empty_is_not_drafted(name: str) -> None:
    with pytest.raises(CannotSign, match="1 to 64 are possible"):
        subject_of(name, OPERATOR)
    with pytest.raises(CannotSign, match="1 to 64 are possible"):
        subject_of("SN-1", name)


def test_nothing_but_a_root_is_vouched_for() -> None:
    """Whatever is vouched for becomes a CA (M05.FR.09)."""
    for other in (OWN.issue(STATION, "SN-9"), OWN.issuing.certificate, OTHER.leaf("SN-9").certificate):
        with pytest.raises(CannotSign, match="is no root, and nothing else is vouched for"):
            draft_cross(other, NEW.root.certificate, not_before=OWN.now, not_after=OWN.now + DAY)


def test_host_names_and_addresses_of_every_kind_pass() -> None:
    for host in ("localhost", "charge.example", "a1.2b.example", "xn--bcher-kva.example", "192.0.2.1", "2001:db8::1"):
        lint(a_draft(SERVER, host))


def test_the_common_name_of_a_server_is_its_first_host_name() -> None:
    assert SERVER_DRAFT.host_names == ("charge.example",)


def test_new_serial_numbers_pass() -> None:
    for _ in range(100):
        lint(replace(STATION_DRAFT, serial=new_serial()))
