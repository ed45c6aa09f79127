"""What a proxy that ends TLS in front of us tells of the station behind it, in headers (RFC 9440, X-Forwarded-…).

Whoever reads these from anybody lets everybody in: a header is only as good as who wrote it. So the address that the
request came from decides whether they are read, and what cannot be read without doubt is refused, never skipped.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import unquote_to_bytes

from forecourt.config import CertificateHeader, ProxiesConfig
from forecourt.pki.certificate import read_certificate
from forecourt.pki.errors import BadCertificate
from forecourt.settings import read_ip

FORWARDED_FOR: Final = "X-Forwarded-For"
FORWARDED_PROTO: Final = "X-Forwarded-Proto"
CLIENT_CERT_CHAIN: Final = "Client-Cert-Chain"

USUAL_NAMES: Final = {
    CertificateHeader.RFC9440: "Client-Cert",
    CertificateHeader.ESCAPED_PEM: "X-Client-Certificate",
    CertificateHeader.DER_BASE64: "X-Client-Certificate",
    CertificateHeader.XFCC: "X-Forwarded-Client-Cert",
}
"""The header of each form, unless the settings name another one."""

MAX_CHARACTERS: Final = 131_072
"""Of what all headers of one name hold together."""

_SCHEMES: Final = {"http": False, "ws": False, "https": True, "wss": True}
_PEM: Final = re.compile(rb"\s*(-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----)\s*")
_XFCC_REPEATED: Final = frozenset({"by", "uri", "dns"})
_XFCC_PAIR: Final = re.compile(r'([A-Za-z]{1,20})=("(?:[^"\\]|\\.)*"|[^";,]*)(;|,|\Z)')


class Headers(Protocol):
    """The headers of a request; names are compared without regard to case."""

    def getall(self, key: str, default: list[str], /) -> list[str]: ...


class BadForwarding(Exception):
    """A proxy sent, in headers, what cannot be read without doubt; ``str()`` says what, for the operator."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a proxy said."""

    address: str | None
    """Where the station is, as far as proxies know it; None when none said so."""
    is_tls: bool | None
    """Whether the station speaks TLS with the proxy; None when the proxy did not say: it passes bytes on."""
    chain: tuple[bytes, ...] | None
    """The certificates that the station showed to the proxy, its own first, in DER or PEM; None when the station's TLS
    ends here, so that what was shown here counts."""


def read_proxy_headers(headers: Headers, proxies: ProxiesConfig) -> Told:
    """What a listed proxy said. Raises BadForwarding."""
    is_tls = _read_proto(headers)
    form = proxies.certificate_header
    chain: tuple[bytes, ...] | None = None
    if form is not CertificateHeader.NONE:
        chain = _read_chain(headers, form, _name(proxies))
    elif is_tls is not None:
        chain = ()  # what was shown here is the proxy's own
    return Told(_read_address(headers, proxies), is_tls, chain)


def stray_headers(headers: Headers, proxies: ProxiesConfig) -> list[str]:
    """The names of the headers for proxies that are there, although no proxy sent the request: those of every form,
    for who writes one is trying something, or has a proxy in front that is not listed."""
    names = [FORWARDED_FOR, FORWARDED_PROTO, CLIENT_CERT_CHAIN, *USUAL_NAMES.values()]
    if proxies.certificate_header_name.lower() not in {name.lower() for name in names}:
        names.append(proxies.certificate_header_name)
    return [name for name in dict.fromkeys(names) if name and headers.getall(name, _NONE)]


_NONE: Final[list[str]] = []


def _name(proxies: ProxiesConfig) -> str:
    return proxies.certificate_header_name or USUAL_NAMES[proxies.certificate_header]


def _single(headers: Headers, name: str) -> str | None:
    """The value of a header that may be there once. A second one may be the station's own, handed on."""
    values = headers.getall(name, _NONE)
    if len(values) > 1:
        raise BadForwarding(f"{name} is there {len(values)} times. Have the proxy replace what stations send.")
    if values and len(values[0]) > MAX_CHARACTERS:
        raise BadForwarding(f"{name} is longer than {MAX_CHARACTERS} characters.")
    return values[0].strip(" \t") if values else None


def _read_proto(headers: Headers) -> bool | None:
    value = _single(headers, FORWARDED_PROTO)
    if value is None:
        return None
    try:
        return _SCHEMES[value.lower()]
    except KeyError:
        raise BadForwarding(f"{FORWARDED_PROTO} is {value[:40]!r}, and must be http, https, ws or wss.") from None


def _read_address(headers: Headers, proxies: ProxiesConfig) -> str | None:
    """The rightmost address that is no proxy: what stands to the left of it may be anybody's invention."""
    values = ",".join(headers.getall(FORWARDED_FOR, _NONE))
    if not values:
        return None
    if len(values) > MAX_CHARACTERS:
        raise BadForwarding(f"{FORWARDED_FOR} is longer than {MAX_CHARACTERS} characters.")
    address = None
    for entry in reversed(values.split(",")):
        found = read_ip(_without_port(entry.strip(" \t")))
        if found is None:
            raise BadForwarding(f"{FORWARDED_FOR} holds {entry.strip()[:60]!r}, which is no address.")
        address = str(found)
        if not proxies.has(address):
            break
    return address


