"""Certificate authorities: this system's own, and those outside that sign for it; and who is asked for what."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from forecourt.domain.errors import Sentence
from forecourt.domain.signing.model import Use
from forecourt.pki.certificate import Certificate
from forecourt.pki.keys import PrivateKey
from forecourt.pki.reasons import Reason

OWN: Final = "own"
"""The name of this system's own authority, which is always there."""

ADDRESS_DIGITS: Final = 20
"""Hexadecimal digits."""


class AuthorityKind(enum.Enum):
    """How an authority is spoken to."""

    OWN = "own"
    ACME = "acme"
    """RFC 8555."""
    EST = "est"
    """RFC 7030."""
    VAULT = "vault"
    """The PKI engine of HashiCorp Vault and of OpenBao."""
    STEP = "step"
    """step-ca with a JWK provisioner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """An authority that may be asked for certificates. Its secrets are kept apart, sealed."""

    name: str
    kind: AuthorityKind
    settings: Mapping[str, str]
    """As `kinds` declares them for its kind, without the secret ones."""
    secrets_set: frozenset[str] = frozenset()
    """Names of the secret settings that have a value."""
    is_enabled: bool = True
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which authority signs for whom."""

    defaults: Mapping[Use, str] = field(default_factory=dict)
    """By use; what is absent is signed by the own authority."""
    by_group: Mapping[str, str] = field(default_factory=dict)
    """For stations of a group, before the default."""


class KeyFamily(enum.Enum):
    """Which keys an own hierarchy has: a certificate is signed by the family of its own key."""

    RSA = "rsa"
    ECDSA = "ecdsa"


class Rank(enum.Enum):
    """What a certificate of the own authority is for."""

    ROOT = "root"
    ISSUING = "issuing"
    RESPONDER = "ocspResponder"


class Phase(enum.Enum):
    """The life of an own CA certificate::

    NEXT ── ACTIVE ── FORMER ── RETIRED
      └────────────────────────────┘
    """

    NEXT = "next"
    """It is trusted already, so that all can learn of it, and signs nothing yet."""
    ACTIVE = "active"
    FORMER = "former"
    """It signs no more certificates, and those that it has signed are good until they expire."""
    RETIRED = "retired"
    """Nothing that it has signed is accepted any more. Its key is gone, once it has signed its last list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCertificate:
    """A certificate of the own authority. Its key is in the database, sealed, or in a PKCS#11 token."""

    certificate: Certificate
    family: KeyFamily
    rank: Rank
    phase: Phase
    key_id: str
    """SHA-256 of its public key (SubjectPublicKeyInfo), in hexadecimal."""
    issuer: str | None = None
    """The fingerprint of the own certificate that signed it; None for a root."""
    cross: Certificate | None = None
    """Of a new root: the same key and name, signed by the root before it (security whitepaper M05.FR.09)."""
    is_in_token: bool = False
    has_key: bool = True
    """Somewhere, whether or not it can be opened."""
    made_at: datetime

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint

    @property
    def address(self) -> str:
        """What names it in the addresses of its lists and answers."""
        return self.key_id[:ADDRESS_DIGITS]

    @property
    def is_authority(self) -> bool:
        """It signs certificates, or has signed some."""
        return self.rank is not Rank.RESPONDER


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPolicy:
    """How the own authority issues."""

    organisation: str | None = None
    """Of CA certificates; None for the operator's name of the security policy."""
    families: frozenset[KeyFamily] = frozenset(KeyFamily)
    root_days: int = 365 * 20
    issuing_days: int = 365 * 5
    station_days: float = 365
    server_days: float = 90
    backdated: timedelta = timedelta(hours=1)
    """How far ``notBefore`` is set back, because clocks of stations go wrong (A02.FR.08)."""
    overlap_days: int = 180
    """So long before an issuing certificate ends a new one takes its place at the latest; it is always early enough
    that nothing is cut short which it signs."""
    uses_pss: bool = False
    """RSASSA-PSS, as A00.FR.505 wants it, instead of PKCS#1 v1.5, which stations and the test tool take."""
    keys_in_token: bool = False
    """New CA keys are made in the PKCS#11 token of the settings."""
    crl_hours: float = 24
    """How long a CRL is good; a new one is made at half of that, and soon after a revocation."""

    @property
    def longest_leaf(self) -> timedelta:
        """The life of stations' or servers' certificates, whichever is longer."""
        return timedelta(days=max(self.station_days, self.server_days))

    @property
    def set_back(self) -> timedelta:
        """How far the beginning of lists and answers is set back, for the same clocks; never so far that they look
        old."""
        return min(self.backdated, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class InToken:
    """A key that never left the PKCS#11 token."""

    key_id: str


OwnKey: TypeAlias = PrivateKey | InToken


@dataclass(frozen=True, slots=True)
class OpenedOwn:
    """A certificate of the own authority with its key, to sign with."""

    own: OwnCertificate
    key: OwnKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class IssuingChain:
    """An issuing CA that is in force, and how others find their way from it to the roots that they know."""

    opened: OpenedOwn
    above: tuple[Certificate, ...]
    """From its root up. When that replaces another one which is still trusted: its certificate that the one before it
    signed, and then that one, for stations that know only the one before."""


@dataclass(frozen=True, slots=True)
class OwnMaterial:
    """All that is needed to sign one request, as of one moment."""

    policy: OwnPolicy
    issuing: Mapping[KeyFamily, IssuingChain]
    troubles: tuple[str, ...] = ()
    """Why an issuing CA that is there cannot be used, in sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRevocation:
    """A certificate that the own authority has signed and revoked."""

    issuer_hash: str
    serial: str
    subject: str
    reason: Reason
    revoked_by: str
    revoked_at: datetime
    not_after: datetime | None
    """Afterwards nobody needs to know; None when it is not known, until its issuer expires."""
    is_entered: bool = False
    """It was entered into the register of the listeners by this revocation, and not before it."""


@dataclass(frozen=True, slots=True)
class OwnDetail:
    """A root or an issuing CA with what hangs on it."""

    own: OwnCertificate
    list: OwnList | None
    below: int
    """Certificates of stations and servers below it that are good."""


@dataclass(frozen=True, slots=True)
class OwnStatus:
    """How the own authority is."""

    organisation: str | None
    """Whose name CA certificates bear."""
    rolls: Sequence[tuple[KeyFamily, Rank]]
    """What was asked for, and is not made yet."""
    uses_token: bool
    """A key that is needed is in the token."""
    troubles: Sequence[Sentence]
    """What an operator has to see to."""


@dataclass(frozen=True, slots=True)
class OwnList:
    """The list of revoked certificates (CRL) of an own CA that is in force."""

    number: int
    this_update: datetime
    next_update: datetime
    is_behind: bool
    """Something was revoked since, or released."""
    is_urgent: bool = False
    """Among that is what others must know of at once."""
    made_at: datetime | None = None
    """None for one that an older version made."""
