"""A CA for tests: roots, CAs below them, certificates of every kind that is met, CRLs and OCSP answers.

root = Authority.root()
station = root.sub().leaf("SN-1")
station.certificate, station.chain_pem, station.key_pem, station.write(tmp_path)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from forecourt.pki.certificate import Certificate
from forecourt.pki.keys import PrivateKey, read_private_key
from tests.support.issuing import (
    EXPIRED,
    FRESH,
    FUTURE,
    LONG,
    VALID,
    Extensions,
    Key,
    Order,
    Validity,
    a_key,
    a_name,
    alternative_names,
    hash_for,
    issued,
    key_usage,
    places,
)

__all__ = [
    "EXPIRED",
    "FRESH",
    "FUTURE",
    "LONG",
    "OPERATOR",
    "VALID",
    "Authority",
    "Extensions",
    "Issued",
    "Key",
    "Validity",
    "a_key",
    "a_name",
]

OPERATOR: Final = "Forecourt Power"
"""The organization of the certificates, unless another is given (A00.FR.404)."""


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, and the chain that its owner presents."""

    certificate: Certificate
    signing_key: Key = field(repr=False)
    chain: tuple[Certificate, ...]
    """Leaf first, without the root."""

    @property
    def pem(self) -> str:
        return self.certificate.pem

    @property
    def chain_pem(self) -> str:
        return "".join(certificate.pem for certificate in self.chain)

    @property
    def key(self) -> PrivateKey:
        return read_private_key(self.key_pem)

    @property
    def key_pem(self) -> str:
        return self._key_pem(None)

    def encrypted_key_pem(self, password: bytes) -> str:
        return self._key_pem(password)

    def write(self, directory: Path, name: str = "leaf") -> tuple[Path, Path]:
        """Paths of two files: the chain, and the key."""
        chain, key = directory / f"{name}.pem", directory / f"{name}.key"
        chain.write_text(self.chain_pem)
        key.write_text(self.key_pem)
        key.chmod(0o600)
        return chain, key

    def _key_pem(self, password: bytes | None) -> str:
        encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
        return self.signing_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode("ascii")


