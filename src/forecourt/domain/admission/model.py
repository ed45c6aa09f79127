"""What decides whether a station may connect: its security profile, its passwords, and what is excused in it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, NewType

if TYPE_CHECKING:  # links and stations show their profile, so that their modules import this one
    from forecourt.domain.errands.model import ErrandNumber
    from forecourt.domain.provisioning.model import Station
    from forecourt.pki.certificate import Certificate

FORMER_KEPT: Final = 3
"""How many passwords that were replaced are kept, to recognise a station that still uses one."""

PasswordNumber = NewType("PasswordNumber", int)
"""Numbers the passwords of all stations; never used again."""


class SecurityProfile(enum.IntEnum):
    """How a station and this system prove to one another who they are (security whitepaper 2.1)."""

    NONE = 0
    """Nothing is proven. Not a profile of the whitepaper, but the value of ``SecurityProfile`` until one is set."""
    BASIC = 1
    """HTTP Basic on a plain connection, for networks that are trusted by other means."""
    TLS_BASIC = 2
    """TLS with a server certificate, and HTTP Basic inside it."""
    TLS_CERTIFICATE = 3
    """TLS with a certificate on both sides."""


class Leniency(enum.Enum):
    """What an operator excuses in one station, by name."""

    BASIC_OVER_TLS = "basicOverTls"
    """Profile 1 inside TLS, which the whitepaper would count as another profile (A00.FR.002)."""
    LEGACY_TLS = "legacyTls"
    """TLS 1.0 and 1.1, at a listener for old stations (A00.FR.312, A00.FR.314)."""
    SERIAL_WITHIN_COMMON_NAME = "serialWithinCommonName"
    """The serial number as one whole word of the common name, instead of all of it (A00.FR.405 says "contains")."""
    ANY_ORGANISATION = "anyOrganisation"
    """A certificate whose organization (O) is nobody's that is trusted (A00.FR.404)."""
    SUBJECT_SET_BY_US = "subjectSetByUs"
    """A certificate request whose subject is not the station's serial number and the operator's name (A00.FR.511,
    A02.FR.13): the certificate gets that subject all the same."""


class PasswordState(enum.Enum):
    """The life of a password::

    OFFERED ── CURRENT ── FORMER
      ├── DOUBTFUL ── CURRENT        its answer was lost: the first login decides
      ├── AWAITS_RESTART ── CURRENT  the station takes it at its next start
      ├── FORMER ── CURRENT          dropped after it was sent; the station's word that it took it brings it back
      └── forgotten                  the station answered that it will not have it, or it was never sent
    """

    CURRENT = "current"
    OFFERED = "offered"
    """An errand brings it to the station. A station may use it before its answer was read."""
    DOUBTFUL = "doubtful"
    AWAITS_RESTART = "awaitsRestart"
    FORMER = "former"
    """Not accepted, and kept to recognise a station that uses it all the same."""

    @property
    def is_accepted(self) -> bool:
        return self is not PasswordState.FORMER


class KeyForm(enum.Enum):
    """How a station turns its AuthorizationKey into a password. The field does it both ways (OCPP-J 1.6 §6.2.2)."""

    BYTES = "bytes"
    """The bytes that the hexadecimal text stands for, as the standard means it."""
    HEX_TEXT = "hexText"
    """The hexadecimal text itself."""


@dataclass(frozen=True, slots=True)
class Password:
    """A password of a station, as it is kept: hashed."""

    number: PasswordNumber
    hashed: str = field(repr=False)
    """See :mod:`forecourt.domain.admission.keys`."""
    state: PasswordState
    is_generated: bool
    form: KeyForm | None
    """As the station uses it; None until it has."""
    made_at: datetime
    errand: ErrandNumber | None
    """What brings it to the station; None when an operator set it by hand."""
    asked_by: str = ""
    is_withdrawn: bool = False
    """An operator decided that it counts no more, so that a connection that it opened has to end. One that the station
    itself replaced ends no connection (A01)."""


