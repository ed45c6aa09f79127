"""What a CA publishes of its revoked certificates as a list: a CRL (RFC 5280 §5; A00.FR.704)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import CertificateRevocationList, IssuingDistributionPoint

from forecourt.pki.certificate import MALFORMED, Certificate, key_usage, name_hash, tolerance
from forecourt.pki.errors import BadCrl
from forecourt.pki.ocsp import MAX_AHEAD, OcspAnswer, ocsp_request, read_ocsp
from forecourt.pki.pem import Broken, as_bytes, blocks, is_der
from forecourt.pki.strength import is_strong_hash
from forecourt.pki.wording import in_short, moment, quoted, shown_name

__all__ = ["MAX_CRL", "Crl", "OcspAnswer", "check_crl", "ocsp_request", "read_crl", "read_ocsp"]

MAX_CRL: Final = 16 * 1024 * 1024
"""Bytes: some 500,000 revoked certificates."""


@dataclass(frozen=True, slots=True)
class Crl:
    """A list of revoked certificates, of which all that counts could be read. Two are equal when their bytes are.

    Nothing in it is proven before :func:`check_crl`.
    """

    der: bytes = field(repr=False)
    x509: CertificateRevocationList = field(compare=False, repr=False)
    issuer: str = field(compare=False)
    """As ``Certificate.subject`` of the CA."""
    issuer_hash: str = field(compare=False)
    """As ``Certificate.subject_hash`` of the CA."""
    this_update: datetime = field(compare=False)
    next_update: datetime | None = field(compare=False)
    serials: frozenset[int] = field(compare=False, repr=False)
    """Of the revoked certificates."""
    scope: IssuingDistributionPoint | None = field(compare=False, repr=False)
    """Which of its CA's certificates it speaks of; None for all (RFC 5280 §5.2.5)."""
    digest: str = field(compare=False)
    """SHA-256 of ``der``, in hexadecimal."""
    authority_key: str = field(compare=False)
    """Which key of its CA it names (RFC 5280 §5.2.1), in hexadecimal; empty when it names none."""
    scope_hash: str = field(compare=False)
    """SHA-256 of the scope in DER; empty without one. Lists of one CA, key and scope replace one another."""

    def is_revoked(self, certificate: Certificate) -> bool:
        """Whether it names a certificate. False says nothing of a certificate that it does not cover."""
        return certificate.issuer_hash == self.issuer_hash and int(certificate.serial, 16) in self.serials

    def covers(self, certificate: Certificate) -> bool:
        """Whether it would name a certificate if that were revoked: it is of its issuer, and within its scope."""
        if certificate.issuer_hash != self.issuer_hash:
            return False
        if self.scope is None:
            return True
        if certificate.is_authority and self.scope.only_contains_user_certs:
            return False
        if not certificate.is_authority and self.scope.only_contains_ca_certs:
            return False
        if self.scope.full_name is None:
            return self.scope.relative_name is None
        own = {name.value for name in self.scope.full_name if isinstance(name, x509.UniformResourceIdentifier)}
        return not own.isdisjoint(certificate.crl_urls)


def read_crl(data: bytes | str) -> Crl:
    """A list in PEM or DER. It takes a second for the largest: not to be done on a loop. Raises BadCrl."""
    data = as_bytes(data)
    if len(data) > MAX_CRL:
        raise BadCrl(f"A list of revoked certificates (CRL) has at most {MAX_CRL:,} bytes, and this has {len(data):,}.")
    try:
        with tolerance():
            return _facts(x509.load_der_x509_crl(data if is_der(data) else _only_block(data)))
    except MALFORMED as error:
        raise BadCrl(f"This is no list of revoked certificates (CRL) that can be read: {in_short(error)}.") from error


def check_crl(crl: Crl, issuer: Certificate, at: datetime) -> None:
    """That a list is of a CA, is of now, and is one from which conclusions may be drawn (RFC 5280 §6.3.3).

    Raises BadCrl. Whether the CA itself is trusted is for its path to tell.
    """
    what = f"The list of revoked certificates (CRL) of {quoted(crl.issuer)}"
    if crl.issuer_hash != issuer.subject_hash:
        raise BadCrl(f"{what} is not of {quoted(issuer.subject)}.")
    if not is_strong_hash(crl.x509.signature_hash_algorithm):
        raise BadCrl(f"{what} is signed with a hash that is too weak: SHA256 or stronger is needed.")
    usage = key_usage(issuer)
    may_sign = usage is None or usage.crl_sign
    if not may_sign or not _is_signed_by(crl, issuer):
        raise BadCrl(f"{what} is not signed by it.")
    if crl.this_update > at + MAX_AHEAD:
        raise BadCrl(f"{what} is of the future: {moment(crl.this_update)}.")
    if crl.next_update is not None and crl.next_update < at:
        raise BadCrl(f"{what} is out of date since {moment(crl.next_update)}.")


def _only_block(data: bytes) -> bytes:
    found = blocks(data)
    if len(found) != 1:
        raise BadCrl(
            f"One list of revoked certificates (CRL), in PEM or DER, is expected here; found were {len(found)}."
        )
    if isinstance(found[0], Broken):
        raise BadCrl(found[0].reason)
    if found[0].label != "X509 CRL":
        raise BadCrl(f"A list of revoked certificates (CRL) is expected here, and this is a {found[0].label}.")
    return found[0].content


def _facts(crl: x509.CertificateRevocationList) -> Crl:
    _ = crl.signature_hash_algorithm  # raises for one that is not known
    der, scope = crl.public_bytes(Encoding.DER), _scope(crl.extensions)
    return Crl(
        der=der,
        x509=crl,
        issuer=shown_name(crl.issuer),
        issuer_hash=name_hash(crl.issuer),
        this_update=crl.last_update_utc,
        next_update=crl.next_update_utc,
        serials=frozenset(entry.serial_number for entry in crl),
        scope=scope,
        digest=hashlib.sha256(der).hexdigest(),
        authority_key=_authority_key(crl.extensions),
        scope_hash="" if scope is None else hashlib.sha256(scope.public_bytes()).hexdigest(),
    )


def _authority_key(extensions: x509.Extensions) -> str:
    try:
        named = extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    except x509.ExtensionNotFound:
        return ""
    return (named.key_identifier or hashlib.sha256(named.public_bytes()).digest()).hex()


def _scope(extensions: x509.Extensions) -> x509.IssuingDistributionPoint | None:
    """What a reader must not pass over: critical extensions (RFC 5280 §5.2)."""
    scope: x509.IssuingDistributionPoint | None = None
    for extension in extensions:
        match extension.value:
            case x509.IssuingDistributionPoint() as scope:
                if scope.indirect_crl or scope.only_some_reasons or scope.only_contains_attribute_certs:
                    raise BadCrl(
                        "This list of revoked certificates (CRL) is indirect or partial, which is not supported."
                    )
            case x509.DeltaCRLIndicator():
                raise BadCrl("This list holds only changes (a delta CRL): the complete one is needed.")
            case x509.CRLNumber() | x509.AuthorityKeyIdentifier() | x509.FreshestCRL():
                pass
            case _ if extension.critical:
                oid = extension.oid.dotted_string
                raise BadCrl(
                    f"This list of revoked certificates (CRL) has a critical extension that is not known: {oid}."
                )
    return scope


def _is_signed_by(crl: Crl, issuer: Certificate) -> bool:
    key = issuer.x509.public_key()
    if not isinstance(
        key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey
    ):
        return False
    try:
        return crl.x509.is_signature_valid(key)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False
