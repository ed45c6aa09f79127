"""What the clerk needs of those who sign."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from forecourt.domain.signing.model import OpenedAuthority, Signer

ChosenSigner: TypeAlias = Callable[[OpenedAuthority], Signer]
"""The signer for an authority. Raises SigningUnavailable when there is none."""


class Signers(Protocol):
    """Knows every kind of authority."""

    async def ready(self, authority: str) -> ChosenSigner:
        """Read what signing by an authority needs, such as keys and anchors, once for all that it is asked for."""
        ...


class Memory(Protocol):
    """What signers remember and have answered; called in their threads. Each raises SigningUnavailable when the
    database does not take it."""

    def recall(self, authority: str, name: str) -> str | None: ...

    def remember(self, authority: str, name: str, content: str) -> str:
        """Keep something sealed; what was kept first under this name stays, and is returned."""
        ...

    def put_challenge(self, token: str, answer: str) -> None:
        """Have ``/.well-known/acme-challenge/{token}`` answered from now on."""
        ...
