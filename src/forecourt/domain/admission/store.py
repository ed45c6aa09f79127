"""What admission needs from storage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from forecourt.domain.admission.model import Access, AccessCount, Caller, Password, PasswordNumber, SecurityProfile


class AdmissionStore(Protocol):
    """What decides at the door, of all stations."""

    def find(self, identity: str) -> Caller | None:
        """A registered station with all that decides whether it may connect. Every handshake asks this, so it is one
        query."""
        ...

    def access(self, station_key: int) -> Access: ...

    def identity(self, station_key: int) -> str: ...

    def hold(self, station_key: int) -> Access:
        """The same as :meth:`access`; nobody else can change it until this unit of work ends. Whoever changes it
        looks in this way first."""
        ...

    def kept_profile(self, identity: str) -> SecurityProfile | None:
        """The profile that is on record for an identity, registered or taken off the register; None when nothing
        is."""
        ...

    def put(self, station_key: int, access: Access) -> None:
        """Keep everything but the passwords."""
        ...

    def add_password(self, station_key: int, password: Password) -> PasswordNumber:
        """Keep a new password; its number is given here."""
        ...

    def put_password(self, password: Password) -> None: ...

    def remove_password(self, number: PasswordNumber) -> None: ...

    def counts(self) -> Sequence[AccessCount]:
        """Of registered stations."""
        ...

    def reported_serial(self, station_key: int) -> str | None:
        """The serial number that the station told when it last booted."""
        ...

    def other_with_serial(self, station_key: int, serial_number: str, *, is_told_enough: bool) -> str | None:
        """Another registered station that has this serial number on record; or that told it, has none on record, and
        ``is_told_enough``."""
        ...
