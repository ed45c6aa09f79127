"""What is known of a station, and what it is told when it boots."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NewType

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.availability.model import EvseStatus
from forecourt.domain.errors import invalid
from forecourt.domain.evse import WHOLE_STATION

StationKey = NewType("StationKey", int)
"""The number of a station inside this system. It never changes and is never shown."""

MAX_IDENTITY_CHARACTERS: Final = 255
MAX_DESCRIPTION_CHARACTERS: Final = 255
MAX_GROUP_CHARACTERS: Final = 100
_FORBIDDEN_IN_IDENTITY: Final = frozenset("/:")


class Registration(enum.Enum):
    """The operator's decision on a station, told to it at boot (OCPP 1.6 §4.2)."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


@dataclass(frozen=True, slots=True)
class Station:
    """A station as its link needs it for every message."""

    key: StationKey
    identity: str
    registration: Registration
    heartbeat_seconds: int | None
    """This station's own heartbeat interval, or None for the system's."""

    @property
    def is_accepted(self) -> bool:
        return self.registration is Registration.ACCEPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class StationDraft:
    """A station as an operator writes it down."""

    identity: str
    description: str = ""
    group: str = ""
    """Stations that belong together, in the operator's own words; it may choose who signs their certificates."""
    registration: Registration = Registration.ACCEPTED
    heartbeat_seconds: int | None = None
    labels: tuple[str, ...] = ()
    """Words of the operator's own, to find it by."""
    security_profile: SecurityProfile | None = None
    """None for the one that the policy gives to new stations, or that the station had before it was removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BootFacts:
    """What a station says of itself when it boots. Absent facts are None."""

    vendor: str
    model: str
    serial_number: str | None = None
    box_serial_number: str | None = None
    firmware_version: str | None = None
    iccid: str | None = None
    imsi: str | None = None
    meter_type: str | None = None
    meter_serial_number: str | None = None


@dataclass(frozen=True, slots=True)
class BootOutcome:
    """The answer to a boot: ``interval_seconds`` is the heartbeat interval or the wait before the next boot."""

    registration: Registration
    at: datetime
    interval_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StationSheet:
    """Everything known of a station, for people."""

    station: Station
    description: str
    created_at: datetime
    is_online: bool
    last_seen_at: datetime | None
    booted_at: datetime | None
    facts: BootFacts | None
    firmware_status: str | None
    diagnostics_status: str | None
    group: str = ""
    security_profile: SecurityProfile = SecurityProfile.NONE
    evses: tuple[EvseStatus, ...] = ()
    labels: tuple[str, ...] = ()
    """In the order of the alphabet."""

    @property
    def connectors(self) -> tuple[EvseStatus, ...]:
        """Without what is reported of the station as a whole."""
        return tuple(one for one in self.evses if one.report.place is not WHOLE_STATION)

    @property
    def whole(self) -> EvseStatus | None:
        """What is reported of the station as a whole."""
        return next((one for one in self.evses if one.report.place is WHOLE_STATION), None)


@dataclass(frozen=True, slots=True)
class StationFilter:
    """Which stations to list; None means any."""

    search: str | None = None
    registration: Registration | None = None
    is_online: bool | None = None
    security_profile: SecurityProfile | None = None
    group: str | None = None
    """Empty for those that are in none."""
    label: str | None = None
    is_faulted: bool | None = None
    """Whether a connector of it, or the station as a whole, reports a fault."""


@dataclass(frozen=True, slots=True)
class UnknownStation:
    """A station that knocked and is not registered."""

    identity: str
    address: str
    subprotocols: str
    first_seen_at: datetime
    last_seen_at: datetime
    attempts: int


def check_identity(identity: str) -> str:
    """The identity, if a station may have it; raises DomainError.

    OCPP-J 1.6 sets no alphabet. A slash would end the URL's path segment, and a colon cannot be part of the
    user name of HTTP Basic (RFC 7617 §2), which a station needs from security profile 1 on.
    """
    if not identity:
        raise invalid("A station needs an identity: the last part of the URL that it connects to.", field="id")
    if len(identity) > MAX_IDENTITY_CHARACTERS:
        raise invalid(
            "The identity has {} characters; at most {} are possible.",
            len(identity),
            MAX_IDENTITY_CHARACTERS,
            field="id",
        )
    if identity != identity.strip() or not identity.isprintable():
        raise invalid("The identity may not begin or end with a space or hold control characters.", field="id")
    if _FORBIDDEN_IN_IDENTITY & set(identity):
        raise invalid("The identity may hold neither '/' (URL) nor ':' (HTTP Basic user name).", field="id")
    return identity


def spread_interval(seconds: int, identity: str, spread: float) -> int:
    """An interval up to ``spread`` (0 to 1) shorter, always the same for one identity.

    Stations that were switched on together would otherwise send their Heartbeats together for ever.
    """
    digest = hashlib.blake2b(identity.encode(), digest_size=4).digest()
    share = int.from_bytes(digest) / 0xFFFF_FFFF
    return max(1, round(seconds * (1 - spread * share)))
