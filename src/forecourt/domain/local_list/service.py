"""Everything that can happen to local authorization lists (OCPP 1.6 §5.10, §5.15).

An update goes step by step: after each message that the station accepted, what still differs is looked up anew and
the next message is asked for, until nothing differs. So a list that needs many messages, a tag that changes
meanwhile, and a restart of the system in the middle are all one thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.authorization.model import fold
from forecourt.domain.configuration.service import Configuration
from forecourt.domain.errands.intents import ListEntry, UpdateLocalList
from forecourt.domain.errands.model import Delivery, Draft, Errand, ErrandNumber, Failure, Order
from forecourt.domain.errands.service import Errands
from forecourt.domain.errors import conflict, invalid
from forecourt.domain.local_list.model import (
    LAST_VERSION,
    Due,
    ListFilter,
    ListItem,
    ListLine,
    ListRecord,
    ListSheet,
    UpdateStatus,
    check_tags,
    per_message,
    state_of,
)
from forecourt.domain.local_list.store import LocalListStore
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station

UPDATE: Final = "UpdateLocalList"
"""Name of the operation whose errands these are."""

NOT_SUPPORTED_VERSION: Final = -1
EMPTY_VERSION: Final = 0
"""What stations report that have no list, and none in it (OCPP 1.6 §5.10)."""

_NAMED: Final = 5
"""How many tags a refusal names."""


class LocalLists:
    """Which tags stations should admit by themselves, and how they learn of it."""

    def __init__(self, store: LocalListStore, configuration: Configuration, errands: Errands, clock: Clock) -> None:
        self._store = store
        self._configuration = configuration
        self._errands = errands
        self._clock = clock
        errands.watch(UpdateLocalList, self._not_carried)

    # What operators do

    def follow_all(self, station: Station) -> None:
        """The list should hold every known tag."""
        self._manage(station, follows_all=True)

    def choose(self, station: Station, id_tokens: Sequence[str]) -> None:
        """The list should hold these tags. Raises DomainError INVALID when one is not registered."""
        self._store.choose(station.key, check_tags(id_tokens))
        unknown = self._store.unregistered(station.key, _NAMED + 1)
        if unknown:
            named = ", ".join(map(repr, unknown[:_NAMED]))
            if len(unknown) > _NAMED:
                raise invalid("Not registered as id tags: {} and others. Register them first.", named, field="idTags")
            raise invalid("Not registered as id tags: {}. Register them first.", named, field="idTags")
        self._manage(station, follows_all=False)

    def _manage(self, station: Station, *, follows_all: bool) -> None:
        record = self._store.take(station.key)
        self._store.put(station.key, replace(record, is_managed=True, follows_all=follows_all, failure=None))

    def update(self, station: Station, order: Order, *, in_full: bool) -> Errand:
        """Send what the station's list lacks, or all of it. Raises DomainError CONFLICT when there is nothing to send
        or the list does not fit."""
        record = self._store.take(station.key)
        if not record.is_managed:
            raise conflict("Say first what the local list of {!r} should hold.", station.identity)
        if self._is_sending(record):
            raise conflict(
                "An update of the local list is on its way already; wait for its end, or cancel it. It is errand {}.",
                record.sending_errand,
            )
        self._check_length(station, record)
        is_known = record.is_content_known and record.sending_version is None
        fresh = replace(
            record,
            asked_by=order.asked_by,
            has_started_over=False,
            resume_after=None,
            failure=None,
            is_content_known=is_known,
        )
        errand = self._send(station, fresh, order, is_full=in_full or not is_known)
        if errand is None:
            raise conflict("The local list of {!r} is in sync, so there is nothing to send.", station.identity)
        return errand

    # What stations do

    def answered(
        self,
        station: Station,
        errand: ErrandNumber,
        *,
        version: int,
        is_full: bool,
        entries: Sequence[ListEntry],
        status: UpdateStatus,
    ) -> None:
        """The station answered SendLocalList, whoever asked for it.

        One that was not sent by the update under way makes the list's content unknown, so that the next update is a
        full one. An answer that is heard again, because nobody learned that it was stored, changes nothing.
        """
        record = self._store.take(station.key)
        if record.heard_errand == errand:
            return
        is_ours = record.sending_errand == errand
        record = replace(record, heard_errand=errand)
        if not is_ours:
            self._answered_others(station, record, version, status)
            return
        record = replace(record, sending_version=None, sending_errand=None)
        if status is UpdateStatus.ACCEPTED:
            self._accepted(station, record, version, entries, is_full=is_full)
        elif status is UpdateStatus.NOT_SUPPORTED:
            self._store.put(station.key, replace(record, is_unsupported=True, is_content_known=False))
        elif not is_full and not record.has_started_over:
            # A refused change must be followed by the full list (OCPP 1.6 §5.15); once, or it would never end.
            again = replace(record, is_content_known=False, has_started_over=True)
            self._go_on(station, again)
        else:
            reason = f"The station answered {status.value} to version {version}."
            self._store.put(station.key, replace(record, is_content_known=False, failure=reason))

    def reported(self, station: Station, version: int) -> None:
        """The station told which version it has."""
        record = self._store.take(station.key)
        is_supported = version != NOT_SUPPORTED_VERSION
        is_ours = version == record.version or (
            version == EMPTY_VERSION and record.is_content_known and not self._store.count_acknowledged(station.key)
        )
        self._store.put(
            station.key,
            replace(
                record,
                reported_version=version,
                reported_at=self._clock.now(),
                last_version=max(record.last_version, version),
                is_content_known=record.is_content_known and is_ours,
                is_unsupported=not is_supported,
            ),
        )

    # Questions

    def sheet(self, station: Station) -> ListSheet:
        record = self._store.find(station.key)
        due = self._due(station.key, record)
        wanted = self._store.count_wanted(station.key, follows_all=record.follows_all) if record.is_managed else 0
        acknowledged = self._store.count_acknowledged(station.key)
        state = state_of(record, due, is_sending=self._is_sending(record))
        return ListSheet(record, state, wanted, acknowledged, due)

    def overview(self, wanted: ListFilter, page: PageRequest) -> Page[ListLine]:
        """All registered stations with what is recorded of their lists, by identity."""
        return self._store.overview(wanted, page)

    def items(self, station: Station, page: PageRequest) -> Page[ListItem]:
        """Every tag that the list should hold or that the station acknowledged, by tag."""
        record = self._store.find(station.key)
        return self._store.items(station.key, self._clock.now(), page, follows_all=record.follows_all)

    def stations_holding(self, id_token: str, limit: int) -> Sequence[str]:
        """Identities of at most ``limit`` stations whose lists are known to hold a tag."""
        return self._store.stations_holding(id_token, limit)

    def problems(self, station: Station, *, version: int, is_full: bool, entries: Sequence[ListEntry]) -> list[str]:
        """What looks wrong about a list that an operator wants to have sent as it is."""
        found = []
        record = self._store.find(station.key)
        if version <= EMPTY_VERSION:
            found.append(f"The version {version} has a meaning of its own; versions of lists begin at 1.")
        elif not is_full and record.version is not None and version <= record.version:
            found.append(f"The station acknowledged version {record.version}; a change needs a higher one.")
        names = [entry.id_token.lower() for entry in entries]
        if len(set(names)) < len(names):
            found.append("An id tag stands in it more than once.")
        if is_full and any(entry.status is None for entry in entries):
            found.append("In a full list every entry needs its idTagInfo.")
        if any(entry.status in ("Invalid", "ConcurrentTx") for entry in entries):
            found.append("Invalid and ConcurrentTx have no meaning in a local list.")
        limit = self._limit(station, "SendLocalListMaxLength")
        if limit is not None and len(entries) > limit:
            found.append(f"It has {len(entries)} entries and the station allows {limit} in one message.")
        return found

    # Inside

    def _due(self, station_key: int, record: ListRecord) -> Due:
        if not record.is_managed:
            return Due(0, 0, 0)
        return self._store.due(station_key, self._clock.now(), follows_all=record.follows_all)

    def _limit(self, station: Station, name: str) -> int | None:
        return self._configuration.number(station, name)

    def _check_length(self, station: Station, record: ListRecord) -> None:
        limit = self._limit(station, "LocalAuthListMaxLength")
        wanted = self._store.count_wanted(station.key, follows_all=record.follows_all)
        if limit is not None and wanted > limit:
            raise conflict(
                "The list has {} entries and the station takes {} (its LocalAuthListMaxLength); choose fewer id tags.",
                wanted,
                limit,
            )

    def _is_sending(self, record: ListRecord) -> bool:
        """True while a message is on its way. An errand that ended and of which this room was not told, because its
        answer could not be used, does not count."""
        if record.sending_version is None or record.sending_errand is None:
            return False
        return not self._errands.get(record.sending_errand).state.is_final

    def _send(self, station: Station, record: ListRecord, order: Order, *, is_full: bool) -> Errand | None:
        """Ask for the next message; None when there is nothing to send. Its version is on record before it is asked
        for, because it may end at once."""
        now = self._clock.now()
        part = per_message(self._limit(station, "SendLocalListMaxLength"))
        is_over = record.last_version >= LAST_VERSION
        is_full = is_full or is_over
        if is_full:
            entries = self._store.first_wanted(station.key, now, part, follows_all=record.follows_all)
        else:
            entries = self._first_due(station.key, record, part)
        if not entries and not is_full:
            return None
        version = 1 if is_over else max(record.last_version, 0) + 1
        sending = replace(
            record,
            sending_version=version,
            sending_errand=None,
            last_version=version,
            resume_after=next((fold(one.id_token) for one in reversed(entries) if one.status is not None), None),
        )
        self._store.put(station.key, sending)
        intent = UpdateLocalList(version, is_full, tuple(entries))
        draft = Draft(operation=UPDATE, intent=intent, shown=None, warnings=self._warnings(station))
        errand = self._errands.ask(station, draft, order)
        if not errand.state.is_final:
            self._store.put(station.key, replace(sending, sending_errand=errand.number))
        return errand

    def _first_due(self, station_key: int, record: ListRecord, part: int) -> Sequence[ListEntry]:
        """What to send next: first what lies behind the last message, then whatever is due anywhere."""
        now, follows_all = self._clock.now(), record.follows_all
        found: Sequence[ListEntry] = ()
        if record.resume_after is not None:
            found = self._store.next_due(station_key, now, part, record.resume_after, follows_all=follows_all)
        return found or self._store.first_due(station_key, now, part, follows_all=follows_all)

    def _warnings(self, station: Station) -> tuple[str, ...]:
        enabled = self._configuration.value(station, "LocalAuthListEnabled")
        if enabled is not None and enabled.strip().lower() == "false":
            return ("The station does not use its local list: its LocalAuthListEnabled is false.",)
        return ()

    def _go_on(self, station: Station, record: ListRecord) -> None:
        """Ask for the message that follows in an update, if any, for the one who asked for the first."""
        order = Order(asked_by=record.asked_by, delivery=Delivery.WHEN_ONLINE)
        if self._send(station, record, order, is_full=not record.is_content_known) is None:
            self._store.put(station.key, record)

    def _accepted(
        self, station: Station, record: ListRecord, version: int, entries: Sequence[ListEntry], *, is_full: bool
    ) -> None:
        if is_full:
            self._store.replace_entries(station.key, entries)
        else:
            self._store.change_entries(station.key, entries)
        known = replace(
            record,
            version=version,
            acknowledged_at=self._clock.now(),
            is_content_known=is_full or record.is_content_known,
            is_unsupported=False,
        )
        self._go_on(station, known)

    def _answered_others(self, station: Station, record: ListRecord, version: int, status: UpdateStatus) -> None:
        if status is UpdateStatus.NOT_SUPPORTED:
            self._store.put(station.key, replace(record, is_unsupported=True, is_content_known=False))
        elif status is UpdateStatus.ACCEPTED:
            self._store.replace_entries(station.key, ())
            self._store.put(
                station.key,
                replace(
                    record,
                    version=version,
                    last_version=max(record.last_version, version),
                    acknowledged_at=self._clock.now(),
                    is_content_known=False,
                    is_unsupported=False,
                ),
            )

    def _not_carried(self, station_key: int, number: ErrandNumber, intent: UpdateLocalList, failure: Failure) -> None:
        """A message of an update ended without a usable answer. One that may have reached the station leaves its list
        unknown."""
        record = self._store.take(station_key)
        if record.sending_version != intent.version:
            return
        ended = replace(
            record,
            sending_version=None,
            sending_errand=None,
            failure=failure.reason,
            is_unsupported=record.is_unsupported or failure.is_unsupported,
        )
        if self._errands.get(number).sent_at is not None:
            ended = replace(ended, version=None, is_content_known=False)
        self._store.put(station_key, ended)
