"""What the house may want from a station, in its own terms; each version of OCPP has its words for it.

An intent is stored as JSON under its own name, so that fields may be added with a default and never renamed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Self

from forecourt.domain.evse import Place
from forecourt.domain.smart_charging.model import Profile
from forecourt.redaction import HIDDEN, is_secret_key, without_credentials


@dataclass(frozen=True, slots=True)
class Intent:
    """Something that is wanted of a station."""

    def without_secrets(self) -> Self:
        """What may stay in the database once the errand was sent or given up."""
        return self


@dataclass(frozen=True, slots=True)
class Say(Intent):
    """Send an action exactly as the operator wrote it; ``payload`` is JSON in the words of the station's version."""

    action: str
    payload: str


@dataclass(frozen=True, slots=True)
class StartCharging(Intent):
    """Start a transaction from here."""

    evse: Place | None
    """None leaves the choice to the station."""
    id_token: str
    profile: Profile | None = None
    """The charging profile to start with."""


@dataclass(frozen=True, slots=True)
class StopCharging(Intent):
    """End a transaction from here."""

    transaction_id: int


@dataclass(frozen=True, slots=True)
class Reserve(Intent):
    """Keep an EVSE, or any EVSE of the station, for a token."""

    reservation_id: int
    place: Place
    id_token: str
    parent: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CancelReservation(Intent):
    """Give a reservation up."""

    reservation_id: int


@dataclass(frozen=True, slots=True)
class ReadSettings(Intent):
    """Ask for settings by name; no names ask for all."""

    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeSetting(Intent):
    """Set one setting."""

    name: str
    value: str

    def without_secrets(self) -> Self:
        return replace(self, value=HIDDEN) if is_secret_key(self.name) else self


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One entry of a local authorization list; without a status the entry is to be deleted."""

    id_token: str
    status: str | None = None
    expires_at: datetime | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateLocalList(Intent):
    """Replace the station's local authorization list, or change it."""

    version: int
    is_full: bool
    entries: tuple[ListEntry, ...]


@dataclass(frozen=True, slots=True)
class AskLocalListVersion(Intent):
    """Ask which version of the local authorization list the station has."""


@dataclass(frozen=True, slots=True)
class InstallProfile(Intent):
    """Give the station a charging profile."""

    place: Place
    profile: Profile
    assignment: int | None = None
    """The assignment that this carries out."""


@dataclass(frozen=True, slots=True)
class ClearProfiles(Intent):
    """Take charging profiles off the station: the one with this id, or all that match every given field."""

    profile_id: int | None = None
    place: Place | None = None
    purpose: str | None = None
    stack_level: int | None = None


@dataclass(frozen=True, slots=True)
class AskSchedule(Intent):
    """Ask for the limits that result from all charging profiles."""

    place: Place
    seconds: int
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class UploadLog(Intent):
    """Have the station upload its diagnostics, or its security log."""

    job: int
    location: str
    log: str
    """``diagnostics`` for the older GetDiagnostics, else the log type of GetLog."""
    retries: int | None = None
    retry_seconds: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    def without_secrets(self) -> Self:
        return replace(self, location=without_credentials(self.location))


@dataclass(frozen=True, slots=True)
class UpdateFirmware(Intent):
    """Have the station fetch firmware and install it. With a signature it is the signed update of the whitepaper."""

    job: int
    location: str
    retrieve_at: datetime
    install_at: datetime | None = None
    signing_certificate: str | None = None
    signature: str | None = None
    retries: int | None = None
    retry_seconds: int | None = None

    def without_secrets(self) -> Self:
        return replace(self, location=without_credentials(self.location))


@dataclass(frozen=True, slots=True)
class ChangePassword(Intent):
    """Give the station a new password (A01)."""

    value: str = field(repr=False)
    """The value of ``AuthorizationKey``: hexadecimal text, unless an operator wrote something else."""
    name: str = "AuthorizationKey"
    """The key as it is to be spelled."""

    def without_secrets(self) -> Self:
        return replace(self, value=HIDDEN)


@dataclass(frozen=True, slots=True)
class RaiseSecurityProfile(Intent):
    """Have the station use a higher security profile (A05)."""

    profile: int
    value: str
    """As it is to be written."""
    name: str = "SecurityProfile"


@dataclass(frozen=True, slots=True)
class Restart(Intent):
    """Restart the station."""

    is_hard: bool


@dataclass(frozen=True, slots=True)
class AskRoots(Intent):
    """Ask which root certificates a station has (M03)."""

    use: str
    """As in InstallCertificate."""


@dataclass(frozen=True, slots=True)
class InstallRoot(Intent):
    """Give a station a root certificate (M05)."""

    use: str
    certificate: str
    """PEM."""


@dataclass(frozen=True, slots=True)
class DeleteRoot(Intent):
    """Take a root certificate from a station (M04), by the hashes with which the station named it."""

    algorithm: str
    issuer_name_hash: str
    issuer_key_hash: str
    serial: str


@dataclass(frozen=True, slots=True)
class AskForCsr(Intent):
    """Have the station make a key and ask for a certificate for it (A02)."""


@dataclass(frozen=True, slots=True)
class DeliverCertificate(Intent):
    """Give the station the certificate that it asked for (A02, A03)."""

    order: int
    chain: str
    """PEM, leaf first."""


@dataclass(frozen=True, slots=True)
class Unreadable(Intent):
    """What another version of this program wrote and this one cannot read. No version of OCPP has words for it, so
    that its errand fails, and no other."""


INTENTS: Final[dict[str, type[Intent]]] = {kind.__name__: kind for kind in Intent.__subclasses__()}
"""Every kind of intent, by the name under which it is stored."""
