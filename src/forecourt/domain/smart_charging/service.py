"""Everything that can happen to charging profiles (OCPP 1.6 §3.13, §5.5, §5.7, §5.16)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.errands.intents import AskSchedule, ClearProfiles, InstallProfile
from forecourt.domain.errands.model import Draft, Errand, ErrandNumber, Failure, Order
from forecourt.domain.errands.service import Errands
from forecourt.domain.errors import Sentence, check_note, conflict, invalid, not_found
from forecourt.domain.evse import WHOLE_STATION, Place
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.domain.smart_charging.composite import Placed, Stack, applies, composite
from forecourt.domain.smart_charging.model import (
    Assignment,
    AssignmentState,
    InstallAnswer,
    LibraryProfile,
    Profile,
    ProfileDraft,
    ProfileFilter,
    Purpose,
    RateUnit,
    Schedule,
    ToldSchedule,
    Which,
    is_same_slot,
)
from forecourt.domain.smart_charging.rules import (
    MAX_NUMBER,
    check,
    faults_of,
    faults_of_place,
    is_over,
    limits_exceeded,
)
from forecourt.domain.smart_charging.store import KnownSettings, SmartChargingStore
from forecourt.domain.transactions.model import Transaction
from forecourt.domain.transactions.service import Transactions

LATE_START: Final = timedelta(minutes=5)
"""A start that was reported later than this may be an old one that was queued (OCPP 1.6 §5.16)."""

LIMITS: Final = (
    "ChargeProfileMaxStackLevel",
    "ChargingScheduleAllowedChargingRateUnit",
    "ChargingScheduleMaxPeriods",
    "MaxChargingProfilesInstalled",
)
"""The settings with which a station says what it can do (OCPP 1.6 §9.4)."""

MAX_NAME: Final = 255
MAX_DESCRIPTION: Final = 1000

_LISTED: Final = 5
"""So many places of a profile are named."""


class SmartCharging:
    """The library of profiles, what is believed installed on stations, and what they computed from it."""

    def __init__(
        self,
        store: SmartChargingStore,
        errands: Errands,
        transactions: Transactions,
        settings: KnownSettings,
        clock: Clock,
    ) -> None:
        self._store = store
        self._errands = errands
        self._transactions = transactions
        self._clock = clock
        self._settings = settings
        errands.watch(InstallProfile, self._not_installed)

    # The library

    def add_profile(self, draft: ProfileDraft) -> LibraryProfile:
        """Raises ProfileRefused with all that is wrong."""
        return self.get_profile(self._store.add_profile(_checked(draft), self._clock.now()))

    def change_profile(self, number: int, draft: ProfileDraft) -> LibraryProfile:
        """Stations keep the version that they have; their assignments are outdated from now on. Raises
        ProfileRefused, and DomainError NOT_FOUND."""
        if not self._store.change_profile(number, _checked(draft), self._clock.now()):
            raise _no_profile(number)
        return self.get_profile(number)

    def remove_profile(self, number: int) -> None:
        """Raises DomainError NOT_FOUND, and CONFLICT for one that may be on a station."""
        self.get_profile(number)
        there = self._store.open_of(number)
        if there:
            raise conflict(
                "Charging profile {} is on {}, or on its way there. Remove it there first with RemoveChargingProfile.",
                number,
                _listed(there),
            )
        self._store.remove_profile(number)

    def get_profile(self, number: int) -> LibraryProfile:
        """Raises DomainError NOT_FOUND."""
        profile = self._store.find_profile(number)
        if profile is None:
            raise _no_profile(number)
        return profile

    def list_profiles(self, wanted: ProfileFilter, page: PageRequest) -> Page[LibraryProfile]:
        return self._store.profiles(wanted, page)

    def where(self, number: int) -> Sequence[Assignment]:
        """Where a profile of the library is believed to be, or is on its way to. Raises DomainError NOT_FOUND."""
        self.get_profile(number)
        return self._store.open_of(number)

    def placed(self, page: PageRequest, *, station: str | None = None, library: int | None = None) -> Page[Assignment]:
        """What is believed to be on stations, may be, or is on its way: of all, or of one station or profile."""
        return self._store.placed(station, library, page)

    # Asking stations

    def assign(
        self, station: Station, *, profile_number: int, place: Place, transaction_id: int | None, order: Order
    ) -> Errand:
        """Give a station a profile of the library. A TxProfile without a transaction is for the one that runs there.

        Raises DomainError NOT_FOUND, INVALID for a place where it makes no sense, and CONFLICT when no such
        transaction runs.
        """
        profile = self.get_profile(profile_number).profile
        for fault in faults_of_place(profile, place):
            raise invalid(fault.reason, field=fault.field)
        warnings: list[str] = []
        if profile.purpose is Purpose.TRANSACTION:
            transaction = self._running(station, place, transaction_id)
            profile = replace(profile, transaction_id=transaction.transaction_id)
            warnings += _warnings_of_start(transaction)
        elif transaction_id is not None:
            raise invalid(
                "Only a TxProfile is for a transaction; this is a {}.", profile.purpose.value, field="transactionId"
            )
        warnings += self._warnings_of_room(station, place, profile)
        number = self._store.add_assignment(
            station.key,
            place,
            profile,
            library=profile_number,
            state=AssignmentState.REQUESTED,
            at=self._clock.now(),
        )
        intent = InstallProfile(place, profile, number)
        draft = Draft(operation="AssignChargingProfile", intent=intent, shown=None, warnings=tuple(warnings))
        errand = self._errands.ask(station, draft, order)
        self._store.set_errand(number, errand.number)
        return errand

    def remove(self, station: Station, number: int, order: Order) -> Errand:
        """Take an assigned profile off a station. Raises DomainError NOT_FOUND, and CONFLICT when it is not there."""
        assignment = self.get_assignment(station, number)
        if assignment.state is AssignmentState.REQUESTED:
            raise conflict("The profile is on its way to the station; cancel errand {} instead.", assignment.errand)
        if not assignment.may_be_there:
            raise conflict("The profile is not on the station: the assignment was {}.", assignment.state.value)
        intent = ClearProfiles(profile_id=assignment.profile.profile_id)
        return self._errands.ask(station, Draft(operation="RemoveChargingProfile", intent=intent, shown=None), order)

    def ask_schedule(
        self, station: Station, *, place: Place, seconds: int, unit: RateUnit | None, order: Order
    ) -> Errand:
        """Ask which limits result from all profiles; the answer is kept."""
        intent = AskSchedule(place, seconds, None if unit is None else unit.value)
        return self._errands.ask(station, Draft(operation="FetchSchedule", intent=intent, shown=None), order)

    # What stations answer, whoever asked

    def installed(
        self, station: Station, place: Place, profile: Profile, answer: InstallAnswer, errand: ErrandNumber
    ) -> None:
        """A station took the profile that an errand brought, or did not."""
        now = self._clock.now()
        mine = self._store.find_by_errand(errand)
        if mine is not None and not mine.is_awaited:
            return  # the answer is late, and something that was sent after it has ended it
        if answer is not InstallAnswer.ACCEPTED:
            if mine is not None:
                reason = f"The station answered {answer.value}."
                self._store.settle(mine.number, AssignmentState.REFUSED, reason, now)
            return
        self._store.settle_ended(station.key, now)
        number = self._written_by_hand(station, place, profile, errand) if mine is None else mine.number
        self._store.settle(number, AssignmentState.INSTALLED, None, now)
        for other in self._store.open_on(station.key):
            is_rival = other.may_be_there and is_same_slot((place, profile), (other.place, other.profile))
            if not is_rival or other.number == number:
                continue
            if not self._is_sent_later(other, errand):
                self._store.settle(other.number, AssignmentState.REPLACED, _replaced_by(profile), now)
            elif other.state is AssignmentState.INSTALLED:
                self._store.settle(number, AssignmentState.REPLACED, _replaced_by(other.profile), now)

    def _written_by_hand(self, station: Station, place: Place, profile: Profile, errand: ErrandNumber) -> int:
        number = self._store.add_assignment(
            station.key,
            place,
            self._with_transaction(station, place, profile),
            library=None,
            state=AssignmentState.REQUESTED,
            at=self._clock.now(),
        )
        self._store.set_errand(number, errand)
        return number

    def cleared(self, station: Station, which: Which, errand: ErrandNumber, *, were_there: bool) -> None:
        """A station removed profiles, or had none such: either way they are not there, unless they were given to it
        after it was asked."""
        reason = None if were_there else "The station says that it does not have it."
        for other in self._store.open_on(station.key):
            is_meant = other.may_be_there and which.matches(other.place, other.profile)
            if is_meant and not self._is_sent_later(other, errand):
                self._store.settle(other.number, AssignmentState.REMOVED, reason, self._clock.now())

    def _is_sent_later(self, assignment: Assignment, errand: ErrandNumber) -> bool:
        """True when a profile was sent to the station after this errand, whose answer is late then."""
        if assignment.errand is None:
            return False
        one, other = self._errands.get(ErrandNumber(assignment.errand)), self._errands.get(errand)
        if one.sent_at is None or other.sent_at is None:
            return False
        return (one.sent_at, one.number) > (other.sent_at, other.number)

    def told(
        self, station: Station, place: Place, *, asked_seconds: int, starts_at: datetime | None, schedule: Schedule
    ) -> None:
        """A station told what it computed. One that does not say when its schedule starts means now."""
        now = self._clock.now()
        told = ToldSchedule(
            place=place,
            asked_seconds=asked_seconds,
            starts_at=starts_at or schedule.starts_at or now,
            schedule=schedule,
            told_at=now,
        )
        self._store.put_schedule(station.key, told)

    def _not_installed(
        self, _station_key: int, _errand: ErrandNumber, intent: InstallProfile, failure: Failure
    ) -> None:
        assignment = None if intent.assignment is None else self._store.find_assignment(intent.assignment)
        if assignment is not None and assignment.is_awaited:
            state = AssignmentState.UNKNOWN if failure.is_outcome_unknown else AssignmentState.FAILED
            self._store.settle(assignment.number, state, failure.reason, self._clock.now())

    # Questions

    def get_assignment(self, station: Station, number: int) -> Assignment:
        """Raises DomainError NOT_FOUND, also for one of another station."""
        assignment = self._store.find_assignment(number) if 0 < number <= MAX_NUMBER else None
        if assignment is None or assignment.station != station.identity:
            raise not_found("Station {} has no assignment {}.", station.identity, number)
        return assignment

    def present(self, station: Station) -> Sequence[Assignment]:
        """What is believed to be on a station, may be, or is on its way; oldest first."""
        return self._store.open_on(station.key)

    def history(self, station: Station, page: PageRequest) -> Page[Assignment]:
        """All that a station was ever given, newest first."""
        return self._store.assignments(station.key, page)

    def schedules(self, station: Station) -> Sequence[ToldSchedule]:
        """The newest schedule that a station told for each place."""
        return self._store.schedules(station.key)

    def get_schedule(self, station: Station, place: Place) -> ToldSchedule:
        """Raises DomainError NOT_FOUND."""
        for told in self._store.schedules(station.key):
            if told.place == place:
                return told
        raise not_found("Station {} told no schedule for {}. Ask with FetchSchedule.", station.identity, _named(place))

    def stack(self, station: Station, place: Place, *, since: datetime | None, seconds: int) -> Stack:
        """What of a station is believed to limit a place, from a time (None means now) on, and what results."""
        there = [one for one in self._store.open_on(station.key) if one.may_be_there]
        concerned = [one for one in there if applies(Placed(one.place, one.profile), place)]
        starts_at = since or self._clock.now()
        result = composite([Placed(one.place, one.profile) for one in concerned], place, starts_at, seconds)
        return Stack(starts_at, concerned, result)

    def doubts(self, station: Station, place: Place, profile: Profile) -> Iterator[str]:
        """What looks wrong about a profile that is sent to a place as somebody wrote it, in sentences."""
        yield from (f"{fault.field}: {fault.reason}" for fault in faults_of(profile))
        yield from (f"{fault.field}: {fault.reason}" for fault in faults_of_place(profile, place))
        if profile.purpose is Purpose.TRANSACTION and place is not WHOLE_STATION:
            running = self._store.running_at(station.key, place)
            if profile.transaction_id is None:
                yield "transactionId: A TxProfile that is installed should name its transaction (OCPP 1.6 §5.16)."
            elif profile.transaction_id not in running:
                yield f"transactionId: No transaction {profile.transaction_id} runs on {_named(place)} of this station."
        yield from self._warnings_of_room(station, place, profile)

    # Inside

    def _running(self, station: Station, place: Place, transaction_id: int | None) -> Transaction:
        running = self._store.running_at(station.key, place)
        if transaction_id is None and not running:
            raise conflict(
                "No transaction runs on {} of {}; a TxProfile needs one.",
                _named(place),
                station.identity,
                field="connectorId",
            )
        if transaction_id is not None and transaction_id not in running:
            raise conflict(
                "No transaction {} runs on {} of {}.",
                transaction_id,
                _named(place),
                station.identity,
                field="transactionId",
            )
        return self._transactions.get(running[0] if transaction_id is None else transaction_id)

    def _with_transaction(self, station: Station, place: Place, profile: Profile) -> Profile:
        """A TxProfile that names no transaction is for the one that runs (OCPP 1.6 §7.8)."""
        if profile.purpose is not Purpose.TRANSACTION or profile.transaction_id is not None:
            return profile
        running = self._store.running_at(station.key, place)
        return replace(profile, transaction_id=running[0]) if running else profile

    def _warnings_of_room(self, station: Station, place: Place, profile: Profile) -> Iterator[str]:
        """What a profile would push out, and what of it the station says that it cannot do."""
        others = [one for one in self._store.open_on(station.key) if one.state is not AssignmentState.REQUESTED]
        stays = []
        for other in others:
            if not is_same_slot((place, profile), (other.place, other.profile)):
                stays.append(other)
            elif other.place != place:
                yield (
                    f"Profile {profile.profile_id} is on {_named(other.place)} now. A number exists once on a station,"
                    " so it will be gone from there (OCPP 1.6 §5.16)."
                )
            elif other.profile.profile_id != profile.profile_id:
                yield (
                    f"It replaces profile {other.profile.profile_id}, which has the same purpose and stack level there."
                )
        if is_over(profile, self._clock.now()):
            yield "It is not valid any more: its validTo has passed."
        told = {name: self._settings.value(station, name) for name in LIMITS}
        yield from limits_exceeded(profile, {name: value for name, value in told.items() if value}, len(stays))


def _checked(draft: ProfileDraft) -> ProfileDraft:
    if not draft.name.strip():
        raise invalid("A charging profile needs a name.", field="name")
    check_note(draft.name, field="name", limit=MAX_NAME)
    check_note(draft.description, field="description", limit=MAX_DESCRIPTION)
    check(draft.profile)
    return draft


def _replaced_by(profile: Profile) -> str:
    return f"Replaced by profile {profile.profile_id}."


def _no_profile(number: int) -> Exception:
    return not_found("There is no charging profile {} in the library.", number)


def _warnings_of_start(transaction: Transaction) -> Iterator[str]:
    if transaction.start_received_at - transaction.started_at > LATE_START:
        yield (
            f"Transaction {transaction.transaction_id} was reported late: it started at"
            f" {transaction.started_at:%Y-%m-%d %H:%M} UTC and may be over already (OCPP 1.6 §5.16)."
        )


def _listed(there: Sequence[Assignment]) -> Sentence:
    shown = there[:_LISTED]
    pattern = ", ".join(["{} ({})"] * len(shown))
    places = Sentence(pattern, *(value for one in shown for value in (one.station, _named(one.place))))
    return Sentence("{} and {} more", places, len(there) - _LISTED) if len(there) > _LISTED else places


def _named(place: Place) -> Sentence:
    return Sentence("connector 0, the whole station") if place is WHOLE_STATION else Sentence("connector {}", place)