def _without_port(entry: str) -> str:
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    host, colon, _ = entry.partition(":")
    return host if colon and entry.count(":") == 1 else entry


# Certificates


def _read_chain(headers: Headers, form: CertificateHeader, name: str) -> tuple[bytes, ...]:
    value = _single(headers, name)
    if not value:
        return ()
    try:
        chain = _READERS[form](value)
        if form is CertificateHeader.RFC9440:
            rest = ",".join(headers.getall(CLIENT_CERT_CHAIN, _NONE))
            chain += _byte_sequences(rest) if rest else ()
    except ValueError as error:
        raise BadForwarding(f"{name} is no certificate in the form {form.value!r}: {error}.") from None
    return chain


def _read_rfc9440(value: str) -> tuple[bytes, ...]:
    chain = _byte_sequences(value)
    if len(chain) > 1:
        raise ValueError("it holds several")
    return chain


def _byte_sequences(value: str) -> tuple[bytes, ...]:
    """A list of byte sequences of structured fields (RFC 8941 §3.3.5): ``:base64:``."""
    found = []
    for item in value.split(","):
        text = item.strip(" \t")
        if len(text) < 3 or text[0] != ":" or text[-1] != ":":
            raise ValueError("a certificate must stand between colons")
        found.append(_base64(text[1:-1]))
    return tuple(found)


def _read_escaped_pem(value: str) -> tuple[bytes, ...]:
    text, blocks, position = unquote_to_bytes(value), [], 0
    while position < len(text):
        match = _PEM.match(text, position)
        if match is None:
            raise ValueError("it holds something that is no certificate in PEM")
        blocks.append(match[1])
        position = match.end()
    if not blocks:
        raise ValueError("it holds no PEM")
    return tuple(blocks)


def _read_der_base64(value: str) -> tuple[bytes, ...]:
    """One certificate, or several with commas between them; percent-encoded by some proxies."""
    text = unquote_to_bytes(value).decode("ascii") if "%" in value else value
    return tuple(_base64(part.strip()) for part in text.split(","))


def _read_xfcc(value: str) -> tuple[bytes, ...]:
    """One element of Envoy's ``key=value`` pairs.

    Several elements are several hops. A proxy that appends hands on what a stranger wrote, and which element is its own
    cannot be told when some of its values, unquoted, come out of the stranger's certificate; so more than one is
    refused. For the same reason all that is said of the certificate must agree.
    """
    pairs = _xfcc_pairs(value)
    leaf = _read_escaped_pem(pairs["cert"]) if pairs.get("cert") else ()
    if len(leaf) > 1:
        raise ValueError("Cert holds several")
    chain = _read_escaped_pem(pairs["chain"]) if pairs.get("chain") else leaf
    if not chain:
        raise ValueError("it has neither Cert nor Chain; have the proxy send one of them")
    first = _der(chain[0])
    if leaf and _der(leaf[0]) != first:
        raise ValueError("Cert and the first of Chain differ")
    if "hash" in pairs and pairs["hash"].lower() != hashlib.sha256(first).hexdigest():
        raise ValueError("Hash is not the SHA-256 of the certificate")
    return chain


def _xfcc_pairs(value: str) -> dict[str, str]:
    """By the name in lower case. Those of which a certificate has several stand there several times, and are not
    needed."""
    pairs: dict[str, str] = {}
    position = 0
    while position < len(value):
        match = _XFCC_PAIR.match(value, position)
        if match is None:
            raise ValueError("it has no pairs of names and values")
        if match[3] == ",":
            raise ValueError("it holds several elements; have the proxy replace it and not append to it")
        name = match[1].lower()
        if name in pairs and name not in _XFCC_REPEATED:
            raise ValueError(f"{match[1]} is there twice")
        pairs[name] = _unquoted(match[2])
        position = match.end()
    return pairs


def _unquoted(text: str) -> str:
    return text[1:-1].replace('\\"', '"') if text.startswith('"') else text


def _der(pem: bytes) -> bytes:
    try:
        return read_certificate(pem).der
    except BadCertificate as error:
        raise ValueError(str(error)) from None


def _base64(text: str) -> bytes:
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("it is not base64") from None
    if not decoded:
        raise ValueError("it is empty")
    return decoded


_READERS: Final[dict[CertificateHeader, Callable[[str], tuple[bytes, ...]]]] = {
    CertificateHeader.RFC9440: _read_rfc9440,
    CertificateHeader.ESCAPED_PEM: _read_escaped_pem,
    CertificateHeader.DER_BASE64: _read_der_base64,
    CertificateHeader.XFCC: _read_xfcc,
}
