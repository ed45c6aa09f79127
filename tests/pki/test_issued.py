"""Answers of authorities: what is not what was asked for is refused, by name (A02.FR.06; A00.FR.501–512)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from forecourt.pki.certificate import Certificate
from forecourt.pki.csr import SigningRequest, read_csr
from forecourt.pki.errors import ChainTooLong
from forecourt.pki.issued import IssuedFault, IssuedRefused, bounded, check_issued, in_order
from forecourt.pki.path import Anchors
from tests.support.authority import EXPIRED, FUTURE, OPERATOR, Authority, Validity
from tests.support.issuing import Key, a_key
from tests.support.odd_requests import Request

ROOT: Final = Authority.root()
UPPER: Final = ROOT.sub("Upper CA")
ISSUING: Final = UPPER.sub()
KEY: Final = a_key()
CSR: Final = read_csr(Request(key=KEY).der())
ANCHORS: Final = Anchors([ROOT.certificate], [])
HOSTS: Final = ("charge.example", "192.0.2.1")
GOOD: Final = ISSUING.leaf(key=KEY)


def check(
    chain: str | bytes | Sequence[Certificate],
    *,
    csr: SigningRequest = CSR,
    organisation: str | None = OPERATOR,
    days: float | None = None,
    anchors: Anchors | None = ANCHORS,
) -> tuple[Certificate, ...]:
    return check_issued(
        chain, csr=csr, common_name="SN-1", organisation=organisation, days=days, at=ROOT.now, anchors=anchors
    )


def check_server(chain: Sequence[Certificate], *, hosts: Sequence[str] = HOSTS) -> tuple[Certificate, ...]:
    return check_issued(
        chain,
        csr=CSR,
        common_name="charge.example",
        organisation=None,
        host_names=hosts,
        at=ROOT.now,
        anchors=ANCHORS,
    )


def leaf(**changes: object) -> tuple[Certificate, ...]:
    """The chain of a certificate of which something is changed."""
    return ISSUING.leaf(**{"key": KEY, **changes}).chain  # type: ignore[arg-type]  # the names are those of leaf()


def use(**uses: bool) -> list[tuple[x509.ExtensionType, bool]]:
    names = ("content_commitment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only")
    more = ("digital_signature", "key_encipherment", "key_cert_sign", "crl_sign")
    return [(x509.KeyUsage(**dict.fromkeys((*names, *more), False) | uses), True)]


def with_names(*names: x509.GeneralName) -> list[tuple[x509.ExtensionType, bool]]:
    return [(x509.SubjectAlternativeName(names), False)]


STRANGE: Final = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")


def ending(**left: float) -> Validity:
    return Validity(timedelta(days=-1), timedelta(**left))


def usages(*oids: x509.ObjectIdentifier) -> list[tuple[x509.ExtensionType, bool]]:
    return [(x509.ExtendedKeyUsage(oids), False)]


def as_authority(key: Key) -> tuple[Certificate, ...]:
    made = ISSUING.sub("SN-1", key=key)
    return (made.certificate, *ISSUING.presented)


@pytest.mark.parametrize("anchors", [ANCHORS, None], ids=["anchors", "no anchors"])
@pytest.mark.parametrize("has_root", [False, True], ids=["without root", "with root"])
def test_what_was_asked_for_is_taken(has_root: bool, anchors: Anchors | None) -> None:
    """A02: leaf, intermediates, and the root or not."""
    chain = (*GOOD.chain, ROOT.certificate) if has_root else GOOD.chain
    assert check(chain, anchors=anchors) == chain
    assert check("".join(each.pem for each in chain), anchors=anchors) == chain
    assert check("\r\n".join(each.pem for each in chain).encode(), anchors=anchors) == chain


def test_intermediates_that_are_known_need_not_be_in_the_answer() -> None:
    known = Anchors([ROOT.certificate], [ISSUING.certificate, UPPER.certificate])
    assert check([GOOD.certificate], anchors=known) == (GOOD.certificate,)


def test_a_clock_of_an_authority_may_be_ahead() -> None:
    ahead = leaf(validity=Validity(timedelta(minutes=9), timedelta(days=30)))
    assert check(ahead) == ahead


def test_a_station_may_have_its_name_twice() -> None:
    """Some authorities put the CN into the subjectAltName as well."""
    for dns in (["SN-1"], ["sn-1"]):
        assert check(leaf(dns=dns))


@pytest.mark.parametrize("usage", [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
def test_usages_that_fit_a_station(usage: x509.ObjectIdentifier) -> None:
    assert check(leaf(extensions=usages(ExtendedKeyUsageOID.SERVER_AUTH, usage)))


def test_any_organisation_where_none_is_asked_for() -> None:
    for organisation in (None, "Whoever", ["One", "Two"]):
        assert check(leaf(organisation=organisation), organisation=None)


def test_a_server_with_its_host_names() -> None:
    """A00.FR.510. DNS names are of either case."""
    dns, addresses = ["Charge.Example"], ["192.0.2.1"]
    assert check_server(ISSUING.leaf("charge.example", key=KEY, dns=dns, addresses=addresses).chain)


def test_addresses_are_the_same_in_every_spelling() -> None:
    chain = ISSUING.leaf("charge.example", key=KEY, dns=["charge.example"], addresses=["2001:db8::1"]).chain
    assert check_server(chain, hosts=["charge.example", "2001:DB8:0::1"])


@pytest.mark.parametrize(
    "name",
    [
        x509.DNSName("192.0.2.1"),
        x509.UniformResourceIdentifier("192.0.2.1"),
        x509.IPAddress(ipaddress.ip_network("192.0.2.1/32")),
    ],
    ids=["DNS", "URI", "network"],
)
def test_an_address_that_is_named_as_something_else_is_refused(name: x509.GeneralName) -> None:
    """RFC 5280 §4.2.1.6: no client would take it for the address."""
    chain = ISSUING.leaf("192.0.2.1", key=KEY, extensions=with_names(name)).chain
    with pytest.raises(IssuedRefused, match=r"is not for 192|none of a host") as refused:
        check_issued(
            chain,
            csr=CSR,
            common_name="192.0.2.1",
            organisation=None,
            host_names=["192.0.2.1"],
            at=ROOT.now,
            anchors=ANCHORS,
        )
    assert refused.value.fault is IssuedFault.OTHER_HOST_NAMES


def test_a_server_of_a_public_authority_may_have_no_common_name() -> None:
    chain = ISSUING.leaf(None, organisation=None, key=KEY, dns=["charge.example"], addresses=["192.0.2.1"]).chain
    assert check_server(chain)


REFUSED: Final[dict[str, tuple[Callable[[], str | bytes | Sequence[Certificate]], IssuedFault, str]]] = {
    "nothing": (lambda: "", IssuedFault.UNREADABLE, "There is no certificate in this"),
    "an empty chain": (list, IssuedFault.UNREADABLE, "answered without a certificate"),
    "an error page": (lambda: "<html>404</html>", IssuedFault.UNREADABLE, "There is no certificate in this"),
    "half an answer": (lambda: GOOD.chain_pem[:-100], IssuedFault.UNREADABLE, "Certificate 3 .* cut off"),
    "something else beside it": (
        lambda: GOOD.chain_pem + GOOD.key_pem,
        IssuedFault.UNREADABLE,
        "is expected here, and this block is a PRIVATE KEY",
    ),
    "the request itself": (lambda: CSR.pem, IssuedFault.UNREADABLE, "this block is a CERTIFICATE REQUEST"),
    "another key": (lambda: leaf(key="EC P-256"), IssuedFault.OTHER_KEY, "for another key than was asked for"),
    "another station's": (lambda: leaf(common_name="SN-10"), IssuedFault.OTHER_SUBJECT, '"SN-1", and has "SN-10"'),
    "no common name": (lambda: leaf(common_name=None), IssuedFault.OTHER_SUBJECT, "and has none"),
    "two common names": (
        lambda: leaf(common_name=["SN-1", "SN-2"]),
        IssuedFault.OTHER_SUBJECT,
        'has "SN-1" and "SN-2"',
    ),
    "another operator's": (lambda: leaf(organisation="Other"), IssuedFault.OTHER_SUBJECT, 'and has "Other"'),
    "no organization": (lambda: leaf(organisation=None), IssuedFault.OTHER_SUBJECT, "and has none"),
    "a host name": (
        lambda: leaf(dns=["SN-1", "charge.example"]),
        IssuedFault.OTHER_HOST_NAMES,
        "also for charge.example, which was not asked for",
    ),
    "a wildcard": (lambda: leaf(dns=["*.example"]), IssuedFault.OTHER_HOST_NAMES, r"also for \*.example"),
    "expired": (lambda: leaf(validity=EXPIRED), IssuedFault.EXPIRED, "expired at"),
    "of the future": (lambda: leaf(validity=FUTURE), IssuedFault.NOT_YET_VALID, "is not valid before"),
    "about to end": (lambda: leaf(validity=ending(minutes=59)), IssuedFault.EXPIRED, "60 minutes at least must be"),
    "the name as a URI": (
        lambda: leaf(extensions=with_names(x509.UniformResourceIdentifier("SN-1"))),
        IssuedFault.OTHER_HOST_NAMES,
        r'none of a host \(UniformResourceIdentifier\): "SN-1"',
    ),
    "the name as a mailbox": (
        lambda: leaf(extensions=with_names(x509.RFC822Name("SN-1"))),
        IssuedFault.OTHER_HOST_NAMES,
        "none of a host",
    ),
    "to sign lists only": (
        lambda: leaf(bare=True, extensions=use(crl_sign=True)),
        IssuedFault.USAGE,
        "neither keyCertSign nor",
    ),
    "to sign certificates too": (
        lambda: leaf(bare=True, extensions=use(digital_signature=True, key_cert_sign=True)),
        IssuedFault.USAGE,
        "neither keyCertSign nor",
    ),
    "to agree on keys only": (
        lambda: leaf(bare=True, extensions=use(key_agreement=True)),
        IssuedFault.USAGE,
        "that has digitalSignature",
    ),
    "an unknown critical extension": (
        lambda: leaf(extensions=[(STRANGE, True)]),
        IssuedFault.CRITICAL_EXTENSION,
        r"not known here: 1\.2\.3\.4",
    ),
    "one of certificates that are to be logged first": (
        lambda: leaf(extensions=[(x509.PrecertPoison(), True)]),
        IssuedFault.CRITICAL_EXTENSION,
        "not known here",
    ),
    "SHA-1": (lambda: leaf(signature_hash="SHA1"), IssuedFault.WEAK, "signed with SHA1"),
    "a CA": (lambda: as_authority(KEY), IssuedFault.AUTHORITY, "is that of a CA"),
    "for servers only": (
        lambda: leaf(extensions=usages(ExtendedKeyUsageOID.SERVER_AUTH)),
        IssuedFault.USAGE,
        "is not for clients",
    ),
    "no intermediate": (lambda: [GOOD.certificate], IssuedFault.NO_PATH, "leads to no anchor"),
    "an intermediate left out": (
        lambda: [GOOD.certificate, UPPER.certificate],
        IssuedFault.MISORDERED,
        "which did not issue it",
    ),
    "root first": (
        lambda: [*reversed(GOOD.chain)],
        IssuedFault.MISORDERED,
        "does not begin with the certificate that was asked for",
    ),
    "intermediates in the wrong order": (
        lambda: [GOOD.certificate, UPPER.certificate, ISSUING.certificate],
        IssuedFault.MISORDERED,
        "which did not issue it",
    ),
    "a CA of the same name": (
        lambda: [GOOD.certificate, UPPER.sub().certificate, UPPER.certificate],
        IssuedFault.MISORDERED,
        "which did not issue it",
    ),
    "another root": (
        lambda: Authority.root("Other Root").leaf(key=KEY).chain,
        IssuedFault.NO_PATH,
        "leads to no anchor",
    ),
    "an endless chain": (
        lambda: [*GOOD.chain, *[ROOT.certificate] * 10],
        IssuedFault.NO_PATH,
        "has 13 certificates, and 11 are the most",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_was_not_asked_for_is_refused(name: str) -> None:
    make, fault, sentence = REFUSED[name]
    with pytest.raises(IssuedRefused, match=sentence) as refused:
        check(make())
    assert refused.value.fault is fault
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("key", ["EC P-224", "EC brainpoolP256r1", "Ed25519"])
@pytest.mark.parametrize("anchors", [ANCHORS, None], ids=["anchors", "no anchors"])
def test_a_key_with_which_nobody_gets_in_is_refused(anchors: Anchors | None, key: str) -> None:
    own = a_key(key)
    with pytest.raises(IssuedRefused, match=r"cannot be used\. The key is ") as refused:
        check(leaf(key=own), csr=read_csr(Request(key=own).der()), anchors=anchors)
    assert refused.value.fault is IssuedFault.UNUSABLE_KEY


def test_a_critical_extension_is_refused_without_anchors_too() -> None:
    for chain in (leaf(extensions=[(STRANGE, True)]), leaf(bare=True, extensions=use(crl_sign=True))):
        with pytest.raises(IssuedRefused):
            check(chain, anchors=None)
    assert check(leaf(extensions=[(STRANGE, False)]), anchors=None)
    assert check(leaf(bare=True, extensions=use(digital_signature=True, key_agreement=True)), anchors=None)


def test_a_short_life_that_was_asked_for_may_be_a_third_over() -> None:
    """A00.FR.701: certificates that end fast."""
    hour = leaf(validity=ending(minutes=30))
    for days, is_taken in ((1 / 24, True), (2 / 24, False), (1.0, False), (None, False)):
        if is_taken:
            assert check(hour, days=days)
        else:
            with pytest.raises(IssuedRefused, match="ends too soon"):
                check(hour, days=days)


@pytest.mark.parametrize("key", ["RSA 1024", "EC P-192"])
def test_a_weak_key_is_refused(key: str) -> None:
    own = a_key(key)
    with pytest.raises(IssuedRefused, match="too weak") as refused:
        check(leaf(key=own), csr=read_csr(Request(key=own).der()))
    assert refused.value.fault is IssuedFault.WEAK


def test_without_anchors_the_cas_are_looked_at_all_the_same() -> None:
    expired, weak = ROOT.sub(validity=EXPIRED), ROOT.sub(key="RSA 1024")
    for authority, fault in ((expired, IssuedFault.EXPIRED), (weak, IssuedFault.WEAK)):
        with pytest.raises(IssuedRefused) as refused:
            check(authority.leaf(key=KEY).chain, anchors=None)
        assert refused.value.fault is fault


@pytest.mark.parametrize(
    ("dns", "sentence"), [(["charge.example"], "is not for 192.0.2.1"), ([], "is not for 192.0.2.1, charge.example")]
)
def test_a_server_needs_all_its_host_names(dns: list[str], sentence: str) -> None:
    with pytest.raises(IssuedRefused, match=sentence):
        check_server(ISSUING.leaf("charge.example", key=KEY, dns=dns).chain)


def test_a_server_of_another_name_is_refused() -> None:
    chain = ISSUING.leaf("other.example", key=KEY, dns=["charge.example"]).chain
    with pytest.raises(IssuedRefused, match=r'"charge\.example", and has "other\.example"'):
        check_server(chain, hosts=["charge.example"])


def test_a_server_that_is_for_clients_only_is_refused() -> None:
    more = usages(ExtendedKeyUsageOID.CLIENT_AUTH)
    chain = ISSUING.leaf("charge.example", key=KEY, dns=["charge.example"], extensions=more).chain
    with pytest.raises(IssuedRefused, match="is not for servers"):
        check_server(chain, hosts=["charge.example"])


def test_an_answer_without_order_is_put_in_order() -> None:
    """PKCS #7 is a set (RFC 7030 §4.2.3)."""
    chain = (*GOOD.chain, ROOT.certificate)
    stranger = Authority.root("Stranger").certificate
    mixed = (ROOT.certificate, stranger, ISSUING.certificate, GOOD.certificate, UPPER.certificate)
    assert in_order(mixed, CSR) == chain
    assert in_order(reversed(chain), CSR) == chain
    assert in_order([stranger], CSR) == (stranger,)
    assert in_order([], CSR) == ()


