"""What authorities need from storage."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from forecourt.domain.authorities.model import (
    Authority,
    Choice,
    KeyFamily,
    OwnCertificate,
    OwnKey,
    OwnList,
    OwnPolicy,
    OwnRevocation,
    Phase,
    Rank,
)
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.signing.model import IssuedCertificate, SigningState
from forecourt.pki.keys import PrivateKey
from forecourt.pki.revocation import Crl


class AuthorityStore(Protocol):
    """Authorities outside, with their secrets, and who is asked for what."""

    def lock(self) -> None:
        """Nobody else changes anything here until the unit of work is over."""
        ...

    def put(self, authority: Authority, secrets: Mapping[str, str]) -> None:
        """Keep it in place of the one with this name."""
        ...

    def remove(self, name: str) -> bool: ...

    def find(self, name: str) -> Authority | None: ...

    def secrets(self, name: str) -> Mapping[str, str] | None:
        """What was sealed, opened; None when it cannot be."""
        ...

    def list(self) -> Sequence[Authority]:
        """In the order of their names."""
        ...

    def choice(self) -> Choice: ...

    def put_choice(self, choice: Choice) -> None: ...


class Requests(Protocol):
    """What is known of requests to authorities."""

    def counts(self, authority: str) -> Mapping[SigningState, int]: ...

    def begin_anew(self, authority: str, at: datetime) -> None:
        """All that waits for it begins as if it had just been asked."""
        ...


class Register(Protocol):
    """What authorities have signed."""

    def find_serial(self, issuer_hash: str, serial: str) -> IssuedCertificate | None: ...

    def count_good(self, issuer_hash: str, at: datetime) -> int:
        """How many of an issuer have neither ended nor been revoked."""
        ...


class SignerNotes(Protocol):
    """What signers remember of an authority."""

    def forget(self, authority: str) -> None: ...


@dataclass(frozen=True, slots=True)
class NewOwn:
    """A certificate that was just made, with its key; None for one in the token."""

    own: OwnCertificate
    key: PrivateKey | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredList:
    """A list of revoked certificates as it is given out."""

    der: bytes = field(repr=False)
    number: int
    this_update: datetime
    next_update: datetime
    made_at: datetime | None
    """None for one that an older version made."""


class OwnStore(Protocol):
    """The own authority: its certificates, keys, lists and revocations."""

    def lock(self) -> None:
        """Nobody else changes anything here, or in the store of trust, until the unit of work is over. In this order,
        the store of trust first, so that two units of work never wait for each other."""
        ...

    # What is wanted

    def policy(self) -> OwnPolicy: ...

    def put_policy(self, policy: OwnPolicy) -> None: ...

    def is_wanted(self) -> bool:
        """Somebody asked for a hierarchy."""
        ...

    def want(self) -> None: ...

    def rolls(self) -> frozenset[tuple[KeyFamily, Rank]]:
        """What is to be replaced."""
        ...

    def add_roll(self, family: KeyFamily, rank: Rank) -> None: ...

    def drop_roll(self, family: KeyFamily, rank: Rank) -> None: ...

    # Certificates

    def add(self, new: NewOwn) -> None: ...

    def set_phase(self, fingerprint: str, phase: Phase) -> None: ...

    def drop_key(self, fingerprint: str) -> None:
        """It is gone, or never used again."""
        ...

    def remove(self, fingerprints: Collection[str]) -> None: ...

    def find(self, fingerprint: str) -> OwnCertificate | None: ...

    def all(self) -> Sequence[OwnCertificate]:
        """Oldest first."""
        ...

    def at_address(self, address: str) -> OwnCertificate | None:
        """The one whose key this address is made of."""
        ...

    def below(self, fingerprint: str) -> Sequence[OwnCertificate]:
        """Those that one of them has signed, oldest first."""
        ...

    def key(self, fingerprint: str) -> OwnKey:
        """Raises PkiError for one that cannot be opened, or is gone."""
        ...

    # Lists

    def lists(self) -> Mapping[str, OwnList]:
        """By the address of their CA."""
        ...

    def put_list(self, address: str, crl: Crl, *, number: int, covers: int, made_at: datetime) -> bool:
        """In place of the one before. False when another one came first."""
        ...

    def find_list(self, address: str) -> StoredList | None: ...

    def asked(self, address: str) -> int:
        """How often a new list was asked for."""
        ...

    def ask_list(self, address: str, *, is_urgent: bool) -> None:
        """Something changed that the list of this CA has to say, and others have to know at once if it is urgent."""
        ...

    # Revocations

    def add_revocation(self, revocation: OwnRevocation) -> None:
        """In place of the one that is there."""
        ...

    def drop_revocation(self, issuer_hash: str, serial: str) -> None: ...

    def find_revocation(self, issuer_hash: str, serial: str) -> OwnRevocation | None: ...

    def revocations(self, issuer_hash: str) -> Iterable[OwnRevocation]: ...

    def list_revocations(self, page: PageRequest) -> Page[OwnRevocation]:
        """Newest first."""
        ...

    def prune_revocations(self, ended_before: datetime, issuers: Collection[str]) -> int:
        """Forget those of certificates that have expired, and all of some issuers. Returns how many."""
        ...