class UpgradeState(enum.Enum):
    """How far an upgrade of the profile is (A05)."""

    OFFERED = "offered"
    """An errand brings it to the station."""
    ACCEPTED = "accepted"
    """The station will come with the new profile, and may fall back until it has (A05.FR.08)."""
    DOUBTFUL = "doubtful"
    """The answer was lost: the first connection with the new profile decides."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A higher profile that a station was asked to use."""

    profile: SecurityProfile
    state: UpgradeState
    errand: ErrandNumber | None
    since: datetime
    asked_by: str = ""
    restarts: bool = False
    """The station is restarted once it has accepted."""
    may_be_taken: bool = False
    """It was asked for before, and the station may have taken it: one that has it refuses to take it again
    (A05.FR.01), so that a refusal does not end the upgrade."""
    pins_serial: bool = False
    """It wrote down the serial number that the station told so far; what ends it without success forgets that again."""


class Verdict(enum.Enum):
    """What a station answered when it was given a password or a profile."""

    TAKEN = "taken"
    TAKEN_AT_RESTART = "takenAtRestart"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """All that the decision at the door needs to know of one station."""

    profile: SecurityProfile = SecurityProfile.NONE
    upgrade: Upgrade | None = None
    leniencies: frozenset[Leniency] = frozenset()
    serial_number: str | None = None
    """The serial number that its certificate must name (A00.FR.405); it was set or confirmed by an operator, or
    fixed by the upgrade to profile 3, and no BootNotification changes it."""
    trusted_organisations: tuple[str, ...] = ()
    """Organizations (O) that its certificate may belong to beside those of the policy (A00.FR.404)."""
    has_own_certificate: bool = False
    """It has connected with a certificate of the operator's tree; from then on factory credentials are refused
    (A00.FR.406)."""
    passwords: tuple[Password, ...] = ()
    """In the order in which they were made."""
    presented: str | None = None
    """What it showed beyond what its profile demands when it last connected; see :attr:`Entry.presented`."""
    fingerprint: str | None = None
    """SHA-256 of the last good certificate that it showed, in hexadecimal."""

    @property
    def current(self) -> Password | None:
        """The password that counts."""
        return next((one for one in self.passwords if one.state is PasswordState.CURRENT), None)

    @property
    def offered(self) -> Password | None:
        """The password that an errand brings to the station."""
        return next((one for one in self.passwords if one.state is PasswordState.OFFERED), None)

    def find_password(self, number: PasswordNumber) -> Password | None:
        return next((one for one in self.passwords if one.number == number), None)

    def password_of(self, errand: ErrandNumber) -> Password | None:
        """The password that an errand brings, or brought."""
        return next((one for one in self.passwords if one.errand == errand), None)

    @property
    def profiles(self) -> tuple[SecurityProfile, ...]:
        """The profiles that are accepted now, the highest first: one, and two during an upgrade (A05.FR.08, 09)."""
        return (self.profile,) if self.upgrade is None else (self.upgrade.profile, self.profile)

    def without_upgrade(self) -> Access:
        """Only the present profile is accepted, and the serial number is what it was before the upgrade."""
        if self.upgrade is None:
            return self
        return replace(self, upgrade=None, serial_number=None if self.upgrade.pins_serial else self.serial_number)


@dataclass(frozen=True, slots=True)
class AccessSheet:
    """What decides whether a station may connect, for people."""

    station: Station
    access: Access
    reported_serial: str | None
    """The serial number that it told when it last booted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessCount:
    """How many registered stations have the same in these three."""

    profile: SecurityProfile
    leniencies: frozenset[Leniency]
    has_own_certificate: bool
    stations: int
    example: str
    """The identity of one of them."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A registered station at the door."""

    station: Station
    access: Access


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """How a station was let in."""

    profile: SecurityProfile
    """The one that it was admitted with."""
    is_tls: bool
    tls_version: str | None = None
    cipher: str | None = None
    password: PasswordNumber | None = None
    """The password that it used, when it was asked for one or showed one that is right."""
    form: KeyForm | None = None
    fingerprint: str | None = None
    """SHA-256 of the certificate that it showed, in hexadecimal; also of one that was not needed."""
    is_onboarding: bool = False
    """Its certificate is its maker's: it is Pending until it has one of its own (A00.FR.806)."""
    presented: str | None = None
    """What it showed beyond what its profile demands, in words an operator understands; None for nothing."""
    certificate: Certificate | None = field(default=None, repr=False)
    """The certificate that it showed, if it is good and was not issued for another station; also of one that was not
    needed."""


