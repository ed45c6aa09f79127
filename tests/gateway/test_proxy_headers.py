"""What proxies tell in headers, and what is not believed (RFC 9440, X-Forwarded-…)."""

from __future__ import annotations

from base64 import b64encode
from ipaddress import ip_network
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from forecourt.config import CertificateHeader, ProxiesConfig
from forecourt.gateway.proxy_headers import USUAL_NAMES, BadForwarding, Told, read_proxy_headers, stray_headers
from forecourt.pki.certificate import read_certificate
from tests.gateway.knocking import its_certificate, operators_ca

LEAF = its_certificate().certificate
AUTHORITY = operators_ca().certificate
PROXY = "10.0.0.1"


def proxies(form: CertificateHeader = CertificateHeader.NONE, name: str = "") -> ProxiesConfig:
    return ProxiesConfig(
        addresses=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")),
        certificate_header=form,
        certificate_header_name=name,
    )


def headers(*pairs: tuple[str, str]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict(pairs))


def read(*pairs: tuple[str, str], form: CertificateHeader = CertificateHeader.NONE) -> Told:
    return read_proxy_headers(headers(*pairs), proxies(form))


def b64(data: bytes) -> str:
    return b64encode(data).decode()


# Where the station is


@pytest.mark.parametrize(
    ("values", "address"),
    [
        ([], None),
        (["192.0.2.7"], "192.0.2.7"),
        (["192.0.2.7:4711"], "192.0.2.7"),
        (["[2001:db8::1]:4711"], "2001:db8::1"),
        (["2001:db8::1"], "2001:db8::1"),
        (["::ffff:192.0.2.7"], "192.0.2.7"),
        (["192.0.2.66, 192.0.2.7, 10.1.1.1"], "192.0.2.7"),
        (["192.0.2.66", "192.0.2.7", "10.1.1.1, fd00::5"], "192.0.2.7"),
        (["nonsense, 192.0.2.7"], "192.0.2.7"),
        (["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
    ],
)
def test_the_station_is_at_the_rightmost_address_that_is_no_proxy(values: list[str], address: str | None) -> None:
    """What stands to the left of it was written by whoever wanted to."""
    assert read(*(("X-Forwarded-For", value) for value in values)).address == address


@pytest.mark.parametrize("value", ["unknown", "192.0.2.7, nonsense", "192.0.2.7,", "192.0.2.300"])
def test_an_address_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(BadForwarding, match="X-Forwarded-For"):
        read(("X-Forwarded-For", value))


# Whether it speaks TLS


@pytest.mark.parametrize(
    ("value", "is_tls"), [("https", True), ("wss", True), ("HTTPS", True), ("http", False), ("ws", False)]
)
def test_a_proxy_says_whether_the_station_speaks_tls(value: str, is_tls: bool) -> None:
    assert read(("x-forwarded-proto", value)) == Told(None, is_tls, ())


def test_a_proxy_that_says_nothing_passes_bytes_on() -> None:
    assert read() == Told(None, None, None)


@pytest.mark.parametrize("values", [["https, http"], ["https", "https"], ["http", "https"], [""], ["tls"]])
def test_a_scheme_that_is_said_twice_or_not_known_is_refused(values: list[str]) -> None:
    with pytest.raises(BadForwarding, match="X-Forwarded-Proto"):
        read(*(("X-Forwarded-Proto", value) for value in values))


# Which certificate it showed


ESCAPED = quote(LEAF.pem, safe="")
FORMS = {
    CertificateHeader.RFC9440: [f":{b64(LEAF.der)}:"],
    CertificateHeader.ESCAPED_PEM: [ESCAPED, quote(LEAF.pem, safe="+/="), LEAF.pem.strip().replace("\n", "\t")],
    CertificateHeader.DER_BASE64: [b64(LEAF.der), quote(b64(LEAF.der), safe="")],
    CertificateHeader.XFCC: [
        f'Hash={LEAF.fingerprint};Cert="{ESCAPED}";Subject="CN=\\"SN-1\\", O=x;y";URI=',
        f'By=spiffe://x;Cert="{ESCAPED}";Chain="{ESCAPED}"',
        f"cert={ESCAPED}",
    ],
}


@pytest.mark.parametrize(("form", "value"), [(form, value) for form, values in FORMS.items() for value in values])
def test_each_form_of_a_certificate_is_read(form: CertificateHeader, value: str) -> None:
    found = read((USUAL_NAMES[form], value), form=form).chain
    assert found is not None
    assert [read_certificate(one) for one in found] == [LEAF]


@pytest.mark.parametrize("subject", ['CN=\\"x\\"', "CN=a;b,O=c=d", "CN=a\\\\", 'CN=\\";Cert=\\"nothing'])
def test_what_is_quoted_belongs_to_its_value(subject: str) -> None:
    """Envoy quotes values and puts a backslash before quotes in them; a subject holds what its owner wanted."""
    value = f'By=a;By=b;Hash={LEAF.fingerprint};Cert="{ESCAPED}";Subject="{subject}";URI=urn:a;URI=urn:b;DNS=a;DNS=b'
    found = read((USUAL_NAMES[CertificateHeader.XFCC], value), form=CertificateHeader.XFCC).chain
    assert found is not None
    assert [read_certificate(one) for one in found] == [LEAF]


def test_the_rest_of_a_chain_is_read() -> None:
    """RFC 9440 §2.3."""
    both = [LEAF, AUTHORITY]
    name = USUAL_NAMES[CertificateHeader.RFC9440]
    chain = ("Client-Cert-Chain", f":{b64(AUTHORITY.der)}:")
    found = read((name, f":{b64(LEAF.der)}:"), chain, form=CertificateHeader.RFC9440).chain
    assert found == (LEAF.der, AUTHORITY.der)
    pem = quote(LEAF.pem + AUTHORITY.pem)
    for form, value in (
        (CertificateHeader.ESCAPED_PEM, pem),
        (CertificateHeader.XFCC, f'Cert="{ESCAPED}";Chain="{pem}"'),
        (CertificateHeader.DER_BASE64, f"{b64(LEAF.der)},{b64(AUTHORITY.der)}"),
    ):
        found = read((USUAL_NAMES[form], value), form=form).chain
        assert found is not None
        assert [read_certificate(one) for one in found] == both


@pytest.mark.parametrize("form", FORMS)
def test_an_absent_or_empty_header_is_no_certificate_and_what_was_shown_here_never_counts(
    form: CertificateHeader,
) -> None:
    assert read(form=form).chain == ()
    assert read((USUAL_NAMES[form], ""), form=form).chain == ()
    assert read(("X-Forwarded-Proto", "https"), form=form).chain == ()


def test_the_header_may_have_another_name() -> None:
    told = read_proxy_headers(
        headers(("X-SSL-Cert", b64(LEAF.der)), ("X-Client-Certificate", "ignored")),
        proxies(CertificateHeader.DER_BASE64, "X-SSL-Cert"),
    )
    assert told.chain == (LEAF.der,)


@pytest.mark.parametrize("form", FORMS)
def test_a_second_header_is_refused(form: CertificateHeader) -> None:
    """One may be the station's own, which the proxy handed on."""
    pair = (USUAL_NAMES[form], FORMS[form][0])
    with pytest.raises(BadForwarding, match="2 times"):
        read(pair, pair, form=form)


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (CertificateHeader.RFC9440, b64(LEAF.der)),
        (CertificateHeader.RFC9440, "::"),
        (CertificateHeader.RFC9440, f":{b64(LEAF.der)}:, :{b64(LEAF.der)}:"),
        (CertificateHeader.ESCAPED_PEM, b64(LEAF.der)),
        (CertificateHeader.ESCAPED_PEM, "%"),
        (CertificateHeader.DER_BASE64, LEAF.pem.replace("\n", " ")),
        (CertificateHeader.DER_BASE64, "%FF"),
        (CertificateHeader.DER_BASE64, ","),
        (CertificateHeader.XFCC, "nonsense"),
        (CertificateHeader.XFCC, "Hash=00"),
        (CertificateHeader.XFCC, f'Cert="{ESCAPED}",Cert="{ESCAPED}"'),
        (CertificateHeader.XFCC, f'Cert="{ESCAPED}";Cert="{ESCAPED}"'),
        (CertificateHeader.XFCC, f'Cert="{ESCAPED}'),
        (CertificateHeader.ESCAPED_PEM, f"rubbish{ESCAPED}"),
        (CertificateHeader.ESCAPED_PEM, f"{ESCAPED}rubbish"),
        (CertificateHeader.ESCAPED_PEM, f"{ESCAPED}x{ESCAPED}"),
        (CertificateHeader.XFCC, f'Hash={AUTHORITY.fingerprint};Cert="{ESCAPED}"'),
        (CertificateHeader.XFCC, f'Hash={AUTHORITY.fingerprint};Chain="{ESCAPED}"'),
        (CertificateHeader.XFCC, f'Hash=;Cert="{ESCAPED}"'),
        (CertificateHeader.XFCC, f'Hash={LEAF.fingerprint};Hash={LEAF.fingerprint};Cert="{ESCAPED}"'),
        (CertificateHeader.XFCC, f'Subject="a";Cert="{ESCAPED}";subject="b"'),
        (CertificateHeader.XFCC, f'Cert="{quote(AUTHORITY.pem)}";URI=urn:x;Chain="{ESCAPED}"'),
        (CertificateHeader.XFCC, f'Cert="{ESCAPED}{ESCAPED}"'),
        (CertificateHeader.XFCC, f'Hash={LEAF.fingerprint};URI=x,Cert="{ESCAPED}"'),
        (CertificateHeader.XFCC, f'By=spiffe://proxy,By=spiffe://other;Cert="{ESCAPED}"'),
    ],
)
def test_what_is_no_certificate_in_that_form_is_refused(form: CertificateHeader, value: str) -> None:
    with pytest.raises(BadForwarding):
        read((USUAL_NAMES[form], value), form=form)


