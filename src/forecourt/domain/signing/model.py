"""Requests to certificate authorities, written down so that nothing is asked twice and nothing is lost.

A room that wants a certificate asks for it; the clerk carries the request to the authority, own or outside, and the
room is told how it ended, in the unit of work that records the end.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, NewType, Protocol, TypeAlias

from forecourt.pki.certificate import Certificate
from forecourt.pki.csr import SigningRequest

SigningNumber = NewType("SigningNumber", int)
"""Numbers all requests to authorities from 1; never used again."""

LEASE: Final = timedelta(minutes=5)
"""How long a node may be at one request before another one takes it over."""

SILENCE: Final = timedelta(minutes=15)
"""After an authority has not answered for so long, an operator is told."""

LONGEST_TRY: Final = timedelta(days=3)
"""After so long without an answer a request is given up. While its authority is disabled no time passes for it."""


class Use(enum.Enum):
    """What a certificate is for; each has a profile of its own in `forecourt.pki.profiles`."""

    STATION = "station"
    """To tell who a station is (A00.FR.403; A02, A03)."""
    SERVER = "server"
    """To be presented by this system's listeners (A00.FR.306–308)."""


class SigningState(enum.Enum):
    """The life of a request::

    WAITING ── ISSUED | REFUSED | GIVEN_UP | CANCELLED
       └── WAITING again: the authority needs time, or could not be reached
    """

    WAITING = "waiting"
    """Nobody has answered yet, or the authority needs time."""
    ISSUED = "issued"
    REFUSED = "refused"
    """The authority said no, or answered with something that cannot be used."""
    GIVEN_UP = "givenUp"
    """It could not be reached for days."""
    CANCELLED = "cancelled"
    """Whoever wanted the certificate does not any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A certificate as it is to be."""

    use: Use
    csr: SigningRequest
    common_name: str
    """The serial number of a station (A00.FR.511), the FQDN of a server (A00.FR.510)."""
    organisation: str | None
    """A00.FR.509; None leaves what the request has."""
    host_names: tuple[str, ...] = ()
    """DNS names and IP addresses of a server; the common name is one of them."""
    days: float | None = None
    """How long it is to be valid; None leaves it to the authority."""
    owner: str
    """Who is told how it ends: the identity of a station, or the name of a server certificate."""
    asked_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """A request to an authority, as people see it."""

    number: SigningNumber
    use: Use
    owner: str
    authority: str
    """The name of the authority."""
    common_name: str
    host_names: tuple[str, ...]
    key_digest: str
    """SHA-256 of the public key (SubjectPublicKeyInfo), in hexadecimal."""
    state: SigningState
    reason: str | None
    """Why it ended without a certificate, or what it waits for, in a sentence."""
    attempts: int
    """How often an authority was asked in vain since it was set up as it is."""
    asked_by: str
    asked_at: datetime
    again_at: datetime | None
    """When it is tried next."""
    ended_at: datetime | None
    fingerprint: str | None = None
    """Of the certificate that was issued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningFilter:
    """Which requests; None asks for all."""

    states: frozenset[SigningState] | None = None
    use: Use | None = None
    owner: str | None = None
    authority: str | None = None
    since: datetime | None = None
    """Asked at or after."""
    until: datetime | None = None
    """Asked before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCertificate:
    """An entry of the register of what authorities signed for this system."""

    certificate: Certificate
    chain: tuple[Certificate, ...]
    """Leaf first."""
    number: SigningNumber
    """Of the request for which it was issued."""
    authority: str
    use: Use
    owner: str
    issued_at: datetime
    revoked_at: datetime | None = None
    """As the register of revoked certificates has it (`forecourt.domain.trust`)."""
    revoked_because: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedFilter:
    """Which issued certificates; None asks for all."""

    use: Use | None = None
    owner: str | None = None
    authority: str | None = None
    is_revoked: bool | None = None
    expires_before: datetime | None = None
    search: str | None = None
    """A part of the subject, of the serial number or of the fingerprint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A request that the clerk has taken on for :data:`LEASE`."""

    number: SigningNumber
    wanted: Wanted
    authority: OpenedAuthority
    progress: str | None = None
    """What the signer said that it must know to go on, such as the URL of an ACME order; opaque to all others."""
    newer_than: datetime | None = None
    """``notBefore`` of the newest certificate that its owner was issued for this use: stations go over to one that is
    newer (A02.FR.08)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedAuthority:
    """An authority with its secrets, for signers only."""

    name: str
    kind: str
    settings: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Issued:
    """The authority's certificate, leaf first, already checked with `forecourt.pki.issued.check_issued`."""

    chain: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The authority has the request and needs time. One that is out of order has nothing: SigningUnavailable."""

    progress: str | None
    seconds: float
    """When to ask again; 0 when there is nothing to wait for."""
    sentence: str


SigningResult: TypeAlias = Issued | Waiting


class SigningRefused(Exception):
    """The authority will not sign this, now or later; ``str()`` is a sentence for people."""


class SigningUnavailable(Exception):
    """The authority could not be reached or is out of order; ``str()`` is a sentence for people. It is tried again."""

    def __init__(
        self, sentence: str, *, needs_person: bool = False, again_seconds: float = 0.0, begins_anew: bool = False
    ) -> None:
        """``needs_person``: it will not pass by itself, as when the authority does not take our credentials; an
        operator is told at once. ``again_seconds``: the authority wants to be left alone for so long.
        ``begins_anew``: it has forgotten what was begun, so the progress is of no use any more."""
        super().__init__(sentence)
        self.needs_person = needs_person
        self.again_seconds = again_seconds
        self.begins_anew = begins_anew

    @property
    def outage(self) -> Outage:
        return Outage(
            str(self),
            needs_person=self.needs_person,
            again_seconds=self.again_seconds,
            begins_anew=self.begins_anew,
        )


@dataclass(frozen=True, slots=True)
class Outage:
    """What a SigningUnavailable says, as it is recorded."""

    sentence: str
    needs_person: bool = False
    again_seconds: float = 0.0
    begins_anew: bool = False


EndedState: TypeAlias = Literal[SigningState.REFUSED, SigningState.GIVEN_UP, SigningState.CANCELLED]


@dataclass(frozen=True, slots=True)
class Ended:
    """It ended without a certificate."""

    state: EndedState
    reason: str
    """A sentence for people."""


class Signer(Protocol):
    """One kind of authority. It may wait for networks and devices, is called in a thread of its own, and keeps nothing
    between two calls but what can be lost."""

    def sign(self, assignment: Assignment) -> SigningResult:
        """Have the certificate signed, or go on with it. Raises SigningRefused and SigningUnavailable; anything else
        counts as unavailable and is logged."""
        ...
