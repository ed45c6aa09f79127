"""Which stations there are, and what they are told when they boot (OCPP 1.6 §4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.admission.service import Admissions
from forecourt.domain.changes import Changes
from forecourt.domain.configuration.service import Configuration
from forecourt.domain.errands.service import Errands
from forecourt.domain.errors import check_note, conflict, invalid, not_found
from forecourt.domain.events.kinds import Kind as Told
from forecourt.domain.events.service import Events
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.labels import check_labels
from forecourt.domain.provisioning.model import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_GROUP_CHARACTERS,
    BootFacts,
    BootOutcome,
    Registration,
    Station,
    StationDraft,
    StationFilter,
    StationKey,
    StationSheet,
    UnknownStation,
    check_identity,
    spread_interval,
)
from forecourt.domain.provisioning.store import StationStore

STRANGERS_KEPT: Final = 1000
"""Unregistered stations that are remembered; whoever knocks with new names must not fill the disk."""

MAX_HEARTBEAT_SECONDS: Final = 86_400
"""At least one Heartbeat a day is advised, so that the station's clock stays right (OCPP-J 1.6 §5.3)."""

_SPREAD: Final = 0.1


@dataclass(frozen=True, slots=True)
class BootPolicy:
    """What every station is told unless its own record says otherwise. Seconds."""

    heartbeat_seconds: int = 900
    retry_seconds: int = 60
    """For a station that is Pending or Rejected: when to send its next BootNotification."""
    refresh_after: timedelta | None = None
    """The age from which the configuration of a station is read again when it boots; None for never."""


