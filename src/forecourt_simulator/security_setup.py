"""What a simulated station is made with: profile, password, roots, certificate, and what it does wrong."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from cryptography import x509

from forecourt.dialects.v16.messages.datatypes import HashAlgorithm
from forecourt_simulator.misbehaviour import Misbehaviour
from forecourt_simulator.own_certificate import KeyKind, Own
from forecourt_simulator.security_log import Told
from forecourt_simulator.tls import TlsChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class SecuritySetup:
    """The factory settings. Nothing of it is checked, so that a station can be made wrongly on purpose."""

    profile: int = 0
    """The security profile, 0 to 3."""
    key: str | None = field(default=None, repr=False)
    """AuthorizationKey in hexadecimal, as ChangeConfiguration would bring it."""
    roots: Collection[x509.Certificate] = ()
    """Installed roots of the central system."""
    trusts_machine: bool = False
    """Trust what the machine trusts while no root is installed."""
    own: Own | None = None
    serial_number: str | None = None
    """None for the common name of the certificate, or else the identity."""
    tls: TlsChoice = field(default_factory=TlsChoice)
    hash_algorithm: HashAlgorithm = "SHA256"
    """For GetInstalledCertificateIds."""
    key_kind: KeyKind = KeyKind.EC
    """For certificate requests."""
    told: Told = Told.SECURED
    misbehaviours: frozenset[Misbehaviour] = frozenset()

    def with_own(self, *, key: str | None, own: Own | None) -> SecuritySetup:
        """The same for one station of many, with what only it may have."""
        return replace(self, key=key, own=own)
