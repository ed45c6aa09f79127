"""What may be asked in a certificate signing request, rule by rule."""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import CertificateSigningRequest
from cryptography.x509.oid import ExtendedKeyUsageOID

from forecourt.pki.certificate import key_kind
from forecourt.pki.names import host_in, host_of, is_same_name, name_fault, station_name_fault
from forecourt.pki.strength import exponent_fault, is_strong_hash, weak_key
from forecourt.pki.wording import quoted, shown_text


class CsrRule(enum.Enum):
    """What a request may break."""

    SIGNATURE = "badSignature"
    WEAK_HASH = "weakHash"
    KEY_KIND = "keyKind"
    WEAK_KEY = "weakKey"
    RSA_EXPONENT = "rsaExponent"
    RSA_SIZE = "rsaSize"
    CURVE = "curve"
    COMMON_NAME = "commonName"
    ORGANISATION = "organisation"
    ATTRIBUTES = "attributes"
    ALTERNATIVE_NAME = "alternativeName"
    AUTHORITY = "authority"
    KEY_USAGE = "keyUsage"
    EXTENDED_KEY_USAGE = "extendedKeyUsage"
    CRITICAL_EXTENSION = "criticalExtension"


@dataclass(frozen=True, slots=True)
class CsrFault:
    """A rule that a request breaks, and how."""

    rule: CsrRule
    sentence: str
    """For people."""


CURVES: Final = ("secp256r1", "secp384r1", "secp521r1")
"""The curves of A00.FR.503 that TLS 1.3 has (RFC 8446 §4.2.7), and with which OpenSSL lets a peer in as it comes."""

MAX_RSA: Final = 8_192
"""Bits. Larger keys slow every handshake down, and are no stronger than what they are used with."""

_OTHER_EXTENSION_REQUEST: Final = x509.ObjectIdentifier("1.3.6.1.4.1.311.2.1.14")
"""A second place for extensions, which some authorities follow."""

_USAGES: Final = frozenset({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH})


def signature_faults(csr: CertificateSigningRequest) -> Iterator[CsrFault]:
    """That the sender has the private key, and a hash that can be relied upon (RFC 2986 §3, A00.FR.506)."""
    try:
        algorithm = csr.signature_hash_algorithm
    except UnsupportedAlgorithm:
        oid = csr.signature_algorithm_oid.dotted_string
        yield CsrFault(CsrRule.SIGNATURE, f"The request is signed with an algorithm that is not known: {oid}.")
        return
    if not is_strong_hash(algorithm):
        name = "a weak hash" if algorithm is None else algorithm.name.upper()
        sentence = f"The request is signed with {name}, and SHA256 or stronger is needed."
        yield CsrFault(CsrRule.WEAK_HASH, sentence)
        return
    if not _is_signature_valid(csr):
        sentence = "The signature of the request is wrong: its sender has not shown that it has the private key."
        yield CsrFault(CsrRule.SIGNATURE, sentence)


def _is_signature_valid(csr: CertificateSigningRequest) -> bool:
    try:
        return csr.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def key_faults(key: object) -> Iterator[CsrFault]:
    """What no certificate is issued for, nor taken from another authority (A00.FR.501–504)."""
    match key:
        case rsa.RSAPublicKey() | ec.EllipticCurvePublicKey() if (why := weak_key(key)) is not None:
            yield CsrFault(CsrRule.WEAK_KEY, f"The key is too weak. {why}")
        case rsa.RSAPublicKey():
            if key.key_size > MAX_RSA:
                sentence = f"The RSA key has {key.key_size:,} bits, and {MAX_RSA:,} are the most."
                yield CsrFault(CsrRule.RSA_SIZE, sentence)
            if (why := exponent_fault(key.public_numbers().e)) is not None:
                yield CsrFault(CsrRule.RSA_EXPONENT, f"The RSA key cannot be relied upon. {why}")
        case ec.EllipticCurvePublicKey():
            if key.curve.name not in CURVES:
                sentence = f"The key is on the curve {key.curve.name}, with which nobody gets in at the listeners."
                way_out = f"Make one on {', '.join(CURVES[:-1])} or {CURVES[-1]}, or with RSA"
                yield CsrFault(CsrRule.CURVE, f"{sentence} {way_out}.")
        case _:
            sentence = f"The key is {key_kind(key)}; possible are RSA and the curves {', '.join(CURVES)}."
            yield CsrFault(CsrRule.KEY_KIND, sentence)


def subject_faults(
    common_names: Sequence[str], organisations: Sequence[str], common_name: str | None, organisation: str | None
) -> Iterator[CsrFault]:
    """A00.FR.509, A00.FR.511 and A02.FR.13. Names are equal or they are not: a part of one proves nothing."""
    yield from _name_faults(CsrRule.COMMON_NAME, _COMMON_NAME, common_names, common_name)
    if organisation is not None:
        yield from _name_faults(CsrRule.ORGANISATION, _ORGANISATION, organisations, organisation)