def is_admitted(access: Access, entry: Entry) -> bool:
    """False when the station may no longer come in as it was let in: between the decision and its record somebody
    changed its profile or its password."""
    if entry.profile not in access.profiles:
        return False
    used = None if entry.password is None else access.find_password(entry.password)
    return entry.password is None or (used is not None and used.state.is_accepted)


def after_entry(access: Access, entry: Entry, *, was_asked: bool = True) -> Access:
    """What holds once a station was let in; the same object when that changes nothing.

    A password that was on its way and is used is the station's from now on (A01.FR.03 in effect, whatever became of
    the answer). A higher profile that is used is its profile, and the lower one is never accepted again (A05.FR.09).
    With ``was_asked`` False nothing was sent to the station yet, so that it had the higher profile before: that ends
    nothing, as it may have the lower one as well, and its refusal to take what it has (A05.FR.01) ends nothing either.
    """
    changed = access if access.presented == entry.presented else replace(access, presented=entry.presented)
    if access.upgrade is not None and entry.profile is access.upgrade.profile:
        if was_asked:
            changed = replace(changed, profile=entry.profile, upgrade=None)
        elif not access.upgrade.may_be_taken:
            changed = replace(changed, upgrade=replace(access.upgrade, may_be_taken=True))
    is_own = entry.profile is SecurityProfile.TLS_CERTIFICATE and not entry.is_onboarding
    if is_own and entry.fingerprint is not None and not access.has_own_certificate:
        changed = replace(changed, has_own_certificate=True)
    if entry.certificate is not None and entry.certificate.fingerprint != access.fingerprint:
        changed = replace(changed, fingerprint=entry.certificate.fingerprint)
    used = None if entry.password is None else access.find_password(entry.password)
    if used is None or not used.state.is_accepted:
        return changed
    passwords = access.passwords if used.state is PasswordState.CURRENT else promoted(access.passwords, used.number)
    if entry.form not in (None, used.form):
        passwords = tuple(replace(one, form=entry.form) if one.number == used.number else one for one in passwords)
    return changed if passwords is access.passwords else replace(changed, passwords=passwords)


def needs_record(access: Access, entry: Entry) -> bool:
    """True when letting a station in changes what is known of it. Every handshake asks this."""
    return after_entry(access, entry) is not access


def promoted(passwords: tuple[Password, ...], number: PasswordNumber) -> tuple[Password, ...]:
    """The passwords once this one counts. Those that were made before it are former; one that was made after it may
    still be on its way."""
    changed = []
    for one in passwords:
        is_replaced = one.number < number or one.state is PasswordState.CURRENT
        if one.number == number:
            changed.append(replace(one, state=PasswordState.CURRENT, is_withdrawn=False))
        else:
            changed.append(replace(one, state=PasswordState.FORMER) if is_replaced else one)
    return without_oldest(tuple(changed))


def without_oldest(passwords: tuple[Password, ...]) -> tuple[Password, ...]:
    """The passwords without former ones beyond those that are kept."""
    former = [one.number for one in passwords if one.state is PasswordState.FORMER][:-FORMER_KEPT]
    return tuple(one for one in passwords if one.number not in former)


def withdrawn(before: Access, passwords: tuple[Password, ...]) -> tuple[Password, ...]:
    """The passwords after a decision of an operator: what was accepted before and is not any more is withdrawn."""
    accepted = {one.number for one in before.passwords if one.state.is_accepted}
    return tuple(
        replace(one, is_withdrawn=True) if one.number in accepted and not one.state.is_accepted else one
        for one in passwords
    )