class Provisioning:
    """Everything that can happen to the register of stations."""

    def __init__(
        self,
        store: StationStore,
        clock: Clock,
        changes: Changes,
        *,
        policy: BootPolicy,
        configuration: Configuration,
        errands: Errands,
        admissions: Admissions,
        events: Events,
    ) -> None:
        self._store = store
        self._clock = clock
        self._changes = changes
        self._policy = policy
        self._configuration = configuration
        self._errands = errands
        self._admissions = admissions
        self._events = events

    # What stations do

    def boot(self, station: Station, facts: BootFacts) -> BootOutcome:
        """Record what the station says of itself, and tell it the operator's decision."""
        now = self._clock.now()
        self._store.record_boot(station.key, facts, now)
        data = {
            "vendor": facts.vendor,
            "model": facts.model,
            "serialNumber": facts.serial_number,
            "firmwareVersion": facts.firmware_version,
            "registration": station.registration.value,
        }
        self._events.tell_of_station(Told.STATION_BOOTED, station.identity, data)
        self._configuration.booted(station)
        if not station.is_accepted:
            wait = spread_interval(self._policy.retry_seconds, station.identity, _SPREAD)
        elif station.heartbeat_seconds is not None:
            wait = station.heartbeat_seconds
        else:
            wait = spread_interval(self._policy.heartbeat_seconds, station.identity, _SPREAD)
        return BootOutcome(station.registration, now, wait)

    def heartbeat(self, station: Station) -> datetime:
        """The station is alive; it is told the time."""
        now = self._clock.now()
        self._store.record_contact(station.key, now)
        return now

    def record_contacts(self, contacts: Iterable[tuple[StationKey, datetime]]) -> None:
        """Note when stations were last heard, many at once."""
        for key, at in contacts:
            self._store.record_contact(key, at)

    def record_strangers(self, strangers: Sequence[UnknownStation]) -> None:
        """Note which unregistered stations knocked."""
        known = self._store.known_strangers([one.identity for one in strangers])
        for one in strangers:
            if one.identity not in known and self._events.has_room(Told.UNKNOWN_STATION):
                data = {"address": one.address, "subprotocols": one.subprotocols}
                self._events.tell(Told.UNKNOWN_STATION, one.identity, data)
        self._store.record_strangers(strangers, STRANGERS_KEPT)

    # What operators do

    def add(self, draft: StationDraft, asked_by: str | None = None) -> StationSheet:
        """Register a station. One that was removed comes back with its history, and with its security profile and
        its passwords. ``asked_by`` is None for one that registers itself. Raises DomainError INVALID or CONFLICT."""
        check_identity(draft.identity)
        check_note(draft.description, field="description", limit=MAX_DESCRIPTION_CHARACTERS)
        _check_group(draft.group)
        _check_heartbeat(draft.heartbeat_seconds)
        labels = check_labels(draft.labels)
        if self._store.find(draft.identity) is None:
            self._admissions.check_enrolment(draft.identity, draft.security_profile)
        station = self._store.add(draft, self._clock.now())
        if station is None:
            raise conflict("A station {!r} is registered already.", draft.identity, field="id")
        self._store.put_labels(station.key, labels)
        self._admissions.enrol(station, draft.security_profile, asked_by)
        self._store.forget_stranger(draft.identity)
        self._events.tell_of_station(
            Told.STATION_REGISTERED, draft.identity, {"askedBy": asked_by or "the station itself"}
        )
        return self.get(draft.identity)

    def change(
        self,
        identity: str,
        *,
        description: str,
        registration: Registration,
        heartbeat_seconds: int | None,
        group: str | None = None,
        labels: Sequence[str] | None = None,
    ) -> StationSheet:
        """Replace what the operator decides about a station; without a group it stays in its own, and without labels
        it keeps its own. Its link learns of it at once."""
        sheet = self.get(identity)
        station = sheet.station
        check_note(description, field="description", limit=MAX_DESCRIPTION_CHARACTERS)
        group = sheet.group if group is None else _check_group(group)
        _check_heartbeat(heartbeat_seconds)
        if labels is not None:
            self._store.put_labels(station.key, check_labels(labels))
        self._store.change(
            station.key,
            description=description,
            group=group,
            registration=registration,
            heartbeat_seconds=heartbeat_seconds,
        )
        self._changes.station_changed(identity)
        return self.get(identity)

    def label(self, identity: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> StationSheet:
        """Give labels to a station, or take them from it; its others stay. Raises DomainError."""
        sheet = self.get(identity)
        kept = [one for one in sheet.labels if one not in remove]
        self._store.put_labels(sheet.station.key, check_labels([*kept, *add]))
        self._changes.station_changed(identity)
        return self.get(identity)

    def remove(self, identity: str) -> None:
        """Take a station off the register. Its transactions stay; its link is closed, and what was wanted of it and
        not sent yet is taken back."""
        station = self.get_station(identity)
        self._errands.abandon(station)
        self._admissions.removed(station)
        self._store.remove(station.key, self._clock.now())
        self._events.tell_of_station(Told.STATION_REMOVED, identity, {})
        self._changes.station_changed(identity)

    def forget_stranger(self, identity: str) -> None:
        if not self._store.forget_stranger(identity):
            raise not_found("No unknown station {!r} is on record.", identity)

    # Questions

    def find_station(self, identity: str) -> Station | None:
        return self._store.find(identity)

    def get_station(self, identity: str) -> Station:
        station = self._store.find(identity)
        if station is None:
            raise not_found("No station {!r} is registered.", identity)
        return station

    def get(self, identity: str) -> StationSheet:
        sheet = self._store.sheet(identity)
        if sheet is None:
            raise not_found("No station {!r} is registered.", identity)
        return sheet

    def list(self, wanted: StationFilter, page: PageRequest) -> Page[StationSheet]:
        return self._store.sheets(wanted, page)

    def count(self, wanted: StationFilter) -> int:
        return self._store.count(wanted)

    def groups(self) -> Sequence[str]:
        """Every group that a station is in."""
        return self._store.groups()

    def labels(self) -> Sequence[str]:
        """Every label that a station has."""
        return self._store.labels()

    def find_stranger(self, identity: str) -> UnknownStation | None:
        return self._store.find_stranger(identity)

    def list_strangers(self, page: PageRequest) -> Page[UnknownStation]:
        return self._store.strangers(page)


def _check_group(group: str) -> str:
    check_note(group, field="group", limit=MAX_GROUP_CHARACTERS)
    if group != group.strip() or not group.isprintable():
        raise invalid("A group may not begin or end with a space or hold control characters.", field="group")
    return group


def _check_heartbeat(seconds: int | None) -> None:
    if seconds is not None and not 1 <= seconds <= MAX_HEARTBEAT_SECONDS:
        raise invalid(
            "The heartbeat interval must be between 1 and {} seconds.", MAX_HEARTBEAT_SECONDS, field="heartbeatInterval"
        )