def _name_faults(rule: CsrRule, what: str, found: Sequence[str], wanted: str | None) -> Iterator[CsrFault]:
    is_to_be = "" if wanted is None else f"; {quoted(shown_text(wanted))} is expected"
    if not found:
        yield CsrFault(rule, f"The subject of the request has no {what}{is_to_be}.")
    elif len(found) > 1:
        yield CsrFault(rule, f"The subject of the request has {len(found)} values of {what}, and must have one.")
    elif not found[0].strip():
        yield CsrFault(rule, f"The {what} of the request is empty{is_to_be}.")
    elif wanted is not None and not is_same_name(found[0], wanted):
        sentence = f"The subject of the request has the {what} {quoted(shown_text(found[0]))}{is_to_be}."
        yield CsrFault(rule, sentence)


def issuable_faults(common_name: str | None, organisation: str | None, *, is_server: bool) -> Iterator[CsrFault]:
    """What no certificate can have as its names, whatever the request says: the lints refuse it as well."""
    named: tuple[tuple[CsrRule, str, str | None, Callable[[str], str | None]], ...] = (
        (CsrRule.COMMON_NAME, _COMMON_NAME, common_name, name_fault if is_server else station_name_fault),
        (CsrRule.ORGANISATION, _ORGANISATION, organisation, name_fault),
    )
    for rule, what, value, fault in named:
        if value is not None and (why := fault(value)) is not None:
            sentence = f"No certificate can have the {what} {quoted(shown_text(value))}: it {why}."
            yield CsrFault(rule, sentence)


_COMMON_NAME: Final = "common name (CN)"
_ORGANISATION: Final = "organization (O)"


def asked_faults(csr: CertificateSigningRequest, names: Collection[str]) -> Iterator[CsrFault]:
    """That it asks for nothing but a certificate to authenticate with; ``names`` may stand in the subjectAltName.

    Nothing of this would be issued here; but authorities outside may issue what they are asked for.
    """
    yield from _attribute_faults(csr)
    critical: list[str] = []
    for extension in csr.extensions:
        match extension.value:
            case x509.SubjectAlternativeName() as asked:
                yield from _alternative_faults(asked, names)
            case x509.BasicConstraints() as constraints:
                if constraints.ca:
                    yield CsrFault(CsrRule.AUTHORITY, "The request asks for the certificate of a CA (CA:TRUE).")
            case x509.KeyUsage() as usage:
                if usage.key_cert_sign or usage.crl_sign:
                    sentence = "The request asks for the right to sign certificates or lists of revoked ones."
                    yield CsrFault(CsrRule.KEY_USAGE, sentence)
            case x509.ExtendedKeyUsage() as usages:
                yield from _extended_faults(usages)
            case _ if extension.critical:
                critical.append(extension.oid.dotted_string)
    if critical:
        sentence = (
            f"The request asks for critical extensions that are not issued here: {_first(critical, len(critical))}."
        )
        yield CsrFault(CsrRule.CRITICAL_EXTENSION, sentence)


def _attribute_faults(csr: CertificateSigningRequest) -> Iterator[CsrFault]:
    oids = [attribute.oid for attribute in csr.attributes]
    if len(set(oids)) != len(oids):
        yield CsrFault(CsrRule.ATTRIBUTES, "The request has an attribute twice, so that it can be read in two ways.")
    if _OTHER_EXTENSION_REQUEST in oids:
        sentence = "The request asks for extensions in a second place (1.3.6.1.4.1.311.2.1.14)."
        yield CsrFault(CsrRule.ATTRIBUTES, sentence)


def _alternative_faults(asked: x509.SubjectAlternativeName, names: Collection[str]) -> Iterator[CsrFault]:
    """An address may stand there as a DNS name as well: nothing of it is taken over."""
    allowed = {*map(host_of, names), *(name.lower() for name in names)}
    others = [name for name in asked if host_in(name) not in allowed]
    if others:
        shown = _first([quoted(shown_text(str(name.value))) for name in others[:_TOLD]], len(others))
        sentence = f"The request asks for other names beside its subject (subjectAltName): {shown}."
        yield CsrFault(CsrRule.ALTERNATIVE_NAME, sentence)


def _extended_faults(usages: x509.ExtendedKeyUsage) -> Iterator[CsrFault]:
    others = [usage.dotted_string for usage in usages if usage not in _USAGES]
    if others:
        what = "The request asks for more than to authenticate a client or a server (extended key usage)"
        yield CsrFault(CsrRule.EXTENDED_KEY_USAGE, f"{what}: {_first(others, len(others))}.")


_TOLD: Final = 3
"""As many of what a stranger may send thousands of are told."""

_MAX_TOLD: Final = 90
"""Characters of each: a name in quotation marks, or the beginning of an OID."""


def _first(found: Sequence[str], count: int) -> str:
    """The first of so many, and how many more there are."""
    told = ", ".join(each[:_MAX_TOLD] for each in found[:_TOLD])
    return told if count <= _TOLD else f"{told} and {count - _TOLD:,} more"