def test_as_much_of_a_chain_as_fits() -> None:
    """CertificateSignedMaxChainSize: the root is left out first, then what is next to it; never the leaf."""
    chain = (*GOOD.chain, ROOT.certificate)
    sizes = [len(each.pem) for each in chain]
    for kept in range(1, len(chain) + 1):
        for limit in (sum(sizes[:kept]), sum(sizes[: kept + 1]) - 1 if kept < len(chain) else 10_000):
            found, left_out = bounded(chain, limit)
            assert found == chain[:kept]
            assert (*found, *left_out) == chain
            assert len("".join(each.pem for each in found)) <= limit
    with pytest.raises(ChainTooLong, match=f"has {sizes[0]:,} characters, and {sizes[0] - 1:,} fit"):
        bounded(chain, sizes[0] - 1)
    assert bounded((), 10) == ((), ())


@settings(max_examples=300, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 255)), min_size=1, max_size=4))
def test_an_altered_answer_is_refused_or_the_same(changes: list[tuple[int, int]]) -> None:
    data = bytearray(GOOD.chain_pem.encode())
    for place, byte in changes:
        data[place % len(data)] = byte
    try:
        found = check(bytes(data))
    except IssuedRefused as error:
        sentence = str(error)
    else:
        assert found == GOOD.chain
        return
    assert sentence.isprintable()
