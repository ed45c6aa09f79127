"""What requests to authorities and the register of issued certificates need from storage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.signing.model import (
    EndedState,
    IssuedCertificate,
    IssuedFilter,
    Signing,
    SigningFilter,
    SigningNumber,
    SigningState,
    Wanted,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """A request that waits, with what is needed to go on with it."""

    number: SigningNumber
    wanted: Wanted
    authority: str
    progress: str | None
    attempts: int
    tried_since: datetime
    """When it was asked, or when its authority was set up otherwise or enabled again."""
    silent_since: datetime | None
    """Since when the authority has not answered for this request."""
    is_told: bool
    """Whether an operator was told of this request, and it is not over yet."""


class SigningStore(Protocol):
    """Requests of all uses. Every change names what it changes from: of two that try, one does it and the other
    learns that it did not."""

    def add(self, wanted: Wanted, authority: str, at: datetime) -> SigningNumber: ...

    def asked(self, at: datetime) -> Sequence[str]:
        """Authorities for which :meth:`due` has something to tell. Cheap, because it is asked every second."""
        ...

    def due(self, at: datetime, limit: int, authority: str | None) -> Sequence[SigningNumber]:
        """Requests to one authority, or to any, that wait, whose time has come and that nobody is at, the longest due
        first; none to authorities that are disabled."""
        ...

    def lease(self, number: SigningNumber, node: str, *, at: datetime, until: datetime) -> bool:
        """Take a request on. False when it does not wait any more or somebody else is at it."""
        ...

    def release(self, node: str) -> int:
        """Let go of all that a node was at. Returns how many there were."""
        ...

    def end(self, number: SigningNumber, state: EndedState, reason: str, *, at: datetime, node: str | None) -> bool:
        """From waiting to its end. A node must be at it; without one it is ended whoever is at it. False when it has
        ended before, or the node has lost it."""
        ...

    def issue(self, number: SigningNumber, fingerprint: str, *, at: datetime, node: str) -> bool:
        """From waiting to issued; see :meth:`end`."""
        ...

    def hold(self, number: SigningNumber, node: str) -> bool:
        """Keep a request that a node is at from being changed by others until the unit of work is over. False when the
        node is not at it, or it does not wait any more."""
        ...

    def put_off(self, waited: Waited, sentence: str, *, node: str, again_at: datetime) -> bool:
        """Let go of it until a moment, with its progress, attempts, silence and whether somebody was told as they are
        given; see :meth:`end`."""
        ...

    def begin_anew(self, authority: str, at: datetime) -> None:
        """The authority was set up otherwise, disabled or enabled: all that waits for it begins as if it had just been
        asked, also what a node is at, whose answer is not used."""
        ...

    def has_told(self, authority: str) -> bool:
        """True when an operator was told of a request to an authority that still waits."""
        ...

    def hasten(self, number: SigningNumber, at: datetime) -> bool:
        """Its time has come, if it waits and nobody is at it."""
        ...

    def waited(self, number: SigningNumber) -> Waited | None:
        """A request with what it wants, whatever its state. Raises PkiError for one that cannot be read."""
        ...

    def overdue(self, tried_before: datetime, at: datetime, limit: int) -> Sequence[SigningNumber]:
        """Requests to enabled authorities that are tried since before a moment and that nobody is at."""
        ...

    def is_overdue(self, tried_before: datetime, at: datetime) -> bool:
        """True when :meth:`overdue` has something to tell. Cheap, because it is asked every second."""
        ...

    def find(self, number: SigningNumber) -> Signing | None: ...

    def list(self, wanted: SigningFilter, page: PageRequest) -> Page[Signing]:
        """Newest first."""
        ...

    def counts(self, authority: str) -> dict[SigningState, int]:
        """How many requests to an authority there are, by state."""
        ...


class RegisterStore(Protocol):
    """What authorities have signed."""

    def add(self, issued: IssuedCertificate) -> bool:
        """False when there is one of the same issuer with the same serial number."""
        ...

    def find(self, fingerprint: str) -> IssuedCertificate | None: ...

    def find_serial(self, issuer_hash: str, serial: str) -> IssuedCertificate | None: ...

    def of_owner(self, owner: str) -> Sequence[IssuedCertificate]:
        """Newest first."""
        ...

    def list(self, wanted: IssuedFilter, page: PageRequest) -> Page[IssuedCertificate]:
        """Newest first."""
        ...


class Notebook(Protocol):
    """What signers must remember between two calls and across restarts, and what must be answered for them."""

    def recall(self, authority: str, name: str) -> str | None:
        """Something that :meth:`remember` was told, opened."""
        ...

    def remember(self, authority: str, name: str, content: str, at: datetime) -> str:
        """Keep something, sealed. Returns what is kept: what was kept first under this name stays."""
        ...

    def forget(self, authority: str) -> None:
        """Everything of an authority, which was removed or is another one now."""
        ...

    def put_challenge(self, token: str, answer: str, *, until: datetime) -> None: ...

    def challenge(self, token: str, at: datetime) -> str | None: ...

    def drop_challenges(self, *, before: datetime) -> None: ...

    def has_challenges(self, *, before: datetime) -> bool:
        """True when there are some to drop."""
        ...
