"""Chains as a server presents them: who issued whom, and for which host names."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from forecourt.pki.certificate import Certificate


def is_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    """True when the name and the signature are those of the issuer. Nothing is said about times and extensions."""
    try:
        certificate.x509.verify_directly_issued_by(issuer.x509)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def host_names(certificate: Certificate) -> tuple[str, ...]:
    """The DNS names and IP addresses of the subjectAltName; none when there is no such extension, or no readable
    one."""
    try:
        names = certificate.x509.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return (*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress)))
