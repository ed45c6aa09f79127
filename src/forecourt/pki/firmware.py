"""What the certificates of signers of firmware may be used for (security whitepaper L01)."""

from __future__ import annotations

from forecourt.pki.certificate import Certificate, key_usage


def may_sign_files(certificate: Certificate) -> bool:
    """Whether its key usage lets it sign anything but certificates (RFC 5280 §4.2.1.3)."""
    usage = key_usage(certificate)
    return usage is None or usage.digital_signature
