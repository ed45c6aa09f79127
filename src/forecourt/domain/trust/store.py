"""What trust needs from storage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.trust.held import Held, Use
from forecourt.domain.trust.model import (
    KeptCrl,
    Policy,
    Purpose,
    Removed,
    Revoked,
    ServerCertificate,
    ServerChain,
    Trusted,
    TrustFilter,
    Unusable,
)
from forecourt.pki.keys import PrivateKey
from forecourt.pki.revocation import Crl


class CertificateReading(Protocol):
    """The trusted certificates, and the version of everything in this room, to be read."""

    def version(self) -> int:
        """0 before the first change."""
        ...

    def find(self, fingerprint: str) -> Trusted | Unusable | None: ...

    def removed(self, fingerprint: str) -> Removed | None:
        """Who removed it, when it was in the store and is no longer."""
        ...

    def fingerprints(self) -> frozenset[str]:
        """Of all of them."""
        ...

    def disabled(self) -> frozenset[str]:
        """The fingerprints of those that are disabled."""
        ...

    def anchored(self) -> frozenset[Purpose]:
        """The purposes for which there is an enabled anchor."""
        ...

    def enabled(self) -> Sequence[Trusted | Unusable]:
        """The oldest first."""
        ...

    def unusable(self) -> Sequence[Unusable]:
        """Those that cannot be read, enabled or not."""
        ...

    def list(self, wanted: TrustFilter, page: PageRequest) -> Page[Trusted]:
        """Newest first, of those that can be read."""
        ...


class CertificateStore(CertificateReading, Protocol):
    """The same to be written."""

    def lock(self) -> None:
        """Wait for others who have locked and are not committed; from then on what they wrote is seen, and nobody else
        writes before the commit."""
        ...

    def bump(self) -> None:
        """Make the version one higher."""
        ...

    def add(self, trusted: Trusted) -> bool:
        """False when it is there already. That it was removed before is forgotten."""
        ...

    def change(self, trusted: Trusted) -> bool:
        """Keep its purposes, its role, and whether it is enabled. False when it is not there."""
        ...

    def remove(self, fingerprint: str, *, removed_by: str, at: datetime) -> bool:
        """Take it out, and remember who did. False when it is not there."""
        ...


class RevocationReading(Protocol):
    """The register of revoked certificates, and the lists of outside CAs, to be read."""

    def holds(self, most: int) -> bool:
        """Whether it has so many entries, or more. Cheap unless it has."""
        ...

    def has(self, issuer_hash: str, serial: str) -> bool: ...

    def has_ended(self, before: datetime) -> bool:
        """Whether there is an entry of a certificate that ended before a moment. Cheap."""
        ...

    def all_pairs(self) -> frozenset[tuple[str, str]]:
        """``issuer_hash`` and ``serial`` of all."""
        ...

    def list(self, page: PageRequest) -> Page[Revoked]:
        """Newest first."""
        ...

    def kept_crl(self, crl: Crl) -> KeptCrl | None:
        """The one of the same issuer, key and scope."""
        ...

    def crls_size(self) -> tuple[int, int]:
        """How many lists are kept, and how many bytes they have together."""
        ...

    def crls(self) -> Sequence[Crl | Unusable]: ...


class RevocationStore(RevocationReading, Protocol):
    """The same to be written."""

    def add(self, revoked: Revoked) -> bool:
        """False when it is there already."""
        ...

    def remove(self, issuer_hash: str, serial: str) -> bool: ...

    def prune(self, ended_before: datetime, limit: int) -> int:
        """Forget certificates that ended before a moment, so many at most. Returns how many these were."""
        ...

    def put_crl(self, crl: Crl, at: datetime) -> None:
        """Keep it in place of the one of the same issuer, key and scope."""
        ...

    def remove_crls(self, issuer_hash: str, digest: str | None) -> int:
        """All of the issuer, or only the one with this digest. Returns how many these were."""
        ...


class ServerCertificateReading(Protocol):
    """What listeners present, to be read."""

    def names(self) -> frozenset[str]: ...

    def find(self, name: str) -> ServerChain | Unusable | None: ...

    def all(self) -> Sequence[ServerChain | Unusable]:
        """In the order of their names."""
        ...

    def opened(self) -> Sequence[ServerCertificate | Unusable]:
        """The enabled ones with their keys."""
        ...


class ServerCertificateStore(ServerCertificateReading, Protocol):
    """The same to be written. Keys are kept sealed."""

    def put(self, chain: ServerChain, key: PrivateKey) -> None:
        """Keep it in place of the one with the same name."""
        ...

    def set_enabled(self, name: str, *, is_enabled: bool) -> bool:
        """False when there is none of this name."""
        ...

    def remove(self, name: str) -> bool:
        """False when there is none of this name."""
        ...


class PolicyReading(Protocol):
    """The one policy, to be read."""

    def find(self) -> Policy | None: ...


class PolicyStore(PolicyReading, Protocol):
    """The same to be written."""

    def put(self, policy: Policy) -> None: ...


class HeldStore(Protocol):
    """Which certificates are at which station."""

    def put(self, station_key: int, held: Held, keep: int) -> bool:
        """Keep it, and of the same station and use at most ``keep``, the newest. False when this was known."""
        ...

    def forget(self, station_key: int, use: Use, fingerprint: str) -> None: ...

    def of_station(self, station_key: int) -> Sequence[Held]:
        """What was learned last first."""
        ...


class TrustReading(Protocol):
    """All of them, to be read. What stations hold is no part of the version, and is written without a lock."""

    @property
    def certificates(self) -> CertificateReading: ...

    @property
    def revocations(self) -> RevocationReading: ...

    @property
    def server_certificates(self) -> ServerCertificateReading: ...

    @property
    def policy(self) -> PolicyReading: ...

    @property
    def held(self) -> HeldStore: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustStores:
    """All of them, to be written: see `Part`, which alone has them."""

    certificates: CertificateStore
    revocations: RevocationStore
    server_certificates: ServerCertificateStore
    policy: PolicyStore
    held: HeldStore
