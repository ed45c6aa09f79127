"""How the business says that something changed which others keep in memory."""

from __future__ import annotations

from typing import Protocol


class Changes(Protocol):
    """Told inside a unit of work, passed on after its commit. It is a bell and not the truth: whoever hears it
    reads again, and reads again now and then without having heard it."""

    def station_changed(self, identity: str) -> None:
        """The station's record changed, it was removed, or its connection is to be closed."""
        ...

    def errand_written(self, identity: str) -> None:
        """There is something to send to the station."""
        ...

    def errand_changed(self, number: int) -> None:
        """An errand has another state than before."""
        ...

    def trust_changed(self) -> None:
        """The store of trust has another version: who is trusted, who is revoked, what is presented, or the policy."""
        ...

    def security_noted(self) -> None:
        """There is a new entry in the security log, or a new security event of a station."""
        ...

    def signing_wanted(self) -> None:
        """There is something for a certificate authority to sign."""
        ...

    def event_told(self) -> None:
        """There is something to tell the outside."""
        ...
