"""Certificates that are known to be at a station, because it took them or showed them."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forecourt.domain.trust.naming import bare_serial
from forecourt.pki.certificate import Certificate

HELD_PER_USE: Final = 20
"""So many are remembered of a station and a use; the newest are."""


class Use(enum.Enum):
    """What a station has a certificate for. The two roots are named as in InstallCertificate (M05)."""

    CHARGE_POINT = "chargePoint"
    """Its own (A02, A03)."""
    CENTRAL_SYSTEM_ROOT = "CentralSystemRootCertificate"
    MANUFACTURER_ROOT = "ManufacturerRootCertificate"


class How(enum.Enum):
    """How it became known that a station has a certificate."""

    DELIVERED = "delivered"
    """It was sent, and the station accepted it."""
    PRESENTED = "presented"
    """The station showed it when it connected."""
    REPORTED = "reported"
    """The station said that it has it (M03)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A certificate at a station."""

    certificate: Certificate
    use: Use
    how: How
    """What was learned last."""
    learned_at: datetime


def is_named(certificate: Certificate, *, issuer_name_hash: str, algorithm: str, serial: str) -> bool:
    """True for the certificate that CertificateHashData names (RFC 6960 §4.1.1). Issuer and serial number name one
    alone; the hash of the issuer's key, for which its certificate would be needed, adds nothing."""
    if algorithm not in ("SHA256", "SHA384", "SHA512"):
        return False
    name = hashlib.new(algorithm.lower(), certificate.x509.issuer.public_bytes()).hexdigest()
    return name == issuer_name_hash.lower() and certificate.serial == bare_serial(serial)
