"""The root certificates that a simulated station was given (security whitepaper M03 to M05)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp

from forecourt.dialects.v16.messages.datatypes import CertificateHashData, CertificateUse, HashAlgorithm
from forecourt.dialects.v16.messages.delete_certificate import DeleteCertificateStatus
from forecourt_simulator.own_certificate import InvalidCertificate, read_chain

CENTRAL_SYSTEM: Final[CertificateUse] = "CentralSystemRootCertificate"

_ALGORITHMS: Final[dict[HashAlgorithm, type[hashes.SHA256 | hashes.SHA384 | hashes.SHA512]]] = {
    "SHA256": hashes.SHA256,
    "SHA384": hashes.SHA384,
    "SHA512": hashes.SHA512,
}


class StoreFull(Exception):
    """As many certificates are installed as the station keeps (M05.FR.03)."""


@dataclass(frozen=True, slots=True)
class Root:
    """An installed root, with the certificate of its issuer, whose key its hashes name: as a rule its own."""

    use: CertificateUse
    certificate: x509.Certificate
    issuer: x509.Certificate

    def hash_data(self, algorithm: HashAlgorithm) -> CertificateHashData:
        """Hashes as for OCSP (security whitepaper §6.1; RFC 6960 §4.1.1)."""
        builder = ocsp.OCSPRequestBuilder()
        named = builder.add_certificate(self.certificate, self.issuer, _ALGORITHMS[algorithm]()).build()
        return CertificateHashData(
            hash_algorithm=algorithm,
            issuer_name_hash=named.issuer_name_hash.hex(),
            issuer_key_hash=named.issuer_key_hash.hex(),
            serial_number=format(self.certificate.serial_number, "X"),
        )


@dataclass(slots=True)
class Certificates:
    """What was installed, each once."""

    installed: list[Root] = field(default_factory=list)
    in_use: x509.Certificate | None = None
    """The root with which the present connection was verified."""
    fallback: x509.Certificate | None = None
    """Takes the place of the newest root of the central system while that one does not work (M05.FR.11, FR.13)."""
    uses_fallback: bool = False

    @property
    def central_system_roots(self) -> list[x509.Certificate]:
        """All roots of the central system."""
        return [root.certificate for root in self.installed if root.use == CENTRAL_SYSTEM]

    @property
    def trusted(self) -> list[x509.Certificate]:
        """Those that the next connection is verified with: all, or of a root and its fallback the one whose turn it
        is."""
        if self.fallback is None:
            return self.central_system_roots
        return [one for one in self.central_system_roots if (one == self.fallback) == self.uses_fallback]

    def put(self, use: CertificateUse, certificates: Iterable[x509.Certificate]) -> None:
        """Install without asking, as a maker or an installer does."""
        for certificate in certificates:
            self._put(use, certificate)

    def install(
        self, use: CertificateUse, text: str, *, at_most: int, checks_roots: bool, now: datetime
    ) -> x509.Certificate:
        """What InstallCertificate asks for (M05). Raises InvalidCertificate and StoreFull.

        ``checks_roots`` is AdditionalRootCertificateCheck: a new root of the central system has to be signed by the
        one it replaces.
        """
        certificate = read_root(text, now)
        if any(root.use == use and root.certificate == certificate for root in self.installed):
            return certificate
        if len(self.installed) >= at_most:
            raise StoreFull(f"{at_most} certificates are installed, and there is no room for more")
        if checks_roots and use == CENTRAL_SYSTEM and self.central_system_roots:
            self._replace(certificate)
        else:
            self._put(use, certificate)
        return certificate

    def delete(self, wanted: CertificateHashData) -> DeleteCertificateStatus:
        """What DeleteCertificate asks for (M04): never the root of the present connection (FR.06)."""
        found = [root for root in self.installed if is_named(root, wanted)]
        if not found:
            return "NotFound"
        if any(root.certificate == self.in_use and root.use == CENTRAL_SYSTEM for root in found):
            return "Failed"
        self.installed = [root for root in self.installed if root not in found]
        if self.fallback is not None and self.fallback not in self.central_system_roots:
            self._forget_fallback()
        return "Accepted"

    def list(self, use: CertificateUse, algorithm: HashAlgorithm) -> list[CertificateHashData]:
        """Each certificate of this type (M03.FR.04)."""
        return [root.hash_data(algorithm) for root in self.installed if root.use == use]

    def take_connection(self, anchor: x509.Certificate | None) -> None:
        """A connection stands; the fallback goes when the new root has worked (M05.FR.12)."""
        self.in_use = anchor
        if self.fallback is not None and anchor is not None and anchor != self.fallback:
            self.installed = [root for root in self.installed if root.certificate != self.fallback]
            self._forget_fallback()

    def take_failure(self) -> None:
        """The central system's certificate could not be verified: the other root has its turn (M05.FR.13)."""
        self.uses_fallback = self.fallback is not None and not self.uses_fallback

    # Inside

    def _replace(self, certificate: x509.Certificate) -> None:
        old = [one for one in self.central_system_roots if one != self.fallback][-1]
        try:
            certificate.verify_directly_issued_by(old)
        except (ValueError, TypeError, InvalidSignature) as refused:
            raise InvalidCertificate("it is not signed by the root that it would replace") from refused
        self.installed = [root for root in self.installed if root.use != CENTRAL_SYSTEM or root.certificate == old]
        self._put(CENTRAL_SYSTEM, certificate)
        self.fallback, self.uses_fallback = old, False

    def _put(self, use: CertificateUse, certificate: x509.Certificate) -> None:
        known = [root.certificate for root in self.installed]
        issuer = next((one for one in known if one.subject == certificate.issuer), certificate)
        self.installed.append(Root(use, certificate, certificate if _is_self_issued(certificate) else issuer))

    def _forget_fallback(self) -> None:
        self.fallback, self.uses_fallback = None, False


def read_root(text: str, now: datetime) -> x509.Certificate:
    """One certificate that can be a root. Raises InvalidCertificate."""
    certificates = read_chain(text)
    if len(certificates) != 1:
        raise InvalidCertificate(f"one certificate is installed at a time, and these are {len(certificates)}")
    [certificate] = certificates
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise InvalidCertificate("it is not valid at this time")
    if not _is_authority(certificate):
        raise InvalidCertificate("it is not the certificate of an authority")
    return certificate


def is_named(root: Root, wanted: CertificateHashData) -> bool:
    """Hashes and serial numbers are compared whatever their case (CiString since edition 3)."""
    own = root.hash_data(wanted.hash_algorithm)
    return (
        own.issuer_name_hash == wanted.issuer_name_hash.lower()
        and own.issuer_key_hash == wanted.issuer_key_hash.lower()
        and own.serial_number == wanted.serial_number.upper().lstrip("0")
    )


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return _is_self_issued(certificate)
    except (ValueError, x509.DuplicateExtension):
        return False


def _is_self_issued(certificate: x509.Certificate) -> bool:
    return certificate.subject == certificate.issuer