@dataclass(frozen=True)
class Authority:
    """A CA. It forgets what it issued: a CRL is told what to name."""

    certificate: Certificate
    signing_key: Key = field(repr=False)
    now: datetime
    above: tuple[Certificate, ...] = ()
    """The CAs between it and its root, without the root, nearest first."""
    is_root: bool = True

    @classmethod
    def root(
        cls,
        common_name: str = "Test Root",
        *,
        organisation: str | Sequence[str] | None = OPERATOR,
        key: str | Key = "EC P-256",
        validity: Validity = LONG,
        path_length: int | None = None,
        signature_hash: str = "SHA256",
        extensions: Extensions = (),
        now: datetime | None = None,
    ) -> Authority:
        now = now or datetime.now(UTC)
        own = a_key(key) if isinstance(key, str) else key
        basics: Extensions = [(x509.BasicConstraints(ca=True, path_length=path_length), True)]
        order = Order(
            subject=a_name(common_name, organisation),
            key=own,
            now=now,
            validity=validity,
            extensions=[*basics, key_usage(is_ca=True), *extensions],
            signature_hash=signature_hash,
        )
        return cls(issued(order, None, own), own, now)

    def sub(
        self,
        common_name: str = "Test Issuing CA",
        *,
        organisation: str | Sequence[str] | None = OPERATOR,
        key: str | Key = "EC P-256",
        validity: Validity = VALID,
        path_length: int | None = None,
        signature_hash: str = "SHA256",
        may_sign: bool = True,
        extensions: Extensions = (),
    ) -> Authority:
        """A CA below this one; ``may_sign=False`` leaves certSign out of its key usage."""
        own = a_key(key) if isinstance(key, str) else key
        basics: Extensions = [(x509.BasicConstraints(ca=True, path_length=path_length), True)]
        subject = a_name(common_name, organisation)
        certificate = self.sign(
            subject,
            own,
            validity=validity,
            signature_hash=signature_hash,
            extensions=[*basics, key_usage(is_ca=may_sign), self._key_identifier, *extensions],
        )
        return Authority(certificate, own, self.now, () if self.is_root else self.presented, is_root=False)

    def cross(self, other: Authority, *, validity: Validity = VALID) -> Certificate:
        """The name and key of another CA, certified by this one."""
        basics: Extensions = [(x509.BasicConstraints(ca=True, path_length=None), True)]
        subject = other.certificate.x509.subject
        return self.sign(subject, other.signing_key, validity=validity, extensions=[*basics, key_usage(is_ca=True)])

    def leaf(
        self,
        common_name: str | Sequence[str] | None = "SN-1",
        *,
        organisation: str | Sequence[str] | None = OPERATOR,
        key: str | Key = "EC P-256",
        validity: Validity = VALID,
        bare: bool = False,
        dns: Sequence[str] = (),
        addresses: Sequence[str] = (),
        crl_urls: Sequence[str] = (),
        ocsp_urls: Sequence[str] = (),
        extensions: Extensions = (),
        serial: int | None = None,
        signature_hash: str = "SHA256",
        pss: bool = False,
    ) -> Issued:
        """The certificate of a station, or of a server when it has ``dns`` or ``addresses``.

        ``bare`` leaves every extension out. ``pss`` needs a CA with an RSA key. ``signature_hash`` may be SHA1 or MD5.
        """
        own = a_key(key) if isinstance(key, str) else key
        more = [*alternative_names(dns, addresses), *places(crl_urls, ocsp_urls), *extensions]
        basics: Extensions = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            key_usage(is_ca=False),
            self._key_identifier,
        ]
        certificate = self.sign(
            a_name(common_name, organisation),
            own,
            validity=validity,
            serial=serial,
            signature_hash=signature_hash,
            extensions=more if bare else [*basics, *more],
            pss=pss,
        )
        chain = (certificate,) if self.is_root else (certificate, *self.presented)
        return Issued(certificate, own, chain)

    @property
    def _key_identifier(self) -> tuple[x509.ExtensionType, bool]:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(self.signing_key.public_key()), False

    @property
    def presented(self) -> tuple[Certificate, ...]:
        """The intermediates that an owner of one of its certificates presents."""
        return () if self.is_root else (self.certificate, *self.above)

    @property
    def pem(self) -> str:
        return self.certificate.pem

    def write(self, directory: Path, name: str = "ca") -> Path:
        path = directory / f"{name}.pem"
        path.write_text(self.pem)
        return path

    def sign(
        self,
        subject: x509.Name,
        key: Key,
        *,
        validity: Validity = VALID,
        serial: int | None = None,
        signature_hash: str = "SHA256",
        extensions: Extensions = (),
        pss: bool = False,
    ) -> Certificate:
        """Whatever is asked, as by a CA that checks nothing."""
        order = Order(
            subject=subject,
            key=key,
            now=self.now,
            validity=validity,
            serial=serial,
            extensions=extensions,
            signature_hash=signature_hash,
            pss=pss,
        )
        return issued(order, self.certificate, self.signing_key)

    def crl(
        self,
        *revoked: Certificate | int,
        validity: Validity = FRESH,
        extensions: Extensions = (),
        signed_by: Key | None = None,
    ) -> bytes:
        """The list of revoked certificates, in DER."""
        draft = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.x509.subject)
        draft = draft.last_update(self.now + validity.starts).next_update(self.now + validity.ends)
        for each in revoked:
            serial = each if isinstance(each, int) else each.x509.serial_number
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(self.now + validity.starts)
            draft = draft.add_revoked_certificate(entry.build())
        for extension, is_critical in extensions:
            draft = draft.add_extension(extension, is_critical)
        key = signed_by or self.signing_key
        return draft.sign(key, hash_for(key, "SHA256")).public_bytes(Encoding.DER)

    def ocsp(
        self,
        certificate: Certificate,
        *,
        revoked: bool | None = False,
        responder: Issued | None = None,
        encloses: bool = True,
        validity: Validity = FRESH,
        has_end: bool = True,
    ) -> bytes:
        """An answer of its OCSP responder, in DER; ``revoked=None`` for unknown; by itself unless one is appointed."""
        status = {False: ocsp.OCSPCertStatus.GOOD, True: ocsp.OCSPCertStatus.REVOKED, None: ocsp.OCSPCertStatus.UNKNOWN}
        signer = self.certificate if responder is None else responder.certificate
        key = self.signing_key if responder is None else responder.signing_key
        draft = ocsp.OCSPResponseBuilder().add_response(
            cert=certificate.x509,
            issuer=self.certificate.x509,
            algorithm=hashes.SHA1(),
            cert_status=status[revoked],
            this_update=self.now + validity.starts,
            next_update=self.now + validity.ends if has_end else None,
            revocation_time=self.now + validity.starts if revoked else None,
            revocation_reason=None,
        )
        draft = draft.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.x509)
        if responder is not None and encloses:
            draft = draft.certificates([responder.certificate.x509])
        return draft.sign(key, hash_for(key, "SHA256")).public_bytes(Encoding.DER)

    def responder(self, *, validity: Validity = VALID, is_appointed: bool = True) -> Issued:
        """An OCSP responder; one that is not appointed has a certificate for other things."""
        usage = ExtendedKeyUsageOID.OCSP_SIGNING if is_appointed else ExtendedKeyUsageOID.CLIENT_AUTH
        return self.leaf("OCSP", validity=validity, extensions=[(x509.ExtendedKeyUsage([usage]), False)])