@given(st.sampled_from(list(FORMS)), st.text(max_size=60), st.text(max_size=20), st.text(max_size=20))
def test_whatever_a_proxy_sends_is_read_or_refused(form: CertificateHeader, value: str, proto: str, at: str) -> None:
    sent = ((USUAL_NAMES[form], value), ("X-Forwarded-Proto", proto), ("X-Forwarded-For", at))
    try:
        told = read(*sent, form=form)
    except BadForwarding as error:
        sentence = str(error)
        assert sentence.endswith(".")
    else:
        assert told.is_tls is not None


# Strangers


def test_the_headers_of_a_stranger_are_named() -> None:
    config = proxies(CertificateHeader.XFCC)
    sent = headers(("x-forwarded-for", "1.2.3.4"), ("X-Forwarded-Client-Cert", "x"), ("Host", "h"))
    assert stray_headers(sent, config) == ["X-Forwarded-For", "X-Forwarded-Client-Cert"]
    assert stray_headers(headers(("Host", "h")), config) == []
    assert stray_headers(headers(("X-Forwarded-Proto", "https")), ProxiesConfig()) == ["X-Forwarded-Proto"]


@pytest.mark.parametrize("form", CertificateHeader)
def test_a_certificate_in_any_known_form_is_a_strangers_attempt(form: CertificateHeader) -> None:
    """Whichever is configured."""
    for name in ("Client-Cert", "Client-Cert-Chain", "X-Client-Certificate", "X-Forwarded-Client-Cert"):
        assert stray_headers(headers((name.lower(), "x")), proxies(form)) == [name]
    assert stray_headers(headers(("x-ssl-cert", "x")), proxies(form, "X-SSL-Cert")) == ["X-SSL-Cert"]
