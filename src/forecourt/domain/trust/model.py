"""Which certificates are trusted, for what; which are revoked; and what the listeners present."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.errors import Sentence
from forecourt.pki.certificate import Certificate
from forecourt.pki.keys import PrivateKey
from forecourt.pki.revocation import Crl

MAX_CERTIFICATES: Final = 2_000
"""In the whole store: every handshake is checked against all of them."""
MAX_REVOKED: Final = 100_000
"""In the register of revoked certificates, which every gateway keeps in memory."""
MAX_REMOVED: Final = 10_000
"""So many removed certificates are remembered, so that they do not come back by themselves; the newest are."""
MAX_CRLS: Final = 100
MAX_CRL_BYTES: Final = 64 * 1024 * 1024
"""Of all stored lists together, which every gateway keeps in memory."""
MAX_SERVER_CERTIFICATES: Final = 20
"""Listeners load all of them whenever the store changes."""


class Purpose(enum.Enum):
    """What a certificate in the store is trusted for."""

    STATION = "stationIdentity"
    """Certificates of stations, issued in the operator's tree (A00.FR.403)."""
    ONBOARDING = "onboarding"
    """Certificates that makers gave their stations; good only until they are replaced (A00.FR.406, 804)."""
    FIRMWARE = "firmwareSigning"
    """Certificates that sign firmware: the manufacturer's tree (L01)."""
    SERVER = "serverChain"
    """The tree of this system's own server certificates, as stations know it (M05)."""


class Role(enum.Enum):
    """What a certificate is in a path."""

    ANCHOR = "anchor"
    """A path may end with it."""
    INTERMEDIATE = "intermediate"
    """It only helps to build a path, for stations that send none of their own."""


class Origin(enum.Enum):
    """How a certificate came into the store."""

    OPERATOR = "operator"
    OCPP = "ocpp"
    """It was delivered to a station over OCPP, and the station accepted it."""
    OWN_CA = "ownCa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """A certificate in the store. Its fingerprint names it."""

    certificate: Certificate
    purposes: frozenset[Purpose]
    role: Role
    origin: Origin
    added_by: str
    added_at: datetime
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class Removed:
    """Who took a certificate out of the store, and when. Only an operator brings it back."""

    removed_by: str
    removed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """An entry of this system's own register of revoked certificates; it holds at once, whatever CRLs and OCSP say."""

    issuer_hash: str
    """SHA-256 of the issuer's name in DER, in hexadecimal (`Certificate.issuer_hash`)."""
    serial: str
    """As in `Certificate.serial`."""
    subject: str
    """For people; empty when only the number is known."""
    reason: str
    revoked_by: str
    revoked_at: datetime
    not_after: datetime | None = None
    """When the certificate ends, where that is known: soon after, the entry is forgotten."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A new entry of the register, and what an operator should know about it."""

    revoked: Revoked
    warnings: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCrl:
    """What is known of a stored list without reading it."""

    digest: str
    """As in `Crl.digest`."""
    this_update: datetime
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerChain:
    """What listeners present: a chain, leaf first, under a name that an operator gave. Its key is kept apart."""

    name: str
    chain: tuple[Certificate, ...]
    is_enabled: bool
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCertificate(ServerChain):
    """The same with its key, which is opened only where it is presented."""

    key: PrivateKey


@dataclass(frozen=True, slots=True)
class Unusable:
    """Something in the store that cannot be used, and why."""

    name: str
    """Of a server certificate, the fingerprint of a trusted one, or the hash of the issuer of a list (CRL)."""
    reason: Sentence


class RevocationMode(enum.Enum):
    """What the CRL and the OCSP responder of an outside CA count for."""

    OFF = "off"
    """They are not asked."""
    SOFT = "soft"
    """What cannot be learned now is taken as not revoked, and written into the security log."""
    HARD = "hard"
    """What cannot be learned now refuses the station, until it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the operator decides for all stations."""

    cpo_name: str | None = None
    """The organization (O) of the operator's certificates, which is also ``CpoName`` on stations (A00.FR.404)."""
    trusted_organisations: tuple[str, ...] = ()
    """Other organizations whose certificates stations may have, such as makers during onboarding."""
    new_station_profile: SecurityProfile = SecurityProfile.NONE
    """The profile of a station that is registered without one."""
    revocation: RevocationMode = RevocationMode.SOFT
    listeners: Mapping[str, frozenset[SecurityProfile]] = field(default_factory=dict)
    """Which profiles may come in at a listener, by its name; one that is not named here takes all that it can carry."""
    renew_before_days: int = 30
    """So long before its end a certificate of a station is renewed (A03: a month), or when a third of its life is left
    if that is later."""
    renewals_per_minute: int = 60
    """So many renewals are begun within a minute at most: each makes a station make a key."""


@dataclass(frozen=True, slots=True)
class ChangedPolicy:
    """The policy after a change, and what an operator should know about the change."""

    policy: Policy
    warnings: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that the listeners and the decision at the door need, as of one version."""

    version: int
    certificates: tuple[Trusted, ...]
    """The enabled ones."""
    revoked: frozenset[tuple[str, str]]
    """``issuer_hash`` and ``serial``."""
    crls: tuple[Crl, ...]
    server_certificates: tuple[ServerCertificate, ...]
    """The enabled ones."""
    policy: Policy
    unusable: tuple[Unusable, ...] = ()
    """What is enabled and left out here, because it cannot be read or its key cannot be opened."""
    distrusted: frozenset[str] = frozenset()
    """The fingerprints of the disabled certificates: no path goes through one of them, whoever presents it."""

    def trusted_for(self, purpose: Purpose, role: Role) -> tuple[Certificate, ...]:
        return tuple(one.certificate for one in self.certificates if one.role is role and purpose in one.purposes)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustFilter:
    """Which certificates of the store to list; None means any."""

    purpose: Purpose | None = None
    role: Role | None = None
    origin: Origin | None = None
    is_enabled: bool | None = None
    expires_before: datetime | None = None
    search: str | None = None
    """In the subject, the issuer or the fingerprint."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A certificate of the store after a change, and what an operator should know about the change."""

    trusted: Trusted
    warnings: tuple[Sentence, ...] = ()
