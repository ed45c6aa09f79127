"""Who may connect, and how: the facts for the decision at the door, and what operators decide about it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol, TypeAlias, TypeVar

from forecourt.domain.admission.ledger import Ledger
from forecourt.domain.admission.model import (
    Access,
    AccessCount,
    AccessSheet,
    Caller,
    Entry,
    Leniency,
    SecurityProfile,
    UpgradeState,
    after_entry,
    is_admitted,
)
from forecourt.domain.errands.model import ErrandNumber, ErrandState
from forecourt.domain.errands.service import Errands
from forecourt.domain.errors import DomainError, Kind, conflict, invalid
from forecourt.domain.provisioning.model import Station
from forecourt.domain.security_log.model import Kind as Noted
from forecourt.domain.trust.held import How, Use
from forecourt.domain.trust.model import Policy
from forecourt.pki.certificate import Certificate

MAX_SERIAL_CHARACTERS: Final = 64
"""As long as the common name of a certificate may be (RFC 5280, ub-common-name)."""

MAX_ORGANISATIONS: Final = 20
MAX_ORGANISATION_CHARACTERS: Final = 64
"""As RFC 5280, ub-organization-name."""


class Trusting(Protocol):
    """What admission needs of the store of trust."""

    def policy(self) -> Policy:
        """What the operator decided for all stations."""
        ...

    def hold(self, station: Station, use: Use, certificate: Certificate, how: How) -> bool:
        """The station has this certificate."""
        ...


class Observer(Protocol):
    """A room that is told of what concerns the certificates of stations."""

    def presented(self, station: Station, certificate: Certificate) -> None:
        """The station was let in with a certificate that is not the one that it showed before."""
        ...

    def before_other_name(self, station: Station) -> None:
        """What its certificate has to name may be about to change; nothing of the station is held yet."""
        ...

    def has_other_name(self, station: Station) -> None:
        """That has changed."""
        ...

    def removed(self, station: Station) -> None:
        """It was taken off the register."""
        ...


class Kept(enum.Enum):
    """Something that a change leaves as it is."""

    KEPT = enum.auto()


KEPT: Final = Kept.KEPT

Value = TypeVar("Value", frozenset[Leniency], str | None, tuple[str, ...])
Change: TypeAlias = Value | Callable[[Value], Value] | Kept
"""A new value, or what makes it of the one that is on record when it is written."""


class Admissions:
    """Everything that can happen to the access of stations, but for passwords and upgrades on their way."""

    def __init__(self, ledger: Ledger, errands: Errands, trust: Trusting) -> None:
        self._ledger = ledger
        self._store = ledger.store
        self._errands = errands
        self._trust = trust
        self._taking_back: ErrandNumber | None = None
        self._observer: Observer | None = None
        self._device_watchers: list[Callable[[Station], None]] = []

    def watch(self, observer: Observer) -> None:
        """Have a room told of what concerns the certificates of stations, in the unit of work that records it."""
        self._observer = observer

    def watch_devices(self, watcher: Callable[[Station], None]) -> None:
        """Have a room told, in the unit of work that records it, that another device may stand behind an identity:
        what the one before had says nothing of it."""
        self._device_watchers.append(watcher)

    # What the door asks and tells

    def find(self, identity: str) -> Caller | None:
        """A registered station with all that decides whether it may connect."""
        return self._store.find(identity)

    def access(self, station: Station) -> Access:
        return self._store.access(station.key)

    def admitted(self, station: Station, entry: Entry) -> Access:
        """Record how a station was let in, before it learns that it is. Returns what holds from now on.

        Raises DomainError REFUSED when its profile or its password was changed since the decision was made.
        """
        before = self._store.hold(station.key)
        if not is_admitted(before, entry):
            raise DomainError(
                Kind.REFUSED, "What the station may connect with was changed just now; it has to try again."
            )
        after = after_entry(before, entry, was_asked=self._was_asked(before, entry))
        if after == before:
            return after
        self._ledger.keep(station.key, before, after)
        if entry.certificate is not None and after.fingerprint != before.fingerprint:
            if self._observer is not None:  # before what the station holds, as an answer to a certificate does it too
                self._observer.presented(station, entry.certificate)
            self._trust.hold(station, Use.CHARGE_POINT, entry.certificate, How.PRESENTED)
        current = after.current
        if current is not None and current != before.current and current.number == entry.password:
            before_it = before.find_password(current.number)
            if before_it is not None and before_it.state is not current.state:
                reason = f"It connected with its new password {current.number}; the one before is refused now."
                self._ledger.note(Noted.PASSWORD_CHANGED, station.identity, reason)
        if after.profile is not before.profile:
            reason = f"It connected with profile {after.profile}; profile {before.profile} is refused from now on."
            self._ledger.note(Noted.PROFILE_UPGRADED, station.identity, reason)
            self._ledger.ring(station.identity)
        return after

    def _was_asked(self, access: Access, entry: Entry) -> bool:
        """False when the station came with the higher profile before anybody could have told it to."""
        upgrade = access.upgrade
        if upgrade is None or entry.profile is not upgrade.profile or upgrade.state is not UpgradeState.OFFERED:
            return True
        return upgrade.errand is None or self._errands.get(upgrade.errand).state is not ErrandState.QUEUED

    # What registering asks and tells

    def check_enrolment(self, identity: str, profile: SecurityProfile | None) -> None:
        """Raises DomainError CONFLICT when a station that comes back would come back with a lower profile than it
        had: that is a decision of its own (A05.FR.09)."""
        kept = self._store.kept_profile(identity)
        if profile is not None and kept is not None and profile < kept:
            raise conflict(
                "The station {!r} was registered before and had the security profile {}. Register it without a "
                "profile, so that it comes back with that one; then lower it by hand.",
                identity,
                kept,
                field="securityProfile",
            )

    def enrol(self, station: Station, profile: SecurityProfile | None, asked_by: str | None) -> None:
        """A station was registered. One that was registered before has the profile and the passwords that it had."""
        self._tell_of_device(station)
        if profile is None and self._store.kept_profile(station.identity) is not None:
            return
        before = self._store.hold(station.key)
        wanted = self._trust.policy().new_station_profile if profile is None else profile
        if before.profile is not wanted or before.upgrade is not None:
            reason = f"The station was registered with the profile {wanted}."
            self._settle(station, before, wanted, kind=Noted.PROFILE_SET, reason=reason, asked_by=asked_by)

    # What operators decide

    def set_profile(self, station: Station, profile: SecurityProfile, *, may_lower: bool, asked_by: str) -> Access:
        """Set the profile by hand, for a station that has it already or is given it in another way than OCPP. It ends
        an upgrade. A connection with another profile is closed.

        Raises DomainError CONFLICT for a lower profile, unless ``may_lower`` says that it is meant (A00.FR.005), and
        while the station's answer to an upgrade is awaited.
        """
        self.take_back_upgrade(station)
        before = self._store.hold(station.key)
        is_lower = profile < before.profile
        if is_lower and not may_lower:
            raise conflict(
                "The station {!r} has the profile {}; {} is lower. It would be let in with less proof of who it is: "
                "say explicitly that it is to be lowered.",
                station.identity,
                before.profile,
                profile,
                field="profile",
            )
        if profile is before.profile and before.upgrade is None:
            return before
        kind = Noted.PROFILE_LOWERED if is_lower else Noted.PROFILE_SET
        reason = f"The profile was set from {before.profile} to {profile} by hand."
        if before.upgrade is not None:
            reason += f" This ended the upgrade to {before.upgrade.profile}."
        return self._settle(station, before, profile, kind=kind, reason=reason, asked_by=asked_by)

    def take_back_upgrade(self, station: Station) -> None:
        """Take back the errand of an upgrade that waits to be sent. Nothing is noted: whoever asks for this ends the
        upgrade. It comes before the access is held, because whatever ends an errand holds the access after it.

        Raises DomainError CONFLICT when it was sent and its answer is awaited.
        """
        upgrade = self._store.access(station.key).upgrade
        if upgrade is None or upgrade.errand is None or self._errands.get(upgrade.errand).state.is_final:
            return
        self._taking_back = upgrade.errand
        try:
            self._errands.cancel(upgrade.errand)
        except DomainError as error:
            raise conflict(
                "The errand {} was sent already, and asks the station for the profile {}. Wait for its answer.",
                upgrade.errand,
                upgrade.profile,
            ) from error
        finally:
            self._taking_back = None

    def is_taking_back(self, errand: ErrandNumber) -> bool:
        """True while an errand is taken back by :meth:`take_back_upgrade`."""
        return errand == self._taking_back

    def _settle(
        self,
        station: Station,
        before: Access,
        profile: SecurityProfile,
        *,
        kind: Noted,
        reason: str,
        asked_by: str | None,
    ) -> Access:
        """The station has this profile and no other from now on."""
        settled = replace(before.without_upgrade(), profile=profile)
        after = replace(
            settled,
            serial_number=self.serial_for(station, settled, profile),
            # Another device may stand there now, with the certificate of its maker.
            has_own_certificate=before.has_own_certificate and profile >= before.profile,
        )
        self._ledger.keep(station.key, before, after)
        self._ledger.note(kind, station.identity, reason, asked_by)
        self._ledger.ring(station.identity)
        return after

    def change(
        self,
        station: Station,
        *,
        leniencies: Change[frozenset[Leniency]] = KEPT,
        serial_number: Change[str | None] = KEPT,
        trusted_organisations: Change[tuple[str, ...]] = KEPT,
        asked_by: str,
    ) -> Access:
        """Change what is excused in a station and expected of its certificate. Raises DomainError INVALID, or CONFLICT
        for a serial number that another station has on record."""
        known = self._store.access(station.key).serial_number
        if self._observer is not None and _changed(serial_number, known) != known:
            self._observer.before_other_name(station)
        before = self._store.hold(station.key)
        serial = _changed(serial_number, before.serial_number)
        organisations = _changed(trusted_organisations, before.trusted_organisations)
        after = replace(
            before,
            leniencies=_changed(leniencies, before.leniencies),
            trusted_organisations=_check_organisations(organisations),
        )
        if serial_number is not KEPT:
            after = _with_serial(after, None if serial is None else self._check_own(station, _check_serial(serial)))
        if after.serial_number != before.serial_number and self._observer is not None:
            self._observer.has_other_name(station)
        if after != before:
            self._changed(station, before, after, _difference(before, after), asked_by)
        return after

    def replace_device(self, station: Station, asked_by: str) -> Access:
        """Another device stands there now, under the same identity: what the certificate of the one before has proven
        and named says nothing of it (A00.FR.405, 406). A connection that rests on that is closed."""
        if self._observer is not None:
            self._observer.before_other_name(station)
        before = self._store.hold(station.key)
        after = replace(_with_serial(before, None), has_own_certificate=False, fingerprint=None)
        reason = "Another device stands there now: it may come with its maker's certificate, and its serial number is"
        self._changed(station, before, after, f"{reason} not on record.", asked_by)
        self._tell_of_device(station)
        if self._observer is not None:
            self._observer.has_other_name(station)
        return after

    def removed(self, station: Station) -> None:
        """The station was taken off the register."""
        if self._observer is not None:
            self._observer.removed(station)

    def _check_own(self, station: Station, serial_number: str) -> str:
        other = self._store.other_with_serial(station.key, serial_number, is_told_enough=False)
        if other is not None:
            raise conflict(
                "The station {!r} has the serial number {!r} on record, and no two stations have the same: take it "
                "off that one first.",
                other,
                serial_number,
                field="serialNumber",
            )
        return serial_number

    def _tell_of_device(self, station: Station) -> None:
        for watcher in self._device_watchers:
            watcher(station)

    def _changed(self, station: Station, before: Access, after: Access, reason: str, asked_by: str) -> None:
        self._ledger.keep(station.key, before, after)
        if reason:
            self._ledger.note(Noted.ACCESS_CHANGED, station.identity, reason, asked_by)
        self._ledger.ring(station.identity)

    def serial_for(self, station: Station, access: Access, profile: SecurityProfile) -> str | None:
        """The serial number that is to be on record: from profile 3 on it is the one that the station told so far,
        and no BootNotification changes it any more (A00.FR.405)."""
        if access.serial_number is not None or profile is not SecurityProfile.TLS_CERTIFICATE:
            return access.serial_number
        return self._store.reported_serial(station.key) or None

    # Questions

    def counts(self) -> Sequence[AccessCount]:
        """How many registered stations have which profile, and what is excused in them."""
        return self._store.counts()

    def sheet(self, station: Station) -> AccessSheet:
        return AccessSheet(station, self._store.access(station.key), self._store.reported_serial(station.key))


def _changed(change: Change[Value], known: Value) -> Value:
    if isinstance(change, Kept):
        return known
    return change(known) if callable(change) else change


def _with_serial(access: Access, serial_number: str | None) -> Access:
    """An operator decided about the serial number, so that no upgrade that comes to nothing undoes it."""
    upgrade = None if access.upgrade is None else replace(access.upgrade, pins_serial=False)
    return replace(access, serial_number=serial_number, upgrade=upgrade)


def _check_serial(serial_number: str) -> str:
    if not 0 < len(serial_number) <= MAX_SERIAL_CHARACTERS or not _is_clean(serial_number):
        raise invalid(
            "A serial number has 1 to {} printable characters, with no space at its ends.",
            MAX_SERIAL_CHARACTERS,
            field="serialNumber",
        )
    return serial_number


def _check_organisations(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) > MAX_ORGANISATIONS:
        raise invalid("At most {} organizations can be trusted.", MAX_ORGANISATIONS, field="trustedOrganisations")
    if not all(0 < len(name) <= MAX_ORGANISATION_CHARACTERS and _is_clean(name) for name in names):
        raise invalid(
            "An organization has 1 to {} printable characters.",
            MAX_ORGANISATION_CHARACTERS,
            field="trustedOrganisations",
        )
    return tuple(dict.fromkeys(names))


def _is_clean(text: str) -> bool:
    return text.isprintable() and text == text.strip()


def _difference(before: Access, after: Access) -> str:
    told = []
    if before.leniencies != after.leniencies:
        names = ", ".join(sorted(one.value for one in after.leniencies))
        told.append(f"Excused is now: {names or 'nothing'}.")
    if before.serial_number != after.serial_number:
        told.append(f"Its certificate must name the serial number {after.serial_number or 'that it has reported'}.")
    if before.trusted_organisations != after.trusted_organisations:
        names = ", ".join(after.trusted_organisations)
        told.append(f"Its certificate may also belong to: {names or 'nobody else'}.")
    return " ".join(told)
