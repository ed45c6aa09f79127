"""What certificates of stations ask of other rooms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from forecourt.domain.admission.model import Access
from forecourt.domain.admission.service import Admissions
from forecourt.domain.alarms.service import Alarms
from forecourt.domain.configuration.service import Configuration
from forecourt.domain.errands.service import Errands
from forecourt.domain.security_log.service import SecurityLog
from forecourt.domain.signing.model import Use
from forecourt.domain.signing.service import SigningDesk
from forecourt.domain.trust.model import Policy
from forecourt.pki.certificate import Certificate


class Choosing(Protocol):
    """Who knows which authority signs for whom."""

    def authority_for(self, use: Use, station_group: str | None) -> str:
        """The name of the authority. Raises DomainError when there is none that may be asked."""
        ...


class Policies(Protocol):
    """Who knows what operators decided for all stations."""

    def policy(self) -> Policy: ...


class Accesses(Protocol):
    """Who knows how stations prove who they are."""

    def access(self, station_key: int) -> Access: ...

    def reported_serial(self, station_key: int) -> str | None:
        """The serial number that the station told when it last booted."""
        ...

    def other_with_serial(self, station_key: int, serial_number: str, *, is_told_enough: bool) -> str | None:
        """Another registered station that has this serial number on record; or that told it, has none on record, and
        ``is_told_enough``."""
        ...


class Revoking(Protocol):
    """Who revokes certificates, wherever they were issued."""

    def revoke(self, certificate: Certificate, *, reason: str, asked_by: str) -> str | None:
        """It counts no more, from the next handshake on. What is revoked already stays so. Returns a sentence when it
        could not be done."""
        ...

    def is_revoked(self, issuer_hash: str, serial: str) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """The other rooms."""

    errands: Errands
    admissions: Admissions
    signing: SigningDesk
    authorities: Choosing
    alarms: Alarms
    security_log: SecurityLog
    trust: Policies
    accesses: Accesses
    configuration: Configuration
    revoking: Revoking
