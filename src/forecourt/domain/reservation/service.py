"""Reservations from request to end (OCPP 1.6 §3.11, §5.1, §5.13).

Whether an EVSE can be reserved is the station's to say: nothing is refused here because it is in use or out of use.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.authorization.service import Authorization
from forecourt.domain.errands.intents import CancelReservation, Intent, Reserve
from forecourt.domain.errands.model import Draft, Errand, ErrandNumber, ErrandState, Failure, Order, expiry
from forecourt.domain.errands.service import Errands
from forecourt.domain.errors import conflict, invalid, not_found
from forecourt.domain.events.kinds import Kind as Told
from forecourt.domain.events.model import Value, connector_number
from forecourt.domain.events.service import Events
from forecourt.domain.evse import WHOLE_STATION, Place
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.domain.remote_control.warnings import find_token, warnings_about
from forecourt.domain.reservation.model import (
    OUT_OF_USE,
    Reservation,
    ReservationFilter,
    ReservationReport,
    ReservationState,
)
from forecourt.domain.reservation.store import ReservationStore
from forecourt.domain.transactions.model import StartReport

_UNANSWERED: Final = timedelta(minutes=10)
"""So long after its time has passed a reservation may still wait for its answer: longer than any errand is out."""


class Reservations:
    """Everything that can happen to a reservation."""

    def __init__(
        self,
        store: ReservationStore,
        errands: Errands,
        authorization: Authorization,
        clock: Clock,
        *,
        events: Events,
    ) -> None:
        self._store = store
        self._errands = errands
        self._authorization = authorization
        self._clock = clock
        self._events = events
        errands.watch(Reserve, self._not_carried)

    # What operators do

    def reserve(
        self,
        station: Station,
        *,
        place: Place,
        id_token: str,
        parent: str | None,
        expires_at: datetime,
        order: Order,
        warnings: tuple[str, ...] = (),
    ) -> Errand:
        """Ask a station to keep an EVSE, or any of its EVSEs, for a token and its group. Without a group it is that
        of the token. ``warnings`` go before those about the token. Raises DomainError INVALID for a time that has
        passed."""
        now = self._clock.now()
        if self.has_passed(expires_at):
            raise invalid("The reservation would have ended already; choose a time to come.", field="expiryDate")
        token = find_token(self._authorization, id_token)
        reservation = self._store.add_numbered(
            station.key,
            Reservation(
                key=0,
                station=station.identity,
                reservation_id=0,
                place=place,
                id_token=id_token,
                parent=token.parent if parent is None and token is not None else parent,
                expires_at=expires_at,
                state=ReservationState.REQUESTED,
                asked_by=order.asked_by,
                requested_at=now,
            ),
        )
        intent = Reserve(reservation.reservation_id, place, id_token, reservation.parent, expires_at)
        in_time = replace(order, expires_at=min(expiry(order, now), expires_at))
        errand = self._ask(station, "Reserve", intent, in_time, warnings + warnings_about(id_token, token, now))
        asked = replace(reservation, errand=errand.number)
        if errand.state is ErrandState.FAILED:  # at once
            asked = self._ended(asked, ReservationState.FAILED, errand.reason)
        self._store.change(asked)
        return errand

    def release(self, station: Station, reservation_id: int, order: Order) -> Errand:
        """Ask a station to give up a reservation. Raises DomainError INVALID for one that it does not have, and
        CONFLICT for one that has ended."""
        reservation = self._store.newest(station.key, reservation_id)
        if reservation is None:
            raise invalid(
                "The station {!r} has no reservation {} that is known here. To send the number all the same, use "
                "CancelReservation.",
                station.identity,
                reservation_id,
                field="reservationId",
            )
        if not reservation.is_open:
            raise conflict(
                "The reservation {} has ended already: it was {}.",
                reservation_id,
                reservation.state.value,
                field="reservationId",
            )
        return self._ask(station, "ReleaseReservation", CancelReservation(reservation_id), order)

    def _ask(
        self, station: Station, operation: str, intent: Intent, order: Order, warnings: tuple[str, ...] = ()
    ) -> Errand:
        return self._errands.ask(
            station, Draft(operation=operation, intent=intent, shown=None, warnings=warnings), order
        )

    # What stations answer

    def reserve_answered(
        self, station: Station, errand: ErrandNumber, report: ReservationReport, *, status: str, is_accepted: bool
    ) -> None:
        """A station answered, whoever asked. What was asked raw is recorded here for the first time."""
        asked = self._store.asked_with(station.key, report.reservation_id, errand)
        if asked is None:
            self._raw_answered(station, report, status, is_accepted=is_accepted)
        elif asked.state in (ReservationState.REQUESTED, ReservationState.UNKNOWN):
            other = self._store.newest(station.key, report.reservation_id)
            if is_accepted and other is not None and other.is_open and other.key != asked.key:
                reason = "It was replaced by another one with its number (OCPP 1.6 §5.13)."
                self._store.change(self._ended(other, ReservationState.CANCELLED, reason))
            self._store.change(self._answered(station, asked, status, is_accepted=is_accepted))
        else:  # what became of it meanwhile stands
            self._store.change(replace(asked, status=status, answered_at=self._clock.now()))

    def _raw_answered(self, station: Station, report: ReservationReport, status: str, *, is_accepted: bool) -> None:
        """What was asked raw replaces what the station keeps under its number, and nothing that waits to be sent."""
        now = self._clock.now()
        known = self._store.newest(station.key, report.reservation_id)
        if known is None or not known.is_open or known.state is ReservationState.REQUESTED:
            asked = _asked_raw(station, report, now)
            self._store.add(station.key, self._answered(station, asked, status, is_accepted=is_accepted))
        elif is_accepted:
            self._store.change(self._answered(station, _as_asked(known, report), status, is_accepted=True))
        else:  # it refused to replace what it has, and still has it
            self._store.change(replace(known, status=status, answered_at=now))

    def _answered(self, station: Station, reservation: Reservation, status: str, *, is_accepted: bool) -> Reservation:
        now = self._clock.now()
        answered = replace(reservation, status=status, answered_at=now, reason=None)
        if not is_accepted:
            return self._ended(answered, ReservationState.REFUSED, f"The station answered {status}.")
        seen_at = self._store.status_seen_at(station.key, reservation.place)
        return replace(answered, state=ReservationState.ACCEPTED, status_seen_at=seen_at)

    def release_answered(self, station: Station, reservation_id: int, *, status: str, is_accepted: bool) -> None:
        """A station answered, whoever asked. When it refused, the reservation stands."""
        reservation = self._store.newest(station.key, reservation_id)
        if reservation is None or not reservation.is_open:
            return
        changed = replace(reservation, status=status)
        if is_accepted:
            changed = self._ended(changed, ReservationState.CANCELLED, "It was cancelled from here.")
        self._store.change(changed)

    def _not_carried(self, station_key: int, number: ErrandNumber, intent: Reserve, failure: Failure) -> None:
        reservation = self._store.asked_with(station_key, intent.reservation_id, number)
        if reservation is None or reservation.state is not ReservationState.REQUESTED:
            return  # among others it failed in the moment in which it was asked for
        if failure.is_outcome_unknown:
            changed = replace(reservation, state=ReservationState.UNKNOWN, reason=failure.reason)
        else:
            changed = self._ended(reservation, ReservationState.FAILED, failure.reason)
        self._store.change(changed)

    # What transactions tell

    def find_used(self, station: Station, report: StartReport) -> Reservation | None:
        """The reservation that a start uses; None when it names none, or none that can be used."""
        if report.reservation_id is None:
            return None
        reservation = self._store.newest(station.key, report.reservation_id)
        return reservation if reservation is not None and reservation.may_be_used(report.started_at) else None

    def used(self, reservation: Reservation, transaction_id: int) -> None:
        started = replace(reservation, transaction_id=transaction_id)
        self._store.change(self._ended(started, ReservationState.USED, None))

    # Time passes

    def is_due(self) -> bool:
        now = self._clock.now()
        return self._store.has_expired(now, now - _UNANSWERED) or bool(self._store.out_of_use(OUT_OF_USE))

    def settle(self) -> None:
        """End those whose time has passed, and those whose EVSE went out of use: the station gives them up without a
        word (OCPP 1.6 §5.13). This is found out here and not when the state is reported, so that no report of a
        state costs more because of reservations."""
        now = self._clock.now()
        for reservation in self._store.expired(now, now - _UNANSWERED):
            self._store.change(self._ended(reservation, ReservationState.EXPIRED, reservation.reason))
        for reservation, status in self._store.out_of_use(OUT_OF_USE):
            reason = f"The {_name(reservation.place)} became {status}, which ends reservations (OCPP 1.6 §5.13)."
            self._store.change(self._ended(reservation, ReservationState.CANCELLED, reason))

    # Questions

    def get(self, reservation_id: int, station: str | None = None) -> Reservation:
        """The newest reservation with a number. Raises DomainError NOT_FOUND, or CONFLICT when several stations have
        one with this number, as raw requests may want it, and none was named."""
        found = self._store.named(reservation_id, station, 2)
        if not found:
            raise not_found("There is no reservation {}.", reservation_id)
        if len(found) > 1:
            raise conflict("Several stations have a reservation {}; say which one is meant: stationId.", reservation_id)
        return found[0]

    def list(self, wanted: ReservationFilter, page: PageRequest) -> Page[Reservation]:
        return self._store.list(wanted, page)

    def has_passed(self, moment: datetime) -> bool:
        """True when a reservation until then would have ended already."""
        return moment <= self._clock.now()

    def find_open(self, station: Station, reservation_id: int) -> Reservation | None:
        """The reservation with a number that a station may still keep."""
        reservation = self._store.newest(station.key, reservation_id)
        return reservation if reservation is not None and reservation.is_open else None

    # Inside

    def _ended(self, reservation: Reservation, state: ReservationState, reason: str | None) -> Reservation:
        """As it is stored by whoever calls this."""
        data: dict[str, Value] = {
            "reservationId": reservation.reservation_id,
            "connectorId": connector_number(reservation.place),
            "idTag": reservation.id_token,
            "outcome": state.value,
            "reason": reason,
            "transactionId": reservation.transaction_id,
        }
        self._events.tell_of_station(Told.RESERVATION_ENDED, reservation.station, data)
        return replace(reservation, state=state, ended_at=self._clock.now(), reason=reason)


def _asked_raw(station: Station, report: ReservationReport, now: datetime) -> Reservation:
    return Reservation(
        key=0,
        station=station.identity,
        reservation_id=report.reservation_id,
        place=report.place,
        id_token=report.id_token,
        parent=report.parent,
        expires_at=report.expires_at,
        state=ReservationState.REQUESTED,
        asked_by=None,
        requested_at=now,
    )


def _as_asked(known: Reservation, report: ReservationReport) -> Reservation:
    """The same number asked for again replaces what was asked for before."""
    return replace(
        known, place=report.place, id_token=report.id_token, parent=report.parent, expires_at=report.expires_at
    )


def _name(place: Place) -> str:
    return "station" if place is WHOLE_STATION else f"EVSE {place}"
