"""What managed server certificates need from storage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from forecourt.domain.listener_certificates.model import Managed, Member, Placement, Wish
from forecourt.domain.signing.model import SigningNumber
from forecourt.pki.certificate import Certificate
from forecourt.pki.keys import PrivateKey


class ListenerCertificateStore(Protocol):
    """Managed server certificates and their members; keys that wait for their certificate are sealed."""

    def put(self, name: str, wish: Wish, *, changed_by: str, at: datetime) -> None:
        """Add it, or change what is wished. It is locked from now on until the unit of work is over."""
        ...

    def lock(self, name: str) -> bool:
        """Keep others from changing it or its members. False when there is none."""
        ...

    def remove(self, name: str) -> bool:
        """With its members and their keys."""
        ...

    def find(self, name: str) -> Managed | None: ...

    def all(self) -> Sequence[Managed]:
        """In the order of their names."""
        ...

    def owner(self, member: str) -> str | None:
        """The name of what a member belongs to."""
        ...

    def put_member(self, owner: str, member: Member) -> None:
        """Add it or change it. Its key and its chain stay; a member that is wanted, failed or in place has none."""
        ...

    def remove_member(self, member: str) -> None: ...

    def keep_key(self, member: str, key: PrivateKey) -> None:
        """The key that waits for its certificate."""
        ...

    def keep_chain(self, member: str, chain: tuple[Certificate, ...]) -> None:
        """The certificate that is to be put in place."""
        ...

    def placements(self, at: datetime) -> Sequence[Placement]:
        """Of members that are issued and need not wait any longer."""
        ...

    def member_of(self, number: SigningNumber) -> str | None:
        """The member for which an authority was asked."""
        ...

    def due(self, at: datetime) -> Sequence[str]:
        """Names of members that somebody has to look at."""
        ...

    def is_due(self, at: datetime) -> bool:
        """True when :meth:`due` has something to tell. Cheap, because it is asked every second."""
        ...

    def has_work(self, at: datetime) -> bool:
        """True when a member is wanted, or issued and need not wait any longer."""
        ...
